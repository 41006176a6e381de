internal import DaemonProtocol
internal import HostSystem

/// pam_sm_acct_mgmt. In sshd nothing can be decided yet: the certificate is shown in the session phase. Everywhere else
/// one of our accounts is let through only while somebody is in under its name.
public enum AccountPhase {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let phase = Phase(login: login, world: world, voice: voice)
    phase.begin("account")
    do throws(Refusal) {
      let configuration = ConfigurationState.read(world)
      switch try Account.of(login.user, configuration, world) {
      case .unknown: return .unknownUser
      case .local: return .ignored
      case .ours(let entry):
        let published = try configuration.need()
        switch Program.of(login, published, world) {
        // Not a yes: the passwd field `*` lets pam_unix carry the stack, and the session line decides.
        case .sshd: return .ignored
        case .joining: return try phase.join(entry)
        case .other: throw .serviceNotServed(login.facts.service)
        }
      }
    } catch {
      return phase.refuse(error, Trail())
    }
  }
}

extension Phase {
  func join(_ entry: PasswordEntry) throws(Refusal) -> PAMResult {
    guard let proof = Entry(try StandingLease.of(login, entry, world), user: login.user) else { throw .noLease }
    return .entered(proof)
  }
}
