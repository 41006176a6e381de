internal import Admission
internal import Encoding
internal import HostSystem

/// `local=require` on our lines (pam_sojourn(8)): who still comes in if daemon, policy or clock is broken, and do the lines of a
/// service want the same?
enum LocalRequirementFindings {
  /// What a phase of a service demands of local accounts.
  private struct Requirement: Equatable {
    let phase: PAMPhase
    /// The line that says so; empty if none does, and no local account needs a certificate.
    let place: String
    /// Those that every demanding line of the phase exempts, sorted.
    let exempt: [String]

    static func == (a: Requirement, b: Requirement) -> Bool { a.place.utf8.isEmpty == b.place.utf8.isEmpty && a.exempt == b.exempt }

    var words: String {
      guard !place.utf8.isEmpty else { return "\(phase.word): nobody" }
      return "\(phase.word): everybody" + (exempt.isEmpty ? "" : " but " + exempt.joined(separator: ", ")) + ", \(place)"
    }
  }

  static func findings(_ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    for service in PAMHostFindings.services(files) {
      let stacks = phases(service).compactMap { phase in (try? PAMStack(service: service, phase: phase, files)).map { (phase, $0.lines.filter { $0.isOurs }) } }
      let demanding = stacks.flatMap { $0.1 }.filter { options($0).requiresLocal }
      findings += demanding.filter { isCommon($0) }.map { common($0) }
      // Of the others that include common-* nothing is to be said but that.
      guard demanding.contains(where: { !isCommon($0) }) || isServed(service) else { continue }
      let requirements = stacks.filter { !$0.1.isEmpty }.map { requirement($0.0, $0.1, service) }
      let strict = requirements.filter { !$0.place.utf8.isEmpty }
      guard let first = strict.first else { continue }
      findings.append(remaining(first.exempt.filter { name in strict.allSatisfy { isOne(name, $0.exempt) } }, first.place, service, files))
      if requirements.contains(where: { $0 != first }) {
        findings.append(Finding(.pamLocalLines, .warning, "PAM service \(service)",
          "its lines of pam_sojourn.so demand a certificate of different local accounts (\(requirements.map { $0.words }.joined(separator: "; "))): some are refused without having been asked, or asked and no session is opened",
          remedy: "write the same local=require and exempt= on the auth, account and session line"))
      }
    }
    // su-l and many others include another service's lines.
    var seen: [(Finding.Kind, String)] = []
    return findings.filter { finding in
      if seen.contains(where: { $0.0 == finding.kind && $0.1.isExactly(finding.sentence) }) { return false }
      seen.append((finding.kind, finding.sentence))
      return true
    }
  }

  // MARK: One service

  private static func isOne(_ service: String, _ names: [String]) -> Bool { names.contains { $0.isExactly(service) } }
  private static func isConsole(_ service: String) -> Bool { isOne(service, ConsoleFindings.services) }
  private static func isServed(_ service: String) -> Bool { isConsole(service) || isOne(service, ["sshd", "su", "su-l", "sudo", "sudo-i"]) }

  /// The phases in which the module asks local accounts for anything: nobody is at a prompt of those that start jobs, sudo's session
  /// is of the target, and of a login by ssh the session phase decides.
  private static func phases(_ service: String) -> [PAMPhase] {
    if isOne(service, ["runuser", "runuser-l", "cron", "crond", "atd", "systemd-user", "polkit-1"]) { return [] }
    if isOne(service, ["sudo", "sudo-i"]) { return [.authentication, .account] }
    return service.isExactly("sshd") ? [.authentication, .session] : [.authentication, .account, .session]
  }

  private static func options(_ line: PAMStack.Line) -> ModuleOptions { ModuleOptions(line.arguments.map { Array($0.utf8) }) }
  private static func isCommon(_ line: PAMStack.Line) -> Bool { line.place.begins(with: "/etc/pam.d/common-") }

  private static func requirement(_ phase: PAMPhase, _ lines: [PAMStack.Line], _ service: String) -> Requirement {
    let demanding = lines.filter { options($0).requiresLocal }
    let lists = demanding.map { line in options(line).exempt.map { $0.map { String(decoding: $0, as: UTF8.self) } } ?? (isConsole(service) ? ["root"] : []) }
    let exempt = (lists.first ?? []).filter { name in lists.allSatisfy { isOne(name, $0) } }
    return Requirement(phase: phase, place: demanding.first?.place ?? "", exempt: exempt.sorted())
  }

  private static func common(_ line: PAMStack.Line) -> Finding {
    Finding(.pamLocalCommon, .warning, line.place, "says local=require in a file that every service includes (\(line.place)): programs that cannot show a challenge refuse local accounts",
      remedy: "take it out, and write lines with local=require into the files of the services that it is for; a line that runs twice decides once")
  }

  /// Who comes in without a certificate, if nobody can be asked?
  private static func remaining(_ exempt: [String], _ place: String, _ service: String, _ files: HostFiles) -> Finding {
    func finding(_ severity: Finding.Severity, _ sentence: String, remedy: String = "") -> Finding {
      Finding(.pamLocalExempt, severity, "PAM service \(service)", sentence + " (\(place))", remedy: remedy)
    }
    let remedy = "name a local account that has a password, and root if 'passwd -S root' says P: exempt=root,NAME without blanks, on each of the service's lines"
    guard !exempt.isEmpty else {
      if isConsole(service) { return finding(.problem, "local=require exempts nobody, root neither: without daemon, policy and clock nobody comes in at the console", remedy: remedy) }
      if service.isExactly("sshd") { return finding(.warning, "local=require exempts nobody: root and every account that logs in with a plain key or password is refused", remedy: remedy) }
      let refused = isServed(service) ? "without daemon and policy everybody but root as the caller is refused" : "this program cannot show a challenge, and refuses every local account"
      return finding(.warning, "local=require exempts nobody: \(refused)", remedy: remedy)
    }
    let names = exempt.joined(separator: ", ")
    // A plain key is enough for sshd, and what keys there are is another matter.
    if service.isExactly("sshd") { return finding(.ok, "local=require exempts \(names)") }
    let passwords: HostPasswords
    do throws(SystemError) { passwords = try HostPasswords(files) } catch {
      return finding(.warning, "local=require exempts \(names); whether one of them has a password cannot be read: \(error.sentence)", remedy: "run it as root")
    }
    guard exempt.contains(where: { passwords.contains($0) }) else {
      return finding(.problem, "local=require exempts \(names), and none of them has a password in /etc/shadow: without daemon, policy and clock nobody gets through", remedy: remedy)
    }
    return finding(.ok, "local=require exempts \(names), and somebody of them has a password")
  }
}
