internal import Encoding

/// Revoked is what a list says of the key, of the CA's key, of the serial or of the key id.
enum RevocationRule {
  static func judge(_ certificate: UnverifiedCertificate, _ revocations: some Revocations) throws(CertificateRefusal) {
    if let reason = revocations.reason(certificate.subject) { throw CertificateRefusal(.revoked, Escape.sentence(reason)) }
  }
}

/// No list of serials can name the serial 0, which OpenSSH takes for "none".
enum SerialRule {
  static func judge(_ certificate: UnverifiedCertificate, isNeeded: Bool) throws(CertificateRefusal) {
    if isNeeded, certificate.serial == 0 { throw CertificateRefusal(.serial, "it has no serial number, so that it could not be revoked") }
  }
}
