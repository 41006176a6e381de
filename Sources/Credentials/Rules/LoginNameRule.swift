internal import Encoding

/// The login name must be one of the principals, byte for byte: no wildcard, no list within a name (CVE-2026-35414).
enum LoginNameRule {
  static func judge(_ certificate: UnverifiedCertificate, _ loginName: String) throws(CertificateRefusal) {
    guard !loginName.utf8.isEmpty, certificate.principals.contains(where: { $0.elementsEqual(loginName.utf8) }) else {
      let names = certificate.principals
      guard !names.isEmpty else { throw CertificateRefusal(.loginName, "it is for nobody") }
      let shown = names.prefix(8).map { Escape.visible($0, limit: 32) }.joined(separator: ", ")
      throw CertificateRefusal(.loginName, "it is for " + shown + (names.count > 8 ? " and others" : ""))
    }
  }
}

/// The authority may let in the names that its patterns match.
enum AuthorityPrincipalsRule {
  static func judge(_ limits: AuthorityLimits, _ loginName: String) throws(CertificateRefusal) {
    guard limits.admits(loginName.utf8) else {
      throw CertificateRefusal(.authorityPrincipals, "its CA may not sign for the name " + Escape.visible(loginName, limit: 64))
    }
  }
}
