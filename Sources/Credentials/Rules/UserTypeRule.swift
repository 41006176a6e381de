/// Type 1 is a user's certificate, 2 a host's (PROTOCOL.certkeys); sshd refuses all but 1 for a login.
enum UserTypeRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    guard certificate.kind != 2 else { throw CertificateRefusal(.userType, "it is a host's certificate") }
    guard certificate.kind == 1 else { throw CertificateRefusal(.userType, "it is of the unknown kind \(certificate.kind)") }
  }
}
