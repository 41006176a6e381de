internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// pam_sm_open_session: the story of DESIGN 3. Whose account it is, which certificate was shown, what the policy says,
/// what the host's ceilings leave of it, and whether the daemon opens a session for it.
public enum SessionOpening {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let configuration = ConfigurationState.read(world)
    let program = Program.of(login, configuration, world)
    let phase = Phase(login: login.spoken(in: program), world: world, voice: voice)
    phase.begin("open_session")
    var trail = Trail()
    do throws(Refusal) {
      if let opened = phase.opened() { return opened }
      if case .sudo = program { try phase.confirmTarget(configuration) }
      switch try Account.of(login.user, configuration, world) {
      case .unknown: return .unknownUser
      case .ours(let entry):
        let published = try configuration.need()
        switch program {
        case .sshd:
          if let reference = try phase.passedReference() { return try phase.redeem(reference, entry, published, trail) }
          return try phase.open(entry, published, .told(try phase.authenticationInfo()), &trail)
        case .su, .sudo, .joining: return try phase.join(entry)  // the session that it joins is the one that ends
        case .console: throw .noCredential
        case .other: throw .serviceNotServed(login.facts.service)
        }
      case .local(let entry):
        trail.isLocal = true
        if case .sudo = program { return .ignored }  // its caller was asked
        if case .sshd = program, let reference = try phase.passedReference() { return try phase.redeem(reference, entry, try configuration.need(), trail) }
        if let info = try phase.certificateOfOurs(configuration) { return try phase.open(entry, info.configuration, .told(info.shown), &trail) }
        guard try !phase.mustShow(program, configuration) else { throw .certificateRequired }
        return .ignored
      }
    } catch {
      return phase.refuse(error, trail)
    }
  }
}

extension Phase {
  @inline(never)
  func authenticationInfo() throws(Refusal) -> AuthenticationInfo {
    guard let bytes = login.authenticationInfo else { throw .noCredential }
    do throws(AuthenticationInfoError) { return try AuthenticationInfo(bytes.span) } catch { throw .authenticationInfo(error.detail) }
  }

  /// What our own phase in sshd's child has left, or what somebody wants us to take for it: the daemon knows.
  @inline(never)
  fileprivate func passedReference() throws(Refusal) -> String? {
    guard let text = login.reference, !text.isEmpty else { return nil }
    guard Kept.isReference(text), let reference = String.ifValid(text) else { throw .notOpened(.noReference, "it is of another form") }
    return reference
  }

  /// For an account of another source: what sshd says, if a certificate of ours is in it; nil if the login is none of
  /// our business. What cannot be told is refused, not passed (DESIGN 6).
  @inline(never)
  fileprivate func certificateOfOurs(_ state: ConfigurationState) throws(Refusal) -> (configuration: Published, shown: AuthenticationInfo)? {
    guard let bytes = login.authenticationInfo, !bytes.isEmpty else { return nil }
    if case .unavailable(.neverPublished) = state { return nil }
    let info = try authenticationInfo()
    guard !info.certificates.isEmpty else { return nil }
    // Before the daemon has come up, another authority's certificate is still none of our business: root must get in.
    if case .unavailable(.notThisBoot) = state, let last = world.lastGoodConfiguration(), !Published(rules: last).mayTrustAny(of: info) { return nil }
    let configuration = try state.need()  // whose the certificate is, nobody can say without
    guard configuration.mayTrustAny(of: info) else { return nil }
    guard case .sshd = Program.of(login, state, world) else { throw .programNotListed }
    return (configuration, info)
  }
}
