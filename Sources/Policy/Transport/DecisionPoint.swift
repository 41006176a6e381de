/// A policy decision point as its metadata name it, of which the configuration names one operation (AuthZEN Authorization
/// API 1.0, "Policy Decision Point Metadata"): `https://pdp.example/tenant` for
/// `https://pdp.example/tenant/access/v1/evaluation`, and the origin alone if the path is none of the standard's.
public struct DecisionPoint: Sendable {
  /// What `policy_decision_point` must be.
  public let identifier: String
  /// Where the metadata are: the well-known path stands between origin and tenant.
  public let metadata: String

  public static var wellKnown: String { "/.well-known/authzen-configuration" }

  /// - Parameter url: of the evaluation, with scheme and host.
  public init(evaluatedAt url: String) {
    let standard = HTTPRequest.standardPath
    let origin = DecisionPoint.origin(of: url)
    identifier = url.utf8.suffix(standard.utf8.count).elementsEqual(standard.utf8) ? String(decoding: url.utf8.dropLast(standard.utf8.count), as: UTF8.self) : origin
    metadata = origin + DecisionPoint.wellKnown + String(decoding: identifier.utf8.dropFirst(origin.utf8.count), as: UTF8.self)
  }

  /// `scheme://host:port`.
  private static func origin(of url: String) -> String {
    var slashes = 0
    var length = 0
    for byte in url.utf8 {
      if byte == UInt8(ascii: "/") { slashes += 1 }
      if slashes == 3 { break }
      length += 1
    }
    return String(decoding: url.utf8.prefix(length), as: UTF8.self)
  }
}
