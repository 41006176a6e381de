internal import CPlatform.System

/// A process that cannot be confused with a later one of the same number: pid and start time.
public struct ProcessReference: Sendable, Equatable {
  public let pid: Int32
  /// Clock ticks since boot (proc_pid_stat(5), field 22).
  public let start: UInt64

  public init(pid: Int32, start: UInt64) {
    self.pid = pid
    self.start = start
  }

  /// The process that has this pid now, or nil if there is none.
  public static func of(pid: Int32) -> ProcessReference? {
    guard pid > 0, let start = ProcessTable.startTime(of: pid) else { return nil }
    return ProcessReference(pid: pid, start: start)
  }

  /// Is that very process there, and not a zombie?
  public var isAlive: Bool {
    guard let facts = ProcessTable.stat(of: pid) else { return false }
    return facts.start == start && (facts.threads > 1 || facts.state != UInt8(ascii: "Z") && facts.state != UInt8(ascii: "X"))
  }
}

/// The kernel's process table as /proc shows it (proc(5)).
public enum ProcessTable {
  public struct Stat: Sendable {
    public let state: UInt8
    public let parent: Int32
    /// Device number of the controlling terminal; 0: it has none.
    public let terminal: UInt64
    /// More than one of a zombie: its first thread has ended, the process has not.
    public let threads: UInt64
    /// Clock ticks since boot.
    public let start: UInt64
  }

  public static func startTime(of pid: Int32) -> UInt64? { stat(of: pid)?.start }

  /// `/proc/<pid>/stat`: `pid (comm) S ppid …`, where comm may itself hold spaces and parentheses, so fields are
  /// counted after the *last* `)`: state is the first, ppid the second, the terminal the fifth, start time the twentieth.
  public static func stat(of pid: Int32) -> Stat? {
    guard let bytes = read("/proc/\(pid)/stat", cap: 4096), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count >= 20, let state = fields[0].first, let parent = decimal(fields[1]), let start = decimal(fields[19]), let threads = decimal(fields[17]),
      let parentPid = Int32(exactly: parent)
    else { return nil }
    return Stat(state: state, parent: parentPid, terminal: decimal(fields[4]) ?? 0, threads: threads, start: start)
  }

  public static func read(_ path: String, cap: Int) -> [UInt8]? {
    do throws(SystemError) { return try Files.read(path, cap: cap) } catch { return nil }
  }

  public static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 20 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { return nil }
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, over2) = tens.addingReportingOverflow(UInt64(digit - 48))
      guard !over, !over2 else { return nil }
      value = sum
    }
    return value
  }

  /// This process: number, effective user, program.
  public static var ownPid: Int32 { getpid() }
  /// Who started this process, as long as that one lives.
  public static var parentPid: Int32 { getppid() }
  public static var effectiveUser: UInt32 { geteuid() }
  public static var realUser: UInt32 { getuid() }
}
