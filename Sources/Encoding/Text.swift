extension String {
  /// Equal byte for byte. `==` compares by Unicode equivalence, which Embedded Swift cannot link and access control must not use.
  public func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  public func begins(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// The text of UTF-8 bytes, or nil if they are not valid UTF-8 (RFC 3629): nothing is repaired.
  public static func ifValid(_ bytes: some Collection<UInt8>) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    return text.utf8.elementsEqual(bytes) ? text : nil
  }
}

/// Makes text from outside fit to be shown or logged.
public enum Escape {
  /// Printable ASCII stays; everything else (control characters, ESC, newlines, bidirectional marks, invalid UTF-8, and
  /// the backslash itself) becomes `\xNN`, a byte each. At most `limit` bytes are taken; what is cut is said.
  public static func visible(_ bytes: some Sequence<UInt8>, limit: Int = 512) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    var taken = 0
    for byte in bytes {
      guard taken < limit else { return String(decoding: text, as: UTF8.self) + "..." }
      taken += 1
      if byte >= 32, byte < 127, byte != 92 {
        text.append(byte)
      } else {
        text.append(contentsOf: [92, 120, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  public static func visible(_ text: String, limit: Int = 512) -> String { visible(text.utf8, limit: limit) }

  /// The same between quotation marks, of which it holds none itself: what stands in a field cannot fake the next one.
  public static func quoted(_ text: String, limit: Int = 512) -> String {
    var out: [UInt8] = [34]
    for byte in visible(text, limit: limit).utf8 { if byte == 34 { out.append(contentsOf: [92, 120, 50, 50]) } else { out.append(byte) } }
    out.append(34)
    return String(decoding: out, as: UTF8.self)
  }

  /// For sentences that a policy author wrote for people: letters of every script stay, but no control character, no
  /// bidirectional or invisible format character gets to the terminal. They become `?`.
  public static func sentence(_ text: String, limit: Int = 512) -> String {
    var out = String.UnicodeScalarView()
    var taken = 0
    for scalar in text.unicodeScalars {
      guard taken < limit else { return String(out) + "..." }
      taken += 1
      let v = scalar.value
      let hidden = v < 32 || (v >= 0x7F && v < 0xA0) || v == 0xAD || v == 0x061C || (v >= 0x200B && v <= 0x200F)
        || (v >= 0x2028 && v <= 0x202E) || (v >= 0x2060 && v <= 0x206F) || v == 0xFEFF || (v >= 0xFFF0 && v <= 0xFFFB)
        || (v >= 0xE0000 && v <= 0xE0FFF)
      out.append(hidden ? "?" : scalar)
    }
    return String(out)
  }
}
