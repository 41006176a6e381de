internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity
internal import Policy

/// A login that the policy (or in an emergency this host) has said yes to, within the host's ceilings; nothing is open yet.
struct DecidedLogin {
  let decision: Decision
  let request: OpenRequest
}

extension Phase {
  /// From the proof to the yes: whose name, which certificate, what the policy says, what the ceilings leave of it.
  @inline(never)
  func decide(_ entry: PasswordEntry, _ configuration: Published, _ proof: Proof, _ trail: inout Trail) throws(Refusal) -> DecidedLogin {
    let rules = configuration.rules
    guard let account = String.ifValid(login.user), entry.name.elementsEqual(login.user) else { throw .nameNotAdmitted }
    if !trail.isLocal {
      guard let name = AccountName(account), rules.accounts.admits(name) else { throw .nameNotAdmitted }
    }
    let now = world.moment().unixSeconds
    let credential = try Credential.of(proof, login, configuration, now: now, world.revocations(rules.certificate.revoked), &trail)
    let decision: Decision
    if let own = try Decision.breakGlass(credential, account: account, now: now) {
      decision = own
    } else {
      decision = try ask(credential, proof, account, configuration, now: now, &trail)
    }
    let request = try OpenRequest(decision, credential, entry, login, rules, isLocal: trail.isLocal, now: world.moment().unixSeconds) { note in
      log(.notice, "\(account): \(note)")
    }
    return DecidedLogin(decision: decision, request: request)
  }

  private func ask(_ credential: Credential, _ proof: Proof, _ account: String, _ configuration: Published, now: UInt64, _ trail: inout Trail) throws(Refusal) -> Decision {
    var question = Question(subjectID: credential.certificate.subjectID, account: account, login: login.facts,
      credential: credential.facts, extensions: credential.extensions, attributes: credential.attributes, subjectType: credential.kind.text, now: now)
    let decision = try Decision.ask(&question, configuration, self, &trail)
    // A certificate may end, or be revoked, while somebody waits.
    if question.approval != nil {
      _ = try Credential.of(proof, login, configuration, now: question.now, world.revocations(configuration.rules.certificate.revoked), &trail)
    }
    return decision
  }

  /// Has the daemon open what was just decided, for this process.
  @inline(never)
  func open(_ entry: PasswordEntry, _ configuration: Published, _ proof: Proof, _ trail: inout Trail) throws(Refusal) -> PAMResult {
    let decided = try decide(entry, configuration, proof, &trail)
    let session = try OpenedSession.open(decided.request, world)
    return try keep(session, Entry(decided.decision, session, user: login.user), entry, trail)
  }

  /// Has it open what was decided in an earlier phase.
  @inline(never)
  func redeem(_ reference: String, _ entry: PasswordEntry, _ configuration: Published, _ trail: Trail) throws(Refusal) -> PAMResult {
    guard let account = String.ifValid(login.user), entry.name.elementsEqual(login.user) else { throw .nameNotAdmitted }
    let session = try OpenedSession.redeem(reference, account, atMost: configuration.rules.session.maxDuration, world)
    return try keep(session, Entry(redeemed: session, user: login.user), entry, trail)
  }

  @inline(never)
  private func keep(_ session: OpenedSession, _ proof: Entry?, _ entry: PasswordEntry, _ trail: Trail) throws(Refusal) -> PAMResult {
    guard let proof, voice.keep(.session, Kept(text: session.id, user: login.user)) else {
      session.giveUp(world)
      throw .notKept
    }
    welcome(session, entry, trail)
    return .entered(proof)
  }

  @inline(never)
  private func welcome(_ session: OpenedSession, _ entry: PasswordEntry, _ trail: Trail) {
    for note in session.notes { log(.notice, "\(login.shownUser): \(note)") }
    if !voice.limitRuntime(seconds: session.seconds) { log(.warning, "systemd is not told the session's end; the daemon holds it alone") }
    let facts = login.facts
    let until = Timestamp.text(session.expires)
    let isEmergency = trail.isBreakGlass
    log(isEmergency ? .alert : .info, (isEmergency ? Trail.breakGlassMark : "") + "granted \(login.shownUser): session=\(session.id) uid=\(entry.uid) until=\(until) (service=\(facts.service) from=\(facts.remote)" + trail.text + ")")
    guard !login.isSilent else { return }
    let end = trail.isLocal ? "" : " The home directory is removed at the end."
    let mark = isEmergency ? Trail.breakGlassMark + "without a decision of the policy, which is logged and reported, " : ""
    voice.show(info: "Sojourn: \(mark)\(login.shownUser) is let in until \(until), that is for \(TimeSpan.text(session.seconds)).\(end)")
  }
}
