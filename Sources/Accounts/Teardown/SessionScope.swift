internal import Encoding
public import HostSystem

/// The scope that systemd made of one session, and the end of all that is in it: for transient accounts beside other ways,
/// for local accounts the only one (DESIGN 5: never by uid, never their files).
public struct SessionScope {
  let uid: UInt32
  /// `/user.slice/user-UID.slice/session-ID.scope`
  let path: String
  let leaving: [ProcessReference]
  let spared: [String]
  var program = "/usr/bin/loginctl"
  var tree = "/sys/fs/cgroup"

  /// nil if the path is no scope of a session of that uid.
  /// - Parameters:
  ///   - leaving: processes whose sessions are over; they get two seconds to close down by themselves.
  ///   - spared: programs of sshd.
  public init?(_ path: String, uid: UInt32, leaving: [ProcessReference], spared: [String]) {
    guard SessionMarks.isScope(path, of: uid) else { return nil }
    self.uid = uid
    self.path = path
    self.leaving = leaving
    self.spared = spared
  }

  private var group: ControlGroup { ControlGroup(path: tree + path) }
  /// `session-ID.scope` without its ends.
  private var session: String { String(path.dropFirst(path.count - (path.split(separator: "/").last?.count ?? 0)).dropFirst(8).dropLast(6)) }

  /// Ends what is in it: systemd asks every process and waits three seconds, then all that is left is killed at once.
  /// - Parameter untouchable: processes that are others': other sessions' monitors, logins that wait.
  public func run(untouchable: [ProcessReference] = []) -> ClearingReport {
    let begin = Moment.now()
    var left: [String] = []
    var killed: [String] = []
    SessionScope.waitForLeaving(leaving)
    let inside = group.processes()
    var spared: Set<Int32> = []
    if group.holdsUs {
      left.append("sojournd was started by hand in \(path), which is not ended")
    } else if untouchable.contains(where: { inside.contains($0.pid) && $0.isAlive }) {
      left.append("\(path) holds another login, so it is not ended as a whole")
    } else if !group.isEmpty {
      spared = SSHListener.among(inside, programs: self.spared)
      for pid in inside where !spared.contains(pid) && killed.count < 64 {
        if let facts = ProcessTable.facts(of: pid) { killed.append("\(pid) " + String(decoding: facts.name, as: UTF8.self)) }
      }
      if spared.isEmpty { endAll() } else { endOthers(than: spared) }
    }
    if !spared.isEmpty { left.append("an SSH server that the person started as root goes on in \(path)") }
    let remaining = group.processes().filter { !spared.contains($0) }.compactMap { SessionScope.label($0) }
    return ClearingReport(killed: killed, left: left, remaining: Array(remaining.prefix(100)),
      milliseconds: UInt64(clamping: (Moment.now().boot - begin.boot) / 1_000_000))
  }

  private func endAll() {
    _ = try? ChildProcess.run(program, ["terminate-session", session], milliseconds: 3000)
    group.waitForEnd(milliseconds: 3000)
    group.thaw()
    group.kill()
    group.waitForEnd(milliseconds: 5000)
  }

  /// systemd would ask, and end, the SSH server too.
  private func endOthers(than listeners: Set<Int32>) {
    group.thaw()
    let deadline = Deadline(seconds: 3, after: Moment.now())
    group.signalOthers(than: listeners, .terminate)
    while !group.processes().allSatisfy(listeners.contains), !deadline.isOver(at: Moment.now()) { Pause.milliseconds(20) }
    group.endOthers(than: listeners, milliseconds: 5000)
  }

  private static func label(_ pid: Int32) -> String? {
    guard let facts = ProcessTable.facts(of: pid), !facts.isGone else { return nil }
    return facts.label
  }

  /// A monitor that closes its session is let finish; after two seconds it is asked, after three killed.
  static func waitForLeaving(_ leaving: [ProcessReference]) {
    let begin = Moment.now()
    let ends: [(Deadline, Signal)] = [(Deadline(seconds: 3, after: begin), .kill), (Deadline(seconds: 2, after: begin), .terminate)]
    let last = Deadline(seconds: 4, after: begin)
    while true {
      let staying = leaving.filter(\.isAlive)
      let now = Moment.now()
      if staying.isEmpty || last.isOver(at: now) { return }
      if let (_, number) = ends.first(where: { $0.0.isOver(at: now) }) {
        for process in staying { if let handle = try? ProcessHandle(process) { handle.signal(number) } }
      }
      Pause.milliseconds(10)
    }
  }
}

extension ProcessFacts {
  /// "4711 sleep", and its state if that is why it does not end.
  var label: String { "process \(pid) " + String(decoding: name, as: UTF8.self) + (state == UInt8(ascii: "D") ? " (waits for a device and cannot be ended)" : "") }
}
