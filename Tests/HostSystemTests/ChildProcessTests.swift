import Foundation
import Testing

import HostSystem

@Suite struct ChildProcessTests {
  @Test func givesStatusAndOutputs() throws {
    let outcome = try ChildProcess.run("/bin/sh", ["-c", "echo out; echo err >&2; exit 7"], milliseconds: 5000)
    #expect(outcome.status == 7 && !outcome.cutOff)
    #expect(outcome.output == Array("out\n".utf8) && outcome.errors == Array("err\n".utf8))
    #expect(try ChildProcess.run("/bin/sh", ["-c", "kill -9 $$"], milliseconds: 5000).status == 137)
    #expect(throws: SystemError.self) { try ChildProcess.run("/nothing/here", [], milliseconds: 100) }
  }

  @Test func isKilledAtItsDeadline() throws {
    let begin = ContinuousClock.now
    let outcome = try ChildProcess.run("/bin/sh", ["-c", "trap '' TERM INT; echo begun; while :; do :; done"], milliseconds: 300)
    #expect(outcome.cutOff && outcome.status == 137 && outcome.output == Array("begun\n".utf8))
    #expect(ContinuousClock.now - begin < .seconds(3))
  }

  @Test func isKilledWhenItWritesTooMuch() throws {
    let outcome = try ChildProcess.run("/bin/sh", ["-c", "exec cat /dev/zero"], milliseconds: 20_000, cap: 100_000)
    #expect(outcome.cutOff && outcome.output.count == 100_000)
    let errors = try ChildProcess.run("/bin/sh", ["-c", "exec cat /dev/zero >&2"], milliseconds: 20_000, cap: 1000)
    #expect(errors.cutOff && errors.errors.count == 1000)
  }

  @Test func doesNotWaitForAGrandchildThatHoldsItsOutput() throws {
    let begin = ContinuousClock.now
    let outcome = try ChildProcess.run("/bin/sh", ["-c", "sleep 30 & echo said; exit 0"], milliseconds: 20_000)
    #expect(outcome.status == 0 && outcome.output == Array("said\n".utf8))
    #expect(ContinuousClock.now - begin < .seconds(10))
  }

  /// Nothing of this process but the three descriptors reaches it, and nothing of it stays here.
  @Test func leaksNoDescriptorInEitherDirection() throws {
    let held = try FileDescriptor.open("/etc/passwd", .read)
    let before = try Files.names(in: "/proc/self/fd").count
    for _ in 0..<50 {
      // The fourth is the directory that ls reads; a shell's own pipes would come and go.
      let outcome = try ChildProcess.run("/bin/ls", ["/proc/self/fd"], milliseconds: 5000)
      #expect(String(decoding: outcome.output, as: UTF8.self) == "0\n1\n2\n3\n")
    }
    // Other tests run beside this one, and have descriptors for a moment.
    var isBack = false
    for _ in 0..<200 where !isBack {
      isBack = try Files.names(in: "/proc/self/fd").count <= before + 8
      if !isBack { usleep(50_000) }
    }
    #expect(isBack)
    _ = try held.facts()
  }

  @Test func hearsNoVariablesButThePlainOnes() throws {
    setenv("LD_PRELOAD_OF_A_TEST", "x", 1)
    let outcome = try ChildProcess.run("/usr/bin/env", [], milliseconds: 5000)
    #expect(String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != "=" } }.sorted() == ["LANG", "LC_ALL", "PATH"])
  }

  /// A number that was given to another process is never signalled.
  @Test func aHandleIsOfThatVeryProcess() throws {
    let child = try ChildProcess.start("/bin/sleep", ["60"])
    let reference = try #require(ProcessReference.of(pid: child.pid))
    #expect(reference.isAlive)
    #expect(throws: SystemError.self) { _ = try ProcessHandle(ProcessReference(pid: child.pid, start: reference.start &+ 1)).reference }
    try ProcessHandle(reference).signal(.kill)
    var status: Int32?
    for _ in 0..<200 where status == nil {
      status = child.exitStatus()
      Pause.milliseconds(10)
    }
    #expect(status == 137)
    #expect(!reference.isAlive)
    #expect(throws: SystemError.self) { _ = try ProcessHandle(reference).reference }
  }

  @Test func readsAProcessWhoseNameHoldsParenthesesAndSpaces() throws {
    let path = FileManager.default.temporaryDirectory.path + "/a) R 1 (b-\(getpid())"
    try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let child = try ChildProcess.start(path, ["60"])
    defer { child.signal(.kill) }
    Pause.milliseconds(50)
    #expect(ProcessTable.stat(of: child.pid)?.parent == ProcessTable.ownPid)
    #expect(ProcessTable.facts(of: child.pid)?.parent == ProcessTable.ownPid)
    #expect(ProcessTable.facts(of: child.pid)?.realUser == 0)
    #expect(ProcessReference.of(pid: child.pid)?.isAlive == true)
    #expect(ProcessTable.facts(of: 0) == nil && ProcessReference.of(pid: -1) == nil && ProcessReference.of(pid: .max) == nil)
  }
}
