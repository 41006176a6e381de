@testable import Credentials
import Testing

@Suite("Revocation lists made by hand")
struct HostileListTests {
  static func u32(_ value: Int) -> [UInt8] { [UInt8(value >> 24 & 255), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)] }
  static func u64(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) } }
  static func string(_ bytes: [UInt8]) -> [UInt8] { u32(bytes.count) + bytes }
  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
  static func section(_ type: UInt8, _ data: [UInt8]) -> [UInt8] { [type] + string(data) }
  static func head(magic: String = "SSHKRL\n\0", version: Int = 1, flags: UInt64 = 0, reserved: String = "", comment: String = "made by hand") -> [UInt8] {
    Array(magic.utf8) + u32(version) + u64(4) + u64(1_767_240_000) + u64(flags) + string(reserved) + string(comment)
  }
  static func certificates(_ parts: [UInt8], authority: [UInt8] = [], reserved: String = "") -> [UInt8] {
    head() + section(1, string(authority) + string(reserved) + parts)
  }
  static let authority = string("ssh-ed25519") + string([UInt8](repeating: 7, count: 32))
  static let key = string("ssh-ed25519") + string([UInt8](repeating: 9, count: 32))

  static func subject(serial: UInt64 = 42, keyID: String = "alice") -> RevocationSubject {
    RevocationSubject(key: key, authority: authority, serial: serial, keyID: Array(keyID.utf8))
  }

  static func verdict(_ list: [UInt8], serial: UInt64 = 42, keyID: String = "alice") -> String {
    do throws(RevocationFault) {
      let index = try RevocationIndex(RevocationMemory(try form([list])), lists: ["a"])
      return try index.revocation(of: subject(serial: serial, keyID: keyID)).map { "\($0)" } ?? "none"
    } catch { return "fault: " + error.detail }
  }

  @Test("is a fault as a whole", arguments: [
    ("another version", head(version: 2)), ("flags", head(flags: 1)), ("a reserved field", head(reserved: "x")),
    ("an unknown section", head() + section(6, [])), ("a section of type 0", head() + section(0, [])),
    ("a signature", head() + section(4, string(authority) + string("signature"))),
    ("a critical extension", head() + section(255, string("new@example.com") + [1] + string(""))),
    ("an extension that is cut off", head() + section(255, string("new@example.com") + [0])),
    ("bytes after an extension", head() + section(255, string("new@example.com") + [0] + string("") + [0])),
    ("a critical extension of certificates", certificates(section(0x39, string("new@example.com") + [1] + string("")))),
    ("an unknown part", certificates(section(0x24, []))),
    ("a reserved field of certificates", certificates([], reserved: "x")),
    ("an authority that is no key", certificates([], authority: string("ssh-ed25519") + string("short"))),
    ("an authority that is a certificate", certificates([], authority: string("ssh-ed25519-cert-v01@openssh.com") + string("x"))),
    ("an authority with bytes after it", certificates([], authority: authority + [0])),
    ("serial 0", certificates(section(0x20, u64(0)))), ("a cut serial", certificates(section(0x20, u64(5) + [0]))),
    ("a range from 0", certificates(section(0x21, u64(0) + u64(5)))), ("a range backwards", certificates(section(0x21, u64(6) + u64(5)))),
    ("bytes after a range", certificates(section(0x21, u64(5) + u64(6) + [0]))),
    ("a negative bitmap", certificates(section(0x22, u64(1) + string([0x80])))),
    ("a bitmap with zeros before it", certificates(section(0x22, u64(1) + string([0, 1])))),
    ("a bitmap of zero in one byte", certificates(section(0x22, u64(1) + string([0])))),
    ("a bitmap beyond the last number", certificates(section(0x22, u64(UInt64.max) + string([2])))),
    ("a bitmap with serial 0", certificates(section(0x22, u64(0) + string([1])))),
    ("a bitmap that is too long", certificates(section(0x22, u64(1) + string([1] + [UInt8](repeating: 0, count: 2048))))),
    ("bytes after a bitmap", certificates(section(0x22, u64(1) + string([1]) + [0]))),
    ("a key id with NUL", certificates(section(0x23, string("alice\0")))),
    ("a short SHA-1", head() + section(3, string([UInt8](repeating: 1, count: 19)))),
    ("a long SHA-256", head() + section(5, string([UInt8](repeating: 1, count: 33)))),
    ("an empty key", head() + section(2, string(""))),
    ("a certificate among the keys", head() + section(2, string(string("ssh-ed25519-cert-v01@openssh.com") + string("x")))),
    ("a damaged key", head() + section(2, string(string("ssh-ed25519") + string("x")))),
    ("a length beyond the end", head() + [1, 0xFF, 0xFF, 0xFF, 0xFF]), ("half a section", head() + [1, 0, 0]),
  ] as [(String, [UInt8])])
  func isAFaultAsAWhole(_ what: String, _ list: [UInt8]) {
    let verdict = Self.verdict(list)
    #expect(verdict.hasPrefix("fault: "), "\(what): \(verdict)")
    #expect(verdict.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
    // What stands before the fault must not be taken for the whole.
    #expect(Self.verdict(Self.head() + Self.section(2, Self.string(Self.key)) + list.dropFirst(Self.head().count)).hasPrefix("fault: ") || what.hasPrefix("another") || what == "flags" || what == "a reserved field", "\(what)")
  }

  @Test("revokes", arguments: [
    ("key", head() + section(2, string(key)), 42, "key"),
    ("a key of a type to come beside it", head() + section(2, string(string("ssh-new@example.com") + string("x")) + string(key)), 42, "key"),
    ("authority", head() + section(2, string(authority)), 42, "authority"),
    ("an extension that is not critical", head() + section(255, string("new@example.com") + [0] + string("x")) + section(2, string(key)), 42, "key"),
    ("a range of one authority", certificates(section(0x21, u64(40) + u64(42)), authority: authority), 42, "serial"),
    ("a range beside it", certificates(section(0x21, u64(43) + u64(50)), authority: authority), 42, "none"),
    ("a range of another authority", certificates(section(0x21, u64(40) + u64(42)), authority: key), 42, "none"),
    ("a range of any authority", certificates(section(0x21, u64(1) + u64(UInt64.max))), 42, "serial"),
    ("no certificate without a number", certificates(section(0x21, u64(1) + u64(UInt64.max))), 0, "none"),
    ("the last number", certificates(section(0x22, u64(UInt64.max - 1) + string([2]))), UInt64.max, "serial"),
    ("a bit of a bitmap", certificates(section(0x22, u64(2) + string([1, 0, 0, 0, 0, 0]))), 42, "serial"),
    ("not the bit beside it", certificates(section(0x22, u64(1) + string([1, 0, 0, 0, 0, 0]))), 42, "none"),
    ("an empty bitmap", certificates(section(0x22, u64(1) + string(""))), 42, "none"),
    ("overlapping ranges", certificates(section(0x21, u64(1) + u64(100)) + section(0x21, u64(2) + u64(3)) + section(0x20, u64(99) + u64(1))), 42, "serial"),
    ("a key id", certificates(section(0x23, string("bob") + string("alice")), authority: authority), 42, "keyID"),
    ("a key id in other letters", certificates(section(0x23, string("Alice")), authority: authority), 42, "none"),
    ("a key id of another authority", certificates(section(0x23, string("alice")), authority: key), 42, "none"),
  ] as [(String, [UInt8], UInt64, String)])
  func revokesWhatItNames(_ what: String, _ list: [UInt8], _ serial: UInt64, _ expected: String) {
    #expect(Self.verdict(list, serial: serial) == expected, "\(what)")
  }

  /// Bitmaps are 96 times as long when they are published: who writes the list must not choose how much memory that is.
  @Test func refusesMoreEntriesThanItsBound() {
    var parts: [UInt8] = []
    let bits = [UInt8](repeating: 0x55, count: 2048)
    for i in 0..<300 { parts += Self.section(0x22, Self.u64(1 + UInt64(i) * 20000) + Self.string(bits)) }
    #expect(Self.verdict(Self.certificates(parts)) == "fault: there are more than 2000000 entries")
  }
}
