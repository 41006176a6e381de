internal import CPlatform.System

/// A program that may ask the person at the terminal: it is found in PATH, has the environment, the session and the standard
/// error of this process, and is waited for as long as the person takes.
public enum AttendedProgram {
  public struct Outcome: Sendable {
    /// The exit code, or 128 + the signal, as a shell counts.
    public let status: Int32
    public let output: [UInt8]
  }

  /// What a pipe always takes at once, in bytes (pipe(7), PIPE_BUF).
  public static var inputCap: Int { 4096 }

  /// - Parameter input: its standard input, at most `inputCap` bytes.
  /// - Throws: ENOENT if there is no such program; EFBIG if it was to read, or wrote, more than it may.
  public static func run(_ name: String, _ arguments: [String], input: [UInt8] = [], cap: Int) throws(SystemError) -> Outcome {
    guard input.count <= inputCap else { throw SystemError("write", code: EFBIG) }
    let words = try Pipe.make()
    try words.writing.writeAll(input)
    let reading = words.takeReading()
    let answer = try Pipe.make()
    // From before its start, so that ^C never ends us and leaves it at the terminal.
    sojourn_leave_interrupts(1)
    defer { sojourn_leave_interrupts(0) }
    let child = try ChildProcess.startAttended(name, arguments, descriptors: [reading.raw, answer.writing.raw, 2])
    let output: [UInt8]
    do throws(SystemError) { output = try answer.takeReading().readAll(cap: cap) } catch {
      child.signal(.kill)
      _ = child.wait()
      throw error
    }
    return Outcome(status: child.wait(), output: output)
  }
}

/// A file in memory that has no name, so that nothing of it is left whatever happens to this process (memfd_create(2)).
public struct MemoryFile: ~Copyable {
  private let descriptor: FileDescriptor

  public init(_ bytes: [UInt8]) throws(SystemError) {
    // SAFETY: the temporary C string lives across the call, which copies it.
    let fd = unsafe sojourn_memory_file("sojourn")
    guard fd >= 0 else { throw .last("memfd_create") }
    let file = FileDescriptor(owning: fd)
    try file.writeAll(bytes)
    descriptor = file
  }

  /// By which programs of the same user can open it, as long as this value lives (proc_pid_fd(5)).
  public var path: String { "/proc/\(getpid())/fd/\(descriptor.raw)" }

  /// Nobody opens it any more.
  public consuming func close() {}
}
