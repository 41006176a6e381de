internal import Encoding

/// A certificate that an authority of ours signed. Its fields may be told and logged; whether it lets anybody in is what
/// the rules say next.
public struct AttestedCertificate: Sendable {
  public let fields: UnverifiedCertificate

  /// Only `SignatureRule` makes one.
  init(_ certificate: UnverifiedCertificate) { fields = certificate }

  public var serial: UInt64 { fields.serial }
  /// Escaped, at most 256 bytes of it: for log and audit, also of a certificate that no rule has looked at yet.
  public var shownKeyID: String { fields.shownKeyID }
  public var shownPrincipals: [String] { fields.shownPrincipals }
  /// Seconds since 1970.
  public var validAfter: UInt64 { fields.validAfter }
  public var validBefore: UInt64 { fields.validBefore }
  public var keyFingerprint: String { fields.keyFingerprint }
  public var authorityFingerprint: String { fields.authorityFingerprint }
}
