/// What can be wrong with bytes in the SSH wire format (RFC 4251 section 5).
public enum WireError: Error, Equatable, Sendable {
  /// The bytes end before the value does.
  case truncated
  /// Bytes are left where the format says that there are none.
  case trailing
  /// A string of the wire holds a NUL or is longer than the format or we allow.
  case badText
  /// A number that has more than one encoding is not in its shortest, or is negative.
  case notCanonical
}

/// A reading position in SSH wire data. It holds no bytes, so that it needs no unsafe lifetime: every call names them.
///
///     uint32   4 bytes, big endian
///     uint64   8 bytes, big endian
///     string   uint32 length, then that many bytes
public struct ByteCursor: Sendable {
  public private(set) var offset: Int
  public let end: Int

  /// Reads within `range` of the bytes that each call is given.
  public init(_ range: Range<Int>) {
    offset = range.lowerBound
    end = range.upperBound
  }

  public var isAtEnd: Bool { offset >= end }

  private mutating func take(_ count: Int, of bytes: borrowing Span<UInt8>) throws(WireError) -> Int {
    guard count >= 0, end <= bytes.count, offset >= 0, offset <= end, count <= end - offset else { throw .truncated }
    defer { offset += count }
    return offset
  }

  public mutating func byte(_ bytes: borrowing Span<UInt8>) throws(WireError) -> UInt8 { bytes[try take(1, of: bytes)] }

  public mutating func uint32(_ bytes: borrowing Span<UInt8>) throws(WireError) -> UInt32 {
    let at = try take(4, of: bytes)
    var value: UInt32 = 0
    for i in 0..<4 { value = value << 8 | UInt32(bytes[at + i]) }
    return value
  }

  public mutating func uint64(_ bytes: borrowing Span<UInt8>) throws(WireError) -> UInt64 {
    let at = try take(8, of: bytes)
    var value: UInt64 = 0
    for i in 0..<8 { value = value << 8 | UInt64(bytes[at + i]) }
    return value
  }

  /// The place of a string's content.
  public mutating func string(_ bytes: borrowing Span<UInt8>) throws(WireError) -> Range<Int> {
    let count = try uint32(bytes)
    guard let length = Int(exactly: count) else { throw .truncated }
    let at = try take(length, of: bytes)
    return at..<(at + length)
  }

  public func finish() throws(WireError) {
    guard isAtEnd else { throw .trailing }
  }
}

extension Span where Element == UInt8 {
  /// A copy of part of the bytes; what lies outside them is left out.
  public func copy(_ range: Range<Int>) -> [UInt8] {
    var copy: [UInt8] = []
    var at = max(range.lowerBound, 0)
    while at < min(range.upperBound, count) {
      copy.append(self[at])
      at += 1
    }
    return copy
  }

  /// Is that part, byte for byte, this text?
  public func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
    guard text.hasPointerRepresentation, range.count == text.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= count
    else { return false }
    // SAFETY: a StaticString with pointer representation has utf8CodeUnitCount bytes at utf8Start for the life of the program.
    let start = unsafe text.utf8Start
    for i in 0..<range.count where unsafe self[range.lowerBound + i] != start[i] { return false }
    return true
  }
}
