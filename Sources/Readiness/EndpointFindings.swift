public import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// Does every policy endpoint answer, as it is configured: a real question, which can let nobody in (`Question.check`), to each
/// endpoint by itself, and one by the way that logins take.
public enum EndpointFindings {
  /// Milliseconds for each call; there are at most two an endpoint, and eight endpoints.
  static let limit: Int64 = 4000
  /// Seconds before its end from which on a certificate is warned of.
  static let soon: UInt64 = 14 * 86400

  /// Blocking, at most some seconds an endpoint.
  public static func findings(_ configuration: PublishedConfiguration, _ view: HostView = .host) -> [Finding] {
    let known = addresses(configuration, view)
    var findings: [Finding] = []
    for endpoint in configuration.policy.endpoints {
      var visitor = EndpointVisitor(known)
      findings += answer(endpoint, configuration, &visitor)
      // Who cannot be asked anything has no document either; that is said once.
      if visitor.hasAnswered { findings.append(EndpointMetadata.finding(endpoint, configuration.policy, &visitor)) }
    }
    switch configuration.policy.via {
    case .direct: break
    case .relay: findings.append(relayed(configuration))
    }
    return findings
  }

  private static func answer(_ endpoint: PolicyEndpoint, _ configuration: PublishedConfiguration, _ visitor: inout EndpointVisitor) -> [Finding] {
    var rules = configuration.policy
    rules.endpoints = [endpoint]
    rules.deadline = min(rules.deadline, UInt64(limit))
    let now = Moment.now().unixSeconds
    let answer = PolicyClient.ask(.check(now: now), rules: rules, host: configuration.host, through: &visitor)
    var findings: [Finding] = []
    switch answer.verdict {
    case .unavailable(let failure):
      let said = visitor.said.utf8.isEmpty ? "" : "; it says: " + visitor.said
      findings.append(Finding(.endpointAnswer, .problem, endpoint.url, "gives no decision (\(failure.token): \(failure.detail)\(said)): logins that ask it are refused",
        remedy: remedy(failure, endpoint, rules)))
    case .allowed:
      findings.append(Finding(.endpointAnswer, .warning, endpoint.url, "says yes to a question about nobody (action \"check\"): does it say yes to everything?",
        remedy: "have the policy decide by action, subject and resource"))
    case .denied, .undefined, .requestable, .stepUp:
      findings.append(Finding(.endpointAnswer, .ok, endpoint.url, "answers in \(answer.facts.milliseconds) ms, and takes this host's question"))
    }
    if let end = visitor.certificateEnd, end < now + soon {
      findings.append(Finding(.endpointCertificate, .warning, endpoint.url, "shows a certificate that ends at \(Timestamp.text(end)): after that nobody gets in", remedy: "renew it"))
    }
    return findings
  }

  /// The whole way of a login, over all endpoints.
  private static func relayed(_ configuration: PublishedConfiguration) -> Finding {
    let answer = PolicyClient.ask(.check(now: Moment.now().unixSeconds), rules: configuration.policy, host: configuration.host)
    switch answer.verdict {
    case .unavailable(let failure):
      return Finding(.endpointRelay, .problem, "sojournd relay", "brings no decision (\(failure.token): \(failure.detail)): logins are refused",
        remedy: "see the problems of the endpoints in this list; if there are none, run 'systemctl restart sojournd' and read its journal")
    case .allowed, .denied, .undefined, .requestable, .stepUp:
      return Finding(.endpointRelay, .ok, "sojournd relay", "brings answers, now from \(answer.facts.endpoint) in \(answer.facts.milliseconds) ms")
    }
  }

  private static func remedy(_ failure: PolicyFailure, _ endpoint: PolicyEndpoint, _ rules: PolicyRules) -> String {
    let bundle = rules.caFile ?? PolicyClient.systemAuthorities
    switch failure {
    case .tls(let words):
      if words.holds("expired") { return "have the endpoint's certificate renewed, and check this host's clock" }
      if words.holds("subject name") || words.holds("does not match") { return "name the endpoint in policy.endpoints as its certificate does, or have it issued for \(endpoint.host)" }
      if words.holds("issuer") || words.holds("self-signed") || words.holds("self signed") { return "put the authority of the endpoint's certificate into policy.ca_file; trusted is now \(bundle)" }
      return "see that the endpoint's certificate is in time, is for \(endpoint.host) and signed by an authority in \(bundle), and that policy.client_certificate fits its key"
    case .hostNotAuthorized:
      return "give this host what the endpoint expects: policy.client_certificate with client_key, or a valid token in policy.token_file"
    case .unreachable, .timedOut: return "see that the endpoint runs and that no firewall stands between; a second one in policy.endpoints would answer meanwhile"
    case .notResolved: return "check the name and the host's resolver"
    case .token: return "repair policy.token_file: a regular file of root's, mode 600, with one line"
    case .noLibrary: return "install libcurl4"
    case .status, .contentType, .malformed, .rejected: return "check the path in policy.endpoints and policy.dialect"
    default: return "read the endpoint's own log"
    }
  }

  /// What the daemon published of the endpoints' names; those that it has not yet are looked up here.
  private static func addresses(_ configuration: PublishedConfiguration, _ view: HostView) -> EndpointAddresses {
    var known = EndpointAddresses.current()
    for endpoint in configuration.policy.endpoints where !endpoint.isLiteral && known.addresses(of: endpoint.host, port: endpoint.port).isEmpty {
      var found: [String] = []
      do throws(SystemError) {
        let outcome = try view.run("/usr/bin/getent", ["ahosts", endpoint.host])
        for line in outcome.output.split(separator: 10) {
          let address = String(decoding: line, as: UTF8.self).before(32)
          if AddressLiteral.isAddress(address), !found.contains(where: { $0.isExactly(address) }) { found.append(address) }
        }
      } catch { continue }
      known.entries.append(.init(host: endpoint.host, port: endpoint.port, addresses: found))
    }
    return known
  }
}

/// libcurl as a login uses it, with a look at the connection and at what is said beside a decision.
struct EndpointVisitor: Transport {
  private var inner: CurlTransport
  private(set) var certificateEnd: UInt64?
  private(set) var hasAnswered = false
  /// What came with a status other than 200, fit to be shown.
  private(set) var said = ""

  init(_ addresses: EndpointAddresses) { inner = CurlTransport(addresses: addresses) }

  func milliseconds() -> Int64 { inner.milliseconds() }
  mutating func pause(milliseconds: Int64) { inner.pause(milliseconds: milliseconds) }
  mutating func addresses(of endpoint: PolicyEndpoint) -> [String] { inner.addresses(of: endpoint) }
  mutating func token(file: String) throws(PolicyFailure) -> String { try inner.token(file: file) }

  mutating func post(_ request: HTTPRequest) -> HTTPReply {
    let visit = EndpointVisit.post(request)
    certificateEnd = visit.certificateEnd ?? certificateEnd
    if case .answered(let answer) = visit.reply {
      hasAnswered = true
      said = answer.status == 200 ? "" : Escape.visible(answer.body, limit: 200)
    }
    return visit.reply
  }
}
