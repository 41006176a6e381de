import Foundation
import Testing

@testable import Accounts
import DaemonProtocol
import Encoding
import HostSystem
import Identity

@Suite struct LeaseTests {
  @Test func isReadAsItWasWritten() throws {
    let scratch = try Scratch()
    let files = LeaseFiles(directory: scratch.path)
    var lease = try Sample.lease()
    lease.state = .draining
    try files.write(lease)
    guard case .lease(let read)? = try files.all().first else { return #expect(Bool(false), "not read") }
    #expect(read.json.text() == lease.json.text())
    #expect(read.name == lease.name && read.uid == 70_001 && read.sessions.count == 2 && read.leaving.count == 1)
    if case .active = read.state { #expect(Bool(false)) }
    #expect(read.sessions[0].deadline == lease.sessions[0].deadline)
    #expect(read.sessions[0].process == lease.sessions[0].process)
    #expect(read.sessions[0].credential.keyID == lease.sessions[0].credential.keyID)
    #expect(read.sessions[0].subject == nil && read.sessions[0].unconfirmed == nil, "an older version's")
    #expect(read.sessions[1].subject?.key == Sample.subject.key && read.sessions[1].subject?.authority == [3] && read.sessions[1].unconfirmed == Deadline(wall: 7, boot: 8))
    #expect(read.sessions[0].ending == nil && read.sessions[1].ending == .policyNo("words"))
    #expect(try Files.facts(scratch("alice.json")).permissions == 0o600)
    try files.remove(lease.name)
    try files.remove(lease.name)
    #expect(try files.all().isEmpty)
  }

  @Test func readsTheReasonOfAnEndThatHasBegun() throws {
    for reason: EndReason in [.deadline, .endedByAdministrator(""), .endedByAdministrator("a \"b\""), .policyObligation, .policyNo(nil), .policyNo("c"), .policyUnreachable(seconds: 300), .revoked("d")] {
      #expect(try EndReason(MemberReader(reason.json)) == reason)
    }
    for reason: EndReason in [.closed, .processGone, .daemonWasAway, .notOpened, .loginGone] {
      #expect(throws: MemberError.self) { try EndReason(MemberReader(reason.json)) }
    }
    #expect(throws: MemberError.self) { try EndReason(MemberReader(.object([.init("token", .string("other"))]))) }
  }

  @Test func showsTheUnionOfItsSessionsGroups() throws {
    let lease = try Sample.lease()
    #expect(lease.groups(marker: 999) == [997, 998, 999])
    #expect(Lease(name: lease.name, uid: 1, home: "/").groups(marker: 999) == [999])
  }

  /// Whatever a byte became, the name is not lost: it is read, or it is said to be damaged.
  @Test func aDamagedFileIsReadOrSaidToBeDamagedButNeverLost() throws {
    let scratch = try Scratch()
    let files = LeaseFiles(directory: scratch.path)
    let lease = try Sample.lease()
    try files.write(lease)
    let whole = try Files.readTrusted(scratch("alice.json"), cap: 1 << 20)
    var damaged = 0, tried = 0
    func look(_ bytes: [UInt8]) throws {
      try Files.replace(scratch("alice.json"), with: bytes, mode: 0o600, durable: false)
      let found = try files.all()
      tried += 1
      try #require(found.count == 1)
      switch found[0] {
      case .lease: #expect(bytes == whole, "believed, and it is not what was written")
      case .damaged(let name, let reason):
        damaged += 1
        #expect(name == lease.name && !reason.isEmpty)
      }
    }
    for index in whole.indices {
      for value in [whole[index] ^ 1, whole[index] ^ 0x20, 0, 0xff] {
        var bytes = whole
        bytes[index] = value
        try look(bytes)
      }
    }
    for length in stride(from: 0, to: whole.count, by: 3) { try look(Array(whole.prefix(length))) }
    #expect(damaged > tried - whole.count && tried > 4 * whole.count, "all but those that changed nothing")
  }

  @Test func aFileThatIsNotOursIsDamagedOrNoLease() throws {
    let scratch = try Scratch()
    let files = LeaseFiles(directory: scratch.path)
    try files.write(try Sample.lease())
    let text = try Files.readTrusted(scratch("alice.json"), cap: 1 << 20)
    try Files.replace(scratch("alice.json"), with: text, mode: 0o666, durable: false)
    try Files.replace(scratch("bob.json"), with: text, mode: 0o600, durable: false)
    try Files.link(scratch("carol.json"), to: "bob.json")
    try Files.makeDirectory(scratch("dave.json"), mode: 0o700)
    try Files.replace(scratch("Not A Name.json"), with: text, mode: 0o600, durable: false)
    try Files.replace(scratch("left.json.new"), with: text, mode: 0o600, durable: false)
    var names: [String] = []
    for found in try files.all() {
      guard case .damaged(let name, _) = found else { #expect(Bool(false), "believed \(found)"); continue }
      names.append(name.text)
    }
    #expect(names.sorted() == ["alice", "bob", "carol", "dave"])
    #expect(!Files.exists(scratch("left.json.new")))
  }

  @Test func aLocalSessionIsReadAsItWasWrittenAndADamagedOneIsNamed() throws {
    let scratch = try Scratch()
    let files = LocalSessionFiles(directory: scratch.path)
    let local = LocalSession(name: "DOMAIN\\some one", uid: 1_000, session: Sample.session())
    try files.write(local)
    guard case .session(let read) = try #require(try files.all().first) else { return #expect(Bool(false), "damaged") }
    #expect(read.name == local.name && read.uid == 1_000 && read.session.id == local.session.id)
    // Half written when the daemon was killed.
    try Files.replace(scratch(local.session.id + ".json.new"), with: [], mode: 0o600, durable: false)
    #expect(try files.all().count == 1)
    #expect(!Files.exists(scratch(local.session.id + ".json.new")))
    let whole = try Files.readTrusted(scratch(local.session.id + ".json"), cap: 1 << 20)
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0x80
      try Files.replace(scratch(local.session.id + ".json"), with: bytes, mode: 0o600, durable: false)
      guard case .damaged(let file, let reason) = try #require(try files.all().first) else {
        #expect(Bool(false), "believed with byte \(index) changed")
        continue
      }
      #expect(file == local.session.id + ".json" && !reason.isEmpty)
    }
  }

  @Test func sessionNumbersBeginWithADigitAndAreNotRepeated() throws {
    var seen: Set<String> = []
    for _ in 0..<2000 { seen.insert(try Session.newID(at: 1_700_000_000)) }
    #expect(seen.count == 2000)
    #expect(seen.allSatisfy { $0.hasPrefix("1700000000-") && AccountName($0) == nil })
  }
}
