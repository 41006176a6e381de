@testable import Credentials
import Foundation
import Testing

@Suite("Revocation lists made by ssh-keygen, judged as ssh-keygen judges them", .serialized)
struct ComparisonTests {
  static let certificates = ["one", "two", "three", "four", "five", "six", "seven"]
  static var files: [String] { certificates.map { $0 + "-cert.pub" } }

  static func workshop() throws -> Workshop {
    let w = try Workshop()
    for name in ["ca", "other"] { try w.makeKey(name) }
    try w.makeKey("curve", type: "ecdsa")
    for name in certificates { try w.makeKey(name, type: name == "six" ? "ecdsa" : "ed25519") }
    try w.sign("one", by: "ca", serial: 1, keyID: "one@example.com")
    try w.sign("two", by: "ca", serial: 300, keyID: "two")
    try w.sign("three", by: "ca", serial: 303, keyID: "drei, \"drei\"")
    try w.sign("four", by: "ca", serial: UInt64.max, keyID: "four")
    try w.sign("five", by: "other", serial: 300, keyID: "two")
    try w.sign("six", by: "curve", serial: 7, keyID: "six")
    try w.sign("seven", by: "ca", serial: 0, keyID: "seven")
    return w
  }

  /// The kinds of section and part that ssh-keygen writes: (specification, further files, authority).
  static let kinds: [(String, String?, [String], String?)] = [
    ("empty", "", [], nil),
    ("single serials", "serial: 1\nserial: 9000000000\n", [], "ca"),
    ("ranges", "serial: 2-299\nserial: 301-100000\n", [], "ca"),
    ("near neighbours", "serial: 300\nserial: 302\nserial: 304\nserial: 306\nserial: 309\nserial: 313\n", [], "ca"),
    ("a bitmap with its top bit set", "serial: 290\nserial: 292\nserial: 295\nserial: 297\nserial: 303\nserial: 305\n", [], "ca"),
    ("all serials", "serial: 1-18446744073709551615\n", [], "ca"),
    ("the last serial", "serial: 18446744073709551615\n", [], "ca"),
    ("serials of any authority", "serial: 300\n", [], "none"),
    ("key ids", "id: two\nid: four\n", [], "ca"),
    ("key ids of any authority", "id: two\n", [], "none"),
    ("a key", nil, ["one.pub"], nil),
    ("keys of several types", nil, ["six.pub", "two.pub", "curve.pub"], nil),
    ("an authority's key", nil, ["ca.pub"], nil),
    ("a certificate", nil, ["two-cert.pub", "six-cert.pub"], nil),
    ("a certificate without a number", nil, ["seven-cert.pub"], nil),
    ("everything", "serial: 300\nserial: 302\nserial: 304\nserial: 100000-200000\nid: four\nid: zzz\n", ["six.pub"], "ca"),
  ]

  @Test("judges like ssh-keygen -Q", arguments: kinds.map { $0.0 })
  func judgesAsSSHKeygenDoes(_ name: String) throws {
    let w = try Self.workshop()
    let kind = try #require(Self.kinds.first { $0.0 == name })
    let authority = kind.3.map { $0 == "none" ? "none" : $0 + ".pub" }
    let list = try w.makeList("list", specification: kind.1, files: kind.2, authority: authority)
    let theirs = try #require(try w.theirVerdicts("list", Self.files))
    let ours = try #require(ourVerdicts([list], try Self.files.map { try w.subject($0) }))
    #expect(ours == theirs, "\(name): ours \(ours), theirs \(theirs)")
    #expect(name == "empty" ? !theirs.contains(true) : theirs.contains(true) || name == "single serials" || name == "ranges" || name == "near neighbours", "a kind that revokes nobody shows nothing")
    #expect(name == "an authority's key" || name == "all serials" || theirs.contains(false) )
  }

  /// `sha1:`, `sha256:` and `hash:` take a key, or what `ssh-keygen -l` prints of it.
  @Test("fingerprints", arguments: ["sha1", "sha256", "hash"])
  func judgesFingerprintsAsSSHKeygenDoes(_ kind: String) throws {
    let w = try Self.workshop()
    var lines = ""
    for name in ["one", "curve"] {
      let key = String(decoding: try w.read(name + ".pub"), as: UTF8.self).split(separator: "\n")[0]
      lines += kind == "hash" ? "hash: " + (try w.keygen("-l", "-f", name + ".pub").output.split(separator: " ")[1]) + "\n" : "\(kind): \(key)\n"
    }
    let list = try w.makeList("list", specification: lines)
    let theirs = try #require(try w.theirVerdicts("list", Self.files))
    #expect(theirs == [true, false, false, false, false, true, false])
    #expect(ourVerdicts([list], try Self.files.map { try w.subject($0) }) == theirs)
  }

  @Test func severalListsRevokeWhatAnyOfThemDoes() throws {
    let w = try Self.workshop()
    let first = try w.makeList("a", specification: "serial: 1\n", authority: "ca.pub")
    let second = try w.makeList("b", specification: nil, files: ["three.pub"])
    let lines = try w.read("six.pub")
    #expect(ourVerdicts([first, second, lines], try Self.files.map { try w.subject($0) }) == [true, false, true, false, false, true, false])
  }

  /// Never laxer than ssh-keygen is with the very same damaged bytes, and never a trap.
  @Test func isNeverLaxerOverADamagedList() throws {
    let w = try Self.workshop()
    let sha1 = String(decoding: try w.read("two.pub"), as: UTF8.self)
    let sha256 = String(decoding: try w.read("three.pub"), as: UTF8.self)
    let list = try w.makeList("whole", specification: "serial: 300\nserial: 302\nserial: 304\nserial: 4000-4100\nid: four\nsha1: \(sha1)sha256: \(sha256)", files: ["one.pub"],
      authority: "ca.pub")
    let subjects = try Self.files.map { try w.subject($0) }
    var compared = 0
    func compare(_ bytes: [UInt8], _ what: String) throws {
      try w.write("damaged", bytes)
      compared += 1
      guard let ours = ourVerdicts([bytes], subjects) else { return }
      guard let theirs = try w.theirVerdicts("damaged", Self.files) else {
        Issue.record("\(what): ssh-keygen cannot use the list, and we say \(ours)")
        return
      }
      for (index, isRevoked) in theirs.enumerated() { #expect(!isRevoked || ours[index], "\(what): \(Self.certificates[index]) is revoked for ssh-keygen only") }
    }
    let bits = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] == nil ? 1 : 8
    for at in list.indices {
      for bit in 0..<bits {
        var damaged = list
        damaged[at] ^= 1 << UInt8(bits == 1 ? (at * 5 + 3) % 8 : bit)
        try compare(damaged, "byte \(at)")
      }
      try compare(Array(list[..<at]), "cut at \(at)")
    }
    try compare(list + [0], "one byte more")
    #expect(compared > 500)
  }

  @Test func takesLinesOfKeysAsSSHDDoes() throws {
    let w = try Self.workshop()
    let subjects = try Self.files.map { try w.subject($0) }
    func text(_ name: String) throws -> String { String(decoding: try w.read(name), as: UTF8.self) }
    let keys = try "# revoked in May\n\n  " + text("one.pub") + "\t" + text("two.pub").dropLast() + " with a comment\r\n"
    #expect(ourVerdicts([Array(keys.utf8)], subjects) == [true, true, false, false, false, false, false])
    #expect(ourVerdicts([Array(try text("curve.pub").utf8)], subjects) == [false, false, false, false, false, true, false], "an authority's key")
    #expect(ourVerdicts([Array(try text("six-cert.pub").utf8)], subjects) == [false, false, false, false, false, true, false], "a certificate's own key")
    #expect(ourVerdicts([Array("# nobody\n".utf8)], subjects) == [Bool](repeating: false, count: 7))
    let key = try text("one.pub").split(separator: " ")
    for wrong in ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa \(key[1])", "no-pty \(key[0]) \(key[1])", "\(key[0]) \(key[1].dropLast(8))", "SHA256:abc", "\0"] {
      #expect(ourVerdicts([Array((wrong.isEmpty ? "" : try text("two.pub") + wrong + "\n").utf8)], subjects) == nil, "\(wrong)")
    }
  }
}
