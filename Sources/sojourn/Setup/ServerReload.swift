import Encoding
import HostSystem
import Readiness

/// Every sshd that listens reads its configuration anew: those of a unit of their own, and on other ports, too. Connections that stand are not touched.
enum ServerReload {
  /// Seconds in which one must have read it.
  private static let patience: UInt64 = 15

  /// With a socket unit there may be none that listens: then whatever serves the next connection is started for it, and reads what stands there by then.
  /// - Returns: what the admin must do, if there may be one that nobody here sees.
  /// - Throws: the first that does not do it, after all others were told.
  static func all() throws(SetupRefusal) -> String? {
    let servers = RunningSSHServer.all()
    var failure: SetupRefusal?
    for server in servers {
      do throws(SetupRefusal) { try tell(server) } catch {
        failure?.say()
        failure = error
      }
    }
    if let failure { throw failure }
    return servers.isEmpty && !HostService.isBooted ? "No sshd listens here that could be told: reload it yourself, if it runs." : nil
  }

  /// Returns when it has read its configuration, or is gone.
  private static func tell(_ server: RunningSSHServer) throws(SetupRefusal) {
    guard let process = ProcessReference.of(pid: server.pid) else { return }
    let name = "\(server.program) (process \(server.pid))"
    let remedy = "repair that or end this process, then run the same command again"
    guard let options = server.options else {
      throw SetupRefusal("\(name) runs with options that cannot be told from outside, so it is not told to reload; it still has the configuration that it read before", remedy: remedy)
    }
    // One that does not like its configuration would end instead of reading it.
    do throws(SetupRefusal) { try ServerDropIn.ask(["-t"] + options, server.program) } catch {
      throw SetupRefusal("\(name) would not start with its configuration, so it is not told to reload, and still has the one that it read before: \(error.sentence)", remedy: remedy)
    }
    let deadline = Deadline(seconds: patience, after: Moment.now())
    func wait(_ isSo: () -> Bool) throws(SetupRefusal) {
      while process.isAlive, !isSo() {
        guard !deadline.isOver(at: Moment.now()) else {
          throw SetupRefusal("\(name) has not read its configuration anew within \(patience) s; it still has the one that it read before", remedy: remedy)
        }
        Pause.milliseconds(20)
      }
    }
    // While it starts anew it ignores the signal.
    try wait { catchesHangup(server.pid) }
    let image = self.image(server.pid)
    do throws(SystemError) { try ProcessHandle(process).signal(.hangup) } catch {
      guard process.isAlive else { return }
      throw SetupRefusal("\(name) could not be told to reload: \(error.sentence)", remedy: remedy)
    }
    if hasFixedAddresses { Pause.milliseconds(2000) }
    // It executes its program anew (sshd.c: sighup_restart), and catches the signal again when the configuration is read.
    try wait { (hasFixedAddresses || self.image(server.pid) != image) && catchesHangup(server.pid) }
  }

  /// Another one after each execve(2): addresses in it are random.
  private static func image(_ pid: Int32) -> [UInt8]? { ProcessTable.read("/proc/\(pid)/auxv", cap: 1 << 16) }
  private static var hasFixedAddresses: Bool { ProcessTable.read("/proc/sys/kernel/randomize_va_space", cap: 16)?.first == UInt8(ascii: "0") }

  /// proc_pid_status(5): SigCgt is a mask in hexadecimal digits, SIGHUP its lowest bit.
  private static func catchesHangup(_ pid: Int32) -> Bool {
    guard let status = ProcessTable.read("/proc/\(pid)/status", cap: 1 << 16) else { return false }
    let line = status.split(separator: 10).first { $0.starts(with: Array("SigCgt:".utf8)) }
    return line?.last.flatMap { Int(String(decoding: [$0], as: UTF8.self), radix: 16) }.map { $0 & 1 == 1 } ?? false
  }
}
