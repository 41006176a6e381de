internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// An account that somebody is in right now: the daemon says so, at this moment.
struct StandingLease {
  let account: String

  private init(account: String) { self.account = account }

  /// Refuses if no session of the name and uid is active; draining is not active. No watcher, no entry.
  static func of(_ login: Login, _ entry: PasswordEntry, _ world: some Surroundings) throws(Refusal) -> StandingLease {
    guard let account = String.ifValid(login.user) else { throw .noLease }
    let reply: Reply
    do throws(DaemonSilence) { reply = try world.daemon(.standing(name: account, uid: entry.uid), milliseconds: 2000, patience: 2000) } catch { throw Refusal(error) }
    switch reply {
    case .done: return StandingLease(account: account)
    case .refused: throw .noLease
    case .failed(let why): throw .daemonAnswer(why)
    default: throw .daemonAnswer("an answer to another question")
    }
  }
}
