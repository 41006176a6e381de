import Accounts
import DaemonProtocol
import Encoding
import HostSystem

/// sudo by somebody who is in: with which session's credential it is decided, and the line that says that it was.
extension Daemon {
  /// Is somebody in under that name? What is being taken down, or not open yet, is not.
  func isStanding(_ name: String, _ uid: UInt32) -> Bool {
    guard let lease = leases[name], lease.uid == uid, lease.state == .active else { return false }
    return lease.sessions.contains { $0.isOpen }
  }

  func credential(of name: String, uid: UInt32, for process: ProcessReference) -> Reply {
    guard let lease = leases[name], lease.uid == uid, lease.state == .active else { return .refused(.whichSession, detail: "\(Escape.visible(name)) has no live session") }
    noteMarks(of: Set(lease.sessions.map(\.id)))
    guard let lease = leases[name] else { return .refused(.whichSession, detail: "\(name) has no live session any more") }
    let live = lease.sessions.filter { $0.isOpen && $0.ending == nil && watches[$0.id] != nil }
    let session: Session
    switch Belonging.of(process, live: live, over: lease.leaving) {
    case .session(let found): session = found
    case .over(let id): return .refused(.whichSession, detail: "the process belongs to session \(id), which is over")
    case .unclear: return .refused(.whichSession, detail: "\(name) has \(live.count) live sessions, and the process bears no mark of any")
    }
    guard let subject = session.subject else { return .refused(.whichSession, detail: "session \(session.id) was opened by an older version: it must be opened again") }
    return .credential(SessionCredential(session: session.id, opened: session.opened, credential: session.credential, subjectID: session.decision.subject,
      subject: subject, isBreakGlass: session.decision.isBreakGlass, isRootEquivalent: !session.rootEquivalentGroups.isEmpty))
  }

  /// Written down before sudo goes on (invariant 11), and only while the session that it rests on goes on.
  func elevated(_ elevation: Elevation, by process: ProcessReference) -> Reply {
    if !elevation.isLocal {
      guard let (holder, session) = session(elevation.session), holder.name.isExactly(elevation.name), holder.uid == elevation.uid, session.ending == nil,
        watches[session.id] != nil
      else { return .refused(.whichSession, detail: "session \(Escape.visible(elevation.session)) is over") }
    }
    do throws(SystemError) { try record.elevation(elevation, pid: process.pid) } catch {
      return .refused(.notWritten, detail: "the audit line: \(error.sentence)")
    }
    return .done
  }
}

/// To which of a person's sessions a process belongs.
enum Belonging {
  case session(Session)
  /// To one that is over: its id.
  case over(String)
  case unclear

  /// How many parents are looked at.
  private static let generations = 64

  /// The kernel's number of the login, which every process inherits; then the process that opened the session, among its parents;
  /// then the scope. What bears no mark at all belongs to the only session, if there is only one.
  static func of(_ process: ProcessReference, live: [Session], over: [Session]) -> Belonging {
    if let number = ProcessTable.auditSession(of: process.pid) {
      if let session = live.first(where: { $0.marks.auditSession == number }) { return .session(session) }
      if let session = over.first(where: { $0.marks.auditSession == number }) { return .over(session.id) }
    }
    var pid = process.pid
    for _ in 0..<generations {
      guard let stat = ProcessTable.stat(of: pid), stat.parent > 1 else { break }
      pid = stat.parent
      let parent = ProcessReference.of(pid: pid)
      if let session = live.first(where: { $0.process == parent }) { return .session(session) }
      if let session = over.first(where: { $0.process == parent }) { return .over(session.id) }
    }
    if let scope = ProcessTable.controlGroup(of: process.pid) {
      if let session = live.first(where: { $0.marks.scope == scope }) { return .session(session) }
      if let session = over.first(where: { $0.marks.scope == scope }) { return .over(session.id) }
    }
    if live.count == 1, let only = live.first { return .session(only) }
    return .unclear
  }
}
