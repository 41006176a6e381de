internal import Encoding

/// Revoked is what a list says of the key, of the CA's key, of the serial or of the key id.
enum RevocationRule {
  static func judge(_ answer: RevocationAnswer) throws(CertificateRefusal) {
    if let reason = answer.reason { throw CertificateRefusal(.revoked, Escape.sentence(reason)) }
  }
}

/// What the lists say, once they could be asked. A list that cannot be used refuses everybody: it may name anybody.
struct RevocationAnswer {
  let reason: String?

  init(_ certificate: UnverifiedCertificate, _ revocations: some Revocations) throws(CertificateRefusal) {
    do throws(RevocationFault) { reason = try revocations.reason(certificate.subject) } catch {
      throw CertificateRefusal(.revocationLists, Escape.sentence(error.detail, limit: 1024))
    }
  }
}

/// No list of serials can name the serial 0, which OpenSSH takes for "none"; and all certificates with it would share one use.
enum SerialRule {
  static func judge(_ certificate: UnverifiedCertificate, isRevocable: Bool, isSingleUse: Bool) throws(CertificateRefusal) {
    guard certificate.serial == 0 else { return }
    if isRevocable { throw CertificateRefusal(.serial, "it has no serial number, so that it could not be revoked") }
    if isSingleUse { throw CertificateRefusal(.serial, "it has no serial number, so that its one use could not be told from another's") }
  }
}
