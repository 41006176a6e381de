internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import Policy

/// What a policy decision point says of itself (AuthZEN Authorization API 1.0, "Policy Decision Point Metadata"). Logins do not
/// depend on it; a document about another one, or another path, is a mistake that somebody should hear of.
enum EndpointMetadata {
  static func finding(_ endpoint: PolicyEndpoint, _ rules: PolicyRules, _ visitor: inout EndpointVisitor) -> Finding {
    func info(_ sentence: String) -> Finding { Finding(.endpointMetadata, .ok, endpoint.url, sentence) }
    // Whoever reads it needs no token, so it hears none.
    var open = rules
    open.tokenFile = nil
    var request: HTTPRequest
    do throws(PolicyFailure) { request = try HTTPRequest(to: endpoint, rules: open, requestID: "sojourn-check", body: [], from: &visitor) } catch {
      return info("its metadata was not read: \(error.detail)")
    }
    let point = DecisionPoint(evaluatedAt: request.url)
    let identifier = point.identifier
    request.url = point.metadata
    request.milliseconds = EndpointFindings.limit
    guard case .answered(let answer) = EndpointVisit.get(request).reply, answer.status == 200, let type = answer.contentType, type.lowerASCII.begins(with: "application/json"),
      let document = parse(answer.body), document.members != nil
    else { return info("publishes no AuthZEN metadata (\(DecisionPoint.wellKnown)); nothing depends on it") }

    let named = document["policy_decision_point"]?.string
    // Over a unix socket it has no address that it could be known by.
    if endpoint.socket.utf8.isEmpty, !(named?.isExactly(identifier) ?? false) {
      return Finding(.endpointMetadata, .problem, endpoint.url,
        "says that it is the policy decision point \(named.map { Escape.visible($0, limit: 128) } ?? "of no name"), and is configured as \(identifier)",
        remedy: "see whose endpoint this is: correct policy.endpoints, or policy_decision_point in its metadata")
    }
    if endpoint.socket.utf8.isEmpty, let path = document["access_evaluation_endpoint"]?.string, !path.isExactly(endpoint.url) {
      return Finding(.endpointMetadata, .warning, endpoint.url, "says that it is asked at \(Escape.visible(path, limit: 256))", remedy: "name that address in policy.endpoints")
    }
    return info("publishes AuthZEN metadata that fits; capabilities: \(list(document["capabilities"])); supported_obligations: \(list(document["supported_obligations"]))")
  }

  private static func parse(_ body: [UInt8]) -> JSONValue? {
    do throws(JSONError) { return try JSONValue.parse(body) } catch { return nil }
  }

  private static func list(_ value: JSONValue?) -> String {
    let texts = (value?.strings ?? []).prefix(16).map { Escape.visible($0, limit: 64) }
    return texts.isEmpty ? "none" : texts.joined(separator: ", ")
  }
}
