internal import HostSystem

/// An sshd that takes everybody's connections (THREATS T27): never ended with the person who started it.
enum SSHListener {
  /// The listeners among the processes, and what came in through them: connections that have no group of their own yet.
  /// - Parameter programs: sshd in all its forms.
  static func among(_ processes: [Int32], programs: [String]) -> Set<Int32> {
    var found = Set(processes.filter { isListener($0, programs) })
    guard !found.isEmpty else { return [] }
    let parents = processes.compactMap { pid in ProcessTable.stat(of: pid).map { (pid: pid, parent: $0.parent) } }
    while true {
      let more = parents.filter { found.contains($0.parent) && !found.contains($0.pid) }
      if more.isEmpty { return found }
      found.formUnion(more.map(\.pid))
    }
  }

  /// Only root's: anybody can run sshd with a configuration of their own, and such a one serves nobody else. Whose it is is
  /// asked first, because a person can hold up who reads the command line of a process of theirs.
  private static func isListener(_ pid: Int32, _ programs: [String]) -> Bool {
    guard let facts = ProcessTable.facts(of: pid), facts.realUser == 0, facts.effectiveUser == 0, facts.savedUser == 0,
      let program = ProcessTable.program(of: pid), programs.contains(ProcessTable.withoutReplacement(program)),
      // One connection's sshd says whose it is; the listener does not.
      let line = ProcessTable.read("/proc/\(pid)/cmdline", cap: 4096)
    else { return false }
    return String(decoding: line, as: UTF8.self).contains("[listener]")
  }
}

extension ProcessTable {
  /// How /proc names a program that was replaced while it runs, as an upgrade does to sshd.
  static func withoutReplacement(_ program: String) -> String {
    let replaced = " (deleted)"
    return program.hasSuffix(replaced) ? String(program.dropLast(replaced.count)) : program
  }
}
