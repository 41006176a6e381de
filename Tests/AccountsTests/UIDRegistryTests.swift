import Foundation
import Testing

@testable import Accounts
import HostSystem
import Identity

@Suite struct UIDRegistryTests {
  /// T17
  @Test func ofManyClaimsOfOneNumberOneWins() async throws {
    let scratch = try Scratch()
    let registry = UIDRegistry(directory: scratch.path)
    for round in 0..<50 {
      let uid = UInt32(70_000 + round)
      let winners = await withTaskGroup(of: String?.self) { group in
        for worker in 0..<8 {
          group.addTask {
            guard let name = AccountName("user\(worker)"), (try? registry.claim(uid, for: name)) == true else { return nil }
            return name.text
          }
        }
        var winners: [String] = []
        for await winner in group { if let winner { winners.append(winner) } }
        return winners
      }
      #expect(winners.count == 1)
      let winner = try #require(AccountName(winners[0]))
      #expect(try registry.holder(of: uid) == .name(winner))
    }
  }

  /// T17, by processes and not by threads: each claims with ln(1), which is the same system call.
  @Test func ofManyProcessesThatClaimOneWins() throws {
    let scratch = try Scratch()
    let said = shell("cd \"$1\"; for i in 1 2 3 4 5 6 7 8; do (ln -s user$i 70001 2>/dev/null && echo user$i) & done; wait", scratch.path)
    let winner = try #require(AccountName(said.trimmingCharacters(in: .whitespacesAndNewlines)))
    let registry = UIDRegistry(directory: scratch.path)
    #expect(try registry.claim(70_001, for: winner))
    #expect(try !registry.claim(70_001, for: try Sample.name("other")))
  }

  /// T18: the claim is on the disk, and nothing that happens to the range forgets it.
  @Test func aClaimStandsForEverAndIsRepeatedWithoutHarm() throws {
    let scratch = try Scratch()
    let alice = try Sample.name("alice"), bob = try Sample.name("bob")
    #expect(try UIDRegistry(directory: scratch.path).claim(70_001, for: alice))
    let later = UIDRegistry(directory: scratch.path)
    #expect(try later.claim(70_001, for: alice))
    #expect(try !later.claim(70_001, for: bob))
    #expect(try later.holder(of: 70_001) == .name(alice))
    let elsewhere = try #require(UIDRange(first: 80_000, last: 80_100))
    #expect(later.uid(of: alice, in: elsewhere) != 70_001)
    #expect(try later.holder(of: 70_001) == .name(alice))
  }

  @Test func aNumberOfAnotherSourceIsNobodys() throws {
    let scratch = try Scratch()
    let registry = UIDRegistry(directory: scratch.path)
    let alice = try Sample.name("alice")
    try registry.markTaken(70_001)
    try registry.markTaken(70_001)
    #expect(try registry.holder(of: 70_001) == .taken)
    #expect(try !registry.claim(70_001, for: alice))
    // What is no name holds its number too.
    for (uid, target) in [(70_002, "../../etc"), (70_003, "Alice"), (70_004, "a b")] as [(UInt32, String)] {
      try Files.link(scratch("\(uid)"), to: target)
      #expect(try registry.holder(of: uid) == .taken)
      #expect(try !registry.claim(uid, for: alice))
    }
  }

  @Test func aFileInThePlaceOfAClaimIsAnErrorAndNoClaim() throws {
    let scratch = try Scratch()
    let registry = UIDRegistry(directory: scratch.path)
    try Files.replace(scratch("70001"), with: [65], mode: 0o644, durable: false)
    #expect(throws: SystemError.self) { try registry.claim(70_001, for: Sample.name("alice")) }
    #expect(throws: SystemError.self) { try UIDRegistry(directory: scratch("missing")).claim(70_001, for: Sample.name("alice")) }
  }

  /// T17: a name whose first probe is another's number gets the next one, and keeps it.
  @Test func aNameThatCollidesGetsAnotherNumber() throws {
    let scratch = try Scratch()
    let registry = UIDRegistry(directory: scratch.path)
    let range = try #require(UIDRange(first: 65_536, last: 65_546))
    var owners: [UInt32: String] = [:]
    for index in 0..<11 {
      let name = try Sample.name("user\(index)")
      let uid = try #require(registry.uid(of: name, in: range))
      #expect(owners[uid] == nil)
      owners[uid] = name.text
      #expect(try registry.claim(uid, for: name))
      #expect(registry.uid(of: name, in: range) == uid)
    }
    #expect(registry.uid(of: try Sample.name("onetoomany"), in: range) == nil)
  }
}
