/// "Options must be lexically ordered by name and each named option may only appear once" (PROTOCOL.certkeys); sshd looks
/// at neither, so that two readers of one certificate could take different values for its meaning.
enum OptionOrder {
  static func judge(_ options: [CertificateOption], _ field: StaticString) throws(CertificateRefusal) {
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
