internal import HostSystem

/// An sshd that takes everybody's connections (THREATS T27): never ended with the person who started it.
enum SSHListener {
  /// - Parameter programs: sshd in all its forms.
  static func isAmong(_ processes: [Int32], programs: [String]) -> Bool {
    processes.contains { pid in
      guard let program = ProcessTable.program(of: pid) else { return false }
      return programs.contains(program) && isListener(pid)
    }
  }

  /// One connection's sshd says whose it is; the listener does not.
  private static func isListener(_ pid: Int32) -> Bool {
    guard let line = ProcessTable.read("/proc/\(pid)/cmdline", cap: 4096) else { return true }
    return String(decoding: line, as: UTF8.self).contains("[listener]")
  }
}
