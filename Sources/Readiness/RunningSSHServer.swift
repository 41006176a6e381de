internal import Encoding
internal import HostSystem

/// An sshd that listens, with the same files under /etc/ssh as this host's.
public struct RunningSSHServer: Sendable {
  public let pid: Int32
  public let program: String
  /// As `sshd -t` must have them to see its configuration; nil: they cannot be told from outside.
  public let options: [String]?

  /// Those of root's, whatever [host] candidate_programs says: what is written for sshd is read by all of them.
  public static func all() -> [RunningSSHServer] {
    let host = HostFiles()
    return RunningProgram.all().compactMap { process in
      guard process.isRoot, process.program.parts(47).last?.isExactly("sshd") ?? false else { return nil }
      if process.view != .same {
        guard let its = host.facts("/proc/\(process.pid)/root/etc/ssh"), let ours = host.facts("/etc/ssh"), its.device == ours.device, its.inode == ours.inode else { return nil }
      }
      switch SSHListener.read(process) {
      case .notAListener: return nil
      case .unreadable: return RunningSSHServer(pid: process.pid, program: process.program, options: nil)
      case .listener(let listener): return RunningSSHServer(pid: process.pid, program: process.program, options: listener.options)
      }
    }
  }
}
