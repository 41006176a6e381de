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
  var holdsListener: Bool {
    var waiting = [(path: group, depth: 0)]
    while let (path, depth) = waiting.popLast() {
      for line in (ProcessTable.read(path + "/cgroup.procs", cap: 1 << 20) ?? []).split(separator: 10) {
        guard let pid = ProcessTable.decimal(line).flatMap({ Int32(exactly: $0) }), let program = ProcessTable.program(of: pid) else { continue }
        if spared.contains(program), !isMonitor(pid) { return true }
      }
      guard depth < 8 else { continue }
      for name in (try? Files.names(in: path)) ?? [] where name.hasSuffix(".scope") || name.hasSuffix(".slice") || name.hasSuffix(".service") {
        waiting.append((path + "/" + name, depth + 1))
      }
    }
    return false
  }

  /// One connection's sshd says whose it is; the listener does not.
  private func isMonitor(_ pid: Int32) -> Bool {
    guard let line = ProcessTable.read("/proc/\(pid)/cmdline", cap: 4096) else { return false }
    return !String(decoding: line, as: UTF8.self).contains("[listener]")
  }

  /// logind's own record of the person: there is nothing to ask of it without one.
  private var isKnown: Bool { Files.exists("\(users)/\(uid)") }
  /// systemd keeps something of the person that it would end.
  var isThere: Bool { isKnown || Files.exists(group) }
  private var group: String { "\(groups)/user-\(uid).slice" }

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

  /// Kills all that is in the control group at once, whoever it runs as and however fast it forks (cgroup.kill of
  /// cgroups(7), Linux 5.14). Other kernels, and hosts with the old tree, lack the file.
  func kill() {
    guard let file = try? FileDescriptor.open(group + "/cgroup.kill", .write) else { return }
    try? file.writeAll([UInt8(ascii: "1")])
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
