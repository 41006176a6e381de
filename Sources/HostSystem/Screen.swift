internal import CPlatform.System

/// The terminal that a program draws on: its size, and the signals that a full screen must answer to, as something to read
/// (signalfd(2)): they are blocked from then on.
public struct ScreenSignals: ~Copyable {
  private let descriptor: FileDescriptor

  public init() throws(SystemError) {
    let fd = sojourn_screen_signals()
    guard fd >= 0 else { throw .last("signalfd") }
    descriptor = FileDescriptor(owning: fd)
  }

  public enum Event: Sendable {
    /// INT, TERM, HUP, QUIT: with its number.
    case end(Int32)
    /// ^Z
    case suspend
    case resized
  }

  /// Waits for one, at most so many milliseconds.
  public func next(milliseconds: Int32) -> Event? {
    var set = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    // SAFETY: one structure, which outlives the call.
    guard unsafe poll(&set, 1, milliseconds) > 0 else { return nil }
    switch sojourn_signal_read(descriptor.raw) {
    case SIGTSTP: return .suspend
    case SIGWINCH: return .resized
    case let number where number > 0: return .end(number)
    default: return nil
    }
  }
}

public enum Screen {
  /// Columns and rows; nil if the descriptor is no terminal, or one that does not know its size.
  public static func size(of descriptor: CInt) -> (columns: Int, rows: Int)? {
    var columns: CInt = 0
    var rows: CInt = 0
    // SAFETY: both numbers outlive the call, which only fills them.
    guard unsafe sojourn_terminal_size(descriptor, &columns, &rows) == 0, columns > 0, rows > 0 else { return nil }
    return (Int(columns), Int(rows))
  }

  /// Stops this process, as ^Z does; returns when it is continued.
  public static func suspend() { _ = kill(getpid(), SIGSTOP) }

  /// Ends it by that signal's own means, so that a shell sees what ended it.
  public static func endItself(by number: Int32) -> Never {
    sojourn_die_by(number)
    exit(128 &+ number)
  }
}
