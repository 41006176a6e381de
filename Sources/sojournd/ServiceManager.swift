import Foundation
import HostSystem

/// systemd, if it started us: the socket that NOTIFY_SOCKET names (sd_notify(3)). Read once and taken out of the
/// environment, so that no worker speaks for the daemon.
enum ServiceManager {
  static let socket: String? = {
    let path = ProcessInfo.processInfo.environment["NOTIFY_SOCKET"]
    unsetenv("NOTIFY_SOCKET")
    return path
  }()

  static func notify(_ text: String) {
    if let socket { ServiceNotice.send(text, to: socket) }
  }
}
