import Testing

@testable import Credentials
import Encoding

/// What an authority says of the person, and how much of it is believed.
@Suite struct AttributeTests {
  /// The values, nil if the certificate does not say it, or "refused".
  static func read(_ vector: String, _ text: String) -> [String]? {
    guard let source = AttributeSource(name: "x", text: text) else { return ["no source"] }
    let verdict = CertificateVerdict.of(Vectors.blob(vector), Vectors.demands { $0.authorities = Vectors.limits { $0.attributes = [source] } }, NoRevocations())
    if let certificate = verdict.certificate { return certificate.attributes.first?.values }
    return [verdict.refusal?.rule == .attributes ? "refused" : "another rule"]
  }

  @Test(arguments: [
    ("teleport", "extension:teleport-roles:json:.roles", ["dba", "sre"]),
    ("teleport", "extension:teleport-traits:json:.groups", ["db", "web"]),
    ("teleport", "extension:teleport-traits:json:.nothing", []),
    ("teleport", "extension:private-key-policy", ["none"]),
    ("teleport", "extension:permit-pty:flag", ["true"]),
    ("teleport", "key-id:string", ["alice"]),
    ("step-ca", "extension:login@github.com:string", ["alice"]),
    ("vault", "extension:groups@example.com:csv", ["db", "web", "ops"]),
    ("vault", "extension:login@foobar.com", ["alice"]),
    ("workload", "extension:break-glass@example.com:flag", ["true"]),
    ("workload", "extension:roles@example.com:json", ["deploy"]),
  ]) func readsWhatProductsWrite(_ vector: String, _ source: String, _ values: [String]) {
    #expect(Self.read(vector, source) == values)
  }

  @Test func saysNothingOfWhatIsNotThere() {
    #expect(Self.read("control", "extension:roles@example.com:json") == nil)
    #expect(Self.read("teleport", "extension:Teleport-Roles:json:.roles") == nil)
  }

  @Test(arguments: [
    ("attribute-of-broken-json", "json"), ("attribute-of-numbers", "json"), ("attribute-of-no-text", "string"), ("attribute-not-nested", "string"),
    ("attribute-with-control-character", "json"), ("attribute-nested-deeply", "json"), ("attribute-of-many", "json"), ("attribute-of-an-object", "json"),
    ("workload", "json:.roles"), ("workload", "flag"),
  ]) func refusesWhatIsNotAsTheConfigurationSays(_ vector: String, _ parser: String) {
    #expect(Self.read(vector, "extension:roles@example.com:" + parser) == ["refused"])
  }

  @Test(arguments: ["", "key-id:", "key-id:json:", "extension", "extension:", "extension::string", "extension:x:", "extension:x:xml", "extension:x:json:roles", "extension:x:json:.",
    "extension:x:json:.a..b", "extension:x:json:.a:b", "extension:x y", "extension:x:string:more", "principal", "extension:x:json:.1.2.3.4.5.6.7.8.9"])
  func knowsNoOtherSources(_ text: String) {
    #expect(AttributeSource(name: "x", text: text) == nil)
  }

  @Test(arguments: ["key-id:string", "extension:a@b.c:csv", "extension:a:flag", "extension:a:json", "extension:a:json:.x.y"])
  func writesASourceAsItWasRead(_ text: String) {
    #expect(AttributeSource(name: "x", text: text)?.text == text)
  }

  @Test func onlyTheAuthorityThatIsListedForItMaySayIt() throws {
    let source = try #require(AttributeSource(name: "mail", text: "key-id"))
    let limits = [AuthorityLimits(blob: Vectors.authorities["ca"] ?? [], attributes: [source]), AuthorityLimits(blob: Vectors.authorities["second_ca"] ?? [])]
    let demands = Vectors.demands { $0.authorities = limits }
    #expect(try Vectors.verified("control", demands).attributes.map { $0.values } == [["alice@example.com"]])
    #expect(try Vectors.verified("second-authority", demands).attributes.isEmpty)
  }
}
