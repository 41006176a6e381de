/// One line of a published file, cut at its colons: what passwd(5), group(5) and the candidate rules have in common.
public enum ColonFields {
  /// Where the fields are, or nil: fewer or more of them, no newline at the end, or a control byte before it (a line
  /// that holds one was not written by us, and a terminal would obey it).
  public static func split<let fields: Int>(_ line: borrowing Span<UInt8>) -> InlineArray<fields, Range<Int>>? {
    guard line.count >= 1, line[line.count - 1] == 10 else { return nil }
    let end = line.count - 1
    var places = InlineArray<fields, Range<Int>>(repeating: 0..<0)
    var index = 0
    var begin = 0
    for at in 0...end {
      if at < end, line[at] < 32 || line[at] == 127 { return nil }
      guard at == end || line[at] == 58 else { continue }
      guard index < fields else { return nil }
      places[index] = begin..<at
      index += 1
      begin = at + 1
    }
    return index == fields ? places : nil
  }

  /// Does the field begin with a slash, and hold more than that?
  static func isAbsolutePath(_ line: borrowing Span<UInt8>, _ field: Range<Int>) -> Bool {
    field.count >= 2 && line[field.lowerBound] == 47
  }

  /// A field that only says that there is no password here, and no shadow entry to look for (pam_unix takes `x` so).
  static func isLocked(_ line: borrowing Span<UInt8>, _ field: Range<Int>) -> Bool {
    field.count == 1 && line[field.lowerBound] == 42
  }
}
