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
    // Where nobody runs as the person, the first look is when they are gone, or have taken their time.
    let firstLook = Deadline(seconds: 0, after: begin).later(milliseconds: 200)
    while true {
      let now = Moment.now()
      let staying = leaving.filter(\.isAlive)
      if patience.isOver(at: now) { for process in staying { signal(process, hard.isOver(at: now) ? .kill : .terminate) } }
      if !staying.isEmpty, !deadline.isOver(at: now), isQuiet || !firstLook.isOver(at: now) && !ProcessTable.mayRun(uid) {
        Pause.milliseconds(isQuiet ? 5 : 1)
        continue
      }
      let sight = try look(besides: leaving)
      if sight.own.isEmpty, sight.roots.isEmpty, staying.isEmpty {
        var isReaped = true
        if mustReap { isReaped = try reap() }
        // Nothing was seen to be there, so nothing was left that could have begun anything. What hid from the look, by being behind it
        // and before it in turn, had the uid: the reaper reaches every process that has, in one pass of the kernel's, and the kernel
        // says now that none is left. If it does not, or there are only zombies, there is another look.
        if isReaped, !mustReap || !ProcessTable.mayRun(uid) {
          report.isClean = true
          return report
        }
        mustReap = !isReaped
      }
      guard !deadline.isOver(at: now) else { return report }
      isQuiet = sight.own.isEmpty && sight.roots.isEmpty
      if !sight.own.isEmpty || mustReap {
        report.note(sight.own)
        // Those that stop or kill whatever has their uid would do so to the reaper: these are nobody's whom they can reach.
        for process in sight.own { end(process.pid) }
        mustReap = try !reap()
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
      if sight.own.isEmpty { Pause.milliseconds(pause) } else { waitForEnd(milliseconds: pause) }
      pause = min(pause * 2, 100)
    }
  }

  /// Held by its pidfd, and looked at once more: it is still a process of the person's.
  private func end(_ pid: Int32) {
    guard let reference = ProcessReference.of(pid: pid), let handle = try? ProcessHandle(reference), let now = ProcessTable.facts(of: pid), now.belongs(to: uid) else { return }
    handle.signal(.kill)
  }

  /// Processes that stop and kill whatever they can reach stop the reaper too, so that it is soon tried again.
  /// - Returns: false if it did not come to send its signals; that it could not empty keyrings (5) is no such thing.
  private func reap() throws(SystemError) -> Bool { [0, 5].contains(try ChildProcess.run(reaper, [String(uid)], milliseconds: 1000).status) }

  /// Waits so long, or until nobody runs as the person.
  private func waitForEnd(milliseconds: Int32) {
    for _ in 0..<milliseconds {
      Pause.milliseconds(1)
      if !ProcessTable.mayRun(uid) { return }
    }
  }

  /// What of these runs now, before anything is done about it.
  func sight(of pids: [Int32], besides leaving: [ProcessReference]) -> Report {
    var report = Report()
    let sight = look(at: pids, besides: leaving)
    report.note(sight.own)
    report.note(Array(sight.names.values), asRoot: true)
    return report
  }

  /// What is left now, for the check at the end. After an end that came to nothing more, only who became the person from outside can be
  /// there (root, or somebody who runs a setuid copy): the kernel knows whether anybody is, without a look at all processes.
  func remaining(isEnded: Bool) throws(SystemError) -> [ProcessFacts] {
    if isEnded, !ProcessTable.mayRun(uid) { return [] }
    return try look(besides: []).own
  }

  private func look(besides leaving: [ProcessReference]) throws(SystemError) -> Sight { look(at: try ProcessTable.pids(), besides: leaving) }

  private func look(at pids: [Int32], besides leaving: [ProcessReference]) -> Sight {
    var sight = Sight()
    let waiting = self.waiting.references()
    // That nobody has the real uid is certain then. What can still be of the person are processes of root's, by the login uid, and
    // those that a setuid copy of the person's has made theirs: both are told by less than is read of each process else. Who has the uid
    // only as the saved one, to take it again later, is reached by the reaper, and seen by the daemon's look after the end.
    let isNobody = !ProcessTable.mayRun(uid)
    for pid in pids {
      if isNobody, ProcessTable.loginUser(of: pid) != uid, ProcessTable.effectiveUser(of: pid) != uid { continue }
      guard let process = ProcessTable.facts(of: pid), !process.isGone else { continue }
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
