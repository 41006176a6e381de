internal import Encoding
public import HostSystem

/// Everything of a host that the checks look at, so that tests can be hosts of their own.
public struct HostView: Sendable {
  public typealias Run = @Sendable (_ program: String, _ arguments: [String]) throws(SystemError) -> ChildProcess.Outcome

  public let files: HostFiles
  public let processes: @Sendable () -> [RunningProgram]
  public let run: Run

  public init(files: HostFiles, processes: @escaping @Sendable () -> [RunningProgram], run: @escaping Run) {
    self.files = files
    self.processes = processes
    self.run = run
  }

  /// This host. A program that is asked something has five seconds.
  public static var host: HostView {
    HostView(files: HostFiles(), processes: { RunningProgram.all() },
      run: { (program, arguments) throws(SystemError) in
        if program.parts(47).last?.isExactly("sshd") ?? false { SSHPrivilegeSeparation.prepare() }
        return try ChildProcess.run(program, arguments, milliseconds: 5000, cap: 1 << 18)
      })
  }
}
