internal import CPlatform.System

/// A moment on both clocks that a deadline is held against: a clock set back must not lengthen a session, and a
/// suspended host must not either (clock_gettime(2): CLOCK_REALTIME, CLOCK_BOOTTIME).
public struct Moment: Sendable {
  /// Nanoseconds since 1970 UTC.
  public let wall: Int64
  /// Nanoseconds since boot, suspend included.
  public let boot: Int64

  public init(wall: Int64, boot: Int64) {
    self.wall = wall
    self.boot = boot
  }

  /// Both clocks, now. A clock that cannot be read gives -1, which no deadline survives: see `Deadline`.
  public static func now() -> Moment { Moment(wall: sojourn_wall_nanoseconds(), boot: sojourn_boot_nanoseconds()) }

  /// Whole seconds since 1970 UTC; never negative.
  public var unixSeconds: UInt64 { wall < 0 ? 0 : UInt64(wall / 1_000_000_000) }
}

/// What this thread has cost.
public enum WorkClock {
  /// Nanoseconds of processor that it has had (CLOCK_THREAD_CPUTIME_ID): a machine that is busy with others does not make them more.
  public static var nanoseconds: Int64 { sojourn_work_nanoseconds() }
}

/// What the kernel knows of its own clock.
public enum KernelClock {
  /// Does somebody keep it right? nil if the kernel does not say (adjtimex(2), STA_UNSYNC).
  public static var isSynchronised: Bool? {
    let answer = sojourn_clock_is_synchronised()
    return answer < 0 ? nil : answer == 1
  }
}

/// When something must be over: as a wall clock and a boot clock reading, of which the earlier wins.
public struct Deadline: Sendable, Equatable {
  /// Nanoseconds since 1970 UTC.
  public let wall: Int64
  /// Nanoseconds since boot.
  public let boot: Int64

  public init(wall: Int64, boot: Int64) {
    self.wall = wall
    self.boot = boot
  }

  /// `seconds` after `moment`, at most about 292 years (it saturates).
  public init(seconds: UInt64, after moment: Moment) {
    let span = Int64(clamping: seconds.multipliedReportingOverflow(by: 1_000_000_000).overflow
      ? UInt64(Int64.max) : seconds &* 1_000_000_000)
    let (w, wallOver) = moment.wall.addingReportingOverflow(span)
    let (b, bootOver) = moment.boot.addingReportingOverflow(span)
    wall = wallOver ? .max : w
    boot = bootOver ? .max : b
  }

  public func later(milliseconds: Int64) -> Deadline {
    let span = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    let nanoseconds = span.overflow ? Int64.max / 4 : span.partialValue
    let (w, wallOver) = wall.addingReportingOverflow(nanoseconds)
    let (b, bootOver) = boot.addingReportingOverflow(nanoseconds)
    return Deadline(wall: wallOver ? .max : w, boot: bootOver ? .max : b)
  }

  public func isOver(at moment: Moment) -> Bool {
    moment.wall < 0 || moment.boot < 0 || moment.wall >= wall || moment.boot >= boot
  }

  /// Milliseconds left on the clock that runs out first; 0 if over.
  public func millisecondsLeft(at moment: Moment) -> Int64 {
    if isOver(at: moment) { return 0 }
    return min(wall - moment.wall, boot - moment.boot) / 1_000_000 + 1
  }
}

/// Waiting without a signal or a thread.
public enum Pause {
  public static func milliseconds(_ count: Int32) {
    _ = poll(nil, 0, count)
  }
}
