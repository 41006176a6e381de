internal import Admission
internal import Encoding
internal import HostSystem

/// Logins at the console with a certificate: only where a service of login(1) has our auth line is there anything to be found.
enum ConsoleFindings {
  /// The services that login(1) asks for.
  static let services = ["login", "remote"]
  /// Seconds: two minutes for the answer to the challenge, and a minute for what comes before and after.
  static let needed: UInt64 = 180

  static func findings(_ files: HostFiles) -> [Finding] {
    var findings: [Finding] = []
    for service in PAMHostFindings.services(files) where services.contains(where: { $0.isExactly(service) }) {
      guard let auth = try? PAMStack(service: service, phase: .authentication, files), let ours = auth.lines.firstIndex(where: { $0.isOurs }) else { continue }
      let found = self.auth(auth.lines, ours, service) + account(service, files)
      findings += found.isEmpty ? [Finding(.loginLines, .ok, "PAM service \(service)", "asks for certificates before passwords, and has the account before it is looked for")] : found
    }
    return findings.isEmpty ? [] : findings + [timeout(files)]
  }

  private static func isUnix(_ line: PAMStack.Line) -> Bool { line.module.isExactly("pam_unix.so") }

  private static func auth(_ lines: [PAMStack.Line], _ ours: Int, _ service: String) -> [Finding] {
    guard let unix = lines[..<ours].first(where: { isUnix($0) }) else { return [] }
    // "Password, then certificate" is what somebody may want of local accounts.
    let isLocal = ModuleOptions(lines[ours].arguments.map { Array($0.utf8) }).requiresLocal
    return [Finding(.loginLines, isLocal ? .hint : .warning, "PAM service \(service), auth lines",
      "pam_unix.so (\(unix.place)) comes before pam_sojourn.so (\(lines[ours].place)): who has no account is asked for a password that nobody has, and refused",
      remedy: isLocal ? "move our line before common-auth, unless only local accounts are to log in there, with password and certificate" : "move the line of pam_sojourn.so before common-auth")]
  }

  private static func account(_ service: String, _ files: HostFiles) -> [Finding] {
    let subject = "PAM service \(service), account lines"
    let remedy = "put the account line of /usr/share/doc/sojourn/examples/pam.d/login before common-account"
    // A stack that cannot be read has no line of ours, and refuses.
    let lines = (try? PAMStack(service: service, phase: .account, files))?.lines ?? []
    guard let ours = lines.firstIndex(where: { $0.isOurs }) else {
      return [Finding(.loginLines, .warning, subject, "the auth lines have pam_sojourn.so, and these do not: what was decided is opened by nobody, and who has no account is refused", remedy: remedy)]
    }
    guard let unix = lines[..<ours].first(where: { isUnix($0) }) else { return [] }
    return [Finding(.loginLines, .warning, subject, "pam_unix.so (\(unix.place)) comes before pam_sojourn.so (\(lines[ours].place)): it looks for an account that is made only then, and refuses", remedy: remedy)]
  }

  /// login(1) ends itself that long after its start, whatever PAM is doing; 0 is never (login.defs(5)).
  private static func timeout(_ files: HostFiles) -> Finding {
    let file = "/etc/login.defs"
    var written: String?
    // The last line counts. Without the file, all is as by default.
    for words in ((try? files.lines(file)) ?? []).map({ $0.words }) where words.count >= 2 && words[0].isExactly("LOGIN_TIMEOUT") { written = words[1] }
    let seconds = written.flatMap { ProcessTable.decimal($0.utf8.filter { $0 != 34 }) } ?? 60
    let subject = "LOGIN_TIMEOUT in \(file)"
    guard (1..<needed).contains(seconds) else { return Finding(.loginTimeout, .ok, subject, seconds == 0 ? "login waits without end" : "login waits for \(seconds) seconds") }
    return Finding(.loginTimeout, .warning, subject, "login gives up \(seconds) seconds after it was started\(written == nil ? ", its default" : ""), whatever the challenge says: two minutes are there for the answer, and policy.approval_wait comes on top",
      remedy: "set 'LOGIN_TIMEOUT 240', or more where approvals are waited for")
  }
}
