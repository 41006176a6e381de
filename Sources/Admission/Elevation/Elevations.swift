internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity
internal import Policy

/// A use of sudo that was decided and is in the audit log: only the daemon's answer makes one (DESIGN 2, invariant 11).
struct RecordedElevation {
  let account: String
  let target: String

  private init(_ elevation: Elevation) {
    account = elevation.name
    target = elevation.target
  }

  static func record(_ elevation: Elevation, _ world: some Surroundings) throws(Refusal) -> RecordedElevation {
    let reply: Reply
    do throws(DaemonSilence) { reply = try world.daemon(.elevated(elevation), milliseconds: 5000, patience: 2000) } catch { throw Refusal(error) }
    switch reply {
    case .done: return RecordedElevation(elevation)
    case .refused(let refusal, let detail): throw .notOpened(refusal, detail)
    case .failed(let why): throw .daemonAnswer(why)
    default: throw .daemonAnswer("an answer to another question")
    }
  }
}

/// sudo, for its caller: decided anew at each use, with the credential that the caller's session was opened with, or that a local
/// caller's agent shows.
extension Phase {
  func elevate(_ entry: PasswordEntry, _ configuration: Published, _ trail: inout Trail) throws(Refusal) -> PAMResult {
    guard entry.uid == world.caller(), let account = String.ifValid(login.user) else { throw .notTheCaller }
    // Decided in an earlier phase of this very process.
    let wantsPresence = trail.isLocal || login.options.isFresh
    if let kept = voice.kept(.elevation), !wantsPresence || voice.kept(.presence) == kept, let proof = Entry(elevated: kept) { return .entered(proof) }
    // Another program of that service (sudo-rs) reads its command line in another way.
    guard let program = world.rootProgram(), program.elementsEqual("/usr/bin/sudo".utf8) else { throw .sudoArguments("the program is not /usr/bin/sudo") }
    let invocation = try SudoInvocation(world.words(), sendsArguments: configuration.rules.sudo.sendsArguments)
    trail.attempt = "as \(invocation.target), \(invocation.command.kind) \(invocation.command.program)"
    let presentation = wantsPresence ? try prove(configuration, by: .agent, target: invocation.target) : nil
    var elevation = trail.isLocal
      ? try decideLocal(presentation, account, entry, invocation, configuration, &trail)
      : try decideStanding(presentation, account, entry, invocation, configuration, &trail)
    elevation.isPresented = wantsPresence
    let recorded = try RecordedElevation.record(elevation, world)
    let kept = Kept(text: elevation.session.utf8.isEmpty ? "local" : elevation.session, user: Array(recorded.target.utf8))
    guard !wantsPresence || voice.keep(.presence, kept), voice.keep(.elevation, kept), let proof = Entry(recorded, user: login.user) else { throw .notKept }
    let mark = trail.isBreakGlass ? Trail.breakGlassMark : ""
    log(trail.isBreakGlass ? .alert : .info, mark + "elevated \(login.shownUser) to \(recorded.target): session=\(elevation.session) (service=\(login.facts.service)" + trail.text + ")")
    return .entered(proof)
  }

  /// In the session phase PAM has the target's name: it must be the one that was decided about.
  func confirmTarget(_ state: ConfigurationState) throws(Refusal) {
    if let kept = voice.kept(.elevation) {
      guard kept.user.elementsEqual(login.user) else { throw .targetDiffers("it was decided about " + Escape.visible(kept.user, limit: 64)) }
      return
    }
    if let accounts = state.accounts, accounts.range.contains(world.caller()) { throw .targetDiffers("nothing was decided: the account line is missing") }
  }

  /// By the credential that the caller's own session was opened with.
  private func decideStanding(_ presentation: Presentation?, _ account: String, _ entry: PasswordEntry, _ invocation: SudoInvocation, _ configuration: Published,
    _ trail: inout Trail) throws(Refusal) -> Elevation {
    let own = try sessionCredential(account, entry)
    trail.credential = own.credential
    if let presentation {
      var fresh = Trail()
      let credential = try Credential.of(.presented(presentation), login, configuration, now: world.moment().unixSeconds,
        world.revocations(configuration.rules.certificate.revoked), &fresh)
      guard credential.certificate.subjectID.isExactly(own.subjectID) else { throw .answerSignature("it is by another person's certificate") }
    }
    var elevation = Elevation(name: account, uid: entry.uid, isLocal: false, session: own.session, login: login.facts, credential: own.credential,
      decision: .breakGlass(subject: own.subjectID), target: invocation.target, command: invocation.command, isPresented: false)
    if own.isBreakGlass {
      // The host decided the session, and can decide no more than it: what the administrator has written down for emergencies.
      trail.decision = elevation.decision
      guard own.isRootEquivalent else { throw .breakGlassElevation }
      return elevation
    }
    var question = Question(subjectID: own.subjectID, account: account, login: login.facts, credential: own.credential, extensions: own.subject.extensions,
      attributes: own.subject.attributes, subjectType: own.subject.type, now: world.moment().unixSeconds)
    question.session = (own.session, own.opened)
    elevation.decision = try decide(&question, invocation, configuration, &trail)
    return elevation
  }

  /// By the certificate that a local caller's agent has just signed with.
  private func decideLocal(_ presentation: Presentation?, _ account: String, _ entry: PasswordEntry, _ invocation: SudoInvocation, _ configuration: Published,
    _ trail: inout Trail) throws(Refusal) -> Elevation {
    guard let presentation else { throw .certificateRequired }
    let now = world.moment().unixSeconds
    let credential = try Credential.of(.presented(presentation), login, configuration, now: now, world.revocations(configuration.rules.certificate.revoked), &trail)
    var elevation = Elevation(name: account, uid: entry.uid, isLocal: true, session: "", login: login.facts, credential: credential.facts,
      decision: .breakGlass(subject: credential.certificate.subjectID), target: invocation.target, command: invocation.command, isPresented: true)
    if let own = try Decision.breakGlass(credential, account: account, now: now) {
      // No more than what is written down for emergencies, as for who is in.
      let rootEquivalent = configuration.rules.accounts.rootEquivalentGroups
      guard credential.breakGlass?.groups.contains(where: { group in rootEquivalent.contains { $0.isExactly(group) } }) == true else { throw .breakGlassElevation }
      elevation.decision = own.facts
      return elevation
    }
    var question = Question(subjectID: credential.certificate.subjectID, account: account, login: login.facts, credential: credential.facts,
      extensions: credential.extensions, attributes: credential.attributes, subjectType: credential.kind.text, now: now)
    elevation.decision = try decide(&question, invocation, configuration, &trail)
    return elevation
  }

  private func decide(_ question: inout Question, _ invocation: SudoInvocation, _ configuration: Published, _ trail: inout Trail) throws(Refusal) -> DecisionFacts {
    question.elevation = (invocation.target, invocation.command)
    let decision = try Decision.ask(&question, configuration, self, &trail)
    if let until = decision.grant.approvedUntil, until <= world.moment().unixSeconds { throw .approvalOver }
    // It opens nothing, so that there is nothing to be granted: what cannot be met is refused.
    guard decision.grant.isEmpty else { throw .elevationGrant }
    return decision.facts
  }

  private func sessionCredential(_ account: String, _ entry: PasswordEntry) throws(Refusal) -> SessionCredential {
    let reply: Reply
    do throws(DaemonSilence) { reply = try world.daemon(.credential(name: account, uid: entry.uid), milliseconds: 5000, patience: 2000) } catch { throw Refusal(error) }
    switch reply {
    case .credential(let credential): return credential
    case .refused(let refusal, let detail): throw .notOpened(refusal, detail)
    case .failed(let why): throw .daemonAnswer(why)
    default: throw .daemonAnswer("an answer to another question")
    }
  }
}

extension Grant {
  /// Nothing is granted but the yes itself.
  var isEmpty: Bool { uid == nil && groups.isEmpty && shell == nil && maxSessionSeconds == nil && reevaluateSeconds == nil && !isRecorded }
}
