/// What NSS must know to say which account a name would get: one published line, kept as places in it.
///
///     1:<first uid>:<last uid>:<gid of sojourn>:<home root>:<gate shell>:<patterns,…>:<programs,…>\n
///
/// The first field is the version. Patterns and programs are lists with commas; no field holds `:` or a control byte.
public struct CandidateRules: Sendable {
  public let range: UIDRange
  /// gid of the system group `sojourn`.
  public let group: UInt32
  public let homeRoot: Range<Int>
  public let shell: Range<Int>
  private let patterns: Range<Int>
  private let programs: Range<Int>

  /// The longest line that is believed.
  public static var cap: Int { 4096 }

  /// nil if the line is not of this form, whole, with its newline.
  public init?(_ line: borrowing Span<UInt8>) {
    guard line.count <= CandidateRules.cap, let fields: InlineArray<8, Range<Int>> = ColonFields.split(line) else { return nil }
    for i in 0..<8 where fields[i].isEmpty { return nil }
    guard fields[0].count == 1, line[fields[0].lowerBound] == 49,
      let first = Decimal.read(line, fields[1]), let last = Decimal.read(line, fields[2]),
      let group = Decimal.read(line, fields[3]), group > 0, let range = UIDRange(first: first, last: last),
      ColonFields.isAbsolutePath(line, fields[4]), ColonFields.isAbsolutePath(line, fields[5])
    else { return nil }
    self.range = range
    self.group = group
    homeRoot = fields[4]
    shell = fields[5]
    patterns = fields[6]
    programs = fields[7]
  }

  /// May this name be an account here? `line` is the line that the rules were read from.
  public func admits(_ name: AccountName, _ line: borrowing Span<UInt8>) -> Bool {
    var begin = patterns.lowerBound
    var at = begin
    while at <= patterns.upperBound {
      if at == patterns.upperBound || line[at] == 44 {
        if NamePattern.matches(line, begin..<at, name) { return true }
        begin = at + 1
      }
      at += 1
    }
    return false
  }

  /// Is the program one of those that may see candidates? Whole paths, byte for byte.
  public func serves(_ program: borrowing Span<UInt8>, _ line: borrowing Span<UInt8>) -> Bool {
    var begin = programs.lowerBound
    var at = begin
    while at <= programs.upperBound {
      if at == programs.upperBound || line[at] == 44 {
        if at - begin == program.count {
          var same = true
          for i in 0..<program.count where line[begin + i] != program[i] { same = false }
          if same, program.count > 0 { return true }
        }
        begin = at + 1
      }
      at += 1
    }
    return false
  }
}

/// Decimal numbers without sign, space or needless zero, up to 2^32 - 2: the last is "no id" (chown(2)).
public enum Decimal {
  public static func read(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count, range.count >= 1, range.count <= 10 else { return nil }
    if range.count > 1, bytes[range.lowerBound] == 48 { return nil }
    var value: UInt64 = 0
    for at in range {
      guard bytes[at] >= 48, bytes[at] <= 57 else { return nil }
      value = value * 10 + UInt64(bytes[at] - 48)
    }
    guard value < UInt64(UInt32.max) else { return nil }
    return UInt32(truncatingIfNeeded: value)
  }
}
