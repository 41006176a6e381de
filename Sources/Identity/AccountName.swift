public import HostSystem

/// A name that may become a transient account: `[a-z_][a-z0-9_-]{0,31}` (DESIGN 4). It holds nothing that means anything
/// in a path, a passwd line or a shell, and it is checked before it becomes part of any of them.
public struct AccountName: Sendable, Equatable {
  private let bytes: InlineArray<32, UInt8>
  public let count: Int

  /// nil if the bytes are not such a name.
  public init?(_ text: borrowing Span<UInt8>) {
    guard text.count >= 1, text.count <= 32 else { return nil }
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    for i in 0..<text.count {
      let c = text[i]
      let isFirst = (c >= 97 && c <= 122) || c == 95
      guard isFirst || (i > 0 && ((c >= 48 && c <= 57) || c == 45)) else { return nil }
      bytes[i] = c
    }
    self.bytes = bytes
    count = text.count
  }

  /// The name that stands at an address, if it ends in a NUL there; at most 33 bytes are read, and none after the NUL.
  // SAFETY: the caller says that a C string is there (name arguments of nss(5) functions); reading stops at its NUL.
  @unsafe public init?(cString text: UnsafePointer<CChar>) {
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    var count = 0
    while unsafe text[count] != 0 {
      guard count < 32 else { return nil }
      bytes[count] = unsafe UInt8(bitPattern: text[count])
      count += 1
    }
    self.init(bytes.span.extracting(0..<count))
  }

  public init?(_ text: String) {
    let utf8 = Array(text.utf8)
    self.init(utf8.span)
  }

  public subscript(_ index: Int) -> UInt8 { index >= 0 && index < count ? bytes[index] : 0 }

  public var text: String {
    var utf8: [UInt8] = []
    for i in 0..<count { utf8.append(bytes[i]) }
    return String(decoding: utf8, as: UTF8.self)
  }

  public static func == (a: AccountName, b: AccountName) -> Bool {
    guard a.count == b.count else { return false }
    for i in 0..<a.count where a.bytes[i] != b.bytes[i] { return false }
    return true
  }

  /// Is it exactly these bytes?
  public func isExactly(_ other: borrowing Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for i in 0..<count where bytes[i] != other[i] { return false }
    return true
  }
}

extension StackText {
  public mutating func append(_ name: AccountName) {
    for i in 0..<name.count { append(name[i]) }
  }
}

/// A name pattern of the configuration. `*` stands for any run of characters, also none; nothing else is special.
public enum NamePattern {
  /// Does the pattern in `text[range]` match the whole name? Linear memory-free backtracking to the last `*`.
  public static func matches(_ text: borrowing Span<UInt8>, _ range: Range<Int>, _ name: AccountName) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= text.count else { return false }
    var p = range.lowerBound
    var n = 0
    var star = -1
    var mark = 0
    while n < name.count {
      if p < range.upperBound, text[p] == 42 {
        star = p
        p += 1
        mark = n
      } else if p < range.upperBound, text[p] == name[n] {
        p += 1
        n += 1
      } else if star >= 0 {
        mark += 1
        n = mark
        p = star + 1
      } else {
        return false
      }
    }
    while p < range.upperBound, text[p] == 42 { p += 1 }
    return p == range.upperBound
  }

  public static func matches(_ pattern: String, _ name: AccountName) -> Bool {
    let bytes = Array(pattern.utf8)
    return matches(bytes.span, 0..<bytes.count, name)
  }

  /// A pattern can match something: the characters of names and `*`, at most 64.
  public static func isWellFormed(_ pattern: String) -> Bool {
    !pattern.utf8.isEmpty && pattern.utf8.count <= 64
      && pattern.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 || $0 == 45 || $0 == 42 }
  }
}
