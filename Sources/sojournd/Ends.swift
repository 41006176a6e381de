import Accounts
import Audit
import Configuration
import DaemonProtocol
import Encoding
import Events
import HostSystem
import Identity

/// An account that is being taken down.
struct LeaseEnd {
  var failures = 0
  /// What the last attempt could not end or remove.
  var remaining: [String] = []
  /// It failed twice: reported, and tried again now and then.
  var isQuarantined: Bool { failures >= 2 }
}

extension Daemon {
  /// How many teardowns run at once: each walks the process table, and a host that comes up after a bad day has many.
  static let endsAtOnce = 12

  /// Takes the account of a lease without sessions down, in a process of its own: one that hangs or crashes holds up
  /// nobody else's end.
  func beginEnd(of lease: Lease) {
    let name = lease.name
    guard ends[name.text] == nil else { return }
    ends[name.text] = LeaseEnd()
    if let timer = trims.removeValue(forKey: name.text)?.timer { loop.cancel(timer) }
    do throws(SystemError) { try projection.withdrawRights(name: name, uid: lease.uid) } catch {
      record.note(.endFailed, .error, "the groups of \(name.text) cannot be withdrawn: \(error.sentence)")
    }
    queueEnd(of: name)
  }

  private func queueEnd(of name: AccountName) {
    endQueue.append(name)
    runEnds()
  }

  private func runEnds() {
    while endsRunning < Daemon.endsAtOnce, !endQueue.isEmpty {
      // Somebody may be waiting to come in under that name; for the others nobody hurries.
      let awaited = Set(openings.map(\.name.text))
      let name = endQueue.remove(at: endQueue.firstIndex { awaited.contains($0.text) } ?? 0)
      guard let lease = leases[name.text] else {
        ends.removeValue(forKey: name.text)
        continue
      }
      if lease.history.isAccounted {
        takeNameAway(name)
        continue
      }
      endsRunning += 1
      var arguments = ["teardown", name.text, String(lease.uid), Files.parent(of: lease.home), "--daemon", String(ProcessTable.ownPid)]
      // A process that opened sessions of several names is nobody's to kill while one of them lives.
      let alive = watches.values.map { $0.handle.reference }
      for session in lease.leaving where !alive.contains(session.process) {
        arguments += ["--leaving", "\(session.process.pid):\(session.process.start)"]
      }
      if hasty.remove(name.text) != nil { arguments += ["--patience", "0"] }
      for program in sshdPrograms { arguments += ["--spare", program] }
      Worker.start(loop, "/proc/self/exe", arguments, milliseconds: 600_000) { [weak self] outcome in
        guard let self else { return }
        endsRunning -= 1
        endDone(of: name, outcome)
        runEnds()
      }
    }
  }

  private func endDone(of name: AccountName, _ outcome: Worker.Outcome) {
    guard var lease = leases[name.text] else { return }
    let report = (try? JSONValue.parse(outcome.output)).flatMap { try? TeardownReport(MemberReader($0)) }
    guard outcome.status == 0, let report, report.isClean else {
      let why = report.map { "still there: " + $0.remaining.prefix(8).map { Escape.visible($0) }.joined(separator: ", ") }
        ?? "the worker ended with \(outcome.status.map(String.init) ?? "no status"): \(Escape.visible(outcome.errors, limit: 300))"
      return endFailed(lease, why, report)
    }
    // The evidence before the name goes: from then on the number means nothing to anybody who looks it up.
    record.leaseEnd(lease, report)
    lease.history.isAccounted = true
    leases[name.text] = lease
    keep(lease)
    takeNameAway(name)
  }

  func endFailed(_ lease: Lease, _ why: String, _ report: TeardownReport?) {
    let name = lease.name
    ends[name.text, default: LeaseEnd()].failures += 1
    ends[name.text]?.remaining = report?.remaining ?? [why]
    let failures = ends[name.text]?.failures ?? 1
    var facts: [JSONValue.Member] = [.init("name", .string(name.text)), .init("uid", .integer(Int64(lease.uid))), .init("failures", .integer(Int64(failures)))]
    if let report { facts.append(.init("report", report.json)) }
    record.note(.endFailed, failures >= 2 ? .alert : .warning, "\(name.text) (uid \(lease.uid)) is not gone yet: \(why)", facts)
    // Once more at once; then it is quarantined: the name opens nothing, its processes are killed (`lookForIntruders`), and
    // it is tried again every five minutes.
    if failures == 2 { lookSoon() }
    loop.after(failures < 2 ? 1000 : 300_000) { [weak self] in self?.queueEnd(of: name) }
  }
}
