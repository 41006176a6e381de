internal import DaemonProtocol

/// pam_sm_close_session: the daemon hears that this handle's session is over. It never fails: what it could refuse is
/// over, and the daemon watches the process besides.
public enum SessionClosing {
  public static func run(_ login: Login, _ world: some Surroundings, _ voice: some Dialogue) -> PAMResult {
    let phase = Phase(login: login, world: world, voice: voice)
    phase.begin("close_session")
    // Nothing of ours was opened here: a local account, a lease that was joined, or a process that only inherited the handle.
    guard let session = voice.kept(.session)?.text else { return .ignored }
    do throws(DaemonSilence) {
      _ = try world.daemon(.closed(session: session), milliseconds: 2000, patience: 2000)
    } catch {
      phase.log(.warning, "session \(session) closed, and the daemon did not hear it: " + Refusal(error).detail)
    }
    return .closed
  }
}

/// pam_sm_setcred and pam_sm_chauthtok: there are no credentials to set and no secret to change. setcred runs in any process
/// and a failing one is fatal to sshd, so it never has anything to say.
public enum SilentPhase {
  public static func run() -> PAMResult { .ignored }
}
