/// Critical options restrict; one that is unknown refuses the certificate (auth-options.c:cert_option_list).
enum CriticalOptionRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    for option in certificate.criticalOptions {
      guard option.isNamed("force-command") || option.isNamed("source-address") || option.isNamed("verify-required") else {
        throw CertificateRefusal(.criticalOption, option.shownName)
      }
    }
  }
}

/// What only sshd can hold, nobody else may let pass.
enum UnenforcedOptionRule {
  static func judge(_ certificate: UnverifiedCertificate, _ enforcer: OptionEnforcer) throws(CertificateRefusal) {
    switch enforcer {
    case .sshd: return
    case .presented(let use):
      for option in certificate.criticalOptions where !option.isNamed("source-address") {
        guard option.isNamed("verify-required"), use.isUserVerified else { throw CertificateRefusal(.unenforcedOption, option.shownName) }
      }
    }
  }
}
