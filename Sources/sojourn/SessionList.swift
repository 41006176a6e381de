import DaemonProtocol
import Encoding
import HostSystem

/// The live sessions as the daemon tells them, all pages of them.
enum SessionList {
  /// For commands that end when the daemon does not answer.
  static func all() throws -> [SessionSummary] {
    try pages { page throws in
      guard case .sessions(let sessions, let more) = try Daemon.ask(page) else { throw Daemon.unexpected() }
      return (sessions, more)
    }
  }

  enum Look {
    case sessions([SessionSummary])
    /// Nobody answers, or not what was asked; why, fit to be shown.
    case away(String)
  }

  private struct Away: Error { let reason: String }

  /// For commands that go on looking.
  static func look() -> Look {
    do {
      return .sessions(try pages { page throws in
        let reply: Reply
        do throws(DaemonSilence) { reply = try DaemonClient.ask(page, milliseconds: 2000) } catch { throw Away(reason: Daemon.sentence(error)) }
        guard case .sessions(let sessions, let more) = reply else { throw Away(reason: "sojournd answered something else") }
        return (sessions, more)
      })
    } catch {
      return .away((error as? Away)?.reason ?? "sojournd does not answer")
    }
  }

  /// Page after page, each after the last id of the one before. A daemon that never comes to an end is not followed.
  private static func pages(_ ask: (Request) throws -> ([SessionSummary], Bool)) throws -> [SessionSummary] {
    var sessions: [SessionSummary] = []
    var after = ""
    while sessions.count < 1_000_000 {
      let (page, more) = try ask(.sessions(after: after))
      sessions += page
      guard more, let last = page.last, !last.session.isExactly(after) else { break }
      after = last.session
    }
    return sessions
  }
}

extension SessionSummary {
  /// Texts from outside, fit for a cell.
  static func show(_ text: String) -> String { text.isEmpty ? "-" : Escape.visible(text, limit: 64) }

  /// What stands beside the state.
  var marks: String { (isBreakGlass ? " BREAK-GLASS" : "") + (isUnconfirmed ? " UNCONFIRMED" : "") }

  /// Who decided: the number of the question and whom it was put to, or that nobody was asked.
  var decision: String {
    if isBreakGlass { return "BREAK-GLASS" }
    let words = [requestID, endpoint].filter { !$0.isEmpty }
    return words.isEmpty ? "-" : words.map { Escape.visible($0, limit: 256) }.joined(separator: " ")
  }
}
