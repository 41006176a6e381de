internal import HostSystem

/// What would be this name's or number's at once if an account of it came to be, past every ceiling (THREATS T4).
enum StandingRights {
  static func look(_ name: String, _ uid: UInt32, _ answer: inout Answer) {
    for file in ["/etc/subuid", "/etc/subgid"] {
      // subuid(5): the first field is a login name or a uid.
      let text: [UInt8]
      do throws(SystemError) { text = try Files.read(file, cap: 16 << 20) } catch {
        if !error.isMissing { answer.line("failed \(file) \(error.code)") }
        continue
      }
      for line in text.split(separator: 10) {
        let owner = line.prefix { $0 != UInt8(ascii: ":") }
        if owner.elementsEqual(name.utf8) || owner.elementsEqual("\(uid)".utf8) { answer.line("right row in \(file)") }
      }
    }
    for path in [
      "/var/spool/cron/crontabs/" + name, "/var/spool/cron/" + name, "/var/mail/" + name, "/var/spool/mail/" + name,
      "/var/lib/systemd/linger/" + name, "/run/sudo/ts/" + name, "/var/lib/AccountsService/users/" + name,
    ] where Files.exists(path) {
      answer.line("right file \(path)")
    }
    // An admin's file, which no lease makes.
    if Files.exists("/etc/sudoers.d/" + name) { answer.line("right rules /etc/sudoers.d/\(name)") }
    for spool in ["/var/spool/cron/atjobs", "/var/spool/at"] {
      for job in (try? Files.names(in: spool)) ?? [] {
        if let facts = try? Files.facts(spool + "/" + job), facts.uid == uid, facts.isRegular { answer.line("right job in \(spool)") }
      }
    }
  }
}
