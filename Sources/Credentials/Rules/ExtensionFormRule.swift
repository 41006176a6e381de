/// Extensions permit; an unknown one means nothing to sshd and is for the policy to know. A known one is a flag without a
/// value, and what restricts has no business among them: sshd would silently not hold it.
enum ExtensionFormRule {
  static func judge(_ certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    for option in certificate.extensions {
      if option.isNamed("force-command") || option.isNamed("source-address") || option.isNamed("verify-required") {
        throw CertificateRefusal(.extensionForm, "\(option.shownName) stands among its extensions, where nobody holds it")
      }
      let isFlag = option.isNamed("permit-X11-forwarding") || option.isNamed("permit-agent-forwarding")
        || option.isNamed("permit-port-forwarding") || option.isNamed("permit-pty") || option.isNamed("permit-user-rc")
        || option.isNamed("no-touch-required")
      if isFlag, !option.data.isEmpty { throw CertificateRefusal(.extensionForm, "its extension \(option.shownName) has a value") }
    }
  }
}
