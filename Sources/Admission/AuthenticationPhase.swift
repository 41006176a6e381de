/// pam_sm_authenticate. Certificates are not shown here in this version: ours have nothing to authenticate with.
public enum AuthenticationPhase {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let phase = Phase(login: login, world: world, voice: voice)
    phase.begin("authenticate")
    do throws(Refusal) {
      switch try Account.of(login.user, ConfigurationState.read(world), world) {
      case .unknown: return .unknownUser
      case .local: return .ignored
      case .ours: throw .notShownHere
      }
    } catch {
      // The daemon is not told: nobody has proved anything yet, and every scanner that guesses a name comes here.
      return phase.refuse(error, Trail(), tellsDaemon: false)
    }
  }
}
