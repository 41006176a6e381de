import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Readiness

/// systemd, where it runs the host; else what else there is.
enum HostService {
  private static let systemctl = "/usr/bin/systemctl"
  private static let unit = "sojournd.service"

  /// systemd is the first process (sd_booted(3)).
  static var isBooted: Bool { Files.exists("/run/systemd/system") && Command.exists(systemctl) }
  /// It can be told what to start at the next boot.
  private static var canEnable: Bool { Command.exists(systemctl) && Command.exists("/usr/lib/systemd/system/" + unit) }

  private static func says(_ question: String, _ unit: String) -> Bool { ((try? Command.answer(systemctl, [question, "--quiet", unit]))?.status ?? 1) == 0 }
  static var isEnabled: Bool { canEnable && says("is-enabled", unit) }
  static var isActive: Bool { isBooted && says("is-active", unit) }

  // MARK: sojournd

  /// The change, or nil if it runs, or there is nobody who could start it.
  static func step() -> SetupStep? {
    guard canEnable else { return nil }
    var step = SetupStep(.service, command: isBooted ? "systemctl enable --now sojournd" : "systemctl enable sojournd")
    step.wasEnabled = isEnabled
    step.wasActive = isActive
    return step.wasEnabled && (step.wasActive || !isBooted) ? nil : step
  }

  static func start() throws(SetupRefusal) {
    guard isBooted else { return _ = try Command.run(systemctl, ["enable", unit]) }
    // One that failed some times before is started all the same.
    _ = try? Command.answer(systemctl, ["reset-failed", unit])
    do throws(SetupRefusal) { try Command.run(systemctl, ["enable", "--now", unit], seconds: 60) } catch {
      throw SetupRefusal("sojournd does not start: \(error.sentence)", remedy: "read 'journalctl -u sojournd'")
    }
  }

  /// It runs again as before, and whether it starts with the host stays as it is.
  static func startAgain() throws(SetupRefusal) {
    guard isBooted else { return }
    _ = try? Command.answer(systemctl, ["reset-failed", unit])
    try Command.run(systemctl, ["start", unit], seconds: 60)
  }

  /// It does not run, and is not started at the next boot; whoever started it.
  static func stop(keepEnabled: Bool) throws(SetupRefusal) {
    if isBooted, isActive { try Command.run(systemctl, ["stop", unit], seconds: 60) }
    if !keepEnabled, isEnabled { try Command.run(systemctl, ["disable", unit]) }
    if let pid = daemon?.pid { try end(pid) }
  }

  private static func end(_ pid: Int32) throws(SetupRefusal) {
    guard let process = ProcessReference.of(pid: pid), ProcessTable.program(of: pid)?.begins(with: Places.daemon) ?? false else { return }
    do throws(SystemError) { try ProcessHandle(process).signal(.terminate) } catch { return }
    let deadline = Deadline(seconds: 15, after: Moment.now())
    while process.isAlive {
      guard !deadline.isOver(at: Moment.now()) else { throw SetupRefusal("sojournd (process \(pid)) does not end") }
      Pause.milliseconds(50)
    }
  }

  /// How the daemon is; nil if it does not answer.
  static var daemon: DaemonStatus? {
    do throws(DaemonSilence) {
      guard case .status(let status) = try DaemonClient.ask(.status, milliseconds: 3000) else { return nil }
      return status
    } catch { return nil }
  }

  /// Reads configuration and host anew.
  static func tellDaemon() { _ = try? DaemonClient.ask(.reload, milliseconds: 5000) }

  /// For as long as sessions are to be ended: the daemon of this installation, however it can be started.
  static func startForEnds() -> Bool {
    if isBooted { _ = try? Command.answer(systemctl, ["start", unit]) }
    if daemon == nil { _ = try? ChildProcess.start(Places.daemon, []) }
    let deadline = Deadline(seconds: 15, after: Moment.now())
    while daemon == nil {
      guard !deadline.isOver(at: Moment.now()) else { return false }
      Pause.milliseconds(100)
    }
    return true
  }
}
