import DaemonProtocol
import Encoding
import HostSystem
import Identity
import Readiness

/// `sojourn setup --undo`: names lose their accounts first, then sessions end in order, then what setup changed is taken back, sshd's part
/// before PAM's and the daemon last.
struct SetupUndo {
  /// The package takes its own parts away: the names' source, group and files.
  let isRemoval: Bool
  let isDry: Bool
  let isAgreed: Bool

  private static let reason = "Sojourn is being taken off this host"

  func run() throws {
    var journal: SetupJournal
    do throws(SetupRefusal) { journal = try SetupJournal.read() } catch {
      // A package that goes away takes nothing with it that a journal could be kept for.
      guard isRemoval else { throw error }
      error.say()
      journal = SetupJournal.none
    }
    let steps = journal.steps + (try SetupUndo.seen(journal))
    let hasDaemon = HostService.daemon != nil || HostService.isEnabled
    guard !steps.isEmpty || hasDaemon || journal.isBroken || Departure.hasLeases else { return Terminal.say("Nothing is to be undone: this host is not set up.") }
    try show(steps)
    guard !isDry else { return Terminal.say("Nothing was changed.") }
    try Setup.agree(isAgreed, to: "End all sessions and take this back now?")
    try Departure.requireNotOwn()
    // Half of it is worse than all of it: from here on a lost terminal or ^C ends nothing, for
    // these signals stay blocked.
    _ = try? ScreenSignals()
    try CandidateMark.put()
    try CandidateMark.withdraw()
    try Departure.endAll(SetupUndo.reason)
    // The drop-in is gone already, by hand or by an undo that stopped there: an sshd that listens may know of it all the same.
    if steps.contains(where: { $0.kind == .profile }), !steps.contains(where: { $0.kind == .sshd }), let note = try ServerReload.all() { Terminal.say(note) }
    // In one order with what the journal has: sshd's part before PAM's.
    journal.know(try SetupUndo.seen(journal))
    let isEnabledBefore = journal.steps.contains { $0.kind == .service && $0.wasEnabled }
    var isWhole = TakingBack.all(&journal, isRollback: false, isRemoval: isRemoval)
    do throws(SetupRefusal) { try HostService.stop(keepEnabled: isEnabledBefore) } catch {
      error.say()
      isWhole = false
    }
    // A login that was under way while sessions ended has nobody who watches it any more.
    do throws(SetupRefusal) { try Departure.requireNobodyLeft() } catch {
      error.say()
      isWhole = false
    }
    if !HostService.isBooted { Terminal.say("systemd does not run here, so no unit of it was stopped.") }
    guard isWhole else {
      Terminal.say("Not all of it could be taken back: run 'sojourn setup --undo' again. Nobody is let in by Sojourn meanwhile, and local accounts are not concerned.")
      if journal.steps.contains(where: { $0.kind == .sshd }) {
        throw SetupRefusal("an sshd may still trust the authorities of Sojourn, so the PAM lines stay", remedy: "see above")
      }
      throw Exit.refused
    }
    try CandidateMark.remove()
    Terminal.say("This host is no longer set up. What stays: \(Files.parent(of: Places.configurationFile)), the uid registry \(Places.uids), and the log in \(Files.parent(of: Places.auditLog)).")
  }

  private func show(_ steps: [SetupStep]) throws {
    try Terminal.print("Names without an account can no longer log in.")
    if case .sessions(let sessions) = SessionList.look(), !sessions.isEmpty {
      for session in sessions { try Terminal.print("end: session \(SessionSummary.show(session.session)) of \(SessionSummary.show(session.name))") }
    }
    for step in steps.sorted(by: { $0.kind.undone < $1.kind.undone }) where !step.kind.stays && !(isRemoval && step.kind == .nameServices) {
      try Terminal.print("take back: \(step.title)")
    }
    try Terminal.print("stop and disable: sojournd")
  }

  /// What stands on the host as setup makes it, and no journal knows of: set up by hand, or the journal is lost.
  private static func seen(_ journal: SetupJournal) throws(SetupRefusal) -> [SetupStep] {
    var steps: [SetupStep] = []
    func isKnown(_ kind: SetupStep.Kind) -> Bool { journal.steps.contains { $0.kind == kind } }
    do throws(SystemError) {
      if !isKnown(.sshd), let found = try HostFile.read(ServerDropIn.path) {
        let keys = found.text.parts(10).first { $0.begins(with: "TrustedUserCAKeys ") }
        let template = try HostFile.read(SetupInputs.templates + "/sshd_config.d/" + ServerDropIn.name)
        let ours = template.map { $0.text.parts(10).map { $0.begins(with: "TrustedUserCAKeys ") ? keys ?? $0 : $0 }.joined(separator: "\n") } ?? ""
        steps.append(SetupStep(.sshd, files: [.init(path: ServerDropIn.path, before: nil, after: found.with(ours))]))
      }
    } catch { throw SetupRefusal("\(ServerDropIn.path): \(error.sentence)") }
    if !isKnown(.profile), PAMProfile.isThere { steps.append(SetupStep(.profile, command: "pam-auth-update --remove sojourn")) }
    return steps
  }
}
