internal import Encoding

/// Whom the certificate is for: an empty list is nobody, never everybody (CVE-2024-7594).
enum PrincipalsRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) -> [String] {
    guard !certificate.principals.isEmpty else { throw CertificateRefusal(.principals, "it names no principals") }
    var names: [String] = []
    for (index, bytes) in certificate.principals.enumerated() {
      guard !bytes.isEmpty else { throw CertificateRefusal(.principals, "one of its principals is empty") }
      guard let name = String.ifValid(bytes) else { throw CertificateRefusal(.principals, "one of its principals is not UTF-8") }
      guard !certificate.principals.prefix(index).contains(where: { $0.elementsEqual(bytes) }) else {
        throw CertificateRefusal(.principals, "it names the principal " + Escape.visible(bytes, limit: 64) + " twice")
      }
      names.append(name)
    }
    return names
  }
}
