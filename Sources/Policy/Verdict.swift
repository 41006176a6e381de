public import DaemonProtocol
public import Encoding

/// What came of a question. Only `allowed` is a yes, and only after the ceilings (`Ceilings.hold`).
public indirect enum Verdict: Sendable {
  case allowed(Grant)
  /// A proper no. The texts are fit to be shown and logged: `user` for the person, `admin` for the log.
  case denied(user: String?, admin: String?)
  /// A no, because no rule of the policy has a value for this question: perhaps its policies are being loaded.
  case undefined(user: String, admin: String)
  /// A proper no, with the context in which the endpoint says something of getting access all the same (AuthZEN Access Request
  /// and Approval Profile).
  case requestable(JSONValue, user: String?, admin: String?)
  /// A no (or a yes on that condition) that stronger proof of who it is would change; texts as in `denied`.
  case stepUp(StepUp, user: String?, admin: String?)
  /// There is no decision: nobody answered, or what was answered is no decision.
  case unavailable(PolicyFailure)

  /// For admins, or empty.
  var reason: String {
    switch self {
    case .allowed: ""
    case .denied(_, let admin), .stepUp(_, _, let admin), .requestable(_, _, let admin): admin ?? ""
    case .undefined(_, let admin): admin
    case .unavailable(let failure): failure.detail
    }
  }
}

/// A verdict and its trail.
public struct Answer: Sendable {
  public var verdict: Verdict
  /// For lease and log: request id, the endpoint that answered (or the last one tried), its reason for admins or the
  /// failure's detail, and how long everything took.
  public var facts: DecisionFacts
  /// To be carried out whatever the verdict is.
  public var obligations: Obligations

  public init(verdict: Verdict, facts: DecisionFacts, obligations: Obligations = Obligations()) {
    self.verdict = verdict
    self.facts = facts
    self.obligations = obligations
  }
}
