import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// Processes of Sojourn's uids that have neither lease nor opening: a candidate that got past PAM without our session line,
/// or something that outlived its end (invariant 1, THREATS T1).
extension Daemon {
  func lookForIntruders(among processes: [ProcessFacts], _ look: ProcessLook) {
    guard let range = configuration?.accounts.range else { return }
    var found: [UInt32: [ProcessFacts]] = [:]
    for process in processes where !process.isGone {
      // The effective uid alone may be lent for a moment by sshd's monitor, which is root.
      for uid in process.realUser == process.savedUser ? [process.realUser] : [process.realUser, process.savedUser]
      where uid >= 1000 && !look.expected.contains(uid) {
        let isOurs = look.ours[uid] ?? (range.contains(uid) || isRegistered(uid))
        look.ours[uid] = isOurs
        if isOurs { found[uid, default: []].append(process) }
      }
    }
    guard !found.isEmpty else { return }
    // Whoever came in since the look began is expected by now.
    look.expected = expectedUIDs()
    for (uid, processes) in found where !look.expected.contains(uid) {
      let intruders = processes.filter { !isDismissed($0) }
      if intruders.isEmpty { continue }
      look.found.insert(uid)
      treat(uid, intruders)
    }
  }

  /// After a refusal sshd goes on for a moment, as the person and with nothing of the person's: it prints the reason and
  /// ends with 254. Killed, it would tell nobody why.
  private func isDismissed(_ process: ProcessFacts) -> Bool {
    guard !dismissed.isEmpty else { return false }
    var pid = process.pid
    for _ in 0..<Daemon.generations {
      if dismissed.contains(where: { $0.pid == pid && $0.isAlive }) { return true }
      guard let parent = pid == process.pid ? process.parent : ProcessTable.stat(of: pid)?.parent, parent > 1 else { return false }
      pid = parent
    }
    return false
  }

  /// How many parents of a process are looked at.
  private static let generations = 64

  private func isRegistered(_ uid: UInt32) -> Bool {
    if case .name = try? registry.holder(of: uid) { return true }
    return false
  }

  /// A quarantined name has a lease, and no right to run anything.
  func expectedUIDs() -> Set<UInt32> {
    Set(leases.values.filter { ends[$0.name.text]?.isQuarantined != true }.map(\.uid)).union(openings.map(\.request.uid))
  }

  private func treat(_ uid: UInt32, _ processes: [ProcessFacts]) {
    guard let holder = try? registry.holder(of: uid), holder != .taken, suspects.insert(uid).inserted else { return }
    // The number may be another source's user who came after the last look: others' numbers win, so ask, then act.
    Worker.start(loop, Places.vacancy, ["number", String(uid)], milliseconds: 5000) { [weak self] outcome in
      guard let self else { return }
      suspects.remove(uid)
      let answer = VacancyAnswer(outcome.status == 0 ? outcome.output : nil)
      guard !answer.numberIsTaken else {
        try? registry.markTaken(uid)
        return
      }
      guard !expectedUIDs().contains(uid) else { return }
      switch holder {
      // Ours for ever: killed even if a source cannot say now whether it has the number as well.
      case .name(let name): kill(uid, "uid \(uid) of \(name.text), who has no lease", processes)
      case .nobody: if answer.refusal == nil { killUnregistered(uid, processes) }
      case .taken: return
      }
    }
  }

  private func kill(_ uid: UInt32, _ whose: String, _ processes: [ProcessFacts]) {
    report(uid, whose, processes)
    suspects.insert(uid)
    Worker.start(loop, Places.reaper, [String(uid)], milliseconds: 5000) { [weak self] _ in self?.suspects.remove(uid) }
  }

  /// The reaper acts for registered numbers only; these few processes are killed one by one, each held by its pidfd.
  private func killUnregistered(_ uid: UInt32, _ processes: [ProcessFacts]) {
    report(uid, "uid \(uid), which is nobody's", processes)
    for process in processes {
      guard let reference = ProcessReference.of(pid: process.pid), let handle = try? ProcessHandle(reference),
        let now = ProcessTable.facts(of: process.pid), now.belongs(to: uid)
      else { continue }
      handle.signal(.kill)
    }
  }

  /// Once a minute a uid: what cannot be killed (a process that waits for a dead disk) may not fill the log.
  private func report(_ uid: UInt32, _ whose: String, _ processes: [ProcessFacts]) {
    let now = Moment.now().boot / 1_000_000_000
    if let last = reportedIntruders[uid], now - last < 60 { return }
    reportedIntruders[uid] = now
    let labels = processes.prefix(16).map { "\($0.pid) " + Escape.visible($0.name) }
    record.note(.intruder, .alert, "processes of \(whose), are killed: \(labels.joined(separator: ", "))",
      [.init("uid", .integer(Int64(uid))), .init("count", .integer(Int64(processes.count))), .init("processes", .strings(labels))])
  }
}
