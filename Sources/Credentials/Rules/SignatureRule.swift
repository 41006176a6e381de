/// The authority's signature, over the received bytes up to it; nothing is serialised anew (sshkey.c:cert_parse).
enum SignatureRule {
  static func judge(_ certificate: UnverifiedCertificate, _ key: PublicKey) throws(CertificateRefusal) -> AttestedCertificate {
    let use = try KeySignature.verify(certificate.signature, over: Array(certificate.bytes.prefix(certificate.signedCount)), by: key)
    // As sshd by default of people, we demand that somebody touched it.
    guard !key.type.isSecurityKey || use.isTouched else { throw CertificateRefusal(.signature, "the CA's security key signed without being touched") }
    return AttestedCertificate(certificate)
  }
}
