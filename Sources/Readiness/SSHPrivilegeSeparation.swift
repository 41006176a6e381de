internal import HostSystem

/// The empty directory without which Debian's sshd says nothing, not even of its configuration: ssh.service makes it and takes it away, so it is
/// missing while that is stopped, before a socket unit has started it for the first time, and in a chroot.
public enum SSHPrivilegeSeparation {
  private static let directory = "/run/sshd"

  /// sshd itself says what is wrong, if it cannot be made.
  public static func prepare() {
    guard !Files.exists(directory) else { return }
    do throws(SystemError) { try Files.makeDirectory(directory, mode: 0o755) } catch {}
  }
}
