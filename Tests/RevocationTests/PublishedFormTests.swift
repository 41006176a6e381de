@testable import Credentials
import Testing

@Suite("The published form of revocation lists")
struct PublishedFormTests {
  typealias Lists = HostileListTests

  /// Three records in every table, so that a search has something to go wrong in.
  static let list = Lists.head() + Lists.section(2, (1...3).flatMap { n in Lists.string(Lists.string("ssh-ed25519") + Lists.string([UInt8](repeating: UInt8(n), count: 32))) })
    + Lists.section(3, (1...3).flatMap { Lists.string([UInt8](repeating: UInt8($0), count: 20)) })
    + [[], Lists.authority, Lists.key].flatMap { authority in
      Lists.section(1, Lists.string(authority) + Lists.string("") + Lists.section(0x20, Lists.u64(5) + Lists.u64(42) + Lists.u64(77)) + Lists.section(0x23, Lists.string("carol")))
    }

  static func verdict(_ bytes: [UInt8], lists: [String] = ["a"], _ subject: RevocationSubject) -> Revocation?? {
    do throws(RevocationFault) { return .some(try RevocationIndex(RevocationMemory(bytes), lists: lists).revocation(of: subject)) } catch { return .none }
  }

  @Test func isNeverLaxerWithAByteFlippedOrCutAnywhere() throws {
    let whole = try form([Self.list])
    let revoked = [Lists.subject(serial: 42), Lists.subject(serial: 1, keyID: "carol"),
      RevocationSubject(key: Lists.string("ssh-ed25519") + Lists.string([UInt8](repeating: 2, count: 32)), authority: Lists.authority, serial: 1, keyID: [])]
    for subject in revoked { #expect(try #require(Self.verdict(whole, subject)) != nil) }
    #expect(Self.verdict(whole, Lists.subject(serial: 43)) == .some(nil))
    var noticed = 0
    for at in whole.indices {
      for bit in 0..<8 {
        var damaged = whole
        damaged[at] ^= 1 << UInt8(bit)
        for subject in revoked {
          let verdict = Self.verdict(damaged, subject)
          #expect(verdict != .some(nil), "byte \(at), bit \(bit): a revoked certificate is let in")
          if verdict == .none { noticed += 1 }
        }
      }
      for subject in revoked { #expect(Self.verdict(Array(whole[..<at]), subject) == .none, "cut at \(at)") }
    }
    #expect(Self.verdict(whole + [0], revoked[0]) == .none)
    #expect(noticed > RevocationForm.headCount * 8 * 3)
  }

  @Test func recordsOfAnotherFormAreNotTaken() throws {
    let one = try form([Self.list])
    let other = try form([Lists.head() + Lists.section(2, (4...6).flatMap { n in Lists.string(Lists.string("ssh-ed25519") + Lists.string([UInt8](repeating: UInt8(n), count: 32))) })
      + Self.list.dropFirst(Lists.head().count + Lists.section(2, (1...3).flatMap { _ in Lists.string(Lists.key) }).count)])
    #expect(one.count == other.count)
    let mixed = Array(one[..<RevocationForm.headCount]) + other[RevocationForm.headCount...]
    #expect(Self.verdict(mixed, Lists.subject()) == .none)
  }

  @Test func isOfTheListsThatAreConfiguredAndNoOthers() throws {
    let bytes = try form([Self.list])
    for lists in [[], ["b"], ["a", "b"], ["a", ""]] { #expect(Self.verdict(bytes, lists: lists, Lists.subject()) == .none) }
  }

  @Test func anUnusableListRefusesEverybodyAndSaysWhy() throws {
    let bytes = try RevocationForm.unusable("/etc/sojourn/revoked.krl: it is signed", lists: ["a"])
    do throws(RevocationFault) {
      _ = try RevocationIndex(RevocationMemory(bytes), lists: ["a"])
      Issue.record("taken")
    } catch { #expect(error.detail == "/etc/sojourn/revoked.krl: it is signed") }
    for at in bytes.indices {
      var damaged = bytes
      damaged[at] ^= 0x20
      #expect(Self.verdict(damaged, Lists.subject()) == .none)
    }
  }

  @Test func saysWhetherSerialsAreNamed() throws {
    #expect(try RevocationIndex(RevocationMemory(try form([Self.list])), lists: ["a"]).nameSerials)
    #expect(try !RevocationIndex(RevocationMemory(try form([Lists.head()])), lists: ["a"]).nameSerials)
  }

  /// A login reads a few records, whatever the list's length: 290,000 fingerprints (a KRL of 10 MB) and 300,000 single numbers.
  @Test func readsAFewRecordsOfALongList() throws {
    var entries = RevocationEntries()
    for i in 0..<290_000 { try entries.add(keySHA256: Digest32(a: UInt64(i) &* 0x9E37_79B9_7F4A_7C15, b: UInt64(i), c: 3, d: 4)) }
    for i in 1...300_000 { try entries.add(serials: UInt64(i) * 3, through: UInt64(i) * 3, authority: .zero) }
    let counted = CountingStorage(try RevocationForm.bytes(entries, lists: ["a"]))
    let index = try RevocationIndex(counted, lists: ["a"])
    #expect(try index.revocation(of: Lists.subject(serial: 42)) == .serial)
    #expect(try index.revocation(of: Lists.subject(serial: 43)) == nil)
    #expect(counted.size > 18_000_000)
    #expect(counted.reads.count < 200, "\(counted.reads.count) reads of \(counted.reads.bytes) bytes")
    #expect(counted.reads.bytes < 10_000)
  }

  final class Reads {
    var count = 0
    var bytes = 0
  }

  struct CountingStorage: RevocationStorage {
    let memory: RevocationMemory
    let reads = Reads()
    init(_ bytes: [UInt8]) { memory = RevocationMemory(bytes) }
    var size: UInt64 { memory.size }
    func bytes(at offset: UInt64, count: Int) throws(RevocationFault) -> [UInt8] {
      reads.count += 1
      reads.bytes += count
      return try memory.bytes(at: offset, count: count)
    }
  }
}
