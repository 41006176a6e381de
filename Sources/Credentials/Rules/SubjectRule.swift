internal import Encoding

/// Who it is, if an extension says it. As a key ID is held: it identifies somebody, so it is short, and nothing in it hides
/// or breaks a line.
enum SubjectRule {
  static func judge(_ certificate: UnverifiedCertificate, extension name: String) throws(CertificateRefusal) -> String {
    for option in certificate.extensions where option.nameBytes.elementsEqual(name.utf8) {
      if let text = option.text, !text.utf8.isEmpty, text.utf8.count <= KeyIDRule.cap, text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) { return text }
    }
    throw CertificateRefusal(.subject, "it has no text in the extension " + Escape.visible(name, limit: 64))
  }
}

/// The authority may speak for the subjects that its patterns match: else one that signs for machines could have the policy
/// take a machine for a person.
enum AuthoritySubjectsRule {
  static func judge(_ limits: AuthorityLimits, _ subject: String) throws(CertificateRefusal) {
    guard limits.admits(subject: subject) else {
      throw CertificateRefusal(.authoritySubjects, "its CA may not speak for " + Escape.quoted(subject, limit: 64))
    }
  }
}
