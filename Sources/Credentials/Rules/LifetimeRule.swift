/// A certificate that is valid for longer than the host allows is not ephemeral. Authorities date certificates back a
/// little, against clocks that differ: that much is not counted.
enum LifetimeRule {
  static func judge(_ certificate: UnverifiedCertificate, cap: UInt64, skew: UInt64) throws(CertificateRefusal) {
    guard certificate.validBefore != UInt64.max else { throw CertificateRefusal(.lifetime, "it is valid for ever, and at most \(cap) s are allowed") }
    let lifetime = certificate.validBefore - min(certificate.validAfter, certificate.validBefore)
    let (longest, overflow) = cap.addingReportingOverflow(skew)
    guard overflow || lifetime <= longest else {
      throw CertificateRefusal(.lifetime, "it is valid for \(lifetime) s, and at most \(cap) s are allowed")
    }
  }
}
