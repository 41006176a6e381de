internal import Configuration
internal import Encoding
internal import Policy

/// Where a URL from outside leads: only to a server that the configuration names. An address in a denial or an answer
/// must never make the host send its token, or a person's reason, to somebody else.
struct Origin: Sendable {
  /// The configured endpoint of that origin, with the path that was asked for.
  let target: PolicyEndpoint
  /// As it came.
  let url: String

  /// Bytes.
  static var longest: Int { 2048 }

  /// nil unless the URL has scheme, host and port of one of these endpoints.
  init?(_ url: String, of endpoints: [PolicyEndpoint]) {
    // Nothing that libraries disagree about: no blanks, quotes, backslashes; nothing beyond ASCII; no fragment.
    guard url.utf8.count <= Origin.longest,
      url.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 && $0 != 34 && $0 != 60 && $0 != 62 && $0 != 94 && $0 != 96 && $0 != 35 })
    else { return nil }
    for endpoint in endpoints {
      for base in Origin.bases(of: endpoint) where url.begins(with: base + "/") {
        var target = endpoint
        target.url = endpoint.socket.isEmpty ? url : "unix:" + endpoint.socket + ":" + String(decoding: url.utf8.dropFirst(base.utf8.count), as: UTF8.self)
        self.target = target
        self.url = url
        return
      }
    }
    return nil
  }

  /// Scheme, host and port as a URL may have them; the port of the scheme may be left out. A unix socket's is
  /// `http://localhost`, which is what it is asked as.
  static func bases(of endpoint: PolicyEndpoint) -> [String] {
    if !endpoint.socket.isEmpty { return ["http://localhost"] }
    let isPlain = endpoint.url.begins(with: "http://")
    guard isPlain || endpoint.url.begins(with: "https://"), !endpoint.host.isEmpty else { return [] }
    let base = (isPlain ? "http://" : "https://") + (AddressLiteral.isIPv6(endpoint.host) ? "[" + endpoint.host + "]" : endpoint.host)
    let withPort = base + ":\(endpoint.port)"
    return endpoint.port == (isPlain ? 80 : 443) ? [base, withPort] : [withPort]
  }

  /// Where the metadata of an endpoint's server are (AuthZEN 1.0, "PDP Metadata"), and the identifier that they must name.
  static func metadata(of endpoint: PolicyEndpoint) -> (origin: Origin, identifier: String)? {
    guard let base = bases(of: endpoint).first else { return nil }
    // A unix socket's address is no URL: its server is asked as `http://localhost`, and has no tenants.
    let point = DecisionPoint(evaluatedAt: endpoint.socket.isEmpty ? endpoint.url : base + "/")
    guard let origin = Origin(point.metadata, of: [endpoint]) else { return nil }
    return (origin, point.identifier)
  }
}
