internal import CPlatform.Crypto

/// 32 bytes that stand for something of any length: four numbers, which sort and compare like the bytes.
struct Digest32: Sendable, Equatable {
  let a: UInt64
  let b: UInt64
  let c: UInt64
  let d: UInt64

  static var zero: Digest32 { Digest32(a: 0, b: 0, c: 0, d: 0) }

  init(a: UInt64, b: UInt64, c: UInt64, d: UInt64) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }

  /// Takes 32 bytes from that place on, or fewer at the end, which are filled up with zeros.
  init(_ bytes: borrowing Span<UInt8>, at start: Int, count: Int = 32) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    for i in 0..<32 {
      let byte = i < count && start >= 0 && start + i < bytes.count ? UInt64(bytes[start + i]) : 0
      switch i / 8 {
      case 0: words.0 = words.0 << 8 | byte
      case 1: words.1 = words.1 << 8 | byte
      case 2: words.2 = words.2 << 8 | byte
      default: words.3 = words.3 << 8 | byte
      }
    }
    self.init(a: words.0, b: words.1, c: words.2, d: words.3)
  }

  /// nil if OpenSSL gives none.
  static func sha256(_ bytes: [UInt8]) -> Digest32? { Digest.sha256(bytes).map { Digest32($0.span, at: 0) } }

  /// SHA-1, whose 20 bytes are filled up with zeros; nil if OpenSSL gives none (a policy may forbid it).
  static func sha1(_ bytes: [UInt8]) -> Digest32? {
    var digest = [UInt8](repeating: 0, count: 20)
    // SAFETY: the digest has the 20 bytes that SHA-1 writes; the blob is read within its count.
    let isDone = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe digest.withUnsafeMutableBufferPointer { output in
        guard let start = output.baseAddress else { return false }
        return unsafe sojourn_sha1(input.baseAddress, input.count, start) == 1
      }
    }
    return isDone ? Digest32(digest.span, at: 0, count: 20) : nil
  }

  func isBefore(_ other: Digest32) -> Bool {
    if a != other.a { return a < other.a }
    if b != other.b { return b < other.b }
    if c != other.c { return c < other.c }
    return d < other.d
  }

  func append(to bytes: inout [UInt8]) {
    for word in [a, b, c, d] { bytes.appendBigEndian(word) }
  }
}

extension Array where Element == UInt8 {
  mutating func appendBigEndian(_ value: UInt64) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func appendBigEndian(_ value: UInt32) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}
