import HostSystem

/// systemd, if it started us: the socket that NOTIFY_SOCKET names (sd_notify(3)).
enum ServiceManager {
  static let socket = OwnProcess.takeVariable("NOTIFY_SOCKET")

  static func notify(_ text: String) {
    if let socket { ServiceNotice.send(text, to: socket) }
  }
}
