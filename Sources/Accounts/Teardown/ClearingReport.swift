public import Encoding

/// What was ended of sessions that are over while the account stays. Texts are bytes of other people's, escaped when written.
public struct ClearingReport: Sendable {
  /// "pid name" of processes that had to be ended; at most 64.
  public let killed: [String]
  /// What was left alone, and why.
  public let left: [String]
  /// What the last look still found.
  public let remaining: [String]
  public let milliseconds: UInt64

  public var isClean: Bool { remaining.isEmpty }

  public init(killed: [String] = [], left: [String] = [], remaining: [String] = [], milliseconds: UInt64 = 0) {
    self.killed = killed
    self.left = left
    self.remaining = remaining
    self.milliseconds = milliseconds
  }
}

extension ClearingReport {
  public var json: JSONValue {
    .object([
      .init("killed", .strings(killed.map { Escape.visible($0) })), .init("left", .strings(left.map { Escape.visible($0) })),
      .init("remaining", .strings(remaining.map { Escape.visible($0) })), .init("clean", .boolean(isClean)), .init("milliseconds", .unsigned(milliseconds)),
    ])
  }

  public init(_ read: MemberReader) throws(MemberError) {
    self.init(killed: try read.strings("killed"), left: try read.strings("left"), remaining: try read.strings("remaining"),
      milliseconds: try read.unsigned("milliseconds"))
  }
}
