import Identity
import Testing

@Suite struct UIDRangeTests {
  /// Computed with another implementation of FNV-1a, 64 bits; "a" is also a vector of its authors (af63dc4c8601ec8c).
  @Test(arguments: [
    ("a", 96044, 2_046_946_444), ("alice", 66087, 2_040_543_495), ("bob", 95284, 2_068_449_876), ("deploy-1", 79720, 2_070_693_064),
    ("_", 94766, 2_046_969_934), ("abcdefghijklmnopqrstuvwxyz012345", 94597, 2_057_620_965),
  ] as [(String, UInt32, UInt32)])
  func beginsWhereTheHashSays(text: String, small: UInt32, large: UInt32) throws {
    let name = try #require(AccountName(text))
    #expect(try #require(UIDRange(first: 65536, last: 99999)).start(of: name) == small)
    #expect(try #require(UIDRange(first: 2_013_265_920, last: 2_080_374_783)).start(of: name) == large)
    #expect(try #require(UIDRange(first: 5000, last: 5000)).start(of: name) == 5000)
  }

  @Test(arguments: [(0, 10), (999, 2000), (2000, 1999), (1000, 1 << 31), (1 << 31, 1 << 31), (UInt32.max, UInt32.max)] as [(UInt32, UInt32)])
  func refusesRangesThatNoHostCanUse(first: UInt32, last: UInt32) { #expect(UIDRange(first: first, last: last) == nil) }

  @Test func holdsItsEnds() throws {
    let range = try #require(UIDRange(first: 1000, last: (1 << 31) - 1))
    #expect(range.contains(1000) && range.contains((1 << 31) - 1) && !range.contains(999) && !range.contains(1 << 31))
    #expect(range.size == (1 << 31) - 1000)
  }

  @Test func goesUpPastOthersAndAroundTheEnd() throws {
    let range = try #require(UIDRange(first: 65536, last: 99999)), name = try #require(AccountName("alice"))
    let start = range.start(of: name)
    #expect(range.uid(of: name) { _ in .nobody } == start)
    #expect(range.uid(of: name) { $0 == start ? .other : .nobody } == start + 1)
    #expect(range.uid(of: name) { $0 < start + 7 ? .other : .this } == start + 7)
    let narrow = try #require(UIDRange(first: start - 3, last: start + 1))
    let begin = narrow.start(of: name)
    var asked: [UInt32] = []
    #expect(narrow.uid(of: name) { asked.append($0); return .other } == nil)
    #expect(asked == (0..<5).map { start - 3 + (begin - (start - 3) + $0) % 5 })
  }

  /// A crafted name cannot make a login walk the whole registry, nor get what is another's.
  @Test func asksTwoHundredAndFiftySixTimesAtMost() throws {
    let range = try #require(UIDRange(first: 65536, last: 99999)), name = try #require(AccountName("alice"))
    var asked = 0
    #expect(range.uid(of: name) { _ in asked += 1; return .other } == nil)
    #expect(asked == 256)
    let start = range.start(of: name)
    #expect(range.uid(of: name) { $0 == start + 255 ? .nobody : .other } == start + 255)
    #expect(range.uid(of: name) { $0 == start + 256 ? .nobody : .other } == nil)
  }

  @Test func worksInTheHighestRange() throws {
    let range = try #require(UIDRange(first: (1 << 31) - 300, last: (1 << 31) - 1)), name = try #require(AccountName("alice"))
    let start = range.start(of: name)
    #expect(range.contains(start))
    #expect(range.uid(of: name) { $0 >= start ? .other : .nobody } == (start + 255 >= 1 << 31 ? range.first : nil))
  }
}
