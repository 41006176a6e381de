internal import Encoding

/// The login name must be one of the principals, byte for byte: no wildcard, no list within a name (CVE-2026-35414), and
/// an empty list is nobody, never everybody (CVE-2024-7594).
enum PrincipalsRule {
  static func judge(_ certificate: UnverifiedCertificate, loginName: String) throws(CertificateRefusal) -> [String] {
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
    guard !loginName.utf8.isEmpty, names.contains(where: { $0.isExactly(loginName) }) else {
      let shown = names.prefix(8).map { Escape.visible($0, limit: 32) }.joined(separator: ", ")
      throw CertificateRefusal(.loginName, "it is for " + shown + (names.count > 8 ? " and others" : ""))
    }
    return names
  }
}
