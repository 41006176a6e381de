public import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity

/// Asks the policy endpoints for a decision: once, live, with one deadline for everything.
public enum PolicyClient {
  /// What is trusted if the configuration names no authority: the system's bundle, by name, so that no default of a
  /// library and no environment variable takes part.
  public static var systemAuthorities: String { "/etc/ssl/certs/ca-certificates.crt" }

  /// Blocks at most `rules.deadline`. It starts no thread, touches no signal handler and leaves no descriptor open.
  /// One thread at a time (see curl_sojourn.h).
  public static func ask(_ question: Question, rules: PolicyRules, host: HostFacts) -> Answer {
    var transport = CurlTransport()
    return ask(question, rules: rules, host: host, through: &transport)
  }

  /// The same through any transport.
  public static func ask<T: Transport>(_ question: Question, rules: PolicyRules, host: HostFacts, through transport: inout T) -> Answer {
    let begin = transport.milliseconds()
    var trail = DecisionFacts(requestID: "", endpoint: "", reason: "", milliseconds: 0)
    var verdict: Verdict
    var obligations = Obligations()
    do throws(PolicyFailure) {
      guard begin >= 0 else { throw .notAsked("the clock cannot be read") }
      let requestID = try newRequestID()
      trail.requestID = requestID
      let wrapping = try Wrapping(rules)
      let body = try question.body(of: host, rules, requestID: requestID, wrapping)
      let deadline = begin.addingReportingOverflow(Int64(clamping: rules.deadline))
      var round = Round(rules: rules, wrapping: wrapping, body: body, requestID: requestID, deadline: deadline.overflow ? .max : deadline.partialValue)
      verdict = try round.run(through: &transport, endpoint: &trail.endpoint, &obligations)
    } catch {
      verdict = .unavailable(error)
    }
    switch verdict {
    case .allowed: break
    case .denied(_, let admin), .stepUp(_, _, let admin): trail.reason = admin ?? ""
    case .unavailable(let failure): trail.reason = failure.detail
    }
    trail.milliseconds = UInt64(max(0, transport.milliseconds() - begin))
    return Answer(verdict: verdict, facts: trail, obligations: obligations)
  }

  private static func newRequestID() throws(PolicyFailure) -> String {
    do throws(SystemError) { return try Random.hex(16) } catch { throw .notAsked(error.sentence) }
  }
}

/// One question on its way through the endpoints.
struct Round {
  let rules: PolicyRules
  let wrapping: Wrapping
  let body: [UInt8]
  let requestID: String
  /// On the transport's clock.
  let deadline: Int64
  /// A busy endpoint is asked again once in a round, whichever it is.
  private var hasRetried = false

  init(rules: PolicyRules, wrapping: Wrapping, body: [UInt8], requestID: String, deadline: Int64) {
    self.rules = rules
    self.wrapping = wrapping
    self.body = body
    self.requestID = requestID
    self.deadline = deadline
  }

  /// The first endpoint that decides. One that fails without an answer is followed by the next; each gets an equal share
  /// of the time that is left, so that a silent first one cannot spend it all. An answer is final, whatever it says.
  mutating func run<T: Transport>(through transport: inout T, endpoint tried: inout String, _ obligations: inout Obligations) throws(PolicyFailure) -> Verdict {
    var last = PolicyFailure.misconfigured("no endpoint")
    for (index, endpoint) in rules.endpoints.enumerated() {
      let left = deadline - transport.milliseconds()
      guard left > 0 else { throw .timedOut("the deadline of \(rules.deadline) ms is over") }
      tried = endpoint.url
      let share = left / Int64(rules.endpoints.count - index)
      do throws(PolicyFailure) {
        return try ask(endpoint, until: deadline - left + max(1, share), through: &transport, &obligations)
      } catch {
        if error.isFinal { throw error }
        last = error
      }
    }
    throw last
  }

  /// Asks one endpoint; once more after a pause if it is busy and says when to come back, within its share of the time.
  private mutating func ask<T: Transport>(_ endpoint: PolicyEndpoint, until end: Int64, through transport: inout T, _ obligations: inout Obligations)
    throws(PolicyFailure) -> Verdict {
    var request = try request(to: endpoint, through: &transport)
    while true {
      let left = end - transport.milliseconds()
      guard left > 0 else { throw .timedOut("no time was left to ask") }
      request.milliseconds = left
      let answer: HTTPAnswer
      switch transport.post(request) {
      case .failed(let failure): throw failure
      case .answered(let given): answer = given
      }
      do throws(PolicyFailure) {
        return try Decision.read(answer, requestID: requestID, wrapping, &obligations)
      } catch {
        guard case .busy = error, !hasRetried, let wait = answer.retryAfter, wait >= 0, wait <= 600 else { throw error }
        // It must fit with time to spare: an answer needs some too.
        guard wait * 1000 + Round.leastForAnAnswer <= end - transport.milliseconds() else { throw error }
        hasRetried = true
        transport.pause(milliseconds: wait * 1000)
      }
    }
  }

  /// Milliseconds that must be left after a pause.
  static var leastForAnAnswer: Int64 { 100 }

  private func request<T: Transport>(to endpoint: PolicyEndpoint, through transport: inout T) throws(PolicyFailure) -> HTTPRequest {
    // Checked again here, though `apply` did: what these lines let through decides who hears the token.
    let isPlain = endpoint.url.begins(with: "http://")
    guard isPlain || endpoint.url.begins(with: "https://") else { throw .misconfigured("an endpoint is neither https nor http: " + Escape.visible(endpoint.url)) }
    guard !isPlain || AddressLiteral.isLoopback(endpoint.host) else { throw .misconfigured("http is for this host only: " + Escape.visible(endpoint.url)) }
    guard hasHost(endpoint, scheme: isPlain ? "http://" : "https://") else {
      throw .misconfigured("the endpoint's URL is not for the host it was published with: " + Escape.visible(endpoint.url))
    }
    let isLiteral = AddressLiteral.isAddress(endpoint.host)
    var addresses: [String] = []
    if !isLiteral {
      addresses = AddressLiteral.isLoopback(endpoint.host) ? ["127.0.0.1", "::1"] : transport.addresses(of: endpoint)
      guard !addresses.isEmpty else { throw .notResolved(Escape.visible(endpoint.host, limit: 256)) }
    }
    var token: String?
    if let file = rules.tokenFile { token = try transport.token(file: file) }
    return HTTPRequest(url: endpoint.url, host: endpoint.host, port: endpoint.port, isPlain: isPlain, isLiteral: isLiteral, addresses: addresses,
      caFile: rules.caFile ?? PolicyClient.systemAuthorities, clientCertificate: rules.clientCertificate, clientKey: rules.clientKey,
      bearerToken: token, requestID: requestID, userAgent: "sojourn/" + Release.version, body: body, milliseconds: 0)
  }

  /// What libcurl will connect to is what we judged: the URL goes on with that very host, and then with its port or path.
  private func hasHost(_ endpoint: PolicyEndpoint, scheme: String) -> Bool {
    let authority = scheme + (AddressLiteral.isIPv6(endpoint.host) ? "[" + endpoint.host + "]" : endpoint.host)
    guard !endpoint.host.utf8.isEmpty, endpoint.url.begins(with: authority) else { return false }
    let rest = endpoint.url.utf8.dropFirst(authority.utf8.count)
    let port = ":\(endpoint.port)"
    let path = rest.starts(with: port.utf8) ? rest.dropFirst(port.utf8.count) : rest
    return path.isEmpty || path.first == UInt8(ascii: "/")
  }
}
