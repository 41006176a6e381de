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

/// pam_sm_setcred. There are no credentials to set, and a failing one is fatal to sshd: it never refuses. But libpam goes down the
/// chain of the authentication again, with its results, and takes a `done` there only from a module that says success here too:
/// else it goes on to pam_unix, which may remember the wrong password of an earlier name (login).
public enum CredentialPhase {
  public static func run(_ login: Login, _ voice: some Dialogue) -> PAMResult {
    for kind in [KeptKind.reference, .session, .elevation] {
      guard let kept = voice.kept(kind), let proof = Entry(kept: kept, user: login.user) else { continue }
      return .entered(proof)
    }
    return .ignored
  }
}

/// pam_sm_chauthtok: there is no secret to change.
public enum SilentPhase {
  public static func run() -> PAMResult { .ignored }
}
