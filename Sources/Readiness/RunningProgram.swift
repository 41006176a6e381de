internal import Encoding
internal import HostSystem

/// A process, as far as it matters which program it runs.
public struct RunningProgram: Sendable {
  public let pid: Int32
  /// The executable's path, without the ` (deleted)` that the kernel adds when it was replaced.
  public let program: String
  /// `/proc/<pid>/cmdline`, parts ended by NUL; programs may have written their own text over it.
  public let commandLine: [UInt8]
  /// It has other files under the paths that matter than we have: a container, or a private mount namespace.
  public let view: View
  /// It runs as root. No other process is answered with a candidate, and nobody may make this host look unready by
  /// starting a server of their own.
  public let isRoot: Bool

  public enum View: Sendable {
    /// It sees what Sojourn publishes, and the same configuration.
    case same
    /// It sees what Sojourn publishes, but another configuration.
    case otherConfiguration
    /// It does not see what Sojourn publishes.
    case apart
  }

  public init(pid: Int32, program: String, commandLine: [UInt8], view: View, isRoot: Bool = true) {
    self.pid = pid
    self.program = program
    self.commandLine = commandLine
    self.view = view
    self.isRoot = isRoot
  }

  /// All processes of this host that run a program from a file. Those that end meanwhile are left out.
  public static func all() -> [RunningProgram] {
    let host = HostFiles()
    var programs: [RunningProgram] = []
    for name in host.names(in: "/proc") {
      guard let number = ProcessTable.decimal(Array(name.utf8)), let pid = Int32(exactly: number), let facts = ProcessTable.facts(of: pid) else { continue }
      guard let target = target("/proc/\(pid)/exe"), let path = String.ifValid(target) else { continue }
      let deleted = " (deleted)"
      let program = path.ends(with: deleted) ? String(decoding: path.utf8.dropLast(deleted.utf8.count), as: UTF8.self) : path
      guard let commandLine = ProcessTable.read("/proc/\(pid)/cmdline", cap: 1 << 20) else { continue }
      programs.append(RunningProgram(pid: pid, program: program, commandLine: commandLine, view: view(of: pid, host), isRoot: facts.effectiveUser == 0))
    }
    return programs
  }

  private static func target(_ path: String) -> [UInt8]? {
    do throws(SystemError) { return try Files.linkTarget(path) } catch { return nil }
  }

  /// Compares what stands under /run and /etc for it and for us: the same directory, or another one.
  private static func view(of pid: Int32, _ host: HostFiles) -> View {
    if let its = target("/proc/\(pid)/ns/mnt"), let ours = target("/proc/self/ns/mnt"), its.elementsEqual(ours) { return .same }
    func isSame(_ path: String) -> Bool {
      guard let its = host.facts("/proc/\(pid)/root" + path), let ours = host.facts(path) else { return false }
      return its.device == ours.device && its.inode == ours.inode
    }
    // Before the first publication there is no /run/sojourn of ours; then /run itself is what will hold it.
    guard isSame(host.facts("/run/sojourn") == nil ? "/run" : "/run/sojourn") else { return .apart }
    return isSame("/etc/ssh") && isSame("/etc/pam.d") && isSame("/etc") ? .same : .otherConfiguration
  }
}
