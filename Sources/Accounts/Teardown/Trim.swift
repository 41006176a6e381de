public import HostSystem
public import Identity

/// Ends what is left of sessions that are over while others of the same person go on (THREATS T13): the sessions' own
/// processes, known by their marks, and every process of the uid that holds a gid which no live session grants. It kills one
/// by one, because `kill(-1)` would end the live sessions too; so that nothing forks away from under it, it looks while
/// nothing of the person's can run. What is granted is read from the lease after each look, never remembered: a session
/// that opens meanwhile has its rights in the lease before it has a process that holds them.
public struct Trim {
  let name: AccountName
  let uid: UInt32
  let over: Set<String>
  let spared: [String]
  var leases = LeaseFiles(directory: Places.leases)
  var waiting = WaitingOpenings()
  var reaper = Places.reaper
  /// Milliseconds until what still resists is reported; the daemon gives the whole a minute.
  var patience: Int64 = 20_000
  /// Milliseconds that the ends of the sessions' scopes may begin in; one takes 15 seconds at most.
  var scopePatience: Int64 = 15_000

  /// - Parameters:
  ///   - over: ids of the sessions; also if the lease's file says that they live, because it could not be written.
  ///   - spared: programs of sshd.
  public init(name: AccountName, uid: UInt32, over: Set<String>, spared: [String]) {
    self.name = name
    self.uid = uid
    self.over = over
    self.spared = spared
  }

  /// What one look found.
  private struct Sight {
    /// To be killed at once: they hold what nobody grants, or are the ended sessions' own.
    var own: [ProcessFacts] = []
    /// Of the ended sessions, as somebody else (sudo): asked, then killed.
    var lent: [ProcessFacts] = []
    /// Something came and went while it looked.
    var isRestless = false
    var isStill: Bool { own.isEmpty && lent.isEmpty }
  }

  public func run(registry: UIDRegistry) throws(SystemError) -> ClearingReport {
    let begin = Moment.now()
    guard try registry.holder(of: uid) == .name(name) else { throw SystemError("readlink", code: 1) }
    var killed: [String] = []
    var left: [String] = []
    // The rights first, and at once: nobody is asked about those, and no scope is waited for.
    _ = try settle(rightsOnly: true, &killed, Deadline(seconds: 0, after: begin).later(milliseconds: patience / 2))
    var unended: [String] = []
    if let lease = try read() {
      let staying = lease.sessions.filter { !over.contains($0.id) }
      SessionScope.waitForLeaving(lease.leaving.filter { ended in over.contains(ended.id) && !staying.contains { $0.process == ended.process } }.map(\.process))
      let untouchable = staying.map(\.process) + waiting.references()
      let scopes = Deadline(seconds: 0, after: begin).later(milliseconds: patience / 2 + scopePatience)
      for ended in lease.leaving where over.contains(ended.id) {
        guard let path = ended.marks.scope, !staying.contains(where: { $0.marks.scope == path }), let scope = SessionScope(path, uid: uid, leaving: [], spared: spared)
        else { continue }
        guard !scopes.isOver(at: Moment.now()) else {
          unended.append("\(path): no time was left")
          continue
        }
        let report = scope.run(untouchable: untouchable)
        killed += report.killed
        left += report.left
      }
    }
    let last = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: patience), whole = Deadline(seconds: 0, after: begin).later(milliseconds: 50_000)
    let (remaining, dying) = try settle(rightsOnly: false, &killed, Deadline(wall: min(last.wall, whole.wall), boot: min(last.boot, whole.boot)))
    left += dying.map { $0.label + ": killed, and not gone yet" }
    return ClearingReport(killed: Array(killed.prefix(64)), left: left, remaining: Array((remaining.map(\.label) + unended).prefix(100)),
      milliseconds: UInt64(clamping: (Moment.now().boot - begin.boot) / 1_000_000))
  }

  /// Looks and kills until there is nothing to kill. What has been killed and waits for a device does nothing any more; it is
  /// waited for a moment and then told apart, because looking again would not end it sooner.
  private func settle(rightsOnly: Bool, _ killed: inout [String], _ deadline: Deadline) throws(SystemError) -> (remaining: [ProcessFacts], dying: [ProcessFacts]) {
    var grace: [Int32: Deadline] = [:]
    var killedAt: [Int32: Deadline] = [:]
    var round = 0
    while true {
      round += 1
      let (sight, isCertain) = try look(rightsOnly: rightsOnly, stopping: round > 8, &killed)
      let seen = sight.own + sight.lent
      let now = Moment.now()
      // Each for itself: a storm of forks is killed anew at every look, and goes on.
      let doomed = Set(seen.map(\.pid).filter { ProcessTable.isBeingKilled($0) })
      for pid in doomed where killedAt[pid] == nil { killedAt[pid] = Deadline(seconds: 2, after: now) }
      let dying = seen.filter { doomed.contains($0.pid) && killedAt[$0.pid]?.isOver(at: now) == true }
      let resisting = seen.filter { process in !dying.contains { $0.pid == process.pid } }
      if resisting.isEmpty && isCertain || deadline.isOver(at: now) { return (resisting, dying) }
      for process in sight.lent {
        guard let until = grace[process.pid] else {
          // A package manager under sudo gets the time to put its files down (THREATS T27).
          grace[process.pid] = Deadline(seconds: 3, after: now)
          process.signal(.terminate)
          continue
        }
        if until.isOver(at: now) { kill(process, &killed) }
      }
      Pause.milliseconds(Int32(clamping: min(round * 5, 50)))
    }
  }

  /// One look while nothing of the person's can fork, and the kills that come of it. Where systemd keeps the person in a
  /// control group that can be frozen, for the milliseconds that it takes; elsewhere only if the table does not come to
  /// rest, because stopped processes may show it.
  private func look(rightsOnly: Bool, stopping: Bool, _ killed: inout [String]) throws(SystemError) -> (Sight, isCertain: Bool) {
    let group = LoginSlice(uid: uid, spared: spared).group
    let isFree = group.holdsUs
    let isFrozen = !isFree && group.freeze(milliseconds: 500)
    defer { if !isFree { group.thaw() } }
    var stopped: [ProcessFacts] = []
    if stopping {
      stopped = try ProcessTable.all().filter { $0.realUser == uid && $0.state == UInt8(ascii: "T") }
      _ = try ChildProcess.run(reaper, [String(uid), "stop"], milliseconds: 5000)
    }
    let sight = try look(rightsOnly: rightsOnly)
    for process in sight.own { kill(process, &killed) }
    if stopping {
      _ = try ChildProcess.run(reaper, [String(uid), "continue"], milliseconds: 5000)
      // What the person had stopped stays stopped.
      for process in stopped { process.signal(.stop) }
    }
    return (sight, isFrozen || stopping || !sight.isRestless)
  }

  /// - Parameter rightsOnly: leave the ended sessions' processes out that hold nothing but what is granted.
  private func look(rightsOnly: Bool) throws(SystemError) -> Sight {
    var sight = Sight()
    var seen: [ProcessFacts] = []
    for entry in try Files.names(in: "/proc") {
      guard let number = ProcessTable.decimal(entry.utf8), let pid = Int32(exactly: number) else { continue }
      if let facts = ProcessTable.facts(of: pid) { seen.append(facts) } else { sight.isRestless = true }
    }
    // After the look: see above. Without a lease the account itself is gone, and with it all that a trim could end.
    guard let lease = try read() else { return Sight() }
    let live = lease.sessions.filter { !over.contains($0.id) }
    let withdrawn = lease.formerGroups.union(lease.sessions.flatMap { $0.groups.map(\.gid) }).subtracting(live.flatMap { $0.groups.map(\.gid) })
    let taken = Set(live.compactMap(\.marks.auditSession) + live.compactMap { ProcessTable.auditSession(of: $0.process.pid) })
    let numbers = Set((lease.leaving + lease.sessions).filter { over.contains($0.id) }.compactMap(\.marks.auditSession)).subtracting(taken)
    for process in seen where !process.isGone {
      if process.belongs(to: uid) {
        let isOfSession = !rightsOnly && ProcessTable.auditSession(of: process.pid).map { numbers.contains($0) } == true
        if isOfSession || !withdrawn.isDisjoint(with: ProcessTable.groupsOfThreads(process)) { sight.own.append(process) }
      } else if !rightsOnly, let number = ProcessTable.auditSession(of: process.pid), numbers.contains(number), isLent(process, lease) {
        sight.lent.append(process)
      }
    }
    return sight
  }

  /// Somebody else's process that the person started, and that no rule spares.
  private func isLent(_ process: ProcessFacts, _ lease: Lease) -> Bool {
    guard let reference = ProcessReference.of(pid: process.pid), !waiting.references().contains(reference),
      !lease.sessions.contains(where: { $0.process == reference && !over.contains($0.id) }), !lease.leaving.contains(where: { $0.process == reference })
    else { return false }
    return ProcessEnd(uid: uid, spared: spared).isRootOfThePerson(process)
  }

  /// nil if there is none any more.
  private func read() throws(SystemError) -> Lease? {
    do throws(SystemError) { return try leases.read(name) } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  private func kill(_ process: ProcessFacts, _ killed: inout [String]) {
    process.signal(.kill)
    let label = "\(process.pid) " + String(decoding: process.name, as: UTF8.self)
    if killed.count < 64, !killed.contains(label) { killed.append(label) }
  }
}

extension ProcessFacts {
  /// Held by its pidfd and looked at once more: the number may be another's by now.
  func signal(_ number: Signal) {
    guard let reference = ProcessReference.of(pid: pid), let handle = try? ProcessHandle(reference), let now = ProcessTable.facts(of: pid),
      now.realUser == realUser, now.savedUser == savedUser
    else { return }
    handle.signal(number)
  }
}
