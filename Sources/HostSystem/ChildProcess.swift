internal import CPlatform.System

/// A program that was started with posix_spawn(3): nothing of this process but the named descriptors reaches it, and its
/// environment is what is passed here. Whoever starts one asks `exitStatus` until it has ended, or it stays a zombie.
public struct ChildProcess: ~Copyable {
  public let pid: Int32
  /// Readable when it has ended (pidfd_open(2)).
  public let pidfd: FileDescriptor

  /// A small, fixed environment: programs of ours believe no variables.
  public static var plainEnvironment: [String] { ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"] }

  /// - Parameter descriptors: become 0, 1, 2, … of the child; -1 is /dev/null.
  public static func start(_ path: String, _ arguments: [String], environment: [String] = ChildProcess.plainEnvironment,
    descriptors: [CInt] = [-1, -1, -1]) throws(SystemError) -> ChildProcess {
    var pid: CInt = 0
    // SAFETY: both vectors are NULL-terminated arrays of C strings that live until `spawn` has returned.
    let result = unsafe CStrings.with([path] + arguments) { argv in
      unsafe CStrings.with(environment) { envp in
        unsafe descriptors.withUnsafeBufferPointer { fds -> CInt in
          guard let base = fds.baseAddress else { return EINVAL }
          return unsafe sojourn_spawn(path, argv, envp, base, CInt(clamping: fds.count), &pid)
        }
      }
    }
    guard result == 0 else { throw SystemError("posix_spawn", code: result) }
    return try hold(pid)
  }

  /// A program that may ask the person at the terminal: it is found in PATH, and has this process's environment and session.
  /// - Parameter descriptors: become 0, 1, 2, … of the child.
  static func startAttended(_ name: String, _ arguments: [String], descriptors: [CInt]) throws(SystemError) -> ChildProcess {
    var pid: CInt = 0
    // SAFETY: the vector is a NULL-terminated array of C strings that lives until the call has returned.
    let result = unsafe CStrings.with([name] + arguments) { argv in
      unsafe descriptors.withUnsafeBufferPointer { fds -> CInt in
        guard let base = fds.baseAddress else { return EINVAL }
        return unsafe sojourn_spawn_attended(name, argv, base, CInt(clamping: fds.count), &pid)
      }
    }
    guard result == 0 else { throw SystemError("posix_spawnp", code: result) }
    return try hold(pid)
  }

  private static func hold(_ pid: CInt) throws(SystemError) -> ChildProcess {
    let fd = sojourn_pidfd_open(pid)
    guard fd >= 0 else {
      let error = SystemError.last("pidfd_open")
      _ = kill(pid, SIGKILL)
      throw error
    }
    return ChildProcess(pid: pid, pidfd: FileDescriptor(owning: fd))
  }

  /// The exit code, or 128 + the signal, as a shell counts; nil while it runs. Reaps it.
  public func exitStatus() -> Int32? {
    var status: CInt = 0
    // SAFETY: `status` outlives the call, which only fills it.
    let result = unsafe sojourn_pidfd_wait(pidfd.raw, &status)
    if result == 0 { return nil }
    return result == 1 ? status : 127
  }

  /// Waits for its end, however long that takes; as `exitStatus`.
  func wait() -> Int32 {
    while true {
      if let status = exitStatus() { return status }
      Readiness3.wait(-1, -1, pidfd.raw, milliseconds: -1)
    }
  }

  @discardableResult
  public func signal(_ number: Signal) -> Bool { sojourn_pidfd_signal(pidfd.raw, number.number) == 0 }

  public struct Outcome: Sendable {
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]
    /// It was killed because the time was over or it wrote too much.
    public let cutOff: Bool
  }

  /// Runs a program to its end, at most `milliseconds`, keeping at most `cap` bytes of each output.
  public static func run(_ path: String, _ arguments: [String], environment: [String] = ChildProcess.plainEnvironment,
    milliseconds: Int64, cap: Int = 65536) throws(SystemError) -> Outcome {
    let output = try Pipe.make()
    let errors = try Pipe.make()
    let child = try start(path, arguments, environment: environment, descriptors: [-1, output.writing.raw, errors.writing.raw])
    var outReader = PipeReader(output.takeReading())
    var errReader = PipeReader(errors.takeReading())
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    var cutOff = false
    while true {
      let left = deadline.millisecondsLeft(at: Moment.now())
      if left == 0 || outReader.bytes.count > cap || errReader.bytes.count > cap {
        cutOff = true
        child.signal(.kill)
      }
      Readiness3.wait(outReader.descriptor(), errReader.descriptor(), child.pidfd.raw, milliseconds: cutOff ? 1000 : Int32(clamping: left))
      outReader.take()
      errReader.take()
      if let status = child.exitStatus() {
        // What it wrote before it ended is in the pipes; a grandchild that holds them open is not waited for.
        outReader.take()
        errReader.take()
        return Outcome(status: status, output: Array(outReader.bytes.prefix(cap)), errors: Array(errReader.bytes.prefix(cap)), cutOff: cutOff)
      }
    }
  }
}

/// Signals that Sojourn sends (signal(7)).
public enum Signal: Sendable {
  case terminate, kill, hangup, stop

  public var number: CInt {
    switch self {
    case .terminate: SIGTERM
    case .kill: SIGKILL
    case .hangup: SIGHUP
    case .stop: SIGSTOP
    }
  }
}

/// A process that is not our child, held so that its number cannot be reused under us (pidfd_open(2)).
public struct ProcessHandle: ~Copyable {
  public let reference: ProcessReference
  public let pidfd: FileDescriptor

  /// Fails (ESRCH) if the number belongs to another process than `reference` by now.
  public init(_ reference: ProcessReference) throws(SystemError) {
    let fd = sojourn_pidfd_open(reference.pid)
    guard fd >= 0 else { throw .last("pidfd_open") }
    let handle = FileDescriptor(owning: fd)
    guard reference.isAlive else { throw SystemError("pidfd_open", code: ESRCH) }
    self.reference = reference
    pidfd = handle
  }

  @discardableResult
  public func signal(_ number: Signal) -> Bool { sojourn_pidfd_signal(pidfd.raw, number.number) == 0 }
}

/// A pipe(2), both ends close-on-exec.
public struct Pipe: ~Copyable {
  public let reading: FileDescriptor
  public let writing: FileDescriptor

  public static func make() throws(SystemError) -> Pipe {
    var ends: (CInt, CInt) = (-1, -1)
    // SAFETY: pipe fills two ints; a homogeneous tuple of two has their layout.
    let result = unsafe withUnsafeMutablePointer(to: &ends) { unsafe $0.withMemoryRebound(to: CInt.self, capacity: 2) { unsafe sojourn_pipe($0) } }
    guard result == 0 else { throw .last("pipe2") }
    return Pipe(reading: FileDescriptor(owning: ends.0), writing: FileDescriptor(owning: ends.1))
  }

  /// The reading end; the writing end is closed, so that the end of the writers is seen.
  public consuming func takeReading() -> FileDescriptor { reading }

  /// The writing end; the reading end is closed, so that the end of the readers is seen.
  public consuming func takeWriting() -> FileDescriptor { writing }
}

/// Collects what comes through a pipe without ever waiting for it.
public struct PipeReader: ~Copyable {
  private var source: FileDescriptor
  public private(set) var bytes: [UInt8] = []
  public private(set) var isAtEnd = false

  public init(_ source: consuming FileDescriptor) {
    _ = sojourn_set_nonblocking(source.raw)
    self.source = source
  }

  /// -1 when there is nothing more to come, which poll(2) ignores.
  public func descriptor() -> CInt { isAtEnd ? -1 : source.raw }

  public mutating func take() {
    var chunk = [UInt8](repeating: 0, count: 8192)
    while !isAtEnd {
      // SAFETY: the pointer is the array's own storage, whose count is passed.
      let got = unsafe chunk.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe read(source.raw, base, buffer.count)
      }
      if got < 0 {
        let error = SystemError.last("read")
        if error.isInterrupted { continue }
        if !error.isWouldBlock { isAtEnd = true }
        return
      }
      if got == 0 { isAtEnd = true }
      bytes.append(contentsOf: chunk.prefix(got))
    }
  }
}

enum Readiness3 {
  /// Waits until one of three descriptors has something (poll(2)); negative ones are ignored.
  static func wait(_ a: CInt, _ b: CInt, _ c: CInt, milliseconds: Int32) {
    var set = (pollfd(fd: a, events: Int16(POLLIN), revents: 0), pollfd(fd: b, events: Int16(POLLIN), revents: 0),
      pollfd(fd: c, events: Int16(POLLIN), revents: 0))
    // SAFETY: a homogeneous tuple of three has the layout of an array of three.
    _ = unsafe withUnsafeMutablePointer(to: &set) { unsafe $0.withMemoryRebound(to: pollfd.self, capacity: 3) { unsafe poll($0, 3, milliseconds) } }
  }
}

/// NULL-terminated vectors of C strings for exec and spawn.
enum CStrings {
  // SAFETY: every string is duplicated, the vector ends in NULL, and all of it is freed after `body`.
  static func with<R>(_ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { unsafe vector[index] = unsafe strdup(string) }
    unsafe vector[strings.count] = nil
    defer {
      for index in 0..<strings.count { unsafe free(vector[index]) }
      unsafe vector.deallocate()
    }
    return unsafe body(vector)
  }
}
