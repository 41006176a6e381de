/// RFC 4648 section 4, strict: one text for one value, so that nothing passes in two spellings.
public enum Base64 {
  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  private static func digit(_ index: UInt8) -> UInt8 {
    // SAFETY: the alphabet has 64 bytes and the index is masked to 0…63.
    unsafe alphabet.utf8Start[Int(index & 63)]
  }

  /// - Parameter padded: OpenSSH writes fingerprints without `=`.
  public static func encode(_ bytes: [UInt8], padded: Bool = true) -> String {
    var text: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let left = bytes.count - at
      let a = bytes[at]
      let b = left > 1 ? bytes[at + 1] : 0
      let c = left > 2 ? bytes[at + 2] : 0
      text.append(digit(a >> 2))
      text.append(digit(a << 4 | b >> 4))
      if left > 1 { text.append(digit(b << 2 | c >> 6)) } else if padded { text.append(61) }
      if left > 2 { text.append(digit(c)) } else if padded { text.append(61) }
      at += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of `text[range]`, or nil if it is not exactly what `encode` would write for them.
  public static func decode(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= text.count, range.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    var at = range.lowerBound
    while at < range.upperBound {
      let isLast = at + 4 == range.upperBound
      let pads = !isLast ? 0 : text[at + 3] != 61 ? 0 : text[at + 2] != 61 ? 1 : 2
      var value: UInt32 = 0
      for i in 0..<4 {
        guard i < 4 - pads else {
          value <<= 6
          continue
        }
        guard let six = sextet(text[at + i]) else { return nil }
        value = value << 6 | UInt32(six)
      }
      if pads == 1, value & 0xFF != 0 { return nil }
      if pads == 2, value & 0xFFFF != 0 { return nil }
      bytes.append(UInt8(truncatingIfNeeded: value >> 16))
      if pads < 2 { bytes.append(UInt8(truncatingIfNeeded: value >> 8)) }
      if pads < 1 { bytes.append(UInt8(truncatingIfNeeded: value)) }
      at += 4
    }
    return bytes
  }

  private static func sextet(_ c: UInt8) -> UInt8? {
    switch c {
    case 65...90: c - 65
    case 97...122: c - 71
    case 48...57: c + 4
    case 43: 62
    case 47: 63
    default: nil
    }
  }
}
