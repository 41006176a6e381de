import Foundation
import Testing

@testable import Accounts
import HostSystem

/// The end of one session's scope (T13, T27), in a directory that stands for its control group.
@Suite struct SessionScopeTests {
  /// A copy of sleep in the place of sshd, run with the title that a listener has.
  final class Server {
    let scratch: Scratch
    let pid: Int32
    private let process = Process()

    init(_ scratch: Scratch, as uid: Int, title: String = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", replaced: Bool = false) throws {
      self.scratch = scratch
      let program = scratch("sshd")
      shell("[ -e \"$1\" ] || cp /bin/sleep \"$1\"", program)
      process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
      process.arguments = ["--reuid=\(uid)", "--clear-groups", "--", "/bin/bash", "-c", "exec -a \"$1\" \"$2\" 300", "bash", title, program]
      try process.run()
      pid = process.processIdentifier
      for _ in 0..<500 where ProcessTable.program(of: pid) != program { Thread.sleep(forTimeInterval: 0.01) }
      #expect(ProcessTable.program(of: pid) == program)
      if replaced { shell("rm \"$1\"", program) }
    }
    var runs: Bool { process.isRunning }
    deinit {
      kill(pid, SIGKILL)
      process.waitUntilExit()
    }
  }

  static func scope(_ scratch: Scratch, _ pids: [Int32]) throws -> SessionScope {
    let path = "/user.slice/user-70001.slice/session-7.scope"
    shell("mkdir -p \"$1\"; printf '%s\\n' $2 > \"$1\"/cgroup.procs; echo populated 1 > \"$1\"/cgroup.events", scratch.path + path, pids.map(String.init).joined(separator: " "))
    var scope = try #require(SessionScope(path, uid: 70_001, leaving: [], spared: [scratch("sshd")]))
    scope.tree = scratch.path
    scope.program = "/bin/true"
    return scope
  }

  @Test func t27EndsEverythingButTheListenerThatRunsAsRoot() throws {
    let scratch = try Scratch(), other = try Scratch()
    let listener = try Server(scratch, as: 0), session = try Server(scratch, as: 0, title: "sshd: alice [priv]"), plain = try Server(other, as: 70_001)
    let report = try Self.scope(scratch, [listener.pid, session.pid, plain.pid]).run()
    #expect(listener.runs && !session.runs && !plain.runs)
    #expect(report.left.count == 1 && report.left.first?.contains("an SSH server that the person started as root") == true, "\(report)")
    #expect(report.killed.count == 2 && report.remaining == [], "\(report)")
  }

  @Test func refusesAListenerOfThePersonsOwnAsAShield() throws {
    let scratch = try Scratch()
    let own = try Server(scratch, as: 70_001)
    #expect(SSHListener.among([own.pid], programs: [scratch("sshd")]) == [])
    // Nothing here takes the order to kill, so it must be said what is left.
    let report = try Self.scope(scratch, [own.pid]).run()
    #expect(report.left == [] && !report.isClean && report.remaining.first?.hasPrefix("process \(own.pid) ") == true, "\(report)")
  }

  @Test func sparesAListenerWhoseProgramWasReplacedAndNotOneWithATitleTooLongToRead() throws {
    let scratch = try Scratch()
    let long = try Server(scratch, as: 0, title: "sshd: " + String(repeating: "x", count: 5000) + " [listener]")
    #expect(SSHListener.among([long.pid], programs: [scratch("sshd")]) == [])
    let replaced = try Server(scratch, as: 0, replaced: true)
    #expect(SSHListener.among([replaced.pid], programs: [scratch("sshd")]) == [replaced.pid])
  }

  /// The one who runs the daemon by hand is in the group that would be ended.
  @Test func neverEndsTheGroupOfTheDaemon() throws {
    let scratch = try Scratch()
    let report = try Self.scope(scratch, [ProcessTable.ownPid]).run()
    #expect(report.left.first?.hasPrefix("sojournd was started by hand") == true && !report.isClean, "\(report)")
  }

  @Test func aScopeThatTheParentIsInIsNotTheSessionsOwn() throws {
    let own = try #require(ProcessReference.of(pid: ProcessTable.ownPid))
    #expect(SessionMarks.of(own, uid: 70_001).scope == nil)
    #expect(!ProcessTable.isBeingKilled(ProcessTable.ownPid))
  }
}
