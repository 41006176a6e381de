public import Configuration
internal import Encoding
internal import DaemonProtocol

/// How question and answer are wrapped on their way (`policy.dialect`, and for OPA the URL): the same for all endpoints,
/// so that one body is asked of all of them.
public enum Wrapping: Sendable {
  /// AuthZEN's own body.
  case none
  case opa(OPARoute)

  public init(_ rules: PolicyRules) throws(PolicyFailure) {
    switch rules.dialect {
    case .authzen: self = .none
    case .opa:
      var first: OPARoute?
      for endpoint in rules.endpoints {
        guard let route = OPARoute(url: endpoint.url) else {
          throw .misconfigured("no /v0/data/ or /v1/data/ path of OPA: " + Escape.visible(endpoint.url))
        }
        guard first == nil || Wrapping.agree(first, route) else { throw .misconfigured("endpoints with /v0/data/ and with /v1/data/ are mixed") }
        first = route
      }
      guard let first else { throw .misconfigured("no endpoint") }
      self = .opa(first)
    }
  }

  private static func agree(_ one: OPARoute?, _ other: OPARoute) -> Bool {
    switch (one, other) {
    case (.bare, .bare), (.wrapped, .wrapped): true
    default: false
    }
  }

  func wrap(_ question: JSONValue) -> JSONValue {
    if case .opa(.wrapped) = self { return .object([.init("input", question)]) }
    return question
  }

  /// AuthZEN's answer out of what came; nil: OPA says that no rule has a value there.
  func open(_ body: JSONValue) throws(PolicyFailure) -> JSONValue? {
    guard let members = body.members else { throw .malformed("the answer is no object") }
    switch self {
    case .none: return body
    case .opa(.bare): return members.isEmpty ? nil : body
    case .opa(.wrapped):
      guard let result = body["result"] else {
        // Its other members (decision_id, metrics, warning) say nothing of the decision; a bare answer does not belong here.
        guard body["decision"] == nil else { throw .malformed("decision stands beside result instead of in it") }
        return nil
      }
      guard let inner = result.members else { throw .malformed("result is no object") }
      return inner.isEmpty ? nil : result
    }
  }

  /// OPA's webhook route answers 404 where `/v1/data/` leaves `result` out.
  func saysUndefined(_ answer: HTTPAnswer) -> Bool {
    guard case .opa(.bare) = self, answer.status == 404, let type = answer.contentType, Decision.isJSON(type) else { return false }
    do throws(JSONError) { return try JSONValue.parse(answer.body)["code"]?.string?.isExactly("undefined_document") ?? false } catch { return false }
  }
}
