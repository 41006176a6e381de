internal import Encoding

/// `valid after <= now < valid before` (sshkey_cert_check_authority), with clocks that may differ by `skew` seconds.
/// Every sum is one that cannot overflow: "for ever" is 2^64 - 1.
enum ValidityRule {
  static func judgeBegin(_ certificate: UnverifiedCertificate, now: UInt64, skew: UInt64) throws(CertificateRefusal) {
    if now < certificate.validAfter, certificate.validAfter - now > skew {
      throw CertificateRefusal(.notYetValid, "it is valid from \(Timestamp.text(certificate.validAfter)) on")
    }
  }

  static func judgeEnd(_ certificate: UnverifiedCertificate, now: UInt64, skew: UInt64) throws(CertificateRefusal) {
    guard certificate.validBefore > certificate.validAfter else { throw CertificateRefusal(.expired, "it ends before it begins") }
    if now >= certificate.validBefore, now - certificate.validBefore >= skew {
      throw CertificateRefusal(.expired, "it expired at \(Timestamp.text(certificate.validBefore))")
    }
  }
}
