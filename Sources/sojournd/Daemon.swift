import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity
import Logging

/// The one writer of accounts. Its parts are extensions of this class, a file each: connections, openings, sessions,
/// ends, intruders, candidates, configuration. All run on one loop, so that nothing is ever half seen.
final class Daemon {
  let loop: EventLoop
  let record: Record
  let leaseFiles = LeaseFiles(directory: Places.leases)
  let localFiles = LocalSessionFiles(directory: Places.localSessions)
  let localEndFiles = LocalSessionFiles(directory: Places.localEnds)
  let registry = UIDRegistry(directory: Places.uids)
  let projection = Projection(root: Places.projection)
  let waiting = WaitingOpenings()
  let vacancy: VacancyQuestions
  let started = Moment.now().unixSeconds

  var configuration: PublishedConfiguration?
  var configurationProblem: String?
  /// gid of the system group `sojourn`; nil: nothing can be opened.
  var marker: UInt32?

  var leases: [String: Lease] = [:]
  var localSessions: [String: LocalSession] = [:]
  var watches: [String: SessionWatch] = [:]
  /// Decisions that wait to be opened, by their references.
  var held: [String: HeldDecision] = [:]
  var openings: [Opening] = []
  var expectations: [Expectation] = []
  /// How many of their questions are not answered yet; some of them nobody waits for any more.
  var expectedUnderWay = 0
  var ends: [String: LeaseEnd] = [:]
  var trims: [String: LeaseTrim] = [:]
  var localOpenings: [LocalOpening] = []
  /// Sessions of local accounts that are over, by their ids.
  var localEnds: [String: LocalSessionEnd] = [:]
  var strays = StrayState()
  let strayMarks = StrayMarks(directory: Places.strays)
  var candidates = CandidateState()
  var connections: [Int32: Connection] = [:]
  var looks = ProcessLooks()
  /// Uids whose processes are being looked into.
  var suspects: Set<UInt32> = []
  /// Monitors of refused logins, which are about to be ended: their children tell the person why.
  var dismissed: [ProcessReference] = []
  /// When processes of a uid were last said to be intruders: seconds since boot.
  var reportedIntruders: [UInt32: Int64] = [:]
  /// Ends that wait for their turn.
  var endQueue: [AccountName] = []
  var endsRunning = 0
  /// Who waits for the configuration to be read, and for it to be read once more.
  var configurationReaders: [() -> Void]?
  var nextConfigurationReaders: [() -> Void] = []
  /// nil: there is no configuration, or its socket cannot be made.
  var relay: RelayProcess?
  var endpointsTimer: UInt64?
  var endpointsGeneration = 0
  var endpointsWithout: Set<String> = []
  var revocations = RevocationWatch()
  var questionsUnderWay = 0
  /// When all threads of a uid were last looked at: nanoseconds since boot.
  var searchedThreads: [UInt32: Int64] = [:]
  /// Names whose end waits for nothing: a certificate of theirs was revoked.
  var hasty: Set<String> = []
  let used = UsedCertificates(directory: Places.used)
  var isLookScheduled = false
  private var isDisplaced = false
  private var ticks = 0

  private var lock: FileLock
  private let signals: SignalSource
  var listener: SeqpacketSocket
  let changes: ChangeSource

  /// - Throws: with `call` "fcntl" if another daemon runs.
  init(log: Logger) throws(SystemError) {
    loop = try EventLoop()
    vacancy = VacancyQuestions(loop)
    record = Record(audit: AuditLog(path: Places.auditLog, spool: Places.auditSpool), log: log)
    try Files.makeDirectory(Places.run, mode: 0o755)
    lock = try FileLock(Places.lock)
    OwnProcess.raiseDescriptorLimit()
    try Daemon.makeDirectories()
    try projection.prepare()
    waiting.clear()
    signals = try SignalSource()
    changes = try ChangeSource()
    listener = try Daemon.listen()
  }

  private static func makeDirectories() throws(SystemError) {
    try Files.makeDirectory(Places.leases, mode: 0o700)
    try Files.makeDirectory(Places.localSessions, mode: 0o700)
    try Files.makeDirectory(Places.localEnds, mode: 0o700)
    try Files.makeDirectory(WaitingOpenings.place, mode: 0o700)
    // A /var that takes nothing refuses every opening (claim and audit line fail), but those who are in must still be
    // seen to their end: so it is no reason not to start.
    try? Files.makeDirectory(Places.state, mode: 0o755)
    try? Files.makeDirectory(Places.uids, mode: 0o755)
    try? Files.makeDirectory(Places.used, mode: 0o700)
    try? Files.makeDirectory(Files.parent(of: Places.auditLog), mode: 0o750)
  }

  private static func listen() throws(SystemError) -> SeqpacketSocket {
    // Whoever holds the lock owns the path: what is there is a dead daemon's.
    try? Files.remove(Places.socket)
    return try SeqpacketSocket.listen(at: Places.socket)
  }

  /// Runs until it is told to stop.
  func run() throws(SystemError) {
    marker = MarkerGroup.gid()
    // Nothing of an earlier daemon's judgement holds: candidates come back when this one has looked.
    try projection.withdrawCandidates()
    try loop.watch(signals.descriptor.raw) { [unowned self] in takeSignals() }
    try loop.watch(changes.descriptor.raw) { [unowned self] in hostChanged() }
    try loop.watch(listener.descriptor.raw) { [unowned self] in acceptConnections() }
    watchHost()
    vacancy.prepare()
    // What was published before a restart holds until the files are read again: nobody who logs in now needs to wait.
    configuration = try? PublishedConfiguration.current()
    renewRelay()
    try reconcile()
    resumeStrays()
    readConfiguration { [unowned self] in
      notifyService("READY=1\nSTATUS=" + (configuration == nil ? "no usable configuration" : "running"))
      verifyHost()
    }
    beginLook(isHurried: true)
    tick()
    record.note(.daemon, .info, "sojournd \(Release.version) started")
    loop.run()
    if isDisplaced { return }
    try? projection.withdrawCandidates()
    record.note(.daemon, .info, "sojournd stopped; leases stay as they are")
  }

  private func takeSignals() {
    while let event = signals.next() {
      switch event {
      case .stop:
        notifyService("STOPPING=1")
        loop.stop()
      case .reload: readConfiguration { [unowned self] in verifyHost() }
      case .child: break  // every child is watched by its own descriptor
      }
    }
  }

  /// Once a second: deadlines, sessions that are to be decided anew, what has just begun, left-overs of /run, the watchdog. Once a minute the host is looked at again: what no
  /// file under /etc tells (a cache that was started, a file that another one includes) must not stay unseen.
  private func tick() {
    notifyService("WATCHDOG=1")
    checkPlaces()
    endWhatIsOver()
    warnOfEnds()
    askAgain()
    lookAtNewcomers()
    lookAtRevocationLists()
    ticks += 1
    if ticks % 60 == 0 {
      verifyHost()
      record.audit.flushSpool()
    }
    // Not at once: a host may come up with its clock far ahead, and be set right a moment later.
    if ticks % 3600 == 0 { forgetUses() }
    loop.after(1000) { [unowned self] in tick() }
  }

  /// /run/sojourn deleted or damaged under us: leases are the truth and are still here, so all of it is made again.
  private func checkPlaces() {
    let needed = [Places.socket, Places.leases, WaitingOpenings.place, Places.localSessions, Places.localEnds] + (relay == nil ? [] : [Places.policySocket])
    let isWhole = needed.allSatisfy { Files.exists($0) }
    if isWhole, projection.isWhole, lock.stands(at: Places.lock), candidates.published == nil || projection.hasCandidates { return }
    do throws(SystemError) {
      try Files.makeDirectory(Places.run, mode: 0o755)
      if !lock.stands(at: Places.lock) {
        do throws(SystemError) { lock = try FileLock(Places.lock) } catch {
          guard error.isWouldBlock else { throw error }
          // One of us must go, and the other holds the lock that the next one will ask for.
          record.note(.daemon, .alert, "\(Places.run) was deleted and another sojournd has taken over: this one stops")
          isDisplaced = true
          return loop.stop()
        }
      }
      try Daemon.makeDirectories()
      try projection.prepare()
      if !Files.exists(Places.socket) {
        loop.unwatch(listener.descriptor.raw)
        listener = try Daemon.listen()
        try loop.watch(listener.descriptor.raw) { [unowned self] in acceptConnections() }
      }
      for lease in leases.values {
        try leaseFiles.write(lease)
        if lease.state == .active, let marker { try projection.show(lease, marker: marker) }
      }
      for session in localSessions.values {
        try localFiles.write(session)
        try showGroups(ofLocal: session.name)
      }
      for end in localEnds.values where end.cleared == nil { try localEndFiles.write(end.local) }
      publishConfigurationAgain()
      if relay != nil, !Files.exists(Places.policySocket) {
        relay?.stop()
        relay = nil
        renewRelay()
      }
      resolveEndpoints()
      candidates.published = nil
      verifyHost()
      record.note(.daemon, .warning, "\(Places.run) had been removed or damaged; it was made again from the leases")
    } catch {
      record.note(.daemon, .error, "\(Places.run) cannot be made again: \(error.sentence)")
    }
  }
}
