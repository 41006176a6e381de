internal import Configuration
internal import Encoding
internal import Policy

/// What a policy decision point says of itself (AuthZEN Authorization API 1.0, "Policy Decision Point Metadata"). Logins do not
/// depend on it; a document about another one, or another path, is a mistake that somebody should hear of.
enum EndpointMetadata {
  private static let wellKnown = "/.well-known/authzen-configuration"

  static func finding(_ endpoint: PolicyEndpoint, _ rules: PolicyRules, _ visitor: inout EndpointVisitor) -> Finding {
    func info(_ sentence: String) -> Finding { Finding("endpoint-metadata", .ok, endpoint.url, sentence) }
    // Whoever reads it needs no token, so it hears none.
    var open = rules
    open.tokenFile = nil
    var request: HTTPRequest
    do throws(PolicyFailure) { request = try HTTPRequest(to: endpoint, rules: open, requestID: "sojourn-check", body: [], from: &visitor) } catch {
      return info("its metadata was not read: \(error.detail)")
    }
    let identifier = identifier(of: request.url)
    request.url = origin(of: identifier) + wellKnown + String(decoding: identifier.utf8.dropFirst(origin(of: identifier).utf8.count), as: UTF8.self)
    request.milliseconds = EndpointFindings.limit
    guard case .answered(let answer) = EndpointVisit.get(request).reply, answer.status == 200, let type = answer.contentType, type.lowerASCII.begins(with: "application/json"),
      let document = parse(answer.body), document.members != nil
    else { return info("publishes no AuthZEN metadata (\(wellKnown)); nothing depends on it") }

    let named = document["policy_decision_point"]?.string
    // Over a unix socket it has no address that it could be known by.
    if endpoint.socket.utf8.isEmpty, !(named?.isExactly(identifier) ?? false) {
      return Finding("endpoint-metadata", .problem, endpoint.url,
        "says that it is the policy decision point \(named.map { Escape.visible($0, limit: 128) } ?? "of no name"), and is configured as \(identifier)",
        remedy: "see whose endpoint this is: correct policy.endpoints, or policy_decision_point in its metadata")
    }
    if endpoint.socket.utf8.isEmpty, let path = document["access_evaluation_endpoint"]?.string, !path.isExactly(endpoint.url) {
      return Finding("endpoint-metadata", .warning, endpoint.url, "says that it is asked at \(Escape.visible(path, limit: 256))", remedy: "name that address in policy.endpoints")
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

  /// The address of the decision point, of which the configuration names one operation: what stands before the standard path,
  /// or the origin if the path is another.
  static func identifier(of url: String) -> String {
    let standard = HTTPRequest.standardPath
    if url.ends(with: standard) { return String(decoding: url.utf8.dropLast(standard.utf8.count), as: UTF8.self) }
    return origin(of: url)
  }

  /// `scheme://host:port`.
  static func origin(of url: String) -> String {
    let bytes = Array(url.utf8)
    var slashes = 0
    for (index, byte) in bytes.enumerated() where byte == 47 {
      slashes += 1
      if slashes == 3 { return String(decoding: bytes[..<index], as: UTF8.self) }
    }
    return url
  }
}
