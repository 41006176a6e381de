internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// An account that somebody is in right now: the daemon says so, at this moment.
struct StandingLease {
  let account: String

  private init(account: String) { self.account = account }

  /// Milliseconds for all the questions together: a host may have many sessions, and they come in pages.
  private static var limit: Int64 { 5000 }

  /// Refuses if no session of the name and uid is active; draining is not active. No watcher, no entry.
  static func of(_ login: Login, _ entry: PasswordEntry, _ world: some Surroundings) throws(Refusal) -> StandingLease {
    let begin = world.moment()
    var last = ""
    while true {
      let reply: Reply
      do throws(DaemonSilence) {
        reply = try world.daemon(.sessions(after: last), milliseconds: 2000, patience: 2000)
      } catch { throw Refusal(error) }
      guard case .sessions(let page, let more) = reply else { throw .daemonAnswer("no list of sessions") }
      for session in page where session.name.utf8.elementsEqual(login.user) {
        if session.uid == entry.uid, !session.isLocal, session.state.isExactly("active") { return StandingLease(account: session.name) }
      }
      guard more, let next = page.last?.session, !next.isExactly(last) else { throw .noLease }
      last = next
      let now = world.moment()
      guard now.boot >= begin.boot, (now.boot - begin.boot) / 1_000_000 < limit else { throw .noDaemon("its list of sessions took too long") }
    }
  }
}
