internal import Encoding

/// What a certificate is judged against, apart from its own bytes.
public struct CertificateDemands: Sendable {
  /// Public key blobs of the authorities that may sign users.
  public var authorities: [[UInt8]]
  /// Who wants to log in.
  public var loginName: String
  /// Seconds since 1970.
  public var now: UInt64
  /// Seconds.
  public var maxLifetime: UInt64
  public var clockSkew: UInt64
  public var enforcer: OptionEnforcer

  public init(authorities: [[UInt8]], loginName: String, now: UInt64, maxLifetime: UInt64, clockSkew: UInt64, enforcer: OptionEnforcer) {
    self.authorities = authorities
    self.loginName = loginName
    self.now = now
    self.maxLifetime = maxLifetime
    self.clockSkew = clockSkew
    self.enforcer = enforcer
  }
}

/// Who sees to it that a certificate's critical options are held.
public enum OptionEnforcer: Sendable {
  /// sshd has held source-address and will hold force-command and verify-required itself (auth-options.c).
  case sshd
  /// Nobody: the certificate is shown to a program that knows no options.
  case nobody
}

/// A certificate that one of our authorities signed and that passed every rule: only `verify` makes one.
public struct VerifiedCertificate: Sendable {
  public let attested: AttestedCertificate
  /// Exactly as signed; may hold control characters, so it is escaped wherever it is shown.
  public let keyID: String
  public let principals: [String]
  public var extensions: [CertificateOption] { attested.fields.extensions }

  private init(_ attested: AttestedCertificate, keyID: String, principals: [String]) {
    self.attested = attested
    self.keyID = keyID
    self.principals = principals
  }

  /// Judges the bytes of a certificate: form and sizes, authority, signature, then the rules in this order.
  /// - Parameter seen: set as soon as the signature is found good, so that a refusal can say whose certificate it was.
  public static func verify(_ blob: [UInt8], _ demands: CertificateDemands, seen: inout AttestedCertificate?) throws(CertificateRefusal) -> VerifiedCertificate {
    let certificate = try AttestedCertificate(UnverifiedCertificate(blob), authorities: demands.authorities)
    seen = certificate
    let fields = certificate.fields
    try UserTypeRule.judge(fields)
    try ReservedFieldsRule.judge(fields)
    let keyID = try KeyIDRule.judge(fields)
    try ValidityRule.judge(fields, now: demands.now, skew: demands.clockSkew)
    try LifetimeRule.judge(fields, cap: demands.maxLifetime, skew: demands.clockSkew)
    let principals = try PrincipalsRule.judge(fields, loginName: demands.loginName)
    try CriticalOptionsRule.judge(fields, enforcer: demands.enforcer)
    try ExtensionsRule.judge(fields)
    try SelfSignedRule.judge(fields)
    return VerifiedCertificate(certificate, keyID: keyID, principals: principals)
  }
}
