import Accounts
import Configuration
import Events
import HostSystem
import Identity

/// One look at all processes of the host, a part at a time.
final class ProcessLook {
  var walk = ProcessWalk()
  var pace: LookPace
  /// Milliseconds on the loop's clock.
  let begun: Int64
  var count = 0
  /// What the last part was too short for.
  var rest: ArraySlice<Int32> = []
  /// Uids that somebody has who is in, or about to be.
  var expected: Set<UInt32>
  /// Uids that nobody has who is in: are they ours?
  var ours: [UInt32: Bool] = [:]
  /// Those of intruders.
  var found: Set<UInt32> = []
  var listeners: Set<Int32> = []
  /// Processes that opened sessions: none of them takes connections.
  let monitors: Set<Int32>
  /// Whose groups were withdrawn, and must not come back.
  var withdrawn: [UInt32: AccountName]
  /// Threads that may still be looked at.
  var threads = Daemon.threadsOfALook
  /// Local accounts that lost groups a moment ago, and what runs as them.
  let local: Set<UInt32>
  var ofLocal: [ProcessFacts] = []

  init(_ pace: LookPace, begun: Int64, expected: Set<UInt32>, monitors: Set<Int32>, withdrawn: [UInt32: AccountName], local: Set<UInt32>) {
    self.pace = pace
    self.begun = begun
    self.expected = expected
    self.monitors = monitors
    self.withdrawn = withdrawn
    self.local = local
  }
}

/// When the looks are.
struct ProcessLooks {
  var current: ProcessLook?
  /// The one that began last.
  var latest: ProcessLook?
  /// The numbers of processes that were the highest in the last seconds.
  var highest: [Int32] = []
  var timer: UInt64?
  /// How many processes the last one found.
  var count = 0
  /// Somebody waits for the next one.
  var isAwaited = false
  /// When a hurried one may begin: milliseconds on the loop's clock.
  var notBefore: Int64 = 0
}

/// One process after the other is read once, a hundred in a turn of the loop: whoever comes or goes meanwhile waits for those few. A look
/// follows the other once a second on a host of some hundred processes, and costs a fiftieth of a processor on one of thousands.
/// Sessions are not found out this way: the end of each is an event.
extension Daemon {
  func beginLook(isHurried: Bool = false) {
    if let timer = looks.timer { loop.cancel(timer) }
    looks.timer = nil
    guard looks.current == nil else { return }
    let isHurried = isHurried || looks.isAwaited && loop.now >= looks.notBefore
    if isHurried { looks.isAwaited = false }
    guard configuration != nil else { return scheduleLook(after: LookPace.least) }
    let late = Set(localEnds.values.filter { $0.cleared != nil }.map(\.local.uid))
    let look = ProcessLook(LookPace(after: looks.count, isHurried: isHurried), begun: loop.now, expected: expectedUIDs(),
      monitors: Set(watches.values.map { $0.handle.reference.pid }), withdrawn: whoseGroupsWereWithdrawn(), local: late)
    looks.current = look
    looks.latest = look
    loop.after(0) { [weak self] in self?.goOn(look) }
  }

  /// Something happened after which a process may be where none should be. However often it happens, hurried looks take their share of the
  /// time and no more.
  func lookSoon() {
    looks.isAwaited = true
    // What it has passed already is for the next one, which need not wait for one that takes its time.
    if let current = looks.current {
      guard !current.pace.isHurried, loop.now >= looks.notBefore else { return }
      looks.current = nil
    }
    let wait = max(looks.notBefore - loop.now, 0)
    if wait < LookPace.least { scheduleLook(after: wait) }
  }

  private func scheduleLook(after milliseconds: Int64) {
    if let timer = looks.timer { loop.cancel(timer) }
    looks.timer = loop.after(milliseconds) { [weak self] in self?.beginLook() }
  }

  /// Once a second, on a host where a look takes longer than that: what began in the last seconds, by its number. Few have begun, and
  /// an intruder, a setgid copy and a new SSH server are among them; a look to which somebody has made it too much comes upon the rest.
  func lookAtNewcomers() {
    guard max(looks.count, looks.latest?.count ?? 0) > Daemon.longLook, let look = looks.latest, let last = ProcessTable.lastNumber else { return looks.highest = [] }
    let earlier = looks.highest.first
    looks.highest = (looks.highest + [last]).suffix(Daemon.secondsAsNewcomer)
    guard let earlier, earlier != last else { return }
    // Past the highest number the kernel begins again with this one.
    let first = earlier < last ? earlier + 1 : min(Daemon.firstNumber, last)
    let begun = WorkClock.nanoseconds
    var processes: [ProcessFacts] = []
    for pid in (first...last).suffix(Daemon.newcomersOfALook) {
      if let facts = ProcessTable.facts(of: pid) { processes.append(facts) }
      if WorkClock.nanoseconds - begun > Daemon.newcomersCost { break }
    }
    judge(processes, look)
  }

  /// How many processes make a look longer than a second.
  private static var longLook: Int { 500 }
  private static var secondsAsNewcomer: Int { 3 }
  private static var newcomersOfALook: Int { 2000 }
  /// RESERVED_PIDS of the kernel.
  private static var firstNumber: Int32 { 300 }
  /// Nanoseconds.
  private static var newcomersCost: Int64 { 5_000_000 }

  private func judge(_ processes: [ProcessFacts], _ look: ProcessLook) {
    lookForIntruders(among: processes, look)
    lookForListeners(among: processes, look)
    lookForWithdrawnGroups(among: processes, look)
    if !look.local.isEmpty { look.ofLocal += processes.filter { look.local.contains($0.realUser) || look.local.contains($0.savedUser) } }
  }

  private func goOn(_ look: ProcessLook) {
    // A hurried one has taken its place.
    guard looks.current === look else { return }
    let before = WorkClock.nanoseconds
    if look.rest.isEmpty {
      guard let pids = try? look.walk.next(atMost: LookPace.part) else { return end(look, isWhole: false) }
      guard !pids.isEmpty else { return end(look, isWhole: true) }
      look.rest = pids[...]
    }
    var processes: [ProcessFacts] = []
    while let pid = look.rest.popFirst() {
      if let facts = ProcessTable.facts(of: pid) { processes.append(facts) }
      // Of processes with groups by the ten thousand not even a hundred are read in one go.
      if WorkClock.nanoseconds - before > Daemon.longestPart { break }
    }
    look.count += processes.count
    judge(processes, look)
    // It was begun when there were fewer, or they have become dear: it comes to its end all the same.
    if loop.now - look.begun > LookPace.longest { look.pace.isHurried = true }
    loop.after(look.pace.pause(after: WorkClock.nanoseconds - before)) { [weak self] in self?.goOn(look) }
  }

  /// Nanoseconds of processor after which no further process is read in the same turn of the loop.
  private static var longestPart: Int64 { 10_000_000 }

  private func end(_ look: ProcessLook, isWhole: Bool) {
    looks.current = nil
    if isWhole {
      looks.count = look.count
      forgetListeners(besides: look.listeners)
      suspects.formIntersection(look.found)
      reportedIntruders = reportedIntruders.filter { look.found.contains($0.key) }
      lookForGroups(ofLocalEnds: look.ofLocal, begun: look.begun * 1_000_000)
    }
    let rest = look.pace.rest(after: loop.now - look.begun)
    if look.pace.isHurried { looks.notBefore = loop.now + rest }
    scheduleLook(after: looks.isAwaited ? max(looks.notBefore - loop.now, 0) : rest)
  }
}
