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
  private let files: [FileStamp?]
  private var output: [UInt8]?
  private var isAnswered = false
  private var waiting: (([UInt8]?) -> Void)?

  init(_ name: AccountName, _ uid: UInt32, _ peer: ProcessReference) {
    self.name = name
    self.uid = uid
    self.peer = peer
    files = Expectation.stamps(name.text)
  }

  private static let longest: Int64 = 2_000_000_000
  /// Milliseconds that an opening waits for it before it asks for itself: about fewer groups, which may be what takes so long.
  private static let patience: Int64 = 20

  func isFresh(at now: Moment) -> Bool { now.boot >= begun.boot && now.boot - begun.boot <= Expectation.longest }

  /// Has nobody been added to this host, or anything given to the name, since?
  var isUnchanged: Bool { Expectation.stamps(name.text) == files }

  /// What is quickly looked at of that which the program `vacancy` looks at.
  private static func stamps(_ name: String) -> [FileStamp?] {
    let files = ["/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid", "/etc/nsswitch.conf"]
    let rights = [
      "/etc/sudoers.d/", "/var/spool/cron/crontabs/", "/var/spool/cron/", "/var/mail/", "/var/spool/mail/", "/var/lib/systemd/linger/", "/run/sudo/ts/",
      "/var/lib/AccountsService/users/",
    ]
    return (files + rights.map { $0 + name }).map { (try? Files.facts($0))?.stamp }
  }

  func answer(_ output: [UInt8]?) {
    isAnswered = true
    self.output = output
    hand(output)
  }

  private func hand(_ output: [UInt8]?) {
    let wanted = waiting
    waiting = nil
    wanted?(output)
  }

  /// - Parameter wanted: is called once, from the loop and never from here; with nil if there is no answer in time.
  func await(_ loop: EventLoop, _ wanted: @escaping ([UInt8]?) -> Void) {
    waiting = wanted
    loop.after(isAnswered ? 0 : Expectation.patience) { self.hand(self.output) }
  }
}

extension Daemon {
  /// How many logins are asked about before they come: beyond that they are when they do.
  private static let expectedAtOnce = 16

  func expect(_ name: String, _ uid: UInt32, _ peer: ProcessReference) {
    let now = Moment.now()
    expectations.removeAll { !$0.isFresh(at: now) || $0.peer == peer }
    guard let configuration, let name = AccountName(name), configuration.accounts.admits(name), configuration.accounts.range.contains(uid),
      configuration.accounts.groups.count <= 64, !isEnding(name), openings.count < Daemon.questionsAtOnce,
      max(expectations.count, expectedUnderWay) < Daemon.expectedAtOnce
    else { return }
    let expectation = Expectation(name, uid, peer)
    expectations.append(expectation)
    expectedUnderWay += 1
    // Which of its groups the policy grants is not known yet.
    vacancy.ask(["name", name.text, String(uid)] + configuration.accounts.groups) { [weak self] outcome in
      self?.expectedUnderWay -= 1
      expectation.answer(outcome.status == 0 ? outcome.output : nil)
    }
  }

  /// What this opening's process has announced, if that is about the same and still fresh. It is good once.
  func takeExpectation(of opening: Opening) -> Expectation? {
    let now = Moment.now()
    guard let index = expectations.firstIndex(where: { $0.peer == opening.connection.peer }) else { return nil }
    let found = expectations.remove(at: index)
    return found.name == opening.name && found.uid == opening.request.uid && found.isFresh(at: now) ? found : nil
  }
}
