/// A key that certifies itself is a plain key in disguise, trusted only because a careless list of authorities holds it.
enum SelfSignedRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    guard !certificate.plainKeyBlob.elementsEqual(certificate.authority) else { throw CertificateRefusal(.selfSigned, "the key certified itself") }
  }
}
