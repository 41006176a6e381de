import Accounts
import Audit
import Encoding
import Events
import HostSystem
import Identity

/// Files of people who are gone, outside the places that an end empties (THREATS T14). One search at a time, for everybody who
/// waits for one, at the lowest priority, and for at most a twentieth of the time: a host with many files and many ends must
/// not spend its days on it. Nothing waits for it: a uid is never somebody else's.
struct StrayState {
  var isRunning = false
  var timer: UInt64?
  /// When the next one is due: nanoseconds since boot.
  var due: Int64 = .max
  /// The earliest moment for it.
  var notBefore: Int64 = 0
  /// Uids that were marked while one ran.
  var marked: Set<UInt32> = []
  /// Searches in a row that did not come to the end of everything.
  var halves = 0
  /// What the last one left, or could not look at, in sentences.
  var remaining: [String] = []
}

extension Daemon {
  /// Milliseconds after an end whose sessions had groups, in which files can be left that matter to others.
  static let straysAfterGroups: Int64 = 10_000
  /// Milliseconds after any other end.
  static let straysAfterAny: Int64 = 900_000
  /// A host on which no search ever comes to the end of everything is not searched for ever.
  static let strayTries = 3
  /// How many people one search is for.
  static let straysAtOnce = 5000

  /// Somebody's account is gone, or goes on with fewer rights.
  func lookForStrays(of uid: UInt32, hadGroups: Bool) {
    do throws(SystemError) { try strayMarks.add(uid) } catch {
      record.note(.endFailed, .warning, "files of uid \(uid) will not be looked for: \(error.sentence)")
    }
    strays.marked.insert(uid)
    scheduleStrays(hadGroups ? Daemon.straysAfterGroups : Daemon.straysAfterAny)
  }

  /// What an earlier daemon had not come to.
  func resumeStrays() { if !strayMarks.all().isEmpty { scheduleStrays(Daemon.straysAfterGroups) } }

  private func scheduleStrays(_ milliseconds: Int64) {
    let now = Moment.now().boot
    let due = max(now + milliseconds * 1_000_000, strays.notBefore)
    guard due < strays.due else { return }
    if let timer = strays.timer { loop.cancel(timer) }
    strays.due = due
    strays.timer = loop.after((due - now) / 1_000_000) { [weak self] in self?.searchStrays() }
  }

  private func searchStrays() {
    strays.timer = nil
    strays.due = .max
    guard !strays.isRunning else { return }
    var arguments = ["strays", "--daemon", String(ProcessTable.ownPid)]
    var gone: [UInt32] = []
    var living: [UInt32] = []
    for uid in strayMarks.all().prefix(Daemon.straysAtOnce) {
      guard case .name(let name) = try? registry.holder(of: uid) else {
        strayMarks.remove(uid)
        continue
      }
      guard let lease = leases[name.text] else {
        gone.append(uid)
        arguments += ["--gone", String(uid)]
        continue
      }
      let withdrawn = lease.withdrawnGroups.sorted()
      if withdrawn.isEmpty { strayMarks.remove(uid) } else { living.append(uid) }
      for gid in withdrawn { arguments += ["--without", "\(uid):\(gid)"] }
    }
    guard arguments.count > 3 else { return }
    strays.isRunning = true
    strays.marked = []
    let begin = Moment.now().boot
    Worker.start(loop, "/proc/self/exe", arguments, milliseconds: 2_400_000) { [weak self] outcome in
      guard let self else { return }
      strays.isRunning = false
      let end = Moment.now().boot
      strays.notBefore = end + max(end - begin, 0) * 20
      let report = outcome.status == 0 ? (try? JSONValue.parse(outcome.output)).flatMap { try? StrayReport(MemberReader($0)) } : nil
      // What cannot be looked at now cannot be the next time either.
      strays.halves = report?.isCutShort == false ? 0 : strays.halves + 1
      if strays.halves == 0 || strays.halves >= Daemon.strayTries { for uid in gone + living where !strays.marked.contains(uid) { strayMarks.remove(uid) } }
      strays.remaining = record.strays(report, people: gone.count, outcome.errors)
      if !strayMarks.all().isEmpty { scheduleStrays(Daemon.straysAfterAny) }
    }
  }
}

extension Record {
  /// What a search found.
  /// - Returns: what an administrator should know of it, in sentences.
  func strays(_ report: StrayReport?, people: Int, _ errors: [UInt8]) -> [String] {
    guard let report else {
      note(.endFailed, .warning, "a search for files of \(people) people who are gone did not come to its end: \(Escape.visible(errors, limit: 300))")
      return ["a search for files of people who are gone did not come to its end"]
    }
    let found = "\(report.removed) removed, \(report.disarmedCount) setuid or setgid bits taken away, \(report.leftCount) left in others' directories"
    let isQuiet = report.isWhole && report.disarmedCount == 0 && report.leftCount == 0
    note(.strays, isQuiet ? .info : .warning,
      "files of people who are gone were looked for among \(report.entries) in \(report.seconds) s: \(found)" + (report.isWhole ? "" : "; not everything could be looked at"),
      [.init("people", .integer(Int64(people))), .init("report", report.json)])
    var sentences: [String] = []
    if report.leftCount > 0 { sentences.append("\(report.leftCount) files of people who are gone are in others' directories, such as \(report.left.first ?? "")") }
    if !report.isWhole { sentences.append("not all files could be looked at: \(report.unseen.last ?? "")") }
    return sentences
  }
}
