internal import CPlatform.System

/// What a loop waits on (epoll(7)): which descriptors have something to read, or were hung up.
public struct EventSet: ~Copyable {
  private let epoll: FileDescriptor

  public init() throws(SystemError) {
    let fd = sojourn_epoll()
    guard fd >= 0 else { throw .last("epoll_create1") }
    epoll = FileDescriptor(owning: fd)
  }

  /// Itself something to wait for: readable when one of them is.
  public var descriptor: CInt { epoll.raw }

  public func add(_ descriptor: CInt) throws(SystemError) {
    guard sojourn_epoll_add(epoll.raw, descriptor) == 0 else { throw .last("epoll_ctl") }
  }

  public func remove(_ descriptor: CInt) { _ = sojourn_epoll_remove(epoll.raw, descriptor) }

  /// Waits at most `milliseconds` (-1: for ever). An interrupted wait is an empty one.
  public func wait(milliseconds: Int32) -> [CInt] {
    var ready = [CInt](repeating: -1, count: 64)
    // SAFETY: the pointer is the array's own storage, whose count is passed.
    let count = unsafe ready.withUnsafeMutableBufferPointer { buffer -> CInt in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe sojourn_epoll_wait(epoll.raw, base, CInt(clamping: buffer.count), milliseconds)
    }
    return Array(ready.prefix(Int(max(0, count))))
  }
}

/// Signals as something to read (signalfd(2)); they are blocked from then on.
public struct SignalSource: ~Copyable {
  public let descriptor: FileDescriptor

  public init() throws(SystemError) {
    let fd = sojourn_signalfd()
    guard fd >= 0 else { throw .last("signalfd") }
    descriptor = FileDescriptor(owning: fd)
  }

  public enum Event: Sendable { case stop, reload, child }

  public func next() -> Event? {
    switch sojourn_signal_read(descriptor.raw) {
    case SIGTERM, SIGINT: .stop
    case SIGHUP: .reload
    case SIGCHLD: .child
    default: nil
    }
  }
}

/// Directories in which something changed (inotify(7)).
public struct ChangeSource: ~Copyable {
  public let descriptor: FileDescriptor

  public init() throws(SystemError) {
    let fd = sojourn_inotify()
    guard fd >= 0 else { throw .last("inotify_init1") }
    descriptor = FileDescriptor(owning: fd)
  }

  /// False if the directory is not there.
  public func watch(_ directory: String) -> Bool {
    // SAFETY: the temporary C string lives across the call.
    unsafe sojourn_inotify_watch(descriptor.raw, directory) >= 0
  }

  /// Throws away what it says: that something changed is all that is asked.
  public func drain() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    // SAFETY: the pointer is the array's own storage, whose count is passed.
    while unsafe buffer.withUnsafeMutableBytes({ bytes -> Int in
      guard let base = bytes.baseAddress else { return 0 }
      return unsafe read(descriptor.raw, base, bytes.count)
    }) > 0 {}
  }
}

/// What systemd is told (sd_notify(3)); without it nobody is.
public enum ServiceNotice {
  public static func send(_ text: String, to socket: String) {
    // SAFETY: the temporary C strings live across the call.
    _ = unsafe sojourn_notify(socket, text)
  }
}

/// syslog(3), facility authpriv, where login programs write.
public enum SystemLog {
  public enum Level: Sendable {
    case alert, error, warning, notice, info

    /// LOG_AUTHPRIV (10 << 3) and the priority (RFC 5424 section 6.2.1).
    public var priority: CInt {
      switch self {
      case .alert: 80 | 1
      case .error: 80 | 3
      case .warning: 80 | 4
      case .notice: 80 | 5
      case .info: 80 | 6
      }
    }
  }

  /// Without ever waiting: a message that the log service does not take at once is lost here (the audit log has it).
  /// The text must be escaped already; it is never a format.
  public static func write(_ level: Level, as name: String, _ text: String) {
    // SAFETY: the temporary C strings live across the call.
    _ = unsafe sojourn_syslog_at_once(level.priority, name, getpid(), text)
  }
}

/// An exclusive lock that lives as long as this value (fcntl(2), F_OFD_SETLK): one daemon a host, one that publishes.
public struct FileLock: ~Copyable {
  private let file: FileDescriptor

  /// EAGAIN: somebody else has it.
  public init(_ path: String) throws(SystemError) {
    let file = try FileDescriptor.open(path, .append(0o600))
    guard sojourn_fcntl_lock(file.raw) == 0 else { throw .last("fcntl") }
    self.file = file
  }

  /// Is it the file at the path that is locked? If somebody deleted that, a second daemon could lock another one.
  public func stands(at path: String) -> Bool {
    guard let held = try? file.facts(), let there = try? Files.facts(path) else { return false }
    return held.device == there.device && held.inode == there.inode
  }
}
