/// Stricter than sshd, which looks at neither: without a nonce a CA's signature can be steered, and what stands in the
/// reserved field means something to somebody that it does not mean to us.
enum ReservedFieldsRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    guard certificate.nonceCount > 0 else { throw CertificateRefusal(.reservedFields, "its nonce is empty") }
    guard certificate.nonceCount <= 256 else { throw CertificateRefusal(.reservedFields, "its nonce has \(certificate.nonceCount) bytes") }
    guard certificate.reservedCount == 0 else { throw CertificateRefusal(.reservedFields, "its reserved field is not empty") }
  }
}
