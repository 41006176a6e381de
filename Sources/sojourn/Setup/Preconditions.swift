import Configuration
import Encoding
import HostSystem
import Identity
import Readiness

/// What must be so before anything is changed: what setup cannot make right by itself.
enum Preconditions {
  /// - Throws: the first of what is wrong; the others are said.
  static func require(_ configuration: PublishedConfiguration) throws(SetupRefusal) {
    var found = CandidateReadiness.findings(configuration).problems.filter { finding in
      // The rest is what setup is for; whether it succeeded is looked at when it is done.
      ["module-pam", "module-nss", "sshd", "sshd-configuration", "sshd-options", "sshd-apart"].contains { finding.id.isExactly($0) } || finding.id.begins(with: "nscd")
        || (finding.id.isExactly("group") && hasGroup) || (finding.id.isExactly("gate-shell") && finding.subject.isExactly(Places.gateShell))
    }
    let mendable: Set<Finding.Area> = [.names, .pam, .sshd, .daemon]
    found += HostReadiness.findings(configuration, version: Release.version, daemonAnswers: HostService.daemon != nil).problems.filter { finding in
      !mendable.contains(finding.area) && finding.kind != .group && finding.kind != .gateShell
    }
    // `Match Group sojourn` would take keys and passwords from them.
    found += CandidateReadiness.findings(configuration).filter { $0.kind == .group && $0.severity == .warning }
    guard let first = found.first else { return }
    for finding in found.dropFirst() { SetupRefusal(finding.line, remedy: finding.remedy).say() }
    throw SetupRefusal(first.line + "; nothing was changed", remedy: first.remedy)
  }

  static var hasGroup: Bool {
    do throws(SystemError) { return try HostNames(HostFiles()).group(Places.group) != nil } catch { return true }
  }
}

/// A real question to the policy, before anything is changed.
enum EndpointTrial {
  /// - Throws: if no endpoint gives a decision; a no is one.
  static func require(_ wish: SetupInputs.Wish) throws(SetupRefusal) {
    for print in wish.fingerprints { Terminal.say("Authority: \(print)") }
    for note in wish.notes { Terminal.say(note) }
    // There may be no daemon yet that it could be asked through.
    var configuration = wish.configuration
    configuration.policy.via = .direct
    let findings = EndpointFindings.findings(configuration)
    let answers = findings.filter { $0.id.isExactly("endpoint-answer") }
    Terminal.say("Asked about the subject \"sojourn-check\", whom nobody is to let in:")
    for finding in findings where finding.severity != .problem { Terminal.say("  " + finding.line) }
    let problems = findings.problems
    guard let first = problems.first else { return }
    let isAnswered = answers.contains { $0.severity != .problem } && !problems.contains { !$0.id.isExactly("endpoint-answer") }
    for finding in problems.dropFirst(isAnswered ? 0 : 1) { SetupRefusal(finding.line, remedy: finding.remedy).say() }
    guard !isAnswered else { return }
    throw SetupRefusal(first.line + "; nothing was changed", remedy: first.remedy)
  }
}
