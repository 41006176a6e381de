internal import Encoding
public import HostSystem
internal import Identity

/// The end of one session of another source's account: its scope, and every process of the uid that holds a gid which this session
/// was granted and no live one is. A process that the person had without such a gid goes on, and nothing of the account's files is
/// touched (DESIGN 5). What is granted is read after each look, never remembered: a session that opens meanwhile is written
/// down before it has a process that holds its groups.
public struct LocalEnd {
  let session: String
  let uid: UInt32
  /// That the session was granted.
  let gids: Set<UInt32>
  /// nil: it is not known, or this host keeps none.
  let scope: SessionScope?
  /// The number that the kernel gave to the login, if no other session has it.
  let auditSession: UInt32?
  let leaving: [ProcessReference]
  let spared: [String]
  var live = LocalSessionFiles(directory: Places.localSessions)
  /// Milliseconds until what still resists is reported, before and after the end of the scope.
  var patience: Int64 = 10_000
  /// Looks in a row that must find nothing where nothing can be frozen.
  var calmLooks = 3

  /// - Parameters:
  ///   - scope: with neither a scope nor somebody leaving, it is about groups only.
  ///   - leaving: processes whose sessions are over; they get two seconds to close down by themselves.
  ///   - spared: programs of sshd.
  public init(session: String, uid: UInt32, gids: Set<UInt32>, scope: SessionScope?, auditSession: UInt32?, leaving: [ProcessReference], spared: [String]) {
    self.session = session
    self.uid = uid
    self.gids = gids
    self.scope = scope
    self.auditSession = auditSession
    self.leaving = leaving
    self.spared = spared
  }

  /// Where no scope is known there is none that could be ended.
  public static var withoutScope: String {
    (Files.exists("/run/systemd/system") ? "its scope is not known" : "this host keeps no scopes") + ": its connection has ended, and no other process but for its groups"
  }

  /// Every gid that a process of the uid acts by now.
  public static func gidsHeld(by uid: UInt32) throws(SystemError) -> Set<UInt32> {
    var found: Set<UInt32> = []
    for process in try ProcessTable.all() where !process.isGone && process.belongs(to: uid) { found.formUnion(ProcessTable.groupsOfThreads(process)) }
    return found
  }

  /// - Parameter untouchable: processes that are others': other sessions' monitors, logins that wait.
  public func run(untouchable: [ProcessReference] = []) throws(SystemError) -> ClearingReport {
    let begin = Moment.now()
    var killed: [String] = []
    // The rights first, and at once: nobody is asked about those, and no scope is waited for.
    _ = try settle(&killed, untouchable)
    var left: [String] = []
    var remaining: [String] = []
    if let scope {
      let report = scope.run(untouchable: untouchable)
      killed += report.killed
      left += report.left
      remaining += report.remaining
    } else if !leaving.isEmpty {
      SessionScope.waitForLeaving(leaving)
      left.append(LocalEnd.withoutScope)
    }
    let (resisting, dying, isCertain) = try settle(&killed, untouchable)
    if !isCertain { remaining.append("processes of the account come and go too fast to be looked at") }
    left += dying.map { $0.label + ": killed, and not gone yet" }
    return ClearingReport(killed: Array(killed.prefix(64)), left: left, remaining: Array((remaining + resisting.map(\.label)).prefix(100)),
      milliseconds: UInt64(clamping: (Moment.now().boot - begin.boot) / 1_000_000))
  }

  /// Looks and kills until there is nothing to kill. What has been killed and waits for a device does nothing any more.
  private func settle(_ killed: inout [String], _ untouchable: [ProcessReference]) throws(SystemError)
    -> (resisting: [ProcessFacts], dying: [ProcessFacts], isCertain: Bool) {
    let deadline = Deadline(seconds: 0, after: Moment.now()).later(milliseconds: patience)
    var killedAt: [Int32: Deadline] = [:]
    var calm = 0
    var round: Int32 = 0
    while true {
      round += 1
      guard let (seen, isCertain) = try look(&killed, untouchable) else { return ([], [], true) }
      let now = Moment.now()
      let doomed = Set(seen.map(\.pid).filter { ProcessTable.isBeingKilled($0) })
      for pid in doomed where killedAt[pid] == nil { killedAt[pid] = Deadline(seconds: 2, after: now) }
      let dying = seen.filter { doomed.contains($0.pid) && killedAt[$0.pid]?.isOver(at: now) == true }
      let resisting = seen.filter { process in !dying.contains { $0.pid == process.pid } }
      calm = resisting.isEmpty ? calm + 1 : 0
      let isDone = isCertain || calm >= calmLooks
      if resisting.isEmpty && isDone || deadline.isOver(at: now) { return (resisting, dying, isDone) }
      Pause.milliseconds(min(round * 5, 50))
    }
  }

  /// One look, while nothing of the person's can fork where systemd keeps the person in a control group that can be frozen, for
  /// the milliseconds that it takes; and the kills that come of it.
  /// - Returns: nil if other live sessions grant all of it.
  private func look(_ killed: inout [String], _ untouchable: [ProcessReference]) throws(SystemError) -> (seen: [ProcessFacts], isCertain: Bool)? {
    guard try !withdrawn().isEmpty else { return nil }
    let group = LoginSlice(uid: uid, spared: spared).group
    let isFree = group.holdsUs
    let isFrozen = !isFree && group.freeze(milliseconds: 500)
    defer { if !isFree { group.thaw() } }
    var all: [ProcessFacts] = []
    var isRestless = false
    for entry in try Files.names(in: "/proc") {
      guard let number = ProcessTable.decimal(entry.utf8), let pid = Int32(exactly: number) else { continue }
      if let facts = ProcessTable.facts(of: pid) { all.append(facts) } else { isRestless = true }
    }
    let gids = try withdrawn()
    let seen = all.filter { !$0.isGone && isHeld(by: $0, gids, untouchable) }
    for process in seen {
      process.signal(.kill)
      let label = "\(process.pid) " + String(decoding: process.name, as: UTF8.self)
      if killed.count < 64, !killed.contains(label) { killed.append(label) }
    }
    return (seen, isFrozen || !isRestless)
  }

  /// Of the person's processes, and of those that came of this very login and act as somebody else. Other people may be in the
  /// group by right.
  private func isHeld(by process: ProcessFacts, _ gids: Set<UInt32>, _ untouchable: [ProcessReference]) -> Bool {
    guard process.pid != ProcessTable.ownPid, !untouchable.contains(where: { $0.pid == process.pid }) else { return false }
    guard process.belongs(to: uid) || auditSession != nil && ProcessTable.auditSession(of: process.pid) == auditSession else { return false }
    return !gids.isDisjoint(with: ProcessTable.groupsOfThreads(process))
  }

  /// What this session was granted, and nobody of the same uid is now.
  private func withdrawn() throws(SystemError) -> Set<UInt32> {
    guard !gids.isEmpty else { return [] }
    return gids.subtracting(try live.all(of: uid).filter { $0.session.id != session }.flatMap { $0.session.groups.map(\.gid) })
  }
}
