/// Why a session ended. The token stands in the audit log for programs, the sentence beside it for people.
public enum EndReason: Sendable, Equatable {
  /// `close_session` ran in the process that had opened it.
  case closed
  /// That process is gone and never closed it.
  case processGone
  /// Its time was over.
  case deadline
  /// `sojourn end`, with the words given there; escaped already.
  case endedByAdministrator(String)
  /// Another login's obligation.
  case policyObligation
  /// It was over when a daemon came back to look.
  case daemonWasAway
  /// Its opening failed after it had been written down.
  case notOpened
  /// The login was gone before it was told that it may go on.
  case loginGone

  public var token: String {
    switch self {
    case .closed: "closed"
    case .processGone: "process-gone"
    case .deadline: "deadline"
    case .endedByAdministrator: "ended-by-admin"
    case .policyObligation: "policy-obligation"
    case .daemonWasAway: "daemon-was-away"
    case .notOpened: "not-opened"
    case .loginGone: "login-gone"
    }
  }

  public var sentence: String {
    switch self {
    case .closed: "closed"
    case .processGone: "its process is gone"
    case .deadline: "its time was over"
    case .endedByAdministrator(let words): "ended by an administrator" + (words.isEmpty ? "" : ": " + words)
    case .policyObligation: "ended by the policy: an obligation"
    case .daemonWasAway: "it ended while no daemon ran"
    case .notOpened: "it could not be opened"
    case .loginGone: "the login did not wait for its session"
    }
  }
}
