internal import HostSystem

/// What would be this name's or number's at once if an account of it came to be, past every ceiling (THREATS T4).
enum StandingRights {
  static func look(_ name: String, _ uid: UInt32, _ answer: inout Answer) {
    for file in ["/etc/subuid", "/etc/subgid"] {
      // subuid(5): the first field is a login name or a uid.
      for line in (try? Files.read(file, cap: 16 << 20))?.split(separator: 10) ?? [] {
        let owner = line.prefix { $0 != UInt8(ascii: ":") }
        if owner.elementsEqual(name.utf8) || owner.elementsEqual("\(uid)".utf8) { answer.line("right row in \(file)") }
      }
    }
    for path in [
      "/var/spool/cron/crontabs/" + name, "/var/spool/cron/" + name, "/var/mail/" + name, "/var/spool/mail/" + name,
      "/var/lib/systemd/linger/" + name, "/etc/sudoers.d/" + name, "/run/sudo/ts/" + name, "/var/lib/AccountsService/users/" + name,
    ] where Files.exists(path) {
      answer.line("right file \(path)")
    }
    for spool in ["/var/spool/cron/atjobs", "/var/spool/at"] {
      for job in (try? Files.names(in: spool)) ?? [] {
        if let facts = try? Files.facts(spool + "/" + job), facts.uid == uid { answer.line("right job in \(spool)") }
      }
    }
  }
}
