internal import Encoding

/// What a no with an approval means (profile, "Completion Semantics").
enum NextAction {
  case request
  /// Seconds, if the endpoint says how many.
  case retry(after: Int64?)
  case none

  init(_ terms: JSONValue, isRequestable: Bool) {
    let word = terms["next_action"]?.string ?? ""
    let reason = terms["reason"]?.string ?? ""
    let retry = NextAction.retry(after: Pace.retryAfter(terms["retry_after"]?.integer))
    let request = isRequestable ? NextAction.request : NextAction.none
    self = switch word {
    case "request": request
    case "retry": retry
    case "none": .none
    default:
      switch reason {
      case "approval_expired", "out_of_scope": request
      case "grant_pending": retry
      case "policy_denied", "approval_unverifiable": .none
      default: request
      }
    }
  }
}
