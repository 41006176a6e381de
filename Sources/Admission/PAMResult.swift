internal import CPlatform.PAM

/// What an entry point of the module returns. Success cannot be written down: it takes an `Entry`, and nothing makes one
/// but a decision that was opened, kept or written down, or a lease that stands (DESIGN 2, invariant 1).
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
    case .final: PAMResult(PAM_ABORT)
    }
  }
}

/// What a refusal is to PAM.
public enum RefusedPAMCode: Sendable {
  case denied, notAuthenticated
  /// And nothing is tried once more.
  case final
}

/// Proof that somebody may come in.
struct Entry {
  private init() {}

  /// A decision for this very name became a session.
  init?(_ decision: Decision, _ session: OpenedSession, user: [UInt8]) {
    guard decision.account.utf8.elementsEqual(user), session.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }

  /// A decision for this very name is kept by the daemon, until it becomes a session.
  init?(_ decision: Decision, _ held: HeldDecision, user: [UInt8]) {
    guard decision.account.utf8.elementsEqual(user), held.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }

  /// The daemon has opened, for this very name, what was decided in an earlier phase.
  init?(redeemed session: OpenedSession, user: [UInt8]) {
    guard session.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }

  /// This process has opened a session for this very name in an earlier phase.
  init?(kept: Kept, user: [UInt8]) {
    guard kept.user.elementsEqual(user) else { return nil }
    self.init()
  }

  /// A use of sudo by this very name was decided and written down.
  init?(_ elevation: RecordedElevation, user: [UInt8]) {
    guard elevation.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }

  /// So it was, in an earlier phase of this process. (The name that is kept is the target's.)
  init?(elevated kept: Kept) {
    guard !kept.text.utf8.isEmpty, !kept.user.isEmpty else { return nil }
    self.init()
  }

  /// A session of this very name lives, which was decided when it was opened.
  init?(_ lease: StandingLease, user: [UInt8]) {
    guard lease.account.utf8.elementsEqual(user) else { return nil }
    self.init()
  }
}
