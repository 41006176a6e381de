internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// pam_sm_acct_mgmt. In sshd nothing is opened yet: the certificate is shown in the session phase, or its decision is passed on to
/// it. login and su open here what was decided when the certificate was shown, before login looks the name up. sudo is decided
/// here where it asked for no proof (a ticket, NOPASSWD).
public enum AccountPhase {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let configuration = ConfigurationState.read(world)
    let program = Program.of(login, configuration, world)
    let phase = Phase(login: login.spoken(in: program), world: world, voice: voice)
    phase.begin("account")
    var trail = Trail()
    do throws(Refusal) {
      switch try Account.of(login.user, configuration, world) {
      case .unknown:
        guard case .console = program, let entry = phase.newcomer(configuration) else { return .unknownUser }
        guard let opened = try phase.openHeld(entry, try configuration.need(), trail) else { return .unknownUser }
        return opened
      case .local(let entry):
        trail.isLocal = true
        // What an auth line has had decided is opened also where this line was not told to demand it.
        let wasAsked = voice.kept(.reference)?.user.elementsEqual(login.user) ?? false
        guard try phase.mustShow(program, configuration) || wasAsked else { return .ignored }
        switch program {
        case .sshd: return .ignored  // the session phase decides
        case .console, .su:
          guard let opened = try phase.openHeld(entry, try configuration.need(), trail) else { throw .certificateRequired }
          return opened
        case .sudo: return try phase.elevate(entry, try configuration.need(), &trail)
        case .joining, .other: throw .certificateRequired
        }
      case .ours(let entry):
        let published = try configuration.need()
        switch program {
        // Not a yes: the passwd field `*` lets pam_unix carry the stack, and the session line decides.
        case .sshd:
          phase.announce(entry)
          return .ignored
        case .console:
          guard let opened = try phase.openHeld(entry, published, trail) else { throw .noCredential }
          return opened
        // Without a decision of its own su joins a session that lives, for root alone: what else lets people through here
        // (pam_wheel with trust, a second factor that is enough) says nothing about another person's session.
        case .su:
          if let opened = try phase.openHeld(entry, published, trail) { return opened }
          return try phase.joinAsRoot(entry)
        case .sudo: return try phase.elevate(entry, published, &trail)
        case .joining: return try phase.join(entry)
        case .other: throw .serviceNotServed(login.facts.service)
        }
      }
    } catch {
      return phase.refuse(error, trail)
    }
  }
}

extension Phase {
  /// sshd took the certificate, so an opening is likely: the daemon asks the host's other sources about the name while the
  /// session phase verifies it and asks the policy. Whether it heard that is all the same.
  @inline(never)
  fileprivate func announce(_ entry: PasswordEntry) {
    // What our own phase in sshd's child has had decided is opened by another process.
    guard voice.kept(.reference) == nil, let account = String.ifValid(login.user) else { return }
    world.tellDaemon(.expect(name: account, uid: entry.uid))
  }

  @inline(never)
  func join(_ entry: PasswordEntry) throws(Refusal) -> PAMResult {
    guard let proof = Entry(try StandingLease.of(login, entry, world), user: login.user) else { throw .noLease }
    return .entered(proof)
  }

  func joinAsRoot(_ entry: PasswordEntry) throws(Refusal) -> PAMResult {
    guard world.caller() == 0 else { throw .noCredential }
    return try join(entry)
  }

  /// What this process has opened for this name already; nil: nothing. (Our line may stand in a stack twice.)
  @inline(never)
  func opened() -> PAMResult? {
    guard let kept = voice.kept(.session), let proof = Entry(kept: kept, user: login.user) else { return nil }
    return .entered(proof)
  }

  /// Opens what was decided in this process for this name; nil: nothing was.
  @inline(never)
  fileprivate func openHeld(_ entry: PasswordEntry, _ configuration: Published, _ trail: Trail) throws(Refusal) -> PAMResult? {
    if let opened = opened() { return opened }
    guard let kept = voice.kept(.reference), kept.user.elementsEqual(login.user) else { return nil }
    return try redeem(kept.text, entry, configuration, trail)
  }
}
