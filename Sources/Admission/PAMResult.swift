internal import CPlatform.PAM

/// What an entry point of the module returns. Success cannot be written down: it takes an `Entry`, and nothing makes one
/// but a decision that was opened, or a lease that stands (DESIGN 2, invariant 1).
public struct PAMResult: Sendable {
  public let code: Int32

  private init(_ code: Int32) { self.code = code }

  /// Not ours, or nothing to say in this phase. Never an error.
  static var ignored: PAMResult { PAMResult(PAM_IGNORE) }
  /// No source of this host has the name.
  static var unknownUser: PAMResult { PAMResult(PAM_USER_UNKNOWN) }
  /// close_session: whatever happened, the session is over.
  static var closed: PAMResult { PAMResult(PAM_SUCCESS) }

  static func entered(_: Entry) -> PAMResult { PAMResult(PAM_SUCCESS) }

  static func refused(_ verdict: RefusedPAMCode) -> PAMResult {
    switch verdict {
    case .denied: PAMResult(PAM_PERM_DENIED)  // PAM_SESSION_ERR is not fatal to sudo
    case .notAuthenticated: PAMResult(PAM_AUTH_ERR)
    }
  }
}

/// What a refusal is to PAM.
public enum RefusedPAMCode: Sendable { case denied, notAuthenticated }

/// Proof that somebody may come in.
struct Entry {
  private init() {}

  /// A decision for this very name became a session.
  init?(_ decision: Decision, _ session: OpenedSession, user: [UInt8]) {
    guard decision.account.utf8.elementsEqual(user), session.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }

  /// A session of this very name lives, which was decided when it was opened.
  init?(_ lease: StandingLease, user: [UInt8]) {
    guard lease.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }
}
