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
  /// Logins of this person that wait for this very end.
  var waiting = WaitingOpenings()
  var reaper = Places.reaper

  struct Report {
    /// "pid name" of the first ones that were seen.
    private(set) var killed: [String] = []
    /// All that were seen, and those of them that ran as root.
    var count: UInt64 { UInt64(clamping: seen.count) }
    private(set) var asRoot: UInt64 = 0
    var isClean = false
    private var seen: Set<Int32> = []

    mutating func note(_ processes: [ProcessFacts], asRoot: Bool = false) {
      for process in processes where seen.insert(process.pid).inserted {
        if asRoot { self.asRoot += 1 }
        if killed.count < 64 { killed.append("\(process.pid) " + String(decoding: process.name, as: UTF8.self)) }
      }
    }
  }

  /// What of the lease runs at one moment.
  private struct Sight {
    var own: [ProcessFacts] = []
    var roots: [ProcessReference] = []
    var names: [Int32: ProcessFacts] = [:]
  }

  /// - Parameters:
  ///   - leaving: processes whose sessions are over; they may take two seconds to close down by themselves.
  ///   - milliseconds: after that it gives up, and the report says that it is not clean.
  ///   - seen: what had been seen before, and may have been ended since by who was asked first.
  func run(leaving: [ProcessReference], milliseconds: Int64, seen: Report = Report()) throws(SystemError) -> Report {
    var report = seen
    let begin = Moment.now()
    let patience = Deadline(seconds: 2, after: begin)
    let hard = Deadline(seconds: 3, after: begin)
    let deadline = Deadline(seconds: 0, after: begin).later(milliseconds: milliseconds)
    var grace: [Int32: Deadline] = [:]
    var pause: Int32 = 5
    // Once in any case: what the table shows is not all that the kernel can reach.
    var mustReap = true
    // The last look found nothing; what is waited for are the monitors, which close down by themselves. Looking costs some calls for
    // each process of the host, and hundreds may go at once: it is done once more when they are gone.
    var isQuiet = false
    while true {
      let now = Moment.now()
      let staying = leaving.filter(\.isAlive)
      if patience.isOver(at: now) { for process in staying { signal(process, hard.isOver(at: now) ? .kill : .terminate) } }
      if isQuiet, !staying.isEmpty, !deadline.isOver(at: now) {
        Pause.milliseconds(5)
        continue
      }
      let sight = try look(besides: leaving)
      if sight.own.isEmpty, sight.roots.isEmpty, staying.isEmpty, !mustReap {
        report.isClean = true
        return report
      }
      guard !deadline.isOver(at: now) else { return report }
      isQuiet = sight.own.isEmpty && sight.roots.isEmpty && !mustReap
      if !sight.own.isEmpty || mustReap {
        mustReap = false
        report.note(sight.own)
        _ = try ChildProcess.run(reaper, [String(uid)], milliseconds: 5000)
      }
      for process in sight.roots {
        if let facts = sight.names[process.pid] { report.note([facts], asRoot: true) }
        if let until = grace[process.pid] {
          if until.isOver(at: now) { signal(process, .kill) }
        } else {
          // A package manager under sudo gets the time to put its files down.
          grace[process.pid] = Deadline(seconds: 3, after: now)
          signal(process, .terminate)
        }
      }
      Pause.milliseconds(pause)
      pause = min(pause * 2, 100)
    }
  }

  /// What runs now, before anything is done about it.
  func sight(besides leaving: [ProcessReference]) throws(SystemError) -> Report {
    var report = Report()
    let sight = try look(besides: leaving)
    report.note(sight.own)
    report.note(Array(sight.names.values), asRoot: true)
    return report
  }

  /// What is left now, for the check at the end.
  func remaining() throws(SystemError) -> [ProcessFacts] { try look(besides: []).own }

  private func look(besides leaving: [ProcessReference]) throws(SystemError) -> Sight {
    var sight = Sight()
    let waiting = self.waiting.references()
    for process in try ProcessTable.all() where !process.isGone {
      if process.belongs(to: uid) {
        sight.own.append(process)
      } else if isRootOfThePerson(process), let reference = ProcessReference.of(pid: process.pid), !leaving.contains(reference), !waiting.contains(reference) {
        sight.roots.append(reference)
        sight.names[process.pid] = process
      }
    }
    return sight
  }

  /// Somebody else's process, root's mostly, that the person started and that is neither a service nor one of ours.
  func isRootOfThePerson(_ process: ProcessFacts) -> Bool {
    guard process.pid != ProcessTable.ownPid, ProcessTable.loginUser(of: process.pid) == uid, !ProcessTable.isService(process.pid) else { return false }
    guard let program = ProcessTable.program(of: process.pid).map({ ProcessTable.withoutReplacement($0) }) else {
      // A kernel thread, or one that has ended; but a process whose first thread alone has ended shows no program either.
      return process.threads > 1
    }
    return !spared.contains(program) && !program.hasPrefix("/usr/libexec/sojourn/") && program != Places.daemon
  }

  private func signal(_ process: ProcessReference, _ number: Signal) {
    if let handle = try? ProcessHandle(process) { handle.signal(number) }
  }
}
