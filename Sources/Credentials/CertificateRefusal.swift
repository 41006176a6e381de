/// What a certificate can be refused for, in the order in which it is judged. Each case is one rule; its token stands in
/// log and audit, its sentences in the table of refusals.
public enum CertificateRule: Sendable, CaseIterable {
  /// A type that is not known here.
  case type
  /// The bytes are not a certificate: cut off, with bytes left over, or a text with a NUL.
  case form
  /// Larger, or with more principals or options, than is believed.
  case size
  /// The key that signed is of a type that is not known here, or is itself a certificate.
  case authorityType
  /// The key that signed is none of the trusted ones.
  case authority
  /// The key that signed is too weak, or no key.
  case authorityKey
  case signature
  /// The certified key is too weak, or no key.
  case publicKey
  /// A certificate for a host.
  case userType
  /// An empty nonce, or something in the field that the format reserves.
  case reservedFields
  /// A key id that is empty, too long, or no text: it says who it is.
  case keyID
  case notYetValid
  case expired
  case lifetime
  /// No principals, one twice, an empty one, or one that is no text.
  case principals
  /// The login name is not among the principals.
  case loginName
  /// Options that are unsorted, double, or whose value is not laid out as the format says.
  case optionForm
  case criticalOption
  /// An option for FIDO keys with a key that is none.
  case securityKeyOption
  /// An option that nobody here would enforce.
  case unenforcedOption
  /// The client is somewhere else than `source-address` says.
  case sourceAddress
  case extensionForm
  /// The key certified itself.
  case selfSigned
  /// The authority may not sign for the login name (`ca.principals`).
  case authorityPrincipals
  /// The authority is not trusted from where the client is (`ca.networks`).
  case authorityNetworks
  /// It does not say who the person is where the configuration looks for it (`certificate.subject`).
  case subject
  /// The authority may not speak for the subject (`ca.subjects`).
  case authoritySubjects
  /// What the authority says of the person is not laid out as the configuration expects (`ca.attributes`).
  case attributes
  /// No serial number, where certificates are revoked by it or opened once each.
  case serial
  /// A list of what is revoked cannot be used: it may name anybody.
  case revocationLists
  case revoked

  public var token: String {
    switch self {
    case .type: "certificate-type"
    case .form: "certificate-form"
    case .size: "certificate-size"
    case .authorityType: "certificate-authority-type"
    case .authority: "certificate-authority"
    case .signature: "certificate-signature"
    case .userType: "certificate-not-for-users"
    case .reservedFields: "certificate-reserved-fields"
    case .keyID: "certificate-key-id"
    case .notYetValid: "certificate-not-yet-valid"
    case .expired: "certificate-expired"
    case .lifetime: "certificate-lifetime"
    case .principals: "certificate-principals"
    case .loginName: "certificate-login-name"
    case .optionForm: "certificate-option-form"
    case .criticalOption: "certificate-critical-option"
    case .unenforcedOption: "certificate-unenforced-option"
    case .securityKeyOption: "certificate-security-key-option"
    case .extensionForm: "certificate-extension-form"
    case .selfSigned: "certificate-self-signed"
    case .authorityKey: "certificate-authority-key"
    case .publicKey: "certificate-public-key"
    case .sourceAddress: "certificate-source-address"
    case .authorityPrincipals: "certificate-authority-principals"
    case .authorityNetworks: "certificate-authority-networks"
    case .subject: "no-subject"
    case .authoritySubjects: "certificate-authority-subjects"
    case .attributes: "certificate-attributes"
    case .serial: "certificate-serial"
    case .revocationLists: "revocation-lists-unusable"
    case .revoked: "certificate-revoked"
    }
  }
}

/// A certificate that is not taken: which rule it breaks, and how.
public struct CertificateRefusal: Error, Sendable {
  public let rule: CertificateRule
  /// Half a sentence, fit to be shown and logged: what comes from the certificate is escaped in it.
  public let detail: String

  public init(_ rule: CertificateRule, _ detail: String) {
    self.rule = rule
    self.detail = detail
  }

  /// Signed, or so it says, by a key that is none of the trusted ones, byte for byte.
  public static func foreign(authority: [UInt8]) -> CertificateRefusal {
    let spelling = PublicKey.hasOneSpelling(authority) ? "" : ", a key that is not written in its one form"
    return CertificateRefusal(.authority, Fingerprint.text(of: authority) + spelling)
  }
}
