internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity
internal import Policy

/// pam_sm_open_session: the story of DESIGN 3. Whose account it is, which certificate was shown, what the policy says,
/// what the host's ceilings leave of it, and whether the daemon opens a session for it.
public enum SessionOpening {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let phase = Phase(login: login, world: world, voice: voice)
    phase.begin("open_session")
    var trail = Trail()
    do throws(Refusal) {
      let configuration = ConfigurationState.read(world)
      switch try Account.of(login.user, configuration, world) {
      case .unknown: return .unknownUser
      case .ours(let entry):
        let published = try configuration.need()
        switch Program.of(login, published, world) {
        case .sshd: return try phase.open(entry, published, try phase.authenticationInfo(), &trail)
        case .joining: return try phase.join(entry)  // the session that it joins is the one that ends
        case .other: throw .serviceNotServed(login.facts.service)
        }
      case .local(let entry):
        trail.isLocal = true
        guard let info = try phase.certificateOfOurs(configuration) else { return .ignored }
        return try phase.open(entry, info.configuration, info.shown, &trail)
      }
    } catch {
      return phase.refuse(error, trail)
    }
  }
}

extension Phase {
  fileprivate func authenticationInfo() throws(Refusal) -> AuthenticationInfo {
    guard let bytes = login.authenticationInfo else { throw .noCredential }
    do throws(AuthenticationInfoError) { return try AuthenticationInfo(bytes.span) } catch { throw .authenticationInfo(error.detail) }
  }

  /// For an account of another source: what sshd says, if a certificate of ours is in it; nil if the login is none of
  /// our business. What cannot be told is refused, not passed (DESIGN 6).
  fileprivate func certificateOfOurs(_ state: ConfigurationState) throws(Refusal) -> (configuration: Published, shown: AuthenticationInfo)? {
    guard let bytes = login.authenticationInfo, !bytes.isEmpty else { return nil }
    if case .unavailable(.neverPublished) = state { return nil }
    let info = try authenticationInfo()
    guard !info.certificates.isEmpty else { return nil }
    // Before the daemon has come up, another authority's certificate is still none of our business: root must get in.
    if case .unavailable(.notThisBoot) = state, let last = world.lastGoodConfiguration(), !Published(rules: last).mayTrustAny(of: info) { return nil }
    let configuration = try state.need()  // whose the certificate is, nobody can say without
    guard configuration.mayTrustAny(of: info) else { return nil }
    guard case .sshd = Program.of(login, configuration, world) else { throw .programNotListed }
    return (configuration, info)
  }

  fileprivate func open(_ entry: PasswordEntry, _ configuration: Published, _ info: AuthenticationInfo, _ trail: inout Trail) throws(Refusal) -> PAMResult {
    let rules = configuration.rules
    guard let account = String.ifValid(login.user), entry.name.elementsEqual(login.user) else { throw .nameNotAdmitted }
    if !trail.isLocal {
      guard let name = AccountName(account), rules.accounts.admits(name) else { throw .nameNotAdmitted }
    }
    let now = world.moment().unixSeconds
    let credential = try Credential.of(info, login, configuration, now: now, world.revocations(rules.certificate.revoked), &trail)
    let decision: Decision
    if let own = try Decision.breakGlass(credential, account: account, now: now) {
      decision = own
    } else {
      decision = try ask(credential, info, account, configuration, now: now, &trail)
    }
    let request = try OpenRequest(decision, credential, entry, login, rules, isLocal: trail.isLocal, now: world.moment().unixSeconds) { note in
      log(.notice, "\(account): \(note)")
    }
    let session = try OpenedSession.open(request, world)
    guard let proof = Entry(decision, session, user: login.user), voice.keep(session: session.id) else {
      session.giveUp(world)
      throw .notKept
    }
    welcome(session, entry, trail)
    return .entered(proof)
  }

  private func ask(_ credential: Credential, _ info: AuthenticationInfo, _ account: String, _ configuration: Published, now: UInt64, _ trail: inout Trail) throws(Refusal) -> Decision {
    var question = Question(subjectID: credential.certificate.subjectID, account: account, login: login.facts,
      credential: credential.facts, extensions: credential.extensions, attributes: credential.attributes, subjectType: credential.kind.text, now: now)
    let decision = try Decision.ask(&question, configuration, self, &trail)
    // A certificate may end, or be revoked, while somebody waits.
    if question.approval != nil {
      _ = try Credential.of(info, login, configuration, now: question.now, world.revocations(configuration.rules.certificate.revoked), &trail)
    }
    return decision
  }

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
