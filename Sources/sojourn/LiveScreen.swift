import DaemonProtocol
import Encoding
import HostSystem

/// `sojourn sessions --watch` on a terminal: drawn anew every second on its other screen, which is given back at the end.
struct LiveScreen {
  /// The alternate screen and no cursor (xterm's ctlseqs: 1049, 25).
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  private static let leave = "\u{1B}[?25h\u{1B}[?1049l"

  private var shown: [SessionSummary] = []
  /// Since when the daemon does not answer, in seconds since 1970, and why.
  private var away: (since: UInt64, reason: String)?

  mutating func run() throws -> Never {
    let signals: ScreenSignals
    do throws(SystemError) { signals = try ScreenSignals() } catch {
      Terminal.say("sojourn: signals cannot be taken: \(error.sentence)")
      throw Exit.refused
    }
    guard Terminal.draw(LiveScreen.enter) else { throw Exit.refused }
    while true {
      look()
      draw()
      switch signals.next(milliseconds: 1000) {
      case .end(let number):
        _ = Terminal.draw(LiveScreen.leave)
        Screen.endItself(by: number)
      case .suspend:
        _ = Terminal.draw(LiveScreen.leave)
        Screen.suspend()
        _ = Terminal.draw(LiveScreen.enter)
      case .resized, nil: continue
      }
    }
  }

  private mutating func look() {
    switch SessionList.look() {
    case .sessions(let sessions):
      shown = sessions
      away = nil
    case .away(let reason): away = (away?.since ?? Moment.now().unixSeconds, reason)
    }
  }

  /// A terminal that is stopped (^S) is not waited for: signals would wait with it.
  private func draw() {
    let (columns, rows) = Screen.size(of: 1) ?? (80, 24)
    var text = "\u{1B}[H"
    let lines = frame(columns: columns, rows: rows)
    for (number, line) in lines.enumerated() { text += "\u{1B}[2K" + line + (number < lines.count - 1 ? "\r\n" : "") }
    _ = Terminal.draw(text + "\u{1B}[0J")
  }

  /// At most so many lines, none wider than the terminal; ASCII only.
  private func frame(columns: Int, rows: Int) -> [String] {
    let now = Moment.now().unixSeconds
    var head = ["sojourn sessions  \(Timestamp.text(now))  \(shown.count) \(shown.count == 1 ? "session" : "sessions")  (^C ends this)"]
    if let away { head.append("since \(Timestamp.text(away.since)): \(away.reason); below is what stood then") }
    let room = max(0, rows - head.count - 1)
    var table = Table(["SESSION", "NAME", "WHO", "SINCE", "UNTIL", "SERVICE", "FROM", "DECISION", "STATE"])
    for session in shown.prefix(shown.count > room ? max(0, room - 1) : room) {
      table.add([
        SessionSummary.show(session.session), SessionSummary.show(session.name), SessionSummary.show(session.keyID), LiveScreen.clock(session.opened, now),
        LiveScreen.clock(session.expires, now), SessionSummary.show(session.login.service), SessionSummary.show(session.login.remote), session.decision,
        SessionSummary.show(session.state),
      ])
    }
    var lines = head.map { Table.cut($0, columns) } + table.lines(within: columns, shrinking: [7, 2, 6, 5, 1])
    if shown.count > room { lines.append(Table.cut("... and \(shown.count - max(0, room - 1)) more", columns)) }
    return Array(lines.prefix(max(1, rows)))
  }

  /// `10:04:17 in 27m`; with the day if it is another one.
  private static func clock(_ seconds: UInt64, _ now: UInt64) -> String {
    let text = Timestamp.text(seconds)
    let time = String(text.dropFirst(11).prefix(8))
    let when = seconds / 86400 == now / 86400 ? time : String(text.prefix(10)) + " " + time
    return seconds > now ? when + " in " + Sessions.span(seconds - now) : when
  }
}
