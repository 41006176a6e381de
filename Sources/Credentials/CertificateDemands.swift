public import Encoding

/// What a certificate is judged against, apart from its own bytes.
public struct CertificateDemands: Sendable {
  /// The authorities that may sign users.
  public var authorities: [AuthorityLimits]
  /// Who wants to log in.
  public var loginName: String
  /// Seconds since 1970.
  public var now: UInt64
  /// Seconds.
  public var maxLifetime: UInt64
  public var clockSkew: UInt64
  public var enforcer: OptionEnforcer
  /// Where the client is; nil if that is not known, or if there is no network between.
  public var client: IPAddress?
  /// Where it stands who the person is.
  public var subject: SubjectField
  /// A certificate opens one session, so that each must be told from every other.
  public var isSingleUse: Bool

  public init(authorities: [AuthorityLimits], loginName: String, now: UInt64, maxLifetime: UInt64, clockSkew: UInt64, enforcer: OptionEnforcer,
    client: IPAddress?, subject: SubjectField = .keyID, isSingleUse: Bool = false) {
    self.authorities = authorities
    self.loginName = loginName
    self.now = now
    self.maxLifetime = maxLifetime
    self.clockSkew = clockSkew
    self.enforcer = enforcer
    self.client = client?.unmapped
    self.subject = subject
    self.isSingleUse = isSingleUse
  }
}

/// What of a login says who the person is, to policy and log (DESIGN 8, `certificate.subject`).
public enum SubjectField: Sendable {
  case keyID
  case loginName
  /// The text of the certificate extension of that name.
  case certificateExtension(String)
}

/// Who sees to it that a certificate's critical options are held. (`source-address` everybody can hold who knows the client.)
public enum OptionEnforcer: Sendable {
  /// sshd will hold force-command and has held verify-required (auth-options.c, auth2-pubkey.c).
  case sshd
  /// We ourselves, by how the key was used when it was presented: `verify-required` can be held so, and nothing else.
  case presented(KeyUse)
}
