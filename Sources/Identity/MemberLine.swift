/// The supplementary groups of a published account, read a byte at a time because the file may be far larger than what
/// the NSS module may put on a foreign stack:
///
///     gid,gid,…,gid\n
///
/// Canonical decimals, at least one, never 0: nobody gets root's group from us.
public struct MemberLine: Sendable {
  public enum Step: Sendable, Equatable {
    case goOn
    /// A number ended here.
    case gid(UInt32)
    /// Not such a line. Nothing that was read from it may be believed.
    case damaged
  }

  /// The longest line that is believed, in bytes.
  public static var cap: Int { 65536 }

  private var digits = InlineArray<10, UInt8>(repeating: 0)
  private var count = 0
  private var taken = 0
  /// The newline was the last byte, and everything before it was right.
  public private(set) var isWhole = false

  public init() {}

  public mutating func take(_ byte: UInt8) -> Step {
    guard !isWhole, taken < MemberLine.cap else {
      isWhole = false
      taken = MemberLine.cap
      return .damaged
    }
    taken += 1
    if byte == 44 || byte == 10 {
      guard let gid = Decimal.read(digits.span, 0..<count), gid > 0 else {
        taken = MemberLine.cap
        return .damaged
      }
      count = 0
      isWhole = byte == 10
      return .gid(gid)
    }
    guard count < 10 else {
      taken = MemberLine.cap
      return .damaged
    }
    digits[count] = byte
    count += 1
    return .goOn
  }
}
