internal import Encoding

/// Where a value was written: a file of the configuration, and a line in it from 1 on.
public struct Place: Sendable, Equatable {
  public let file: String
  public let line: Int

  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// What is wrong, or worth knowing, in the configuration: place, sentence, and what is expected.
public struct Problem: Sendable, Equatable {
  public let place: Place
  public let sentence: String
  public let severity: Severity

  public enum Severity: Sendable {
    /// Nothing is published.
    case error
    case warning
  }

  public init(_ place: Place, _ sentence: String, severity: Severity = .error) {
    self.place = place
    self.sentence = sentence
    self.severity = severity
  }

  /// `FILE:LINE: sentence`, escaped: what stands in a damaged file must not reach a terminal as it is.
  public var line: String {
    let kind = severity == .warning ? "warning: " : ""
    return "\(Escape.visible(place.file, limit: 256)):\(place.line): \(kind)\(Escape.visible(sentence, limit: 1024))"
  }
}
