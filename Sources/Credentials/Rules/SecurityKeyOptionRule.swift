/// What only a FIDO key can promise, on a key that is none: sshd takes it, and nothing would hold it.
enum SecurityKeyOptionRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    guard !certificate.publicKey.type.isSecurityKey else { return }
    for option in certificate.criticalOptions where option.isNamed("verify-required") { throw CertificateRefusal(.securityKeyOption, "verify-required") }
    for option in certificate.extensions where option.isNamed("no-touch-required") { throw CertificateRefusal(.securityKeyOption, "no-touch-required") }
  }
}
