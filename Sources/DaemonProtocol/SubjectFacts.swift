public import Encoding

/// What a session is judged by again while it lasts, besides its login and its credential: what the policy was told of the
/// person, and the keys that a revocation list may name. All of it stood in the certificate, or is the endpoint's own word.
public struct SubjectFacts: Sendable {
  /// `subject.type`: `user` or `workload`.
  public var type: String
  public var attributes: [SubjectAttribute]
  public var extensions: [CertificateExtension]
  /// What an approver has approved, exactly as it was received; nil: the yes rests on no approval.
  public var approval: JSONValue?
  /// The certified key's blob as a plain key (RFC 4253 section 6.6).
  public var key: [UInt8]
  /// The blob of the key that signed.
  public var authority: [UInt8]

  public init(type: String, attributes: [SubjectAttribute], extensions: [CertificateExtension], approval: JSONValue?, key: [UInt8], authority: [UInt8]) {
    self.type = type
    self.attributes = attributes
    self.extensions = extensions
    self.approval = approval
    self.key = key
    self.authority = authority
  }
}

/// A fact of the person: a role, a department.
public struct SubjectAttribute: Sendable {
  public var name: String
  public var values: [String]

  public init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }
}

/// One extension of a certificate as the policy and the log see it.
public struct CertificateExtension: Sendable {
  public let name: String
  public let value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

extension SubjectFacts {
  public var json: JSONValue {
    var o = JSONObject()
    o.set("type", type)
    o.set("attributes", .array(attributes.map { .object([.init("name", .string($0.name)), .init("values", .strings($0.values))]) }))
    o.set("extensions", .array(extensions.map { .object([.init("name", .string($0.name)), .init("value", .string($0.value))]) }))
    o.set("approval", approval)
    o.set("key", Base64.encode(key))
    o.set("authority", Base64.encode(authority))
    return o.value
  }

  public init(_ read: MemberReader) throws(MemberError) {
    var attributes: [SubjectAttribute] = []
    for one in try read.objects("attributes") { attributes.append(SubjectAttribute(name: try one.string("name"), values: try one.strings("values"))) }
    var extensions: [CertificateExtension] = []
    for one in try read.objects("extensions") { extensions.append(CertificateExtension(name: try one.string("name"), value: try one.string("value"))) }
    self.init(type: try read.string("type"), attributes: attributes, extensions: extensions,
      approval: !read.has("approval") ? nil : read.value["approval"], key: try SubjectFacts.blob(read, "key"), authority: try SubjectFacts.blob(read, "authority"))
  }

  private static func blob(_ read: MemberReader, _ name: String) throws(MemberError) -> [UInt8] {
    let text = Array(try read.string(name).utf8)
    guard let blob = Base64.decode(text.span, 0..<text.count) else { throw read.wrong(name, "not base64") }
    return blob
  }
}
