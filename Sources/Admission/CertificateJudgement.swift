public import Configuration
public import Credentials
public import Encoding

extension SubjectSource {
  var field: SubjectField {
    switch self {
    case .keyID: .keyID
    case .principal: .loginName
    case .certificateExtension(let name): .certificateExtension(name)
    }
  }
}

extension CertificateDemands {
  /// What the host's rules demand of a certificate, for module and command line alike.
  /// - Throws: `configurationUnusable` if an authority's limit cannot be read.
  public init(_ rules: CertificateRules, loginName: String, now: UInt64, client: IPAddress?, enforcer: OptionEnforcer = .sshd) throws(Refusal) {
    var authorities: [AuthorityLimits] = []
    for authority in rules.trusted { authorities.append(try authority.limits) }
    self.init(authorities: authorities, loginName: loginName, now: now, maxLifetime: rules.maxLifetime, clockSkew: rules.clockSkew, enforcer: enforcer,
      client: client, subject: rules.subject.field, isSingleUse: rules.singleUse)
  }
}
