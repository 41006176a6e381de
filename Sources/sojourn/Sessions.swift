import ArgumentParser
import DaemonProtocol
import Encoding
import HostSystem

struct Sessions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show who is logged in through Sojourn, and until when.",
    discussion: "Times are UTC. Without sessions it prints nothing on standard output.")

  @Flag(help: "One JSON object instead of a table.")
  var json = false

  func run() throws {
    try Terminal.requireRoot("sojourn sessions")
    let sessions = try all()
    guard !json else {
      try Terminal.printJSON(.object([.init("version", .integer(1)), .init("sessions", .array(sessions.map { $0.json }))]))
      return
    }
    guard !sessions.isEmpty else {
      Terminal.say("Nobody is logged in through Sojourn.")
      return
    }
    let now = Moment.now().unixSeconds
    var table = Table(["SESSION", "NAME", "UID", "STATE", "SERVICE", "FROM", "SINCE", "UNTIL", "GROUPS"])
    for session in sessions {
      table.add([
        show(session.session), show(session.name), String(session.uid), show(session.state) + (session.isBreakGlass ? " BREAK-GLASS" : ""), show(session.login.service), show(session.login.remote),
        Sessions.clock(session.opened, now), Sessions.clock(session.expires, now),
        session.groups.isEmpty ? "-" : session.groups.map { show($0) }.joined(separator: ","),
      ])
    }
    for line in table.lines { try Terminal.print(line) }
  }

  /// Page after page, each after the last id of the one before. A daemon that never comes to an end is not followed.
  private func all() throws -> [SessionSummary] {
    var sessions: [SessionSummary] = []
    var after = ""
    while sessions.count < 1_000_000 {
      guard case .sessions(let page, let more) = try Daemon.ask(.sessions(after: after)) else { throw Daemon.unexpected() }
      sessions += page
      guard more, let last = page.last, !last.session.isExactly(after) else { break }
      after = last.session
    }
    return sessions
  }

  private func show(_ text: String) -> String { text.isEmpty ? "-" : Escape.visible(text, limit: 64) }

  /// `2026-11-21 08:15:00 (in 27m)`.
  static func clock(_ seconds: UInt64, _ now: UInt64) -> String {
    let bytes = Array(Timestamp.text(seconds).utf8)
    let day = String(decoding: bytes.prefix(10), as: UTF8.self)
    let time = String(decoding: bytes.dropFirst(11).prefix(8), as: UTF8.self)
    return "\(day) \(time) (\(seconds > now ? "in " : "")\(span(seconds > now ? seconds - now : now - seconds))\(seconds > now ? "" : " ago"))"
  }

  static func span(_ seconds: UInt64) -> String {
    switch seconds {
    case ..<120: "\(seconds)s"
    case ..<7200: "\(seconds / 60)m"
    case ..<172_800: "\(seconds / 3600)h"
    default: "\(seconds / 86400)d"
    }
  }
}
