internal import Encoding

/// The key id says to policy and log who it is. sshd takes any; we take no empty one, none that would have to be cut, and
/// none that is no UTF-8: each would make two people one.
enum KeyIDRule {
  /// Bytes.
  static var cap: Int { 256 }

  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) -> String {
    let bytes = certificate.keyID
    guard !bytes.isEmpty else { throw CertificateRefusal(.keyID, "its key id is empty") }
    guard bytes.count <= cap else { throw CertificateRefusal(.keyID, "its key id has \(bytes.count) bytes, and \(cap) are the most") }
    guard let text = String.ifValid(bytes) else { throw CertificateRefusal(.keyID, "its key id is not UTF-8") }
    return text
  }
}
