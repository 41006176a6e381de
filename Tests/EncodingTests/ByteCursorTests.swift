import Encoding
import Testing

/// SSH wire data (RFC 4251 section 5): total reading, whatever the bytes say.
@Suite struct ByteCursorTests {
  @Test func readsNumbersAndStrings() throws {
    let bytes: [UInt8] = [7, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0x61, 0x62]
    var cursor = ByteCursor(0..<bytes.count)
    #expect(try cursor.byte(bytes.span) == 7)
    #expect(try cursor.uint32(bytes.span) == 0x1234_5678)
    #expect(try cursor.uint64(bytes.span) == 256)
    let text = try cursor.string(bytes.span)
    #expect(bytes.span.copy(text) == [0x61, 0x62] && bytes.span.holds("ab", at: text) && !bytes.span.holds("abc", at: text))
    try cursor.finish()
    #expect(cursor.isAtEnd)
  }

  @Test func refusesWhatIsCutOff() {
    let whole: [UInt8] = [0, 0, 0, 3, 1, 2, 3]
    for count in 0..<whole.count {
      let bytes = Array(whole[..<count])
      var cursor = ByteCursor(0..<count)
      #expect(throws: WireError.truncated) { try cursor.string(bytes.span) }
    }
    var short = ByteCursor(0..<3)
    #expect(throws: WireError.truncated) { try short.uint32(whole.span) }
    var shorter = ByteCursor(0..<7)
    #expect(throws: WireError.truncated) { try shorter.uint64(whole.span) }
  }

  @Test func refusesLengthsBeyondItsEnd() {
    for length: [UInt8] in [[0, 0, 0, 4], [0, 0, 1, 0], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]] {
      let bytes = length + [1, 2, 3]
      var cursor = ByteCursor(0..<bytes.count)
      #expect(throws: WireError.truncated) { try cursor.string(bytes.span) }
    }
  }

  @Test func staysWithinItsRange() {
    let bytes: [UInt8] = [9, 9, 0, 0, 0, 1, 5, 9]
    var cursor = ByteCursor(2..<7)
    #expect((try? cursor.string(bytes.span)) == 6..<7)
    #expect(throws: WireError.truncated) { try cursor.byte(bytes.span) }
    for range in [0..<9, 5..<100] {
      var outside = ByteCursor(range)
      #expect(throws: WireError.truncated) { try outside.byte(bytes.span) }
    }
  }

  @Test func saysWhenSomethingIsLeft() throws {
    let bytes: [UInt8] = [1, 2]
    var cursor = ByteCursor(0..<2)
    _ = try cursor.byte(bytes.span)
    #expect(throws: WireError.trailing) { try cursor.finish() }
  }

  @Test func copiesOnlyWhatIsThere() {
    let bytes: [UInt8] = [1, 2, 3]
    #expect(bytes.span.copy(-5..<2) == [1, 2] && bytes.span.copy(2..<100) == [3] && bytes.span.copy(5..<9) == [])
    #expect(!bytes.span.holds("x", at: 3..<4) && !bytes.span.holds("x", at: -1..<0))
  }

  /// Each byte of nested strings becomes every other: nothing traps, and no range leaves the bytes.
  @Test func survivesEveryDamagedByte() {
    let whole: [UInt8] = [0, 0, 0, 11, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 7]
    for at in whole.indices {
      for value in UInt8.min...UInt8.max {
        var bytes = whole
        bytes[at] = value
        var cursor = ByteCursor(0..<bytes.count)
        while let range = try? cursor.string(bytes.span) {
          #expect(range.lowerBound >= 4 && range.upperBound <= bytes.count && cursor.offset == range.upperBound)
          var inner = ByteCursor(range)
          while let nested = try? inner.string(bytes.span) { #expect(nested.upperBound <= range.upperBound) }
        }
      }
    }
  }
}
