import Accounts
import Audit
import Configuration
import DaemonProtocol
import HostSystem
import Identity

/// Processes of Sojourn's uids that have neither lease nor opening: a candidate that got past PAM without our session line,
/// or something that outlived its end (invariant 1, THREATS T1).
extension Daemon {
  func lookForIntruders() {
    guard let range = configuration?.accounts.range, let processes = try? ProcessTable.all() else { return }
    var found: [UInt32: [ProcessFacts]] = [:]
    for process in processes where !process.isGone {
      // The effective uid alone may be lent for a moment by sshd's monitor, which is root.
      for uid in Set([process.realUser, process.savedUser]) where range.contains(uid) || (uid >= 1000 && isRegistered(uid)) { found[uid, default: []].append(process) }
    }
    for (uid, processes) in found where !isExpected(uid) { treat(uid, processes) }
    suspects.formIntersection(found.keys)
  }

  private func isRegistered(_ uid: UInt32) -> Bool {
    if case .name = try? registry.holder(of: uid) { return true }
    return false
  }

  private func isExpected(_ uid: UInt32) -> Bool {
    leases.values.contains { $0.uid == uid } || openings.contains { $0.request.uid == uid }
  }

  private func treat(_ uid: UInt32, _ processes: [ProcessFacts]) {
    guard let holder = try? registry.holder(of: uid), suspects.insert(uid).inserted else { return }
    switch holder {
    case .taken: return
    case .name(let name): kill(uid, "uid of \(name.text), which has no lease", processes)
    case .nobody:
      // A number that nobody registered may be another source's user who came after the last look: ask, then act.
      Worker.start(loop, Places.vacancy, ["number", String(uid)], milliseconds: 5000) { [weak self] outcome in
        guard let self else { return }
        suspects.remove(uid)
        guard outcome.status == 0 else { return }
        let answer = VacancyAnswer(outcome.output)
        if answer.numberIsTaken {
          try? registry.markTaken(uid)
        } else if answer.refusal == nil, !isExpected(uid) {
          killUnregistered(uid, processes)
        }
      }
    }
  }

  private func kill(_ uid: UInt32, _ what: String, _ processes: [ProcessFacts]) {
    record.note(.intruder, .alert, "\(processes.count) processes of \(what), are killed: uid \(uid)", [])
    Worker.start(loop, Places.reaper, [String(uid)], milliseconds: 5000) { [weak self] _ in self?.suspects.remove(uid) }
  }

  /// The reaper acts for registered numbers only; these few processes are killed one by one, each held by its pidfd.
  private func killUnregistered(_ uid: UInt32, _ processes: [ProcessFacts]) {
    record.note(.intruder, .alert, "\(processes.count) processes of uid \(uid), which is nobody's, are killed", [])
    for process in processes {
      guard let reference = ProcessReference.of(pid: process.pid), let handle = try? ProcessHandle(reference),
        let now = ProcessTable.facts(of: process.pid), now.belongs(to: uid)
      else { continue }
      handle.signal(.kill)
    }
  }
}
