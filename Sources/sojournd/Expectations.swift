import Accounts
import Configuration
import DaemonProtocol
import Events
import HostSystem
import Identity

/// A login that is about to ask for a session: what the host's other sources of names say of it is asked while the certificate
/// is verified and the policy asked. It is a hint and decides nothing: what was not announced by the same process about the
/// same name and uid, is older than two seconds or than a change of the files below, or is anything but "vacant", is asked anew
/// when the opening comes.
final class Expectation {
  let name: AccountName
  let uid: UInt32
  let peer: ProcessReference
  private let begun = Moment.now()
  private let files = Expectation.stamps()
  private var output: [UInt8]?
  private var isAnswered = false
  private var waiting: (([UInt8]?) -> Void)?

  init(_ name: AccountName, _ uid: UInt32, _ peer: ProcessReference) {
    self.name = name
    self.uid = uid
    self.peer = peer
  }

  private static let longest: Int64 = 2_000_000_000

  func isFresh(at now: Moment) -> Bool { now.boot >= begun.boot && now.boot - begun.boot <= Expectation.longest }

  /// Has nobody been added to this host, or anything given to a name, since?
  var isUnchanged: Bool { Expectation.stamps() == files }

  private static func stamps() -> [FileStamp?] {
    ["/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid", "/etc/nsswitch.conf", "/etc/sudoers.d", "/var/spool/cron/crontabs"].map { (try? Files.facts($0))?.stamp }
  }

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
  /// How many logins are expected at once: beyond that they are asked about when they come.
  private static let expectedAtOnce = 16

  func expect(_ name: String, _ uid: UInt32, _ peer: ProcessReference) {
    let now = Moment.now()
    expectations.removeAll { !$0.isFresh(at: now) || $0.peer == peer }
    guard let configuration, let name = AccountName(name), configuration.accounts.admits(name), configuration.accounts.range.contains(uid),
      configuration.accounts.groups.count <= 64, !isEnding(name), openings.count < Daemon.questionsAtOnce, expectations.count < Daemon.expectedAtOnce
    else { return }
    let expectation = Expectation(name, uid, peer)
    expectations.append(expectation)
    // Which of its groups the policy grants is not known yet.
    vacancy.ask(["name", name.text, String(uid)] + configuration.accounts.groups) { outcome in
      expectation.answer(outcome.status == 0 ? outcome.output : nil)
    }
  }

  /// What this opening's process has announced, if that is about the same and still fresh. It is good once.
  func takeExpectation(of opening: Opening) -> Expectation? {
    let now = Moment.now()
    guard let index = expectations.firstIndex(where: { $0.peer == opening.connection.peer }) else { return nil }
    let found = expectations.remove(at: index)
    return found.name == opening.name && found.uid == opening.request.uid && found.isFresh(at: now) && found.isUnchanged ? found : nil
  }
}
