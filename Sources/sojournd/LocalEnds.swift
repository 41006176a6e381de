import Accounts
import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

/// A session of a local account that is over, until what it left is gone.
struct LocalSessionEnd {
  let local: LocalSession
  var isRunning = false
  /// It waits for its turn.
  var isWaiting = true
  var failures = 0
  /// What the last try could not end.
  var remaining: [String] = []
  /// When nothing was left of it: nanoseconds since boot.
  var cleared: Int64?
  /// The other sources are asked whether the account has the groups by right since.
  var isAsking = false
  /// Gids of the session's that it has by right.
  var byRight: Set<UInt32> = []
}

/// Sessions of local accounts end by their scopes, and by the groups that they were granted: never by uid, never the account's files.
extension Daemon {
  /// For how long a login that asked NSS a moment before the groups were withdrawn is looked for: nanoseconds.
  static let lateComers: Int64 = 60_000_000_000

  func beginEnd(of local: LocalSession) {
    let session = local.session
    if session.marks.scope == nil, session.groups.isEmpty {
      record.localEnd(local, ClearingReport(left: [LocalEnd.withoutScope]))
      return removeLocalFiles(session.id)
    }
    localEnds[session.id] = LocalSessionEnd(local: local)
    // From here on the session grants nothing. A file that cannot be moved says the same at the next start: its process is gone.
    do throws(SystemError) { try localEndFiles.write(local) } catch {
      record.note(.endFailed, .error, "the end of session \(session.id) of \(Escape.visible(local.name)) cannot be written: \(error.sentence)")
    }
    removeLocalFile(session.id)
    runLocalEnds()
  }

  private func runLocalEnds() {
    for (id, end) in localEnds where end.isWaiting {
      guard localEnds.values.count(where: { $0.isRunning }) < Daemon.trimsAtOnce else { return }
      localEnds[id]?.isWaiting = false
      localEnds[id]?.isRunning = true
      Worker.start(loop, "/proc/self/exe", arguments(for: end.local, besides: end.byRight, isLate: end.cleared != nil), milliseconds: 60_000) { [weak self] outcome in
        self?.localEndDone(id, outcome)
        self?.runLocalEnds()
      }
    }
  }

  /// - Parameter isLate: its scope is gone, and its name may be another's by now.
  private func arguments(for local: LocalSession, besides byRight: Set<UInt32>, isLate: Bool) -> [String] {
    let session = local.session
    var arguments = ["local", session.id, String(local.uid), "--daemon", String(ProcessTable.ownPid)]
    if !isLate, let scope = session.marks.scope { arguments += ["--scope", scope] }
    if !isLate, let number = session.marks.auditSession, !isAuditSessionOfLive(number) { arguments += ["--audit", String(number)] }
    for group in session.groups where !byRight.contains(group.gid) { arguments += ["--gid", String(group.gid)] }
    // A process that opened several sessions is nobody's to kill while one of them lives.
    let isShared = watches.values.contains { $0.handle.reference == session.process }
    if !isLate, !isShared { arguments += ["--leaving", "\(session.process.pid):\(session.process.start)"] }
    for watch in watches.values { arguments += ["--live", "\(watch.handle.reference.pid):\(watch.handle.reference.start)"] }
    for program in sshdPrograms { arguments += ["--spare", program] }
    return arguments
  }

  private func isAuditSessionOfLive(_ number: UInt32) -> Bool {
    let live = leases.values.flatMap(\.sessions) + localSessions.values.map(\.session)
    return live.contains { $0.marks.auditSession == number || ProcessTable.auditSession(of: $0.process.pid) == number }
  }

  private func localEndDone(_ id: String, _ outcome: Worker.Outcome) {
    guard var end = localEnds[id] else { return }
    end.isRunning = false
    let report = (try? JSONValue.parse(outcome.output)).flatMap { try? ClearingReport(MemberReader($0)) }
    if outcome.status == 0, let report, report.isClean {
      if end.cleared == nil || !report.killed.isEmpty { record.localEnd(end.local, report) }
      end.remaining = []
      end.failures = 0
      end.cleared = end.cleared ?? Moment.now().boot
      localEnds[id] = end.local.session.groups.isEmpty ? nil : end
      return removeLocalFiles(id)
    }
    end.failures += 1
    end.remaining = report?.remaining ?? ["what is left of it could not be looked at"]
    localEnds[id] = end
    // Whatever stopped a worker in the middle may have left the person's processes frozen.
    if report == nil, !end.local.session.groups.isEmpty { LoginGroup.thaw(uid: end.local.uid) }
    record.localEnd(end.local, report, why: "the worker ended with \(outcome.status.map(String.init) ?? "no status"): \(Escape.visible(outcome.errors, limit: 300))")
    loop.after(end.failures < 2 ? 1000 : 300_000) { [weak self] in
      guard self?.localEnds[id]?.isRunning == false else { return }
      self?.localEnds[id]?.isWaiting = true
      self?.runLocalEnds()
    }
  }

  /// A plain login of the same person that had asked NSS a moment before the groups were withdrawn, and took them afterwards.
  /// - Parameters:
  ///   - processes: those of such accounts that a look has found.
  ///   - begun: nanoseconds since boot, when it began.
  func lookForGroups(ofLocalEnds processes: [ProcessFacts], begun: Int64) {
    for (id, end) in localEnds {
      guard let cleared = end.cleared, !end.isRunning, !end.isWaiting, !end.isAsking else { continue }
      if begun - cleared > Daemon.lateComers {
        localEnds[id] = nil
        continue
      }
      let withdrawn = withdrawnGroups(of: end)
      guard processes.contains(where: { !$0.isGone && $0.belongs(to: end.local.uid) && !withdrawn.isDisjoint(with: $0.groups) && !ProcessTable.isBeingKilled($0.pid) })
      else { continue }
      endLateComers(of: id, end.local)
    }
  }

  private func withdrawnGroups(of end: LocalSessionEnd) -> Set<UInt32> {
    let granted = localSessions.values.filter { $0.uid == end.local.uid }.flatMap { $0.session.groups.map(\.gid) }
    return Set(end.local.session.groups.map(\.gid)).subtracting(granted).subtracting(end.byRight)
  }

  /// An administrator may have put the account into the group since: then it is no late comer.
  private func endLateComers(of id: String, _ local: LocalSession) {
    localEnds[id]?.isAsking = true
    Worker.start(loop, Places.vacancy, ["member", local.name, String(local.uid)], milliseconds: 5000) { [weak self] outcome in
      guard let self else { return }
      localEnds[id]?.isAsking = false
      localEnds[id]?.byRight.formUnion(LocalGrant.gidsElsewhere(outcome.status == 0 ? outcome.output : nil))
      guard let end = localEnds[id], !withdrawnGroups(of: end).isEmpty else { return }
      localEnds[id]?.isWaiting = true
      runLocalEnds()
    }
  }

  private func removeLocalFiles(_ id: String) {
    removeLocalFile(id)
    do throws(SystemError) { try localEndFiles.remove(id) } catch { loop.after(1000) { [weak self] in self?.removeLocalFiles(id) } }
  }

  /// What cannot be removed now is removed later: it stands for nothing any more.
  private func removeLocalFile(_ id: String) {
    do throws(SystemError) { try localFiles.remove(id) } catch { loop.after(1000) { [weak self] in self?.removeLocalFile(id) } }
  }
}
