import Encoding
import Testing

/// Comparing and showing text from outside.
@Suite struct TextTests {
  @Test func comparesBytesAndNotCharacters() {
    #expect("é".isExactly("\u{E9}"))
    #expect(!"e\u{301}".isExactly("\u{E9}"), "equal by Unicode, another name for access control")
    #expect(!"a".isExactly("A") && !"a".isExactly("a\u{0}") && "".isExactly(""))
    #expect("sudo".begins(with: "su") && "sudo".begins(with: "") && !"su".begins(with: "sudo"))
  }

  @Test func repairsNoText() {
    #expect(String.ifValid(Array("aé\u{1F600}".utf8)) == "aé\u{1F600}")
    for bytes: [UInt8] in [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x61, 0xFF]] { #expect(String.ifValid(bytes) == nil) }
  }

  @Test func showsEveryByteInPrintableASCII() {
    for value in UInt8.min...UInt8.max {
      let shown = Array(Escape.visible([value]).utf8)
      #expect(shown.allSatisfy { $0 >= 32 && $0 < 127 })
      #expect(shown.count == 1 ? shown == [value] && value != 92 : shown.count == 4)
    }
    #expect(Escape.visible("a\\x1b") == "a\\x5cx1b", "what is shown cannot be mistaken for what was escaped")
    #expect(Escape.visible("\u{1B}[2J") == "\\x1b[2J")
    #expect(Escape.quoted("a\" serial=1\n") == "\"a\\x22 serial=1\\x0a\"", "a field cannot fake the next one")
  }

  @Test func noTwoTextsLookTheSame() {
    var seen: Set<String> = []
    for a in UInt8.min...UInt8.max {
      for b: UInt8 in [0, 10, 27, 48, 65, 92, 120, 127, 255] { seen.insert(Escape.visible([a, b])) }
    }
    #expect(seen.count == 256 * 9)
  }

  @Test func saysWhatItCutsOff() {
    #expect(Escape.visible("abcdef", limit: 3) == "abc...")
    #expect(Escape.visible("abc", limit: 3) == "abc")
    #expect(Escape.sentence("abcdef", limit: 3) == "abc...")
    #expect(Escape.sentence("äöü", limit: 3) == "äöü")
  }

  @Test func leavesPeoplesLettersInSentences() {
    let text = "Nicht heute, José. 今日は不可。 Не сегодня — لا."
    #expect(Escape.sentence(text) == text)
  }

  /// T30: no scalar that steers a terminal, hides or turns text gets through, whatever it stands beside.
  @Test func letsNothingSteerTheTerminal() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isHidden =
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
      guard isHidden else { continue }
      let shown = Escape.sentence("a" + String(scalar) + "b")
      // What is left of category Cf are marks within scripts, which do not reorder or hide.
      if shown != "a?b" { #expect(TextTests.marks.contains(value), "U+\(String(value, radix: 16))") }
    }
  }

  /// Visible or joining marks of Arabic, Syriac, Kaithi, Egyptian, shorthand and music (general category Cf).
  private static let marks: Set<UInt32> = Set(0x600...0x605).union([0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x180E, 0x110BD, 0x110CD])
    .union(0x13430...0x1343F).union(0x1BCA0...0x1BCA3).union(0x1D173...0x1D17A)
}
