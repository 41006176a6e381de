import Identity
import Testing

@Suite struct AccountNameTests {
  @Test(arguments: ["a", "_", "alice", "a-b_c9", "_x", "abcdefghijklmnopqrstuvwxyz012345"])
  func acceptsNames(text: String) throws {
    let name = try #require(AccountName(text))
    #expect(name.text == text)
    #expect(name.count == text.utf8.count)
    #expect(name.isExactly(text))
    #expect(!name.isExactly(text + "x"))
  }

  @Test(arguments: [
    "", "abcdefghijklmnopqrstuvwxyz0123456", "-a", "0a", "42", "A", "aB", "a.b", "a/b", "../x", "a:b", "a b", " a", "a\n", "a\0", "é", "pam_unix_non_existent:",
    "a$", "+", "*", "a,b",
  ])
  func refusesWhatIsNoName(text: String) { #expect(AccountName(text) == nil) }

  @Test func acceptsExactlyTheBytesOfTheFloor() {
    let first = Set("abcdefghijklmnopqrstuvwxyz_".utf8), later = first.union("0123456789-".utf8)
    for byte in UInt8.min...UInt8.max {
      #expect((AccountName(bytes: [byte]) != nil) == first.contains(byte))
      #expect((AccountName(bytes: [97, byte]) != nil) == later.contains(byte))
    }
  }

  @Test func readsACStringAndNothingBehindIt() throws {
    let bytes: [CChar] = [97, 98, 0, 99]
    #expect(try #require(bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap { AccountName(cString: $0) } }).text == "ab")
    let endless = [CChar](repeating: 97, count: 33)
    #expect(endless.withUnsafeBufferPointer { $0.baseAddress.flatMap { AccountName(cString: $0) } } == nil)
  }

  @Test(arguments: [
    ("*", "alice", true), ("alice", "alice", true), ("alice", "alic", false), ("alic", "alice", false), ("a*", "alice", true), ("*e", "alice", true),
    ("a*e", "alice", true), ("a*x", "alice", false), ("*l*c*", "alice", true), ("*c*l*", "alice", false), ("deploy-*", "deploy-", true),
    ("deploy-*", "deploy", false), ("**", "a", true), ("*a*a*a*", "aa", false), ("*a*a*", "aa", true), ("a*b*a", "abba", true), ("", "a", false),
    ("?", "a", false), ("[a]", "a", false),
  ])
  func matchesPatterns(pattern: String, name: String, right: Bool) throws {
    #expect(NamePattern.matches(pattern, try #require(AccountName(name))) == right)
  }

  /// Against a matcher that tries everything.
  @Test func matchesAsTheSimplestMatcherDoes() throws {
    func slow(_ p: ArraySlice<UInt8>, _ n: ArraySlice<UInt8>) -> Bool {
      guard let first = p.first else { return n.isEmpty }
      if first == 42 { return slow(p.dropFirst(), n) || (!n.isEmpty && slow(p, n.dropFirst())) }
      return n.first == first && slow(p.dropFirst(), n.dropFirst())
    }
    func all(_ letters: String, upTo length: Int) -> [String] {
      var words = [""], last = [""]
      for _ in 0..<length {
        last = last.flatMap { word in letters.map { word + String($0) } }
        words += last
      }
      return words
    }
    let names = all("ab", upTo: 5).filter { !$0.isEmpty }
    var compared = 0
    for pattern in all("ab*", upTo: 5) {
      for text in names {
        let name = try #require(AccountName(text))
        let right = slow(Array(pattern.utf8)[...], Array(text.utf8)[...])
        if NamePattern.matches(pattern, name) != right { Issue.record("\(pattern) and \(text)") }
        compared += 1
      }
    }
    #expect(compared == 364 * 62)
  }

  @Test(arguments: [("a*", true), ("*", true), ("", false), ("a:b", false), ("a,b", false), ("A", false), (String(repeating: "a", count: 65), false)])
  func knowsPatternsThatCanMatch(pattern: String, right: Bool) { #expect(NamePattern.isWellFormed(pattern) == right) }
}
