import Encoding
import Testing

/// RFC 4648, strictly: one text for one value.
@Suite struct Base64Tests {
  private func decode(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    return Base64.decode(bytes.span, 0..<bytes.count)
  }

  /// RFC 4648 section 10.
  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")])
  func agreesWithTheStandardsVectors(_ plain: String, _ text: String) {
    #expect(Base64.encode(Array(plain.utf8)) == text)
    #expect(decode(text) == Array(plain.utf8))
    #expect(Base64.encode(Array(plain.utf8), padded: false) == text.filter { $0 != "=" })
  }

  @Test func everyByteInEveryPlaceComesBack() {
    for length in 1...7 {
      for place in 0..<length {
        for value in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: 0xA5, count: length)
          bytes[place] = value
          #expect(decode(Base64.encode(bytes)) == bytes)
        }
      }
    }
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "=Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm8=Zm8=", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "Zm9vé", "Zm9\u{0}", "Zg=v",
  ])
  func refusesEveryOtherSpelling(_ text: String) { #expect(decode(text) == nil) }

  /// What decodes, encodes to the very text: each byte of a text is replaced by every other.
  @Test func noTwoTextsMeanTheSame() {
    for text in ["AAAA", "Zm8=", "Zg==", "Zm9vYmE=", "//+/Zg=="] {
      let bytes = Array(text.utf8)
      for at in bytes.indices {
        for value in UInt8.min...UInt8.max {
          var damaged = bytes
          damaged[at] = value
          guard let decoded = Base64.decode(damaged.span, 0..<damaged.count) else { continue }
          #expect(Array(Base64.encode(decoded).utf8) == damaged)
        }
      }
    }
  }

  @Test func readsOnlyItsRange() {
    let bytes = Array("xxZm9vxx".utf8)
    #expect(Base64.decode(bytes.span, 2..<6) == Array("foo".utf8))
    #expect(Base64.decode(bytes.span, 2..<10) == nil)
    #expect(Base64.decode(bytes.span, 6..<6) == [])
  }
}
