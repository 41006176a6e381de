internal import HostSystem

/// What systemd keeps for a person who is logged in: sessions and `user@UID.service` of logind, and the control group that holds
/// them (`user-UID.slice`). A host without systemd has none of it.
struct LoginSlice {
  let uid: UInt32
  /// sshd in all its forms: a listener that the person started as root serves everybody (THREATS T27).
  let spared: [String]
  /// loginctl(1): the one way to logind that needs no library of ours to be right about D-Bus.
  var program = "/usr/bin/loginctl"
  var users = "/run/systemd/users"
  var runtime = "/run/user"
  var groups = "/sys/fs/cgroup/user.slice"

  /// A listener that somebody started from a root shell lives in that person's control group. It is spared, so systemd is not
  /// asked to end the whole group, and the processes are ended one by one.
  var holdsListener: Bool { !SSHListener.among(group.processes(), programs: spared).isEmpty }

  /// logind's own record of the person: there is nothing to ask of it without one.
  private var isKnown: Bool { Files.exists("\(users)/\(uid)") }
  var group: ControlGroup { ControlGroup(path: "\(groups)/user-\(uid).slice") }
  /// systemd keeps something of the person that it would end.
  var isThere: Bool { isKnown || group.exists }

  /// Has logind end the person's sessions and services in order, and waits until it has forgotten the person.
  /// Services get this time to put their files down; what takes longer is killed by who comes next.
  func terminate(milliseconds: Int64) {
    guard isKnown else { return }
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    _ = try? ChildProcess.run(program, ["terminate-user", String(uid)], milliseconds: milliseconds)
    var pause: Int32 = 5
    while isKnown, !deadline.isOver(at: Moment.now()) {
      Pause.milliseconds(pause)
      pause = min(pause * 2, 50)
    }
  }

  /// Kills all that is in the control group at once; beside what must go on, one by one. What a crash left frozen is set
  /// going, or it could not end.
  func kill() {
    guard !group.holdsUs else { return }
    group.thaw()
    let listeners = SSHListener.among(group.processes(), programs: spared)
    if listeners.isEmpty { group.kill() } else { group.endOthers(than: listeners, milliseconds: 2000) }
    group.thaw()
  }

  /// Empty when systemd has nothing left of the person, for the check at the end.
  func remaining() -> [String] {
    var left: [String] = []
    if isKnown { left.append("logind still has a record of uid \(uid)") }
    if Files.exists("\(runtime)/\(uid)") { left.append("\(runtime)/\(uid)") }
    return left
  }

  /// Waits for logind to notice that nobody is there any more. Asked once more, because it may not have heard the first time;
  /// left alone, it forgets a person ten seconds after the last session (UserStopDelaySec of logind.conf(5)).
  func settle(milliseconds: Int64) -> [String] {
    terminate(milliseconds: min(milliseconds, 1000))
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: milliseconds)
    while true {
      let left = remaining()
      if left.isEmpty || deadline.isOver(at: Moment.now()) { return left }
      Pause.milliseconds(20)
    }
  }
}
