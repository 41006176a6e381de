internal import Encoding

/// A certificate that one of our authorities signed and that passed every rule: only `CertificateVerdict` makes one.
public struct VerifiedCertificate: Sendable {
  public let attested: AttestedCertificate
  /// Exactly as signed; may hold control characters, so it is escaped wherever it is shown.
  public let keyID: String
  /// Who it is, where the configuration looks for it, and as its authority may say. For policy and log; escaped where shown.
  public let subjectID: String
  /// Those that its authority may say.
  public let principals: [String]
  /// What its authority says of the person and is listed for (DESIGN 8, `attributes`).
  public let attributes: [CertificateAttribute]
  public var extensions: [CertificateOption] { attested.fields.extensions }
  /// What one use is remembered by, and lists of what is revoked look for; never a digest of the certificate's bytes.
  public var subject: RevocationSubject { attested.fields.subject }

  init(_ attested: AttestedCertificate, keyID: String, subjectID: String, principals: [String], attributes: [CertificateAttribute]) {
    self.attested = attested
    self.keyID = keyID
    self.subjectID = subjectID
    self.principals = principals
    self.attributes = attributes
  }

  /// The first rule that is broken is thrown.
  /// - Parameter seen: set if an authority of ours signed it, so that a refusal can say whose certificate it was.
  public static func verify(_ blob: [UInt8], _ demands: CertificateDemands, _ revocations: some Revocations,
    seen: inout AttestedCertificate?) throws(CertificateRefusal) -> VerifiedCertificate {
    let verdict = CertificateVerdict.of(blob, demands, revocations)
    seen = verdict.attested
    if let certificate = verdict.certificate { return certificate }
    throw verdict.refusal ?? CertificateRefusal(.form, "no rule says what is wrong with it")
  }
}
