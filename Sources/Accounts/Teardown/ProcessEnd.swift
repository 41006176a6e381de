internal import HostSystem
internal import Identity

/// Ends every process of a lease, and looks again until there is none.
///
/// Processes that have the uid are killed by a small program that has become that uid (`reaper`): one pass over the whole
/// process table inside the kernel, which a fork bomb cannot outrun. Root's processes that the person started (their login uid
/// is this one) are asked, then killed, except services, and except every sshd: a listener serves others, a monitor may be
/// this person's own next login that waits for this end (THREATS T16, T26, T27).
struct ProcessEnd {
  let uid: UInt32
  /// sshd in all its forms: the monitors that this lease's sessions had are named by `leaving` instead.
  let spared: [String]

  struct Report {
    var killed: [String] = []
    var isClean = false
  }

  /// - Parameters:
  ///   - leaving: processes whose sessions are over; they may take two seconds to close down by themselves.
  ///   - milliseconds: after that it gives up, and the report says that it is not clean.
  func run(leaving: [ProcessReference], milliseconds: Int64) throws(SystemError) -> Report {
    var report = Report()
    let begin = Moment.now()
    let patience = Deadline(seconds: 2, after: begin)
    let hard = Deadline(seconds: 3, after: begin)
    let deadline = Deadline(seconds: 0, after: begin).later(milliseconds: milliseconds)
    var asked: Set<Int32> = []
    var pause: Int32 = 5
    while true {
      let now = Moment.now()
      let staying = leaving.filter(\.isAlive)
      if patience.isOver(at: now) { signal(staying, hard.isOver(at: now) ? .kill : .terminate) }
      let own = try owned()
      let roots = rootsOfThePerson(besides: leaving)
      if own.isEmpty, roots.isEmpty, staying.isEmpty {
        report.isClean = true
        return report
      }
      guard !deadline.isOver(at: now) else { return report }
      if !own.isEmpty {
        note(own, in: &report)
        _ = try ChildProcess.run(Places.reaper, [String(uid)], milliseconds: 5000)
      }
      for process in roots {
        note([process], in: &report)
        let first = asked.insert(process.pid).inserted
        if first || hard.isOver(at: now), let reference = ProcessReference.of(pid: process.pid) { signal([reference], first ? .terminate : .kill) }
      }
      Pause.milliseconds(pause)
      pause = min(pause * 2, 100)
    }
  }

  /// What is left now, for the check at the end.
  func remaining() throws(SystemError) -> [ProcessFacts] { try owned() }

  private func owned() throws(SystemError) -> [ProcessFacts] {
    try ProcessTable.all().filter { !$0.isGone && $0.belongs(to: uid) }
  }

  private func rootsOfThePerson(besides leaving: [ProcessReference]) -> [ProcessFacts] {
    guard let all = try? ProcessTable.all() else { return [] }
    return all.filter { process in
      guard !process.isGone, !process.belongs(to: uid), process.pid != ProcessTable.ownPid, ProcessTable.loginUser(of: process.pid) == uid,
        !leaving.contains(where: { $0.pid == process.pid }), !ProcessTable.isService(process.pid)
      else { return false }
      guard let program = ProcessTable.program(of: process.pid) else { return false }
      return !spared.contains(program) && !program.hasPrefix("/usr/libexec/sojourn/") && program != Places.daemon
    }
  }

  private func signal(_ processes: [ProcessReference], _ number: Signal) {
    for process in processes {
      if let handle = try? ProcessHandle(process) { handle.signal(number) }
    }
  }

  private func note(_ processes: [ProcessFacts], in report: inout Report) {
    for process in processes where report.killed.count < 64 {
      let label = "\(process.pid) " + String(decoding: process.name, as: UTF8.self)
      if !report.killed.contains(label) { report.killed.append(label) }
    }
  }
}
