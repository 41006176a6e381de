import Foundation
import Testing

@testable import Accounts
import HostSystem
import Identity

@Suite struct ProjectionTests {
  static func files(_ root: String) -> String { shell("cd \"$1\" && find . -type f | sort | tr '\\n' ' '", root) }

  @Test func showsAndWithdrawsALeaseAndBothTwiceAreAsOnce() throws {
    let scratch = try Scratch()
    let projection = Projection(root: scratch("nss"))
    try projection.prepare()
    let lease = try Sample.lease()
    for _ in 0..<2 {
      try projection.show(lease, marker: 996)
      #expect(Self.files(scratch("nss")) == "./group-gid/70001 ./group/alice ./member/alice ./passwd-uid/70001 ./passwd/alice ./shell/70001 ")
    }
    #expect(shell("cat \"$1\"/passwd/alice", scratch("nss")) == "alice:*:70001:70001:Sojourn transient account:/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell\n")
    #expect(shell("cat \"$1\"/member/alice \"$1\"/shell/70001 \"$1\"/group/alice", scratch("nss")) == "996,997,998\n/bin/bash\nalice:*:70001:\n")
    #expect(shell("stat -c %a:%u \"$1\"/passwd \"$1\"/passwd/alice | tr '\\n' ' '", scratch("nss")) == "755:0 644:0 ")
    #expect(projection.account(of: lease.name)?.uid == 70_001)
    #expect(projection.account(of: lease.name)?.home == "/var/lib/sojourn/home/alice")
    for _ in 0..<2 {
      try projection.withdrawRights(name: lease.name, uid: lease.uid)
      #expect(Self.files(scratch("nss")) == "./group-gid/70001 ./group/alice ./passwd-uid/70001 ./passwd/alice ")
    }
    for _ in 0..<2 {
      try projection.withdraw(name: lease.name, uid: lease.uid)
      #expect(Self.files(scratch("nss")) == "")
    }
  }

  /// By number before by name, and withdrawn in reverse: whoever finds the name finds all of it.
  @Test func theNameComesLastAndGoesFirst() throws {
    let order = ["shell/70001", "member/alice", "group-gid/70001", "group/alice", "passwd-uid/70001", "passwd/alice"]
    for (index, file) in order.enumerated() {
      let scratch = try Scratch()
      let root = scratch("nss")
      let projection = Projection(root: root)
      try projection.prepare()
      let lease = try Sample.lease()
      let folder = root + "/" + Files.parent(of: file)
      // Where nothing can be put, all that comes before is there and nothing that comes after.
      shell("chattr +i \"$1\"", folder)
      #expect(throws: SystemError.self) { try projection.show(lease, marker: 996) }
      for (other, path) in order.enumerated() { #expect(Files.exists(root + "/" + path) == (other < index), "\(path) before \(file)") }
      shell("chattr -i \"$1\"", folder)
      try projection.show(lease, marker: 996)
      // Where nothing can be taken away, what the name leads to stays (rights go before everything).
      shell("chattr +i \"$1\"", folder)
      #expect(throws: SystemError.self) { try projection.withdraw(name: lease.name, uid: lease.uid) }
      if file == "passwd/alice" { for path in order[2...] { #expect(Files.exists(root + "/" + path)) } }
      if file == "group-gid/70001" { #expect(!Files.exists(root + "/passwd/alice") && !Files.exists(root + "/group/alice")) }
      shell("chattr -i \"$1\"", folder)
      try projection.withdraw(name: lease.name, uid: lease.uid)
      #expect(Self.files(root) == "")
    }
  }

  @Test func showsGroupsOfALocalAccountAndNothingElseOfIt() throws {
    let scratch = try Scratch()
    let projection = Projection(root: scratch("nss"))
    try projection.prepare()
    let carol = try Sample.name("carol")
    for _ in 0..<2 { try projection.showGroups([998, 997], of: carol) }
    #expect(Self.files(scratch("nss")) == "./member/carol " && shell("cat \"$1\"/member/carol", scratch("nss")) == "997,998\n")
    try projection.keepOnly([], members: ["carol"])
    #expect(Self.files(scratch("nss")) == "./member/carol ")
    for _ in 0..<2 { try projection.showGroups([], of: carol) }
    #expect(Self.files(scratch("nss")) == "")
    try projection.showGroups([998], of: carol)
    try projection.keepOnly([])
    #expect(Self.files(scratch("nss")) == "")
  }

  @Test func keepsOnlyWhatHasALease() throws {
    let scratch = try Scratch()
    let projection = Projection(root: scratch("nss"))
    try projection.prepare()
    let alice = try Sample.lease(), bob = try Sample.lease("bob", uid: 70_002)
    try projection.show(alice, marker: 996)
    try projection.show(bob, marker: 996)
    try projection.publishCandidates("1:…\n")
    shell("cd \"$1\"; touch passwd/carol.new member/carol shell/70003 'group/x y'", scratch("nss"))
    try projection.keepOnly([(alice.name, alice.uid)])
    #expect(Self.files(scratch("nss")) == "./candidate ./group-gid/70001 ./group/alice ./member/alice ./passwd-uid/70001 ./passwd/alice ./shell/70001 ")
  }

  @Test func aDamagedLineIsNoAccount() throws {
    let scratch = try Scratch()
    let projection = Projection(root: scratch("nss"))
    try projection.prepare()
    let name = try Sample.name("alice")
    for line in ["", "alice:*:0:0::/root:/bin/sh\n", "alice:*:70001:70002::/h:/s\n", "bob:*:70001:70001::/h:/s\n", "alice:*:70001:70001::/h:/s"] {
      try Files.replace(scratch("nss/passwd/alice"), with: Array(line.utf8), mode: 0o644, durable: false)
      #expect(projection.account(of: name) == nil, "\(line)")
    }
    try Files.replace(scratch("nss/passwd/alice"), with: Array("alice:*:70001:70001::/h:/s\n".utf8), mode: 0o666, durable: false)
    #expect(projection.account(of: name) == nil)
  }

  @Test func knowsTheMarkerGroupOfAGroupFile() throws {
    let scratch = try Scratch()
    for (text, gid) in [("sojourn:x:996:\n", 996), ("a:x:1:\nsojourn:x:5:bob,eve\n", 5), ("sojourn:x:0:\n", nil), ("sojourn:x:5\n", nil), ("sojourns:x:5:\n", nil), ("sojourn:x:4294967296:\n", nil), ("", nil)] as [(String, UInt32?)] {
      try Files.replace(scratch("group"), with: Array(text.utf8), mode: 0o644, durable: false)
      #expect(MarkerGroup.gid(in: scratch("group")) == gid, "\(text)")
    }
    #expect(MarkerGroup.gid(in: scratch("none")) == nil)
  }
}
