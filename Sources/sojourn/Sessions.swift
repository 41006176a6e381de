import ArgumentParser
import DaemonProtocol
import Encoding
import HostSystem

struct Sessions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show who is logged in through Sojourn, and until when.",
    discussion: """
      Times are UTC. Without sessions it prints nothing on standard output.

      With --watch it looks every second: what opens and ends between two looks is in the audit log only.
      """)

  @Flag(help: "One JSON object instead of a table; with --watch, one a change.")
  var json = false

  @Flag(name: .shortAndLong, help: "Show them live: a screen on a terminal, else a line for each change.")
  var watch = false

  func run() throws {
    try Terminal.requireRoot("sojourn sessions")
    if watch { return try follow() }
    let sessions = try SessionList.all()
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
        SessionSummary.show(session.session), SessionSummary.show(session.name), String(session.uid),
        SessionSummary.show(session.state) + session.marks, SessionSummary.show(session.login.service), SessionSummary.show(session.login.remote),
        Sessions.clock(session.opened, now), Sessions.clock(session.expires, now),
        session.groups.isEmpty ? "-" : session.groups.map { SessionSummary.show($0) }.joined(separator: ","),
      ])
    }
    for line in table.lines { try Terminal.print(line) }
  }

  private func follow() throws {
    if Terminal.hasScreen, !json {
      var screen = LiveScreen()
      try screen.run()
    }
    var changes = ChangeStream(isJSON: json)
    try changes.run()
  }

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
