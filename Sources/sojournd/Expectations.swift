import Accounts
import Configuration
import DaemonProtocol
import Events
import HostSystem
import Identity

/// A login that is about to ask for a session: what the other sources of names say of it is asked while the policy is, by a
/// module that has verified the certificate. It is a hint and decides nothing: what is not said in time, not by the same
/// process about the same name and uid, or is anything but "vacant", is asked anew when the opening comes.
final class Expectation {
  let name: AccountName
  let uid: UInt32
  let begun = Moment.now()
  private var output: [UInt8]?
  private var isAnswered = false
  private var waiting: (([UInt8]?) -> Void)?

  init(_ name: AccountName, _ uid: UInt32) {
    self.name = name
    self.uid = uid
  }

  /// No answer is older than one may be that is asked for by the opening itself.
  func isFresh(at now: Moment) -> Bool { now.boot >= begun.boot && now.boot - begun.boot <= VacancyQuestions.limit * 1_000_000 }

  func answer(_ output: [UInt8]?) {
    isAnswered = true
    self.output = output
    waiting?(output)
    waiting = nil
  }

  /// - Parameter wanted: is called once, at once or when the answer comes.
  func await(_ wanted: @escaping ([UInt8]?) -> Void) {
    if isAnswered { wanted(output) } else { waiting = wanted }
  }
}

extension Daemon {
  /// How many logins may be expected at once: beyond that they are asked about when they come.
  private static let expectedAtOnce = 16

  /// It has no answer: the connection stays until the module lets go of it.
  func expect(_ name: String, _ uid: UInt32, _ connection: Connection) {
    connection.abandoned = {}
    guard let configuration, let name = AccountName(name), configuration.accounts.admits(name), configuration.accounts.range.contains(uid),
      configuration.accounts.groups.count <= 64, !isEnding(name), openings.count < Daemon.questionsAtOnce,
      connections.values.count(where: { $0.expectation?.isFresh(at: .now()) ?? false }) < Daemon.expectedAtOnce
    else { return }
    let expectation = Expectation(name, uid)
    connection.expectation = expectation
    // Which of its groups the policy grants is not known yet.
    vacancy.ask(["name", name.text, String(uid)] + configuration.accounts.groups) { outcome in
      expectation.answer(outcome.status == 0 ? outcome.output : nil)
    }
  }

  /// What this opening's process has announced, if that is about the same and still fresh.
  func expectation(of opening: Opening) -> Expectation? {
    let now = Moment.now()
    let found = connections.values.first { $0.expectation != nil && $0.peer == opening.connection.peer }?.expectation
    guard let found, found.name == opening.name, found.uid == opening.request.uid, found.isFresh(at: now) else { return nil }
    return found
  }
}
