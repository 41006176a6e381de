public import Encoding

/// One thing that happened, as one line of the audit log. Who writes it decides what is in it: facts by name, never a
/// whole message, so that no token of a certificate gets into a file by accident (THREATS T34).
public struct AuditEvent: Sendable {
  /// What happened.
  public enum Kind: Sendable, CaseIterable {
    case grant, elevation, refusal, sessionEnd, sessionCleared, leaseEnd, gone, strays, endFailed, intruder, candidates, configuration, daemon, breakGlass, reevaluation

    public var text: String {
      switch self {
      case .grant: "grant"
      case .elevation: "elevation"
      case .refusal: "refusal"
      case .sessionEnd: "session-end"
      case .sessionCleared: "session-cleared"
      case .leaseEnd: "lease-end"
      case .strays: "strays"
      case .gone: "gone"
      case .endFailed: "end-failed"
      case .intruder: "intruder"
      case .candidates: "candidates"
      case .configuration: "configuration"
      case .daemon: "daemon"
      case .breakGlass: "break-glass"
      case .reevaluation: "reevaluation"
      }
    }
  }

  public let kind: Kind
  /// Seconds since 1970.
  public let time: UInt64
  /// The sentence for people; escaped already where it holds text from outside.
  public let message: String
  public let facts: [JSONValue.Member]

  public init(_ kind: Kind, time: UInt64, message: String, facts: [JSONValue.Member] = []) {
    self.kind = kind
    self.time = time
    self.message = message
    self.facts = facts
  }

  /// The line with its newline; nil only if memory runs out or a text is not UTF-8.
  public var line: [UInt8]? {
    let head: [JSONValue.Member] = [
      .init("time", .string(Timestamp.text(time))), .init("event", .string(kind.text)), .init("message", .string(message)),
    ]
    guard var bytes = JSONValue.object(head + facts).text() else { return nil }
    bytes.append(10)
    return bytes
  }
}
