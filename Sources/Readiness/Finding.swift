public import Encoding

/// One thing that was looked at on this host, and what came of it.
public struct Finding: Sendable {
  public let kind: Kind
  public let severity: Severity
  /// What it is about: a file, a program, a service.
  public let subject: String
  public let sentence: String
  /// What to do; empty if nothing is to be done.
  public let remedy: String

  /// A short name that stays the same between versions, for scripts.
  public var id: String { kind.rawValue }
  public var area: Area { kind.area }

  public enum Severity: Sendable, CaseIterable {
    case ok
    /// Nothing is wrong; but it helps to know.
    case hint
    /// It works, but somebody should know.
    case warning
    /// Somebody could get past Sojourn, or nobody could log in: candidates are not published.
    case problem

    public var word: String {
      switch self {
      case .ok: "ok"
      case .hint: "hint"
      case .warning: "warning"
      case .problem: "problem"
      }
    }
  }

  public init(_ kind: Kind, _ severity: Severity, _ subject: String, _ sentence: String, remedy: String = "") {
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.sentence = sentence
    self.remedy = remedy
  }

  /// A line for people; everything that came from outside is escaped.
  public var line: String { Escape.visible(subject, limit: 256) + ": " + Escape.visible(sentence, limit: 1024) }

  public var json: JSONValue {
    .object([
      .init("id", .string(id)), .init("area", .string(area.rawValue)), .init("severity", .string(severity.word)), .init("subject", .string(subject)),
      .init("text", .string(sentence)), .init("remedy", .string(remedy)),
    ])
  }

  /// Reads what `json` wrote; nil if it is anything else.
  public init?(json: JSONValue) {
    guard let kind = json["id"]?.string.flatMap({ Kind(rawValue: $0) }), let word = json["severity"]?.string, let subject = json["subject"]?.string,
      let sentence = json["text"]?.string, let remedy = json["remedy"]?.string,
      let severity = Severity.allCases.first(where: { $0.word.isExactly(word) })
    else { return nil }
    self.init(kind, severity, subject, sentence, remedy: remedy)
  }
}
