/// The key that signed must be one of the trusted ones, byte for byte.
enum AuthorityRule {
  static func judge(_ certificate: UnverifiedCertificate, _ authorities: [AuthorityLimits]) throws(CertificateRefusal) -> AuthorityLimits {
    for limits in authorities where limits.blob.elementsEqual(certificate.authority) { return limits }
    throw .foreign(authority: certificate.authority)
  }
}

/// It must be a plain key of a type that is known here, never a certificate: chains do not exist (sshkey.c:cert_parse).
enum AuthorityTypeRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    let blob = certificate.authority
    let span = blob.span
    let name = KeyBlob.typeName(blob)
    guard KeyType(name.span, 0..<name.count) != nil, !span.isEmpty else { throw CertificateRefusal(.authorityType, KeyBlob.shownType(name)) }
  }
}

/// Of the right form, and strong enough to vouch for others.
enum AuthorityKeyRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) -> PublicKey {
    let key = try PublicKey(blob: certificate.authority)
    if let fault = KeyStrength.fault(of: key, leastBits: KeyStrength.authorityBits) { throw CertificateRefusal(.authorityKey, "its CA key " + fault) }
    return key
  }
}
