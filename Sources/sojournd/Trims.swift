import Accounts
import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

/// The end of sessions while others of the same account go on (THREATS T13). The lease stays; what must go are the ended sessions' processes, and the rights that only they had.
struct LeaseTrim {
  var isRunning = false
  /// Something more ended while it ran.
  var again = false
  var failures = 0
  /// What the last one could not end.
  var remaining: [String] = []
  /// One waits for its turn, or to be tried again.
  var timer: UInt64?
  /// The earliest moment at which a look at the processes may start another: nanoseconds since boot.
  var notBefore: Int64 = 0
}

extension Daemon {
  /// How many trims run at once; each looks through the process table.
  static let trimsAtOnce = 8
  /// Milliseconds for which a session's marks may still be about to come.
  static let marksAfter: Int64 = 60_000

  /// Ends what is left of the lease's sessions that are over, in a process of its own.
  func beginTrim(of name: AccountName) {
    guard let lease = leases[name.text], lease.state == .active else { return }
    guard trims[name.text]?.isRunning != true else {
      trims[name.text]?.again = true
      return
    }
    guard trims.values.count(where: { $0.isRunning }) < Daemon.trimsAtOnce else { return beginTrim(of: name, after: 200) }
    if let timer = trims[name.text]?.timer { loop.cancel(timer) }
    trims[name.text, default: LeaseTrim()].timer = nil
    trims[name.text]?.isRunning = true
    trims[name.text]?.again = false
    let over = Set(lease.leaving.map(\.id))
    var arguments = ["trim", name.text, String(lease.uid), "--daemon", String(ProcessTable.ownPid)]
    for id in over.sorted() { arguments += ["--over", id] }
    for program in sshdPrograms { arguments += ["--spare", program] }
    Worker.start(loop, "/proc/self/exe", arguments, milliseconds: 60_000) { [weak self] outcome in self?.trimDone(of: name, over, outcome) }
  }

  /// Instead of what was to come before.
  private func beginTrim(of name: AccountName, after milliseconds: Int64) {
    if let timer = trims[name.text]?.timer { loop.cancel(timer) }
    trims[name.text, default: LeaseTrim()].timer = loop.after(milliseconds) { [weak self] in
      self?.trims[name.text]?.timer = nil
      self?.beginTrim(of: name)
    }
  }

  private func trimDone(of name: AccountName, _ over: Set<String>, _ outcome: Worker.Outcome) {
    let again = trims[name.text]?.again == true
    trims[name.text]?.isRunning = false
    guard var lease = leases[name.text], lease.state == .active else { return _ = trims.removeValue(forKey: name.text) }
    let report = (try? JSONValue.parse(outcome.output)).flatMap { try? ClearingReport(MemberReader($0)) }
    guard outcome.status == 0, let report, report.isClean else { return trimFailed(lease, report, outcome) }
    trims[name.text]?.failures = 0
    trims[name.text]?.remaining = []
    lease.forget(over)
    leases[name.text] = lease
    keep(lease)
    record.trim(lease, over, report)
    // A setgid copy would give the group again to whoever runs it.
    if !lease.withdrawnGroups.isEmpty { lookForStrays(of: lease.uid, hadGroups: true) }
    if again { beginTrim(of: name) }
  }

  /// Whatever stopped a worker in the middle may have left the person's processes frozen or stopped.
  private func trimFailed(_ lease: Lease, _ report: ClearingReport?, _ outcome: Worker.Outcome) {
    let name = lease.name
    if report == nil { setGoing(lease.uid) }
    trims[name.text]?.failures += 1
    trims[name.text]?.remaining = report?.remaining ?? ["what is left of sessions that are over could not be looked at"]
    let failures = trims[name.text]?.failures ?? 1
    let why = report.map { "still there: " + $0.remaining.prefix(8).map { Escape.visible($0) }.joined(separator: ", ") }
      ?? "the worker ended with \(outcome.status.map(String.init) ?? "no status"): \(Escape.visible(outcome.errors, limit: 300))"
    var facts: [JSONValue.Member] = [.init("name", .string(name.text)), .init("uid", .integer(Int64(lease.uid))), .init("failures", .integer(Int64(failures)))]
    if let report { facts.append(.init("report", report.json)) }
    record.note(.endFailed, failures >= 2 ? .alert : .warning, "what sessions of \(name.text) (uid \(lease.uid)) left is not gone yet: \(why)", facts)
    // A worker that comes to nothing is not started every second.
    trims[name.text]?.notBefore = report == nil ? Moment.now().boot + 10_000_000_000 : 0
    if !lease.withdrawnGroups.isEmpty { lookForStrays(of: lease.uid, hadGroups: true) }
    beginTrim(of: name, after: failures < 2 ? 1000 : 300_000)
  }

  func setGoing(_ uid: UInt32) {
    LoginGroup.thaw(uid: uid)
    Worker.start(loop, Places.reaper, [String(uid), "continue"], milliseconds: 5000) { _ in }
  }

  /// Notes the marks of a session that was just opened: pam_systemd gives a scope after our line has run, and a monitor that is
  /// killed can no longer be asked. After one second, two more, four more: what does not come at once mostly never comes.
  func noteMarksLater(of id: String, milliseconds: Int64 = 1000) {
    loop.after(milliseconds) { [weak self] in
      guard let self, watches[id] != nil else { return }
      noteMarks(of: [id])
      if milliseconds < Daemon.marksAfter / 2, session(id)?.1.marks.isWhole == false { noteMarksLater(of: id, milliseconds: milliseconds * 2) }
    }
  }

  func noteMarks(of ids: Set<String>) {
    guard !ids.isEmpty else { return }
    // Each session has a watch, which knows whose it is: all leases need not be looked through for one.
    for name in Set(ids.compactMap { watches[$0]?.name }) {
      guard var lease = leases[name], lease.state == .active, lease.noteMarks(of: ids) else { continue }
      leases[name] = lease
      keep(lease)
    }
    for id in ids {
      guard let local = localSessions[id], !local.session.marks.isWhole else { continue }
      var session = local.session
      session.noteMarks(uid: local.uid)
      guard session.marks != local.session.marks else { continue }
      localSessions[id] = LocalSession(name: local.name, uid: local.uid, session: session)
      if let changed = localSessions[id] { try? localFiles.write(changed) }
    }
  }

  /// Somebody who had a group for a session that is over, and has it again: a setgid copy that was made then, or a login that
  /// asked NSS a moment before the group was withdrawn. What a trim could not end is no reason for another, or one would follow
  /// the other without end; anything else is, however many have failed.
  func lookForWithdrawnGroups(among processes: [ProcessFacts], _ look: ProcessLook) {
    guard !look.withdrawn.isEmpty else { return }
    let now = Moment.now().boot
    for process in processes where !process.isGone {
      for uid in Set([process.realUser, process.savedUser]) {
        guard let name = look.withdrawn[uid], let lease = leases[name.text], mayTrim(lease, now) else { continue }
        let withdrawn = lease.withdrawnGroups
        // Somebody may start threads by the ten thousand: their groups are for the worker to read, now and then.
        let isLarge = process.threads > look.threads
        if !isLarge { look.threads -= process.threads }
        guard !withdrawn.isDisjoint(with: isLarge ? Set(process.groups) : ProcessTable.groupsOfThreads(process)) || isLarge && isDueToBeSearched(uid, now) else { continue }
        guard trims[name.text]?.remaining.contains(where: { $0.hasPrefix("process \(process.pid) ") }) != true, !ProcessTable.isBeingKilled(process.pid) else { continue }
        beginTrim(of: name)
      }
    }
  }

  /// For the look that begins.
  func whoseGroupsWereWithdrawn() -> [UInt32: AccountName] {
    var found: [UInt32: AccountName] = [:]
    for lease in leases.values where !lease.formerGroups.isEmpty && !lease.withdrawnGroups.isEmpty { found[lease.uid] = lease.name }
    return found
  }

  private func mayTrim(_ lease: Lease, _ now: Int64) -> Bool {
    lease.state == .active && trims[lease.name.text].map { $0.isRunning || $0.notBefore > now } != true
  }

  /// How many threads the loop looks at, of all people together, each time.
  static let threadsOfALook: UInt64 = 1000

  /// Once a minute a uid.
  private func isDueToBeSearched(_ uid: UInt32, _ now: Int64) -> Bool {
    if let last = searchedThreads[uid], now - last < 60_000_000_000 { return false }
    searchedThreads[uid] = now
    return true
  }

  var sshdPrograms: [String] { configuration?.host.candidatePrograms ?? ["/usr/sbin/sshd", "/usr/lib/openssh/sshd-session"] }
}
