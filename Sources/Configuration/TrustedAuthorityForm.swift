internal import Encoding

/// An authority in the published file.
extension TrustedAuthority {
  var json: JSONValue {
    var form = JSONObject()
    form.set("key", Base64.encode(blob))
    form.set("file", file)
    form.set("kind", kind.text)
    form.set("principals", .strings(principals))
    form.set("subjects", .strings(subjects))
    // 0 is no lifetime, and so stands for "no limit of its own".
    form.set("max_lifetime", .unsigned(maxLifetime ?? 0))
    form.set("networks", .strings(networks))
    form.set("attributes", .array(attributes.map { .object([.init("name", .string($0.name)), .init("source", .string($0.source))]) }))
    return form.value
  }

  init(_ read: MemberReader) throws(MemberError) {
    let key = Array(try read.string("key").utf8)
    guard let blob = Base64.decode(key.span, 0..<key.count) else { throw read.wrong("key", "not base64") }
    let kindText = try read.string("kind")
    guard let kind = SubjectKind.allCases.first(where: { $0.text.isExactly(kindText) }) else { throw read.wrong("kind", "unknown kind") }
    let networks = try read.strings("networks")
    guard networks.allSatisfy({ AddressRange($0.utf8) != nil }) else { throw read.wrong("networks", "one is no range of addresses") }
    var attributes: [Attribute] = []
    for member in try read.objects("attributes") { attributes.append(Attribute(name: try member.string("name"), source: try member.string("source"))) }
    let lifetime = try read.unsigned("max_lifetime")
    self.init(blob: blob, file: try read.string("file"), kind: kind, principals: try read.strings("principals"), subjects: try read.strings("subjects"),
      maxLifetime: lifetime == 0 ? nil : lifetime, networks: networks, attributes: attributes)
  }
}
