import Foundation
import Testing

import HostSystem

/// The process table in parts, and single questions to the kernel about it.
@Suite struct ProcessWalkTests {
  @Test func comesUponEveryProcessThatStaysOnceHoweverSmallItsStepsAre() throws {
    let staying = try (0..<60).map { _ in try ChildProcess.start("/bin/sleep", ["600"]).pid }
    defer { for pid in staying { kill(pid, SIGKILL) } }
    for limit in [1, 7, 100, 100_000] {
      var walk = ProcessWalk()
      var seen: [Int32] = []
      while true {
        let part = try walk.next(atMost: limit)
        #expect(part.count <= limit)
        if part.isEmpty { break }
        seen += part
      }
      #expect(Set(seen).count == seen.count)
      #expect(Set(staying + [getpid()]).isSubset(of: Set(seen)), "\(limit)")
      #expect(try walk.next(atMost: limit).isEmpty)
    }
  }

  /// The kernel gives a long file in pieces.
  @Test(arguments: [0, 300, 20_000, 65_536]) func readsAProcessWholeHoweverManyGroupsItHas(count: Int) throws {
    let script = "import os, sys, time; os.setgroups(range(100000, 100000 + \(count))); os.setresgid(7, 8, 9); os.setresuid(70001, 70002, 70003); print('ready', flush=True); time.sleep(60)"
    let process = Process()
    let output = Foundation.Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-c", script]
    process.standardOutput = output
    try process.run()
    defer { kill(process.processIdentifier, SIGKILL) }
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let facts = try #require(ProcessTable.facts(of: process.processIdentifier))
    #expect(Set(facts.groups) == Set([7, 8, 9] + (0..<UInt32(count)).map { 100_000 + $0 }))
    #expect(facts.realUser == 70001 && facts.effectiveUser == 70002 && facts.savedUser == 70003 && facts.threads == 1 && facts.parent == getpid())
  }

  @Test func aUidThatNobodyRunsAsIsKnownWithoutALook() throws {
    let uid: UInt32 = 1_999_000_001
    #expect(!ProcessTable.mayRun(uid) && ProcessTable.mayRun(0))
    let child = try ChildProcess.start("/usr/bin/setpriv", ["--reuid", "\(uid)", "--clear-groups", "sleep", "600"])
    for _ in 0..<200 where !ProcessTable.mayRun(uid) { Pause.milliseconds(10) }
    #expect(ProcessTable.mayRun(uid))
    child.signal(.kill)
    for _ in 0..<200 where child.exitStatus() == nil { Pause.milliseconds(10) }
    for _ in 0..<200 where ProcessTable.mayRun(uid) { Pause.milliseconds(10) }
    #expect(!ProcessTable.mayRun(uid))
  }

  @Test func aFamilyIsAProcessAndAllThatCameOfIt() throws {
    let first = try ChildProcess.start("/bin/bash", ["-c", "sleep 600 & bash -c 'sleep 600 & sleep 600 & wait' & wait"])
    for _ in 0..<200 where ProcessTable.family(of: first.pid, atMost: 100).count < 5 { Pause.milliseconds(10) }
    let family = ProcessTable.family(of: first.pid, atMost: 100)
    defer { for pid in family { kill(pid, SIGKILL) } }
    #expect(family.first == first.pid && family.count == 5 && Set(family).count == 5)
    #expect(ProcessTable.family(of: first.pid, atMost: 2).count == 2)
    #expect(family.allSatisfy { ProcessTable.stat(of: $0) != nil })
  }
}
