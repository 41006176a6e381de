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
  func lookAtProcesses() {
    guard configuration != nil, let processes = try? ProcessTable.all() else { return }
    lookForIntruders(among: processes)
    lookForListeners(among: processes)
    lookForWithdrawnGroups(among: processes)
  }

  private func lookForIntruders(among processes: [ProcessFacts]) {
    guard let range = configuration?.accounts.range else { return }
    let expected = expectedUIDs()
    let dismissing = descendantsOfDismissed(among: processes)
    var found: [UInt32: [ProcessFacts]] = [:]
    for process in processes where !process.isGone && !dismissing.contains(process.pid) {
      // The effective uid alone may be lent for a moment by sshd's monitor, which is root.
      for uid in Set([process.realUser, process.savedUser]) where uid >= 1000 && !expected.contains(uid) { found[uid, default: []].append(process) }
    }
    found = found.filter { range.contains($0.key) || isRegistered($0.key) }
    for (uid, processes) in found { treat(uid, processes) }
    suspects.formIntersection(found.keys)
    reportedIntruders = reportedIntruders.filter { found[$0.key] != nil }
  }

  /// After a refusal sshd goes on for a moment, as the person and with nothing of the person's: it prints the reason and
  /// ends with 254. Killed, it would tell nobody why.
  private func descendantsOfDismissed(among processes: [ProcessFacts]) -> Set<Int32> {
    var found = Set(dismissed.filter(\.isAlive).map(\.pid))
    while true {
      let more = processes.filter { found.contains($0.parent) && !found.contains($0.pid) }
      if more.isEmpty { return found }
      found.formUnion(more.map(\.pid))
    }
  }

  private func isRegistered(_ uid: UInt32) -> Bool {
    if case .name = try? registry.holder(of: uid) { return true }
    return false
  }

  /// A quarantined name has a lease, and no right to run anything.
  private func expectedUIDs() -> Set<UInt32> {
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
