import Encoding
import HostSystem
import Identity

extension Daemon {
  /// Looks the endpoints' names up, so that nobody who logs in has to: in sshd a name look-up would start a thread and could
  /// hang (DESIGN 7). Asked again every minute, in a process of its own.
  func resolveEndpoints() {
  }
}
