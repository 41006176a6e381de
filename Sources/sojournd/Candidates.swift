import Accounts
import Audit
import Configuration
import Encoding
import Events
import HostSystem
import Identity

/// Whether names without a lease are answered in sshd, and why not if not.
struct CandidateState {
  /// The published line.
  var published: String?
  var reasons: [String] = ["the host was not looked at yet"]
  var isLooking = false
  var lookAgain = false
  /// The sshd processes that listen, as they were when the host was looked at.
  var listeners: Set<Int32> = []
}

extension Daemon {
  /// Looks whether every way into this host leads through our session line; in a process of its own, because it runs
  /// `sshd -T` and reads much. Candidates are published while the answer is yes.
  func verifyHost() {
    guard !candidates.isLooking else {
      candidates.lookAgain = true
      return
    }
    marker = MarkerGroup.gid()
    guard let configuration, let marker else {
      return withhold([self.configuration == nil ? (configurationProblem ?? "there is no configuration") : "the system group \(Places.group) is missing"])
    }
    candidates.isLooking = true
    candidates.lookAgain = false
    Worker.start(loop, "/proc/self/exe", ["verify"], milliseconds: 20_000) { [weak self] outcome in
      guard let self else { return }
      candidates.isLooking = false
      let reasons = outcome.status == 0 ? (try? JSONValue.parse(outcome.output))?.strings : nil
      // A no holds at once, whatever changed meanwhile: somebody who keeps changing /etc must not keep a stale yes alive.
      if reasons?.isEmpty != true { withhold(reasons ?? ["the host could not be looked at: \(Escape.visible(outcome.errors, limit: 300))"]) }
      if candidates.lookAgain { return verifyHost() }
      if reasons?.isEmpty == true { publish(configuration, marker) }
    }
  }

  private func publish(_ configuration: PublishedConfiguration, _ marker: UInt32) {
    let rules = configuration.accounts
    let line = "1:\(rules.range.first):\(rules.range.last):\(marker):\(rules.homeRoot):\(Places.gateShell):"
      + rules.names.joined(separator: ",") + ":" + configuration.host.candidatePrograms.joined(separator: ",") + "\n"
    guard candidates.published != line || !projection.hasCandidates else { return }
    do throws(SystemError) {
      try projection.publishCandidates(line)
      candidates.published = line
      candidates.reasons = []
      record.note(.candidates, .info, "every sshd of this host leads through Sojourn: names without an account may log in")
      // Only now does sshd know anybody in the group `sojourn`, and so what its `Match Group sojourn` changes: look again.
      loop.after(0) { [weak self] in self?.verifyHost() }
    } catch {
      withhold(["the candidate rules cannot be written: \(error.sentence)"])
    }
  }

  private func withhold(_ reasons: [String]) {
    do throws(SystemError) { try projection.withdrawCandidates() } catch {
      record.note(.candidates, .alert, "the candidate rules cannot be withdrawn: \(error.sentence)")
      loop.after(1000) { [weak self] in self?.verifyHost() }
    }
    if candidates.published != nil || candidates.reasons != reasons {
      record.note(.candidates, .warning, "names without an account cannot log in: " + reasons.map { Escape.visible($0) }.joined(separator: "; "))
    }
    candidates.published = nil
    candidates.reasons = reasons
  }

  /// Something changed in /etc, /etc/pam.d or /etc/ssh.
  func hostChanged() {
    changes.drain()
    // What editors and packages do comes in bursts; one look for all of it is enough, but withholding does not wait long.
    guard !isLookScheduled else { return }
    isLookScheduled = true
    loop.after(200) { [weak self] in
      guard let self else { return }
      isLookScheduled = false
      watchHost()
      verifyHost()
    }
  }

  /// Watching a directory twice is watching it once; one that was made, or put in another's place, since is watched too.
  func watchHost() {
    for directory in ["/etc", "/etc/pam.d", "/etc/ssh", "/etc/ssh/sshd_config.d"] { _ = changes.watch(directory) }
  }

  /// A new listener may be an sshd with other rules. Only root's are looked at: to no other program are candidates
  /// answered, and nobody may keep this daemon busy by starting an sshd of their own.
  func lookForListeners(among processes: [ProcessFacts], _ look: ProcessLook) {
    guard let programs = configuration?.host.candidatePrograms else { return }
    var isNew = false
    for process in processes where process.effectiveUser == 0 && !look.monitors.contains(process.pid) {
      guard let program = ProcessTable.program(of: process.pid), programs.contains(program), isListener(process.pid) else { continue }
      look.listeners.insert(process.pid)
      if candidates.listeners.insert(process.pid).inserted { isNew = true }
    }
    if isNew { verifyHost() }
  }

  /// At the end of a look that has seen these.
  func forgetListeners(besides seen: Set<Int32>) {
    guard !candidates.listeners.isSubset(of: seen) else { return }
    candidates.listeners.formIntersection(seen)
    verifyHost()
  }

  /// sshd names its listener `sshd: PATH [listener] …`; before it does, its command line is what it was started with.
  private func isListener(_ pid: Int32) -> Bool {
    guard let line = ProcessTable.read("/proc/\(pid)/cmdline", cap: 4096) else { return false }
    let text = String(decoding: line, as: UTF8.self)
    return text.contains("[listener]") || !text.hasPrefix("sshd: ") && !text.hasPrefix("sshd-session: ") && !text.contains("\0-R\0") && !text.contains("\0-T\0")
  }
}
