import Accounts
import DaemonProtocol
import Encoding
import HostSystem
import Identity

/// The end of every session on the host, by the daemon, as any other end: told on the terminals, evidence in the log.
enum Departure {
  /// Seconds for all of them together.
  private static let patience: UInt64 = 120

  static var hasLeases: Bool { [Places.leases, Places.localSessions, Places.localEnds].contains { ((try? Files.names(in: $0)) ?? []).contains { $0.hasSuffix(".json") } } }

  /// Who undoes it must not be ended by it halfway.
  static func requireNotOwn() throws(SetupRefusal) {
    let login = ProcessTable.loginUser(of: ProcessTable.ownPid)
    if let login, uids.contains(login) { throw own("a session of the uid \(login)") }
    guard case .sessions(let sessions) = SessionList.look() else { return }
    var above: Set<Int32> = []
    var pid = ProcessTable.ownPid
    while pid > 1, above.insert(pid).inserted, let facts = ProcessTable.facts(of: pid) { pid = facts.parent }
    guard let found = sessions.first(where: { above.contains($0.pid) }) else { return }
    throw own("the session \(SessionSummary.show(found.session)) of \(SessionSummary.show(found.name))")
  }

  private static func own(_ session: String) -> SetupRefusal {
    SetupRefusal("this command runs in \(session), which it would end, and itself with it",
      remedy: "log in with a local account and a key or password of its own, or at the console, and run it there")
  }

  /// - Throws: if somebody's processes are still there when the time is over.
  static func endAll(_ reason: String) throws(SetupRefusal) {
    if HostService.daemon == nil {
      guard hasLeases || !living.isEmpty else { return }
      Terminal.say("sojournd does not run, and is started to end what is left.")
      guard HostService.startForEnds() else { return try requireNobody("sojournd cannot be started") }
    }
    let deadline = Deadline(seconds: patience, after: Moment.now())
    var told: Set<String> = []
    var left: [SessionSummary] = []
    while true {
      if case .sessions(let sessions) = SessionList.look() {
        left = sessions
        if sessions.isEmpty { break }
        for session in sessions where session.state.isExactly("active") {
          guard told.insert(session.session).inserted else { continue }
          Terminal.say("Ending session \(SessionSummary.show(session.session)) of \(SessionSummary.show(session.name)).")
          _ = try? DaemonClient.ask(.end(target: session.session, reason: reason), milliseconds: 5000, patience: 1000)
        }
      }
      guard !deadline.isOver(at: Moment.now()) else { break }
      Pause.milliseconds(100)
    }
    try requireNobody("sessions did not end within \(patience) s")
    if let first = left.first {
      throw SetupRefusal("session \(SessionSummary.show(first.session)) of \(SessionSummary.show(first.name)) did not end within \(patience) s; nothing else was taken back, and nobody new is let in",
        remedy: "read the journal of sojournd, then run 'sojourn setup --undo' again")
    }
    if !told.isEmpty { Terminal.say("\(told.count) \(told.count == 1 ? "session is" : "sessions are") over; what their ends found is in \(Places.auditLog).") }
  }

  /// - Throws: if somebody's processes live, now that the daemon is stopped.
  static func requireNobodyLeft() throws(SetupRefusal) { try requireNobody("somebody came in while sessions ended") }

  private static func requireNobody(_ why: String) throws(SetupRefusal) {
    let left = living
    guard let first = left.first else { return }
    throw SetupRefusal("\(why): \(left.count) \(left.count == 1 ? "process lives" : "processes live") on, such as \(first.pid) of uid \(first.uid); nothing else was taken back, and nobody new is let in",
      remedy: "end them, read the journal of sojournd, then run 'sojourn setup --undo' again")
  }

  /// Uids that this host has given to names of Sojourn's.
  private static var uids: Set<UInt32> {
    var uids: Set<UInt32> = []
    for name in (try? Files.names(in: Places.uids)) ?? [] {
      guard let uid = UInt32(name), let owner = try? Files.linkTarget(Places.uids + "/" + name), !String(decoding: owner, as: UTF8.self).isExactly(Places.takenMark) else { continue }
      uids.insert(uid)
    }
    return uids
  }

  private static var living: [(pid: Int32, uid: UInt32)] {
    let uids = uids
    return ((try? ProcessTable.all()) ?? []).compactMap { process in
      guard !process.isGone, let uid = [process.realUser, process.effectiveUser, process.savedUser].first(where: { uids.contains($0) }) else { return nil }
      return (process.pid, uid)
    }
  }
}
