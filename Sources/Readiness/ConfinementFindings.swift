internal import Encoding
internal import HostSystem
internal import Identity

/// T33, T28: what stands between programs and names, or counts those who fail.
enum ConfinementFindings {
  static func findings(_ view: HostView, _ processes: [RunningProgram]) -> [Finding] { appArmor(view) + bans(view.files, processes) }

  private static let abstraction = "/etc/apparmor.d/abstractions/nameservice"
  private static let dropIn = "/etc/apparmor.d/abstractions/nameservice.d/sojourn"

  private static func appArmor(_ view: HostView) -> [Finding] {
    let files = view.files
    // In a container there is no list: its profiles, if any, are the host's.
    guard let profiles = try? files.lines("/sys/kernel/security/apparmor/profiles"), profiles.contains(where: { $0.ends(with: "(enforce)") }) else {
      return [Finding(.apparmor, .ok, "AppArmor", "confines no program here")]
    }
    var findings: [Finding] = []
    if files.resolve(abstraction) != nil, files.resolve(dropIn) == nil {
      findings.append(Finding(.apparmor, .warning, dropIn, "is missing: programs that AppArmor confines cannot read the names of transient accounts in \(Places.projection)",
        remedy: "install the package sojourn again, then run 'systemctl reload apparmor'"))
    }
    let denied = denials(view)
    if !denied.isEmpty {
      findings.append(Finding(.apparmorDenied, .warning, "AppArmor", "kept programs from Sojourn's files since the host started: \(denied.prefix(8).joined(separator: ", "))",
        remedy: "see that \(dropIn) is there and that the profile includes abstractions/nameservice, then run 'systemctl reload apparmor'"))
    }
    return findings.isEmpty ? [Finding(.apparmor, .ok, "AppArmor", "lets confined programs read the names of transient accounts")] : findings
  }

  /// The kernel's words: `apparmor="DENIED" … profile="/usr/sbin/cupsd" name="/run/sojourn/nss/passwd/alice"`.
  private static func denials(_ view: HostView) -> [String] {
    guard let outcome = try? view.run("/usr/bin/dmesg", ["--level=notice"]) else { return [] }
    var found: [String] = []
    for line in outcome.output.split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      guard text.holds("apparmor=\"DENIED\""), text.holds("name=\"\(Places.run)/") || text.holds("/libnss_sojourn.so.2\"") || text.holds("name=\"\(Places.uids)") else { continue }
      let profile = text.words.first { $0.begins(with: "profile=") }.map { String(decoding: $0.utf8.dropFirst(8), as: UTF8.self) } ?? "a program"
      if !found.contains(where: { $0.isExactly(profile) }) { found.append(profile) }
    }
    return found
  }

  /// With candidates every name that fits is a user to sshd, so what counts "invalid user" sees few of them.
  private static func bans(_ files: HostFiles, _ processes: [RunningProgram]) -> [Finding] {
    guard files.facts("/etc/fail2ban") != nil else { return [] }
    let runs = files.facts("/run/fail2ban/fail2ban.sock") != nil
    return [Finding(.fail2ban, runs ? .hint : .ok, "fail2ban",
      (runs ? "runs" : "is set up and does not run") + "; its filters for invalid users match less now, because names that fit [accounts] names are users to sshd",
      remedy: "nothing; to count refusals too, match 'pam_sojourn(sshd:session)' in a filter of your own")]
  }
}
