import Foundation
import Testing

@testable import Accounts
import HostSystem

/// The end of one session's scope (T13, T27), in a control group of the test's own.
@Suite struct SessionScopeTests {
  /// `/user.slice/user-70001.slice/session-7.scope` below a new group of the unified tree.
  final class Group {
    static let path = "/user.slice/user-70001.slice/session-7.scope"
    let tree: String

    init() throws {
      let root = try #require(MountTable.all().first { $0.type == "cgroup2" }, "this machine has no unified tree of control groups").point
      tree = root + "/sojourn-test-" + (try Random.hex(8))
      let said = shell("mkdir -p \"$1\"", tree + Group.path)
      try #require(said == "", "\(said)")
    }
    deinit { shell("for i in $(seq 100); do find \"$1\" -depth -type d -exec rmdir {} \\; 2>/dev/null; [ -d \"$1\" ] || break; sleep 0.05; done", tree) }

    func scope(_ scratch: Scratch) throws -> SessionScope {
      var scope = try #require(SessionScope(Group.path, uid: 70_001, leaving: [], spared: [scratch("sshd")]))
      scope.tree = tree
      scope.program = "/bin/true"
      return scope
    }
  }

  /// A copy of sleep in the place of sshd, run with the title that a listener has.
  final class Server {
    let group: Group
    let pid: Int32
    private let process = Process()

    init(_ scratch: Scratch, in group: Group, as uid: Int, title: String = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups") throws {
      self.group = group
      let program = scratch("sshd")
      shell("[ -e \"$1\" ] || cp /bin/sleep \"$1\"", program)
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-c", "echo $$ > \"$1\"/cgroup.procs; exec setpriv --reuid=\"$2\" --clear-groups bash -c 'exec -a \"$1\" \"$2\" 300' bash \"$3\" \"$4\"",
        "bash", group.tree + Group.path, String(uid), title, program]
      try process.run()
      pid = process.processIdentifier
      for _ in 0..<500 where ProcessTable.program(of: pid) != program { Thread.sleep(forTimeInterval: 0.01) }
      #expect(ProcessTable.program(of: pid) == program)
    }
    var runs: Bool { process.isRunning }
    deinit {
      if process.isRunning { kill(pid, SIGKILL) }
      process.waitUntilExit()
    }
  }

  @Test func t27EndsEverythingButTheListenerThatRunsAsRoot() throws {
    let scratch = try Scratch(), other = try Scratch(), group = try Group()
    let listener = try Server(scratch, in: group, as: 0), session = try Server(scratch, in: group, as: 0, title: "sshd: alice [priv]")
    let own = try Server(scratch, in: group, as: 70_001), plain = try Server(other, in: group, as: 70_001)
    let report = try group.scope(scratch).run()
    #expect(report.left.count == 1 && report.left.first?.contains("an SSH server that the person started as root") == true, "\(report)")
    #expect(report.killed.count == 3 && report.remaining == [], "\(report)")
    #expect(ControlGroup(path: group.tree + Group.path).processes() == [listener.pid])
    #expect(listener.runs && !session.runs && !own.runs && !plain.runs)
  }

  @Test func refusesAListenerOfThePersonsOwnAsAShield() throws {
    let scratch = try Scratch(), group = try Group()
    let own = try Server(scratch, in: group, as: 70_001)
    #expect(SSHListener.among([own.pid], programs: [scratch("sshd")]) == [])
    let report = try group.scope(scratch).run()
    #expect(report.left == [] && report.isClean && report.killed.count == 1, "\(report)")
    #expect(ControlGroup(path: group.tree + Group.path).isEmpty)
  }

  @Test func saysWhatIsThereStillWhenAScopeIsNotEnded() throws {
    let scratch = try Scratch(), group = try Group()
    let own = try Server(scratch, in: group, as: 70_001)
    let reference = try #require(ProcessReference.of(pid: own.pid))
    let report = try group.scope(scratch).run(untouchable: [reference])
    #expect(report.left.count == 1 && report.remaining.count == 1 && !report.isClean && own.runs, "\(report)")
  }

  @Test func sparesAListenerWhoseProgramWasReplacedAndNotOneWithATitleTooLongToRead() throws {
    let scratch = try Scratch(), group = try Group()
    let long = try Server(scratch, in: group, as: 0, title: "sshd: " + String(repeating: "x", count: 5000) + " [listener]")
    #expect(SSHListener.among([long.pid], programs: [scratch("sshd")]) == [])
    let replaced = try Server(scratch, in: group, as: 0)
    shell("rm \"$1\"", scratch("sshd"))
    #expect(SSHListener.among([replaced.pid], programs: [scratch("sshd")]) == [replaced.pid])
  }

  /// Who runs the daemon by hand has it in the group that would be ended: here, in a directory that only looks like one.
  @Test func neverEndsTheGroupOfTheDaemon() throws {
    let scratch = try Scratch()
    shell("mkdir -p \"$1\"; echo \"$2\" > \"$1\"/cgroup.procs; echo populated 1 > \"$1\"/cgroup.events", scratch.path + Group.path, String(ProcessTable.ownPid))
    var scope = try #require(SessionScope(Group.path, uid: 70_001, leaving: [], spared: []))
    scope.tree = scratch.path
    scope.program = "/bin/false"
    let report = scope.run()
    #expect(report.left.first?.hasPrefix("sojournd was started by hand") == true && report.killed == [] && !report.isClean, "\(report)")
  }
}
