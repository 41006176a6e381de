import Accounts
import Configuration
import Encoding
import Events
import HostSystem

/// What a session's person is told at the session's own terminals.
extension Daemon {
  /// - Parameter text: escaped already.
  /// - Returns: whether anybody can have read it.
  @discardableResult
  func tell(_ id: String, _ text: String) -> Bool {
    guard let (holder, session) = session(id) else { return false }
    let isOnlyOne = !holder.isLocal && leases[holder.name]?.sessions.count == 1
    return SessionTerminals(of: session.process.pid, owner: holder.uid, isOnlyOne: isOnlyOne).say(text) > 0
  }

  /// Once a second: who has little time left hears how much, at the time that the configuration says, and a minute before.
  func warnOfEnds() {
    guard let before = configuration?.session.warnBefore, before > 0 else { return }
    let now = Moment.now()
    for (id, watch) in watches where watch.endReason == nil {
      let end = unconfirmedEnd(watch).map { $0.millisecondsLeft(at: now) < watch.deadline.millisecondsLeft(at: now) ? $0 : watch.deadline } ?? watch.deadline
      let left = UInt64(clamping: end.millisecondsLeft(at: now)) / 1000
      guard let due = EndWarning.step(left: left, before: before, warned: watch.warned) else { continue }
      watch.warned = due
      guard left > 0, let (holder, _) = session(id) else { continue }
      let condition = end == watch.deadline ? "" : ", unless somebody can be asked whether it may go on"
      tell(id, "this session ends in \(EndWarning.span(left)), at \(Timestamp.text(Moment(wall: end.wall, boot: 0).unixSeconds))\(condition)\(cost(of: holder)).")
    }
  }
}
