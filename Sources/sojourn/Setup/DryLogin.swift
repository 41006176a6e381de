import ArgumentParser
import CPlatform.PAMApplication
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Readiness

/// Nobody logs in, and PAM does all that it does when somebody does: account phase, session opened and closed. A process of its own,
/// because modules change the process that they run in, and may hang.
struct DryLogin: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "dry-login", abstract: "Let PAM do what it does at a login.", shouldDisplay: false)

  @Argument var service: String
  @Argument var user: String

  func run() throws {
    try Terminal.requireRoot("sojourn dry-login")
    var phase: CInt = 0
    var words: UnsafePointer<CChar>?
    // SAFETY: the C strings of the arguments live across the call; `phase` and `words` outlive it; `words` is libpam's own text.
    let result = unsafe sojourn_pam_dry_login(service, user, &phase, &words)
    guard result != 0 else { return }
    // SAFETY: libpam's texts are constants that end in NUL.
    let text = unsafe words.map { unsafe String(cString: $0) } ?? "error \(result)"
    Terminal.say("\(["beginning", "account phase", "opening of the session", "closing of the session", "end"][Int(clamping: min(max(phase, 0), 4))]): \(text)")
    throw Exit.refused
  }

  /// Why `user` could not log in through the service now; nil if PAM says yes.
  static func failure(of user: String, service: String = "sshd") -> String? {
    do throws(SystemError) {
      let outcome = try ChildProcess.run("/proc/self/exe", ["dry-login", service, user], milliseconds: 45_000)
      if outcome.cutOff { return "PAM did not answer within 45 s" }
      guard outcome.status != 0 else { return nil }
      let said = outcome.errors.split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
      return said.isEmpty ? "exit status \(outcome.status)" : Escape.visible(said, limit: 256)
    } catch { return error.sentence }
  }
}

/// Who must be able to log in at every moment: root, and a local account, the caller's own if there is one.
struct LocalAccounts {
  let names: [String]

  init() {
    var names = ["root"]
    let caller = ProcessTable.loginUser(of: ProcessTable.ownPid)
    let users: [HostNames.User]
    do throws(SystemError) { users = try HostNames(HostFiles()).users } catch { users = [] }
    let people = users.filter { $0.uid >= 1000 && $0.uid < 60_000 && AccountName($0.name) != nil }
    if let own = people.first(where: { $0.uid == caller }) ?? people.first(where: { Files.exists($0.home) }) { names.append(own.name) }
    self.names = names
  }
}
