import Configuration
import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Policy
import Readiness

/// Is the host what it is to be, and do those who are there already log in as before? What was so before the first change is asked at
/// once; what could not be then need not be now.
struct Verification {
  private let configuration: PublishedConfiguration
  private let accounts: [(name: String, line: String?, failure: String?)]

  init(_ configuration: PublishedConfiguration) {
    self.configuration = configuration
    accounts = LocalAccounts().names.map { ($0, Verification.lookUp($0), DryLogin.failure(of: $0)) }
    for account in accounts { if let failure = account.failure { Terminal.say("\(account.name) cannot log in through sshd even now (\(failure)), so that is not looked at again.") } }
  }

  /// The line of a user; nil if there is none.
  private static func lookUp(_ name: String) -> String? {
    guard let outcome = try? Command.answer("/usr/bin/getent", ["passwd", name], seconds: 15), outcome.status == 0 else { return nil }
    return String(decoding: outcome.output, as: UTF8.self)
  }

  /// - Throws: if somebody cannot log in who must be able to.
  func requireBeginning() throws(SetupRefusal) {
    guard let account = accounts.first(where: { $0.failure != nil }), let failure = account.failure else { return }
    throw SetupRefusal("after a setup that was broken off, \(account.name) cannot log in through sshd: \(failure)")
  }

  /// All but the names without an account, which come after this.
  /// - Returns: whether a daemon runs that lets people in.
  /// - Throws: the first thing that is not as it must be.
  func require() throws(SetupRefusal) -> Bool {
    try ServerDropIn.test(nil)
    let settings = try ServerDropIn.effective()
    guard settings.holds("usepam", "yes") else { throw SetupRefusal("UsePAM is off for sshd", remedy: "see 'sshd -T'") }
    for account in accounts {
      let line = Verification.lookUp(account.name)
      guard line == account.line else { throw SetupRefusal("looking up \(account.name) gives \(line.map { Escape.visible($0) } ?? "nothing") now, and gave \(account.line.map { Escape.visible($0) } ?? "nothing")") }
      guard account.failure == nil, let failure = DryLogin.failure(of: account.name) else { continue }
      throw SetupRefusal("\(account.name) could not log in through sshd any more: \(failure)", remedy: "see what the system log says of sshd's PAM stack")
    }
    let name = "sojourn-check"
    if let account = AccountName(name), configuration.accounts.admits(account), Verification.lookUp(name) != nil {
      throw SetupRefusal("the name \(name), which nobody has, is found: another source of names answers for every name, or candidates are shown to all programs")
    }
    let findings = CandidateReadiness.findings(configuration)
    if let finding = findings.problems.first(where: { $0.kind != .setup }) { throw SetupRefusal(finding.line, remedy: finding.remedy) }
    if let finding = findings.first(where: { $0.id.isExactly("sshd-authorities") && $0.severity != .ok }) {
      guard finding.sentence.contains("also holds") else { throw SetupRefusal(finding.line, remedy: finding.remedy) }
      Terminal.say("warning: " + finding.line)
    }
    return try requireDaemon()
  }

  private func requireDaemon() throws(SetupRefusal) -> Bool {
    let deadline = Deadline(seconds: HostService.isBooted ? 20 : 0, after: Moment.now())
    while HostService.daemon == nil {
      guard !deadline.isOver(at: Moment.now()) else {
        guard !HostService.isBooted else { throw SetupRefusal("sojournd does not answer", remedy: "read 'journalctl -u sojournd'") }
        return false
      }
      Pause.milliseconds(100)
    }
    // Its way to the endpoints may just be starting.
    var problems: [Finding] = []
    for _ in 0..<10 {
      problems = EndpointFindings.findings(configuration).problems.filter { $0.id.isExactly("endpoint-relay") || configuration.policy.endpoints.count == 1 }
      if problems.isEmpty { return true }
      Pause.milliseconds(500)
    }
    throw SetupRefusal(problems.first?.line ?? "", remedy: problems.first?.remedy ?? "")
  }

  /// The daemon has looked at the host, and lets names without an account log in.
  func requireCandidates() throws(SetupRefusal) {
    HostService.tellDaemon()
    let deadline = Deadline(seconds: 30, after: Moment.now())
    while true {
      let status = HostService.daemon
      if let status, status.candidatesWithheld == nil { return }
      guard !deadline.isOver(at: Moment.now()) else {
        throw SetupRefusal("sojournd lets nobody in who has no account yet: " + (status?.candidatesWithheld?.joined(separator: "; ") ?? "it does not answer"), remedy: "run 'sojourn check'")
      }
      Pause.milliseconds(100)
    }
  }
}
