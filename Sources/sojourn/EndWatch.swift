import Audit
import DaemonProtocol
import Encoding
import HostSystem
import Identity

/// Waits for sessions that are being ended, and tells what the audit log says about it.
struct EndWatch {
  private let sessions: [SessionSummary]
  private let ids: Set<String>
  /// Sessions that were there before and are not meant.
  private let others: Set<String>
  /// Of accounts that go with their last session.
  private let uids: Set<UInt32>
  /// Seconds since 1970: evidence is looked for from then on.
  private let since: UInt64

  init(_ sessions: [SessionSummary], among all: [SessionSummary], since: UInt64) {
    self.sessions = sessions
    let ids = Set(sessions.map(\.session))
    self.ids = ids
    others = Set(all.map(\.session)).subtracting(ids)
    uids = Set(sessions.filter { !$0.isLocal }.map(\.uid))
    self.since = since
  }

  func wait(until deadline: Deadline, seconds: Int) throws {
    var pause: Int32 = 20
    var latest: [SessionSummary] = sessions
    while true {
      // A daemon that restarts meanwhile goes on with it.
      if case .sessions(let all) = SessionList.look() {
        latest = all
        if !all.contains(where: isStillThere) { return try tell(all) }
      }
      if deadline.isOver(at: Moment.now()) { throw stuck(latest, seconds) }
      Pause.milliseconds(pause)
      pause = min(pause * 2, 200)
    }
  }

  private func isStillThere(_ session: SessionSummary) -> Bool {
    ids.contains(session.session) || (uids.contains(session.uid) && session.state.isExactly("draining"))
  }

  private func tell(_ all: [SessionSummary]) throws {
    var isProved = true
    for uid in uids.sorted() {
      guard let name = sessions.first(where: { $0.uid == uid }).map({ SessionSummary.show($0.name) }) else { continue }
      let evidence = Evidence(about: uid, since: since)
      // An account that has a session again was gone meanwhile; one that kept another session never was.
      let kept = all.count { $0.uid == uid && others.contains($0.session) }
      if kept > 0 {
        Terminal.say("The session is over; \(name) has \(kept) other \(kept == 1 ? "session" : "sessions").")
      } else {
        if !evidence.isClean { isProved = false }
        for sentence in evidence.sentences(name) { Terminal.say(sentence) }
      }
    }
    for session in sessions where session.isLocal { Terminal.say("Session \(SessionSummary.show(session.session)) of \(SessionSummary.show(session.name)) is over; the account is a local one and stays.") }
    if !isProved { throw Exit.refused }
  }

  private func stuck(_ all: [SessionSummary], _ seconds: Int) -> any Error {
    for session in all where isStillThere(session) {
      Terminal.say("sojourn: session \(SessionSummary.show(session.session)) of \(SessionSummary.show(session.name)) is still there after \(seconds) s (\(SessionSummary.show(session.state)))")
    }
    for uid in uids.sorted() { if let why = Evidence(about: uid, since: since).failure { Terminal.say("sojourn: \(why)") } }
    if all.allSatisfy({ !isStillThere($0) }) { Terminal.say("sojourn: sojournd did not say for \(seconds) s whether it is over") }
    return Exit.refused
  }
}

/// The last lines of the audit log about the end of a uid's account.
struct Evidence {
  private var end: JSONValue?
  private var gone: JSONValue?
  private(set) var failure: String?

  init(about uid: UInt32, since: UInt64) {
    let archive = AuditArchive(log: Places.auditLog, spool: Places.auditSpool, isWhole: false)
    var found: [String: JSONValue] = [:]
    archive.lines(with: SessionTraces.Whose.uid(uid).needle) { line in
      guard let event = try? JSONValue.parse(line), event["uid"]?.integer == Int64(uid), let kind = event["event"]?.string,
        let time = event["time"]?.string.flatMap({ Timestamp.parse($0) }), time >= since
      else { return true }
      found[kind] = event
      return true
    }
    end = found["lease-end"]
    gone = found["gone"]
    failure = found["end-failed"]?["message"]?.string.map { SessionTrace.printable($0) }
  }

  /// Nothing is left, as far as was looked.
  var isClean: Bool { end?["report"]?["clean"]?.boolean == true && ["nothing", "another-source"].contains(gone?["nss"]?.string ?? "") }

  func sentences(_ name: String) -> [String] {
    guard let end, let check = end["report"]?["check"] else {
      return ["\(name) is gone, but the audit log does not tell how; see the journal of sojournd."]
    }
    func number(_ kind: String) -> String { check[kind]?.integer.map { String($0) } ?? "an unknown number of" }
    var all = [
      end["message"]?.string.map { SessionTrace.printable($0) + "." } ?? "",
      "Last look: \(number("processes")) processes, \(number("files")) files, \(number("ipc")) IPC objects of its; NSS answers: \(SessionTrace.printable(gone?["nss"]?.string ?? "unknown")).",
    ]
    for left in end["report"]?["left"]?.strings?.prefix(20) ?? [] { all.append("Left: " + SessionTrace.printable(left)) }
    return all
  }
}
