/// What the authority says of the person, as far as it is listed for that.
enum AttributesRule {
  /// Bytes of all values together.
  static var cap: Int { 16 * 1024 }

  static func judge(_ certificate: UnverifiedCertificate, _ sources: [AttributeSource]) throws(CertificateRefusal) -> [CertificateAttribute] {
    var attributes: [CertificateAttribute] = []
    var size = 0
    for source in sources {
      guard let attribute = try CertificateAttribute(source, of: certificate) else { continue }
      for value in attribute.values { size += value.utf8.count }
      guard size <= cap else { throw CertificateRefusal(.attributes, "its attributes have more than \(cap) bytes") }
      attributes.append(attribute)
    }
    return attributes
  }
}
