internal import Encoding

/// Critical options restrict; one that is unknown, odd, or held by nobody refuses the certificate
/// (auth-options.c:cert_option_list, and stricter where sshd is lax).
enum CriticalOptionsRule {
  static func judge(_ certificate: UnverifiedCertificate, enforcer: OptionEnforcer) throws(CertificateRefusal) {
    try OptionOrder.judge(certificate.criticalOptions, "critical options")
    for option in certificate.criticalOptions {
      if option.isNamed("force-command") || option.isNamed("source-address") {
        guard let value = option.nested, !value.contains(0) else {
          throw CertificateRefusal(.optionForm, "the value of its option \(option.shownName) is not one string")
        }
        guard !value.isEmpty else { throw CertificateRefusal(.optionForm, "its option \(option.shownName) is empty") }
      } else if option.isNamed("verify-required") {
        guard option.data.isEmpty else { throw CertificateRefusal(.optionForm, "its option verify-required has a value") }
        guard certificate.type.isSecurityKey else {
          throw CertificateRefusal(.securityKeyOption, "verify-required")
        }
      } else {
        throw CertificateRefusal(.criticalOption, option.shownName)
      }
      switch enforcer {
      case .sshd: continue
      case .nobody: throw CertificateRefusal(.unenforcedOption, option.shownName)
      }
    }
  }
}
