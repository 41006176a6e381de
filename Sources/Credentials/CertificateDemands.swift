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

  public init(authorities: [AuthorityLimits], loginName: String, now: UInt64, maxLifetime: UInt64, clockSkew: UInt64, enforcer: OptionEnforcer,
    client: IPAddress?) {
    self.authorities = authorities
    self.loginName = loginName
    self.now = now
    self.maxLifetime = maxLifetime
    self.clockSkew = clockSkew
    self.enforcer = enforcer
    self.client = client?.unmapped
  }
}

/// Who sees to it that a certificate's critical options are held. (`source-address` everybody can hold who knows the client.)
public enum OptionEnforcer: Sendable {
  /// sshd will hold force-command and has held verify-required (auth-options.c, auth2-pubkey.c).
  case sshd
  /// Nobody: the certificate is shown to a program that knows no options.
  case nobody
}
