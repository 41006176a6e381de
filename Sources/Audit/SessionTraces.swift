internal import Encoding

/// Puts the lines about a uid or a name together to sessions, while they come. Only sessions whose end has not come yet are
/// kept: few, whatever the length of the log.
public struct SessionTraces {
  /// Whom a line must be about.
  public enum Whose: Sendable {
    case uid(UInt32)
    case name(String)

    /// What stands in every line about them, as JSON is written there.
    public var needle: [UInt8] {
      switch self {
      case .uid(let uid): Array("\"uid\":\(uid)".utf8)
      case .name(let name): Array("\"name\":".utf8) + (JSONValue.string(name).text() ?? [])
      }
    }

    fileprivate func isMet(by line: JSONValue) -> Bool {
      switch self {
      case .uid(let uid): line["uid"]?.integer == Int64(uid)
      case .name(let name): line["name"]?.string?.isExactly(name) ?? false
      }
    }
  }

  private let whose: Whose
  private var open: [SessionTrace] = []
  private var told: [String] = []
  /// Lines that have the form of an object and are none.
  public private(set) var damaged: UInt64 = 0
  /// Sessions whose beginning alone is on record: more than these are not kept waiting for an end.
  static let cap = 10_000

  public init(_ whose: Whose) { self.whose = whose }

  /// - Parameter tell: is called with every session that is complete.
  public mutating func take(_ line: [UInt8], _ tell: (SessionTrace) -> Void) {
    guard let event = try? JSONValue.parse(line), let kind = event["event"]?.string, let time = event["time"]?.string.flatMap({ Timestamp.parse($0) }) else {
      damaged += 1
      return
    }
    guard whose.isMet(by: event) else { return }
    switch kind {
    case "grant":
      guard let session = SessionTrace(event, time: time) else { return damaged += 1 }
      open.append(session)
      if open.count > SessionTraces.cap { tell(open.removeFirst()) }
    case "session-end":
      guard let session = SessionTrace(event, time: time) else { return damaged += 1 }
      // A daemon that was killed between writing and forgetting says an end twice.
      guard !told.contains(where: { $0.isExactly(session.id) }) else { return }
      told.append(session.id)
      if told.count > 256 { told.removeFirst() }
      open.removeAll { $0.id.isExactly(session.id) }
      tell(session)
    case "lease-end":
      // Whatever of the account was still open then is over, also if its own line was lost. The line may have waited in the
      // spool, so what was opened later is none of its.
      let named = event["sessions"]?.array?.compactMap { $0["session"]?.string } ?? []
      for var session in open where !session.isLocal && (named.contains { $0.isExactly(session.id) } || session.since ?? 0 < time) {
        session.end = .before(time)
        tell(session)
        open.removeAll { $0.id.isExactly(session.id) }
      }
    default: return
    }
  }

  /// Those whose end is not on record.
  public mutating func finish(_ tell: (SessionTrace) -> Void) {
    for session in open { tell(session) }
    open = []
  }
}
