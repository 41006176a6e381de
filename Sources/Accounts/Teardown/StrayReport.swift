public import Encoding

/// What a search for people's files found, and what it could not look at.
public struct StrayReport: Sendable {
  /// Mount points that were looked through.
  public var places: [String] = []
  /// Files and directories that were looked at.
  public var entries: UInt64 = 0
  /// Files that are gone.
  public var removed: UInt64 = 0
  /// Files that were setuid or setgid and are not any more; at most 100 are named.
  public var disarmed: [String] = []
  public var disarmedCount: UInt64 = 0
  /// Files of people who are gone that stay where they are; at most 100 are named.
  public var left: [String] = []
  public var leftCount: UInt64 = 0
  /// What was not looked at, and why; at most 100.
  public var unseen: [String] = []
  /// Every place and every entry was looked at.
  public var isWhole = true
  /// There was no time for all: another search may come further.
  public var isCutShort = false
  public var seconds: UInt64 = 0

  init() {}

  mutating func disarm(_ path: String) {
    disarmedCount += 1
    if disarmed.count < 100 { disarmed.append(path) }
  }
  mutating func leave(_ path: String) {
    leftCount += 1
    if left.count < 100 { left.append(path) }
  }
  mutating func skip(_ path: String) {
    if unseen.count < 100 { unseen.append(path) }
  }
  /// Something may be there that was not seen.
  mutating func miss(_ path: String) {
    isWhole = false
    skip(path)
  }
}

extension StrayReport {
  public var json: JSONValue {
    func texts(_ list: [String]) -> JSONValue { .strings(list.map { Escape.visible($0) }) }
    return .object([
      .init("places", texts(places)), .init("entries", .unsigned(entries)), .init("removed", .unsigned(removed)),
      .init("disarmed", texts(disarmed)), .init("disarmed_count", .unsigned(disarmedCount)), .init("left", texts(left)),
      .init("left_count", .unsigned(leftCount)), .init("unseen", texts(unseen)), .init("whole", .boolean(isWhole)), .init("cut_short", .boolean(isCutShort)), .init("seconds", .unsigned(seconds)),
    ])
  }

  public init(_ read: MemberReader) throws(MemberError) {
    places = try read.strings("places")
    entries = try read.unsigned("entries")
    removed = try read.unsigned("removed")
    disarmed = try read.strings("disarmed")
    disarmedCount = try read.unsigned("disarmed_count")
    left = try read.strings("left")
    leftCount = try read.unsigned("left_count")
    unseen = try read.strings("unseen")
    isWhole = try read.boolean("whole")
    isCutShort = try read.boolean("cut_short")
    seconds = try read.unsigned("seconds")
  }
}
