internal import Encoding

/// A certificate that an authority of ours signed. Its fields may be told and logged; whether it lets anybody in is what
/// the rules say next.
public struct AttestedCertificate: Sendable {
  let fields: UnverifiedCertificate

  /// sshd's order: the CA key must be a plain key and a trusted one before anything else is believed, then its signature
  /// over the received bytes (sshkey.c:cert_parse; nothing is serialised anew).
  init(_ certificate: UnverifiedCertificate, authorities: [[UInt8]]) throws(CertificateRefusal) {
    let key = try PlainKey(blob: certificate.authority)
    guard authorities.contains(where: { $0.elementsEqual(certificate.authority) }) else {
      throw .foreign(authority: certificate.authority)
    }
    let signature = try AttestedCertificate.rawSignature(certificate.signature)
    guard Ed25519.isValid(signature: signature, over: certificate.bytes, count: certificate.signedCount, by: key) else {
      throw CertificateRefusal(.signature, "the signature does not fit the certificate")
    }
    fields = certificate
  }

  /// `string "ssh-ed25519" | string signature` of 64 bytes (RFC 8709 section 6).
  private static func rawSignature(_ blob: [UInt8]) throws(CertificateRefusal) -> [UInt8] {
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    let name = try read.string(span, "signature")
    guard span.holds("ssh-ed25519", at: name) else {
      throw CertificateRefusal(.signature, "the signature algorithm is " + KeyBlob.shownType(span.copy(name)))
    }
    let signature = span.copy(try read.string(span, "signature"))
    try read.finish("signature")
    guard signature.count == 64 else { throw CertificateRefusal(.signature, "the signature has \(signature.count) bytes instead of 64") }
    return signature
  }

  public var serial: UInt64 { fields.serial }
  /// Escaped, at most 256 bytes of it: for log and audit, also of a certificate that no rule has looked at yet.
  public var shownKeyID: String { Escape.visible(fields.keyID, limit: KeyIDRule.cap) }
  public var shownPrincipals: [String] { fields.principals.map { Escape.visible($0, limit: 64) } }
  /// Seconds since 1970.
  public var validAfter: UInt64 { fields.validAfter }
  public var validBefore: UInt64 { fields.validBefore }
  public var keyFingerprint: String { Fingerprint.text(of: PlainKey(point: fields.publicKey).blob) }
  public var authorityFingerprint: String { Fingerprint.text(of: fields.authority) }
}
