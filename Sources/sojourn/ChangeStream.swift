import DaemonProtocol
import Encoding
import HostSystem

/// `sojourn sessions --watch` where no person looks: a line for everything that changed since the last look, a second ago.
struct ChangeStream {
  let isJSON: Bool
  private var known: [String: SessionSummary]?
  private var isAway = false

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// Ends when nobody reads any more.
  mutating func run() throws {
    while true {
      switch SessionList.look() {
      case .sessions(let sessions): try compare(sessions)
      case .away(let reason):
        if !isAway { try tell("daemon-away", "reason=" + Escape.quoted(reason), [.init("reason", .string(reason))]) }
        isAway = true
      }
      Pause.milliseconds(1000)
    }
  }

  private mutating func compare(_ sessions: [SessionSummary]) throws {
    if isAway { try tell("daemon-back", "", []) }
    isAway = false
    var now: [String: SessionSummary] = [:]
    for session in sessions {
      now[session.session] = session
      guard let before = known?[session.session] else {
        try tell(known == nil ? "present" : "opened", session)
        continue
      }
      if !before.state.isExactly(session.state) { try tell(session.state, session) }
    }
    for (id, session) in (known ?? [:]).sorted(by: { $0.key < $1.key }) where now[id] == nil { try tell("ended", session) }
    known = now
  }

  private func tell(_ change: String, _ s: SessionSummary) throws {
    let text = "session=\(SessionSummary.show(s.session)) name=\(Escape.quoted(s.name, limit: 64)) uid=\(s.uid) who=\(Escape.quoted(s.keyID, limit: 256)) service=\(Escape.quoted(s.login.service, limit: 64))"
      + " from=\(Escape.quoted(s.login.remote, limit: 128)) since=\(Timestamp.text(s.opened)) until=\(Timestamp.text(s.expires)) decision=\(Escape.quoted(s.decision))"
    try tell(change, text, [.init("session", s.json)])
  }

  private func tell(_ change: String, _ text: String, _ facts: [JSONValue.Member]) throws {
    let time = Timestamp.text(Moment.now().unixSeconds)
    var line = time + " " + Escape.visible(change, limit: 32) + (text.isEmpty ? "" : " " + text)
    if isJSON {
      let object = JSONValue.object([.init("time", .string(time)), .init("change", .string(change))] + facts)
      line = String(decoding: object.text(ascii: true) ?? [], as: UTF8.self)
    }
    guard try Terminal.stream(line) else { throw Exit.done }
  }
}
