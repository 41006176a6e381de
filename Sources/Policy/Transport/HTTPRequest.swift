public import Configuration
internal import Encoding
internal import Identity

/// One POST of JSON to one endpoint, or a GET if there is nothing to post.
public struct HTTPRequest: Sendable {
  public var url: String
  public var host: String
  public var port: UInt16
  /// A unix socket that is connected to instead of `host` and `port`; empty: none.
  public var socket: String
  /// http instead of https.
  public var isPlain: Bool
  /// `host` is an address, or there is a socket. Else `addresses` is all that is known of it, and nothing is looked up.
  public var isLiteral: Bool
  public var addresses: [String]
  public var caFile: String
  public var clientCertificate: String?
  public var clientKey: String?
  public var bearerToken: String?
  public var requestID: String
  public var userAgent: String
  public var body: [UInt8]
  /// `Idempotency-Key`: what is sent twice under it is done once.
  public var idempotencyKey: String?
  /// For everything from connecting to the answer's last byte.
  public var milliseconds: Int64

  /// What stands in a unix endpoint if it names no path of its own.
  public static var standardPath: String { "/access/v1/evaluation" }

  /// What is asked of that endpoint: with the host's token, read anew, and with all that is known of where it is.
  public init<T: EndpointKnowledge>(to endpoint: PolicyEndpoint, rules: PolicyRules, requestID: String, body: [UInt8], from known: inout T) throws(PolicyFailure) {
    // Checked again here, though `apply` did: what these lines let through decides who hears the token.
    socket = endpoint.socket
    host = endpoint.host
    port = endpoint.port
    addresses = []
    if !endpoint.socket.utf8.isEmpty {
      guard let path = HTTPRequest.path(ofUnix: endpoint) else {
        throw .misconfigured("the endpoint is not for the socket it was published with: " + Escape.visible(endpoint.url))
      }
      url = "http://localhost" + path
      isPlain = true
      isLiteral = true
    } else {
      isPlain = endpoint.url.begins(with: "http://")
      guard isPlain || endpoint.url.begins(with: "https://") else { throw .misconfigured("an endpoint is neither https nor http: " + Escape.visible(endpoint.url)) }
      guard !isPlain || AddressLiteral.isLoopback(endpoint.host) else { throw .misconfigured("http is for this host only: " + Escape.visible(endpoint.url)) }
      guard HTTPRequest.hasHost(endpoint, scheme: isPlain ? "http://" : "https://") else {
        throw .misconfigured("the endpoint's URL is not for the host it was published with: " + Escape.visible(endpoint.url))
      }
      url = endpoint.url
      isLiteral = AddressLiteral.isAddress(endpoint.host)
      if !isLiteral {
        // One address for `localhost`: at the other, somebody else may listen. Whose endpoint is at ::1 names it.
        addresses = AddressLiteral.isLoopback(endpoint.host) ? ["127.0.0.1"] : known.addresses(of: endpoint)
        guard !addresses.isEmpty else { throw .notResolved(HTTPRequest.noAddress(of: endpoint.host)) }
      }
    }
    if let file = rules.tokenFile { bearerToken = try known.token(file: file) }
    caFile = rules.caFile ?? PolicyClient.systemAuthorities
    clientCertificate = rules.clientCertificate
    clientKey = rules.clientKey
    self.requestID = requestID
    userAgent = "sojourn/" + Release.version
    self.body = body
    milliseconds = 0
  }

  static func noAddress(of host: String) -> String { "no address was published for " + Escape.visible(host, limit: 256) }

  /// What libcurl will connect to is what we judged: the URL goes on with that very host, and then with its port or path.
  private static func hasHost(_ endpoint: PolicyEndpoint, scheme: String) -> Bool {
    let authority = scheme + (AddressLiteral.isIPv6(endpoint.host) ? "[" + endpoint.host + "]" : endpoint.host)
    guard !endpoint.host.utf8.isEmpty, endpoint.url.begins(with: authority) else { return false }
    let rest = endpoint.url.utf8.dropFirst(authority.utf8.count)
    let port = ":\(endpoint.port)"
    let path = rest.starts(with: port.utf8) ? rest.dropFirst(port.utf8.count) : rest
    return path.isEmpty || path.first == UInt8(ascii: "/")
  }

  /// `unix:SOCKET`, or `unix:SOCKET:/PATH`.
  private static func path(ofUnix endpoint: PolicyEndpoint) -> String? {
    let named = "unix:" + endpoint.socket
    guard endpoint.socket.begins(with: "/"), endpoint.url.begins(with: named) else { return nil }
    let rest = endpoint.url.utf8.dropFirst(named.utf8.count)
    if rest.isEmpty { return standardPath }
    guard rest.starts(with: ":/".utf8) else { return nil }
    return String.ifValid(rest.dropFirst())
  }
}
