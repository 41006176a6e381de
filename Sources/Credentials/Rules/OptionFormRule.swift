internal import Encoding

/// "Options must be lexically ordered by name and each named option may only appear once" (PROTOCOL.certkeys); sshd looks
/// at neither, so that two readers of one certificate could take different values for its meaning. And the value of a known
/// critical option is one string, or none.
enum OptionFormRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    try judge(certificate.criticalOptions, "critical options")
    for option in certificate.criticalOptions {
      if option.isNamed("force-command") || option.isNamed("source-address") {
        guard let value = option.nested, !value.contains(0) else {
          throw CertificateRefusal(.optionForm, "the value of its option \(option.shownName) is not one string")
        }
        guard !value.isEmpty else { throw CertificateRefusal(.optionForm, "its option \(option.shownName) is empty") }
      } else if option.isNamed("verify-required"), !option.data.isEmpty {
        throw CertificateRefusal(.optionForm, "its option verify-required has a value")
      }
    }
    try judge(certificate.extensions, "extensions")
  }

  private static func judge(_ options: [CertificateOption], _ field: StaticString) throws(CertificateRefusal) {
    var last: CertificateOption?
    for option in options {
      guard !option.nameBytes.isEmpty, option.nameBytes.allSatisfy({ $0 > 32 && $0 < 127 }) else {
        throw CertificateRefusal(.optionForm, "its \(field) have the name \"\(option.shownName)\"")
      }
      if let last {
        guard !last.nameBytes.elementsEqual(option.nameBytes) else {
          throw CertificateRefusal(.optionForm, "its \(field) have \(option.shownName) twice")
        }
        guard CertificateOption.isBefore(last.nameBytes, option.nameBytes) else {
          throw CertificateRefusal(.optionForm, "its \(field) are not in order: \(option.shownName) comes after \(last.shownName)")
        }
      }
      last = option
    }
  }
}
