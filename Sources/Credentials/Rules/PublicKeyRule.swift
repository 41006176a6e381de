/// The certified key must be worth something: sshd takes RSA keys of 1024 bits.
enum PublicKeyRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    if let fault = KeyStrength.fault(of: certificate.publicKey, leastBits: KeyStrength.personBits) { throw CertificateRefusal(.publicKey, "its key " + fault) }
  }
}
