internal import Encoding

/// A fact of the person, as an authority said it.
public struct CertificateAttribute: Sendable {
  public let name: String
  public let values: [String]

  /// Of one attribute; a value has at most 1024 bytes.
  static var valuesCap: Int { 256 }
  static var valueCap: Int { 1024 }

  /// nil if the certificate does not say it.
  /// - Throws: `.attributes` if it says something else than the configuration expects: half of a list of roles, or a denying
  ///   flag that is not understood, must not pass for the whole.
  init?(_ source: AttributeSource, of certificate: UnverifiedCertificate) throws(CertificateRefusal) {
    let text: String
    switch source.field {
    case .keyID:
      guard let id = String.ifValid(certificate.keyID) else { throw CertificateAttribute.wrong(source, "is no text") }
      text = id
    case .certificateExtension(let name):
      guard let option = certificate.extensions.first(where: { $0.nameBytes.elementsEqual(name.utf8) }) else { return nil }
      guard let value = option.text else { throw CertificateAttribute.wrong(source, "is no text") }
      text = value
    }
    let values = try CertificateAttribute.values(text, source)
    guard values.count <= CertificateAttribute.valuesCap else { throw CertificateAttribute.wrong(source, "has more than \(CertificateAttribute.valuesCap) values") }
    for value in values {
      guard !value.utf8.isEmpty, value.utf8.count <= CertificateAttribute.valueCap else {
        throw CertificateAttribute.wrong(source, "has a value that is empty or longer than \(CertificateAttribute.valueCap) bytes")
      }
      guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else { throw CertificateAttribute.wrong(source, "has a value with control characters") }
    }
    name = source.name
    self.values = values
  }

  private static func wrong(_ source: AttributeSource, _ what: String) -> CertificateRefusal {
    CertificateRefusal(.attributes, "its attribute " + Escape.visible(source.name, limit: 64) + " (" + Escape.visible(source.text, limit: 128) + ") " + what)
  }

  private static func values(_ text: String, _ source: AttributeSource) throws(CertificateRefusal) -> [String] {
    switch source.parser {
    case .string:
      return [text]
    case .csv:
      // An empty list is a list; an empty name in one is none.
      return text.utf8.split(separator: UInt8(ascii: ",")).map { trimmed($0) }.filter { !$0.utf8.isEmpty }
    case .flag:
      guard text.utf8.isEmpty || text.isExactly("true") || text.isExactly("yes") || text.isExactly("1") else { throw wrong(source, "is no flag") }
      return ["true"]
    case .json(let path):
      var value: JSONValue
      do throws(JSONError) { value = try JSONValue.parse(Array(text.utf8), depth: 16) } catch { throw wrong(source, "is no JSON") }
      for name in path {
        guard value.members != nil else { throw wrong(source, "is no JSON object where the path goes through it") }
        guard let member = value[name] else { return [] }
        value = member
      }
      if let text = value.string { return [text] }
      guard let texts = value.strings else { throw wrong(source, "is neither a text nor a list of texts") }
      return texts
    }
  }

  private static func trimmed(_ part: some Collection<UInt8>) -> String {
    let bytes = Array(part)
    guard let first = bytes.firstIndex(where: { $0 != 32 && $0 != 9 }), let last = bytes.lastIndex(where: { $0 != 32 && $0 != 9 }) else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
