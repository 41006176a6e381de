internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity

/// pam_sm_authenticate: login, su and sshd's keyboard-interactive have a certificate shown here, by a signature over a challenge,
/// and the policy decides. What it permits is kept by the daemon until the phase that opens it. sudo is decided here for who is in.
public enum AuthenticationPhase {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let configuration = ConfigurationState.read(world)
    let program = Program.of(login, configuration, world)
    let phase = Phase(login: login.spoken(in: program), world: world, voice: voice)
    phase.begin("authenticate")
    var trail = Trail()
    do throws(Refusal) {
      switch try Account.of(login.user, configuration, world) {
      case .unknown:
        guard case .console = program, let entry = phase.newcomer(configuration) else { return .unknownUser }
        return try phase.decideAndHold(entry, try configuration.need(), program, &trail)
      case .ours(let entry):
        let published = try configuration.need()
        switch program {
        case .sshd, .console, .su: return try phase.decideAndHold(entry, published, program, &trail)
        case .sudo: return try phase.elevate(entry, published, &trail)
        case .joining, .other: throw .notShownHere
        }
      case .local(let entry):
        trail.isLocal = true
        guard try phase.mustShow(program, configuration) else { return .ignored }
        let published = try configuration.need()
        switch program {
        case .sshd, .console, .su: return try phase.decideAndHold(entry, published, program, &trail)
        case .sudo: return try phase.elevate(entry, published, &trail)
        case .joining, .other: throw .certificateRequired
        }
      }
    } catch {
      // Before a certificate of ours was shown nobody has proved anything, and every scanner that guesses a name comes here.
      let refused = phase.refuse(error, trail, tellsDaemon: trail.credential != nil || trail.decision != nil)
      // sudo would ask, and so the policy be asked, three times over (passwd_tries).
      if case .sudo = program { return .refused(.final) }
      return refused
    }
  }
}

extension Login {
  /// sudo wants modules silent, always; a refusal without its reason would help nobody.
  func spoken(in program: Program) -> Login {
    guard case .sudo = program else { return self }
    var login = self
    login.isSilent = false
    return login
  }
}

extension Phase {
  /// A name that nobody has and that may become an account here.
  @inline(never)
  func newcomer(_ state: ConfigurationState) -> PasswordEntry? {
    guard let rules = state.accounts, let text = String.ifValid(login.user), let name = AccountName(text) else { return nil }
    return world.candidate(name, rules)
  }

  /// Must this account of another source show a certificate here? Root as the caller of su and sudo has all rights already.
  @inline(never)
  func mustShow(_ program: Program, _ state: ConfigurationState) throws(Refusal) -> Bool {
    switch program {
    case .joining: return false
    case .sudo:
      // targetpw and the like: PAM is told another name than the caller's, and who is in would be asked for that one's password.
      if let accounts = state.accounts, accounts.range.contains(world.caller()) { throw .notTheCaller }
      if world.caller() == 0 { return false }
    case .su: if world.caller() == 0 { return false }
    case .sshd, .console, .other: break
    }
    return login.options.requires(login.user, in: program)
  }

  @inline(never)
  fileprivate func decideAndHold(_ entry: PasswordEntry, _ configuration: Published, _ program: Program, _ trail: inout Trail) throws(Refusal) -> PAMResult {
    let proof: Proof
    switch program {
    case .sshd:
      // With `publickey,keyboard-interactive` sshd has verified the certificate by now.
      let info = login.authenticationInfo.map { !$0.isEmpty } == true ? try authenticationInfo() : nil
      if let info, configuration.mayTrustAny(of: info) { proof = .told(info) } else { proof = .presented(try prove(configuration, by: .person)) }
    case .su where entry.uid == world.caller(): proof = .presented(try prove(configuration, by: .agentOrPerson))
    default: proof = .presented(try prove(configuration, by: .person))
    }
    let decided = try decide(entry, configuration, proof, &trail)
    let held = try HeldDecision.hold(decided, world)
    var isLeft = voice.keep(.reference, Kept(text: held.reference, user: login.user))
    // sshd's child: the monitor opens. The reference is worth nothing to any other process.
    if case .sshd = program { isLeft = voice.pass(reference: held.reference) && isLeft }
    guard isLeft, let entered = Entry(decided.decision, held, user: login.user) else { throw .notKept }
    log(.info, "decided \(login.shownUser): the policy lets in (service=\(login.facts.service) from=\(login.facts.remote)" + trail.text + ")")
    return .entered(entered)
  }
}
