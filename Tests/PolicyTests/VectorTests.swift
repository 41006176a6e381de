import Configuration
import Encoding
import HostSystem
import Policy
import Testing

/// AuthZEN's own schemas and interop vectors (github.com/openid/authzen, MIT), which lie beside the checkout where they
/// are provided; where they do not, the suite says so. They test endpoints; here every request goes through our JSON and,
/// as far as a login can ask it, through our encoder, and every expected decision through our reading, in every dialect.
@Suite struct VectorTests {
  private static let folder = Workshop.root + "/../shared/vectors/authzen"

  @Test func ourQuestionFitsTheSchemaOfRequests() throws {
    guard let schema = try file("api/schemas/evaluation-request.schema.json") else { return }
    var transport = ScriptedTransport(.answer(200, #"{"decision":false}"#))
    _ = ask(&transport)
    try check(try JSONValue.parse(try #require(transport.posts.first).body), schema, at: "question")
    for broken in [#"{"subject":{"type":"user","id":"a"},"action":{"name":"x"}}"#, #"{"subject":{"type":"user","id":1},"action":{"name":"x"},"resource":{"type":"a","id":"b"}}"#] {
      #expect(throws: Broken.self) { try check(try JSONValue.parse(broken.bytes), schema, at: "broken") }
    }
  }

  @Test func everyVectorGoesThrough() throws {
    guard let schema = try file("api/schemas/evaluation-request.schema.json"), let answers = try file("api/schemas/evaluation-response.schema.json") else { return }
    var requests = 0
    var responses = 0
    for name in ["00", "01", "02"].map({ "interop/authzen-todo-backend/test/decisions-authorization-api-1_0-\($0).json" })
      + ["interop/authzen-api-gateways/test-harness/test/decisions.json"] {
      let vectors = try #require(try file(name))
      for vector in try #require(vectors["evaluation"]?.array) {
        let request = try #require(vector["request"])
        try check(request, schema, at: name)
        let text = try #require(request.text(sorted: true))
        #expect(try JSONValue.parse(text).text(sorted: true) == text)
        try reencode(request, schema, at: name)
        requests += 1
        responses += try decide(.object([.init("decision", try #require(vector["expected"]))]), answers, at: name)
      }
      for batch in vectors["evaluations"]?.array ?? [] {
        for decision in batch["expected"]?.array ?? [] { responses += try decide(decision, answers, at: name) }
      }
    }
    for example in try #require(schema["examples"]?.array) {
      try check(example, schema, at: "example")
      try reencode(example, schema, at: "example")
      requests += 1
    }
    print("policy: AuthZEN vectors: \(requests) requests re-encoded, \(responses) responses read, none otherwise")
    #expect(requests >= 146 && responses >= 145 * 3)
  }

  /// What of the vector a login can say (who, which host, what is known of both) comes out of our encoder as it stands in
  /// the vector; action and resource type are always ours.
  private func reencode(_ request: JSONValue, _ schema: JSONValue, at path: String) throws {
    let subject = try #require(request["subject"]), resource = try #require(request["resource"])
    var question = Fixtures.question(attributes: (subject["properties"]?.members ?? []).compactMap { member in
      member.value.string.map { .init(name: member.name, values: [$0]) } ?? member.value.strings.map { .init(name: member.name, values: $0) }
    })
    question.subjectType = try #require(subject["type"]?.string)
    question.subjectID = try #require(subject["id"]?.string)
    let labels = (resource["properties"]?.members ?? []).compactMap { member in member.value.string.map { HostFacts.Label(name: member.name, value: $0) } }
    let host = HostFacts(id: try #require(resource["id"]?.string), labels: labels, candidatePrograms: [])
    var transport = ScriptedTransport(.answer(200, #"{"decision":false}"#))
    _ = PolicyClient.ask(question, rules: Fixtures.rules(), host: host, through: &transport)
    let ours = try JSONValue.parse(try #require(transport.posts.first).body)
    try check(ours, schema, at: path)
    for member in ["type", "id"] { #expect(ours["subject"]?[member]?.string == subject[member]?.string) }
    #expect(ours["resource"]?["id"]?.string == resource["id"]?.string)
    for member in resource["properties"]?.members ?? [] {
      #expect(ours["resource"]?["properties"]?["labels"]?[member.name]?.text() == member.value.text(), "\(path): \(member.name)")
    }
    for member in subject["properties"]?.members ?? [] {
      #expect(ours["subject"]?["properties"]?[member.name]?.strings == member.value.strings ?? member.value.string.map { [$0] }, "\(path): \(member.name)")
    }
  }

  /// One answer, in each dialect.
  private func decide(_ answer: JSONValue, _ schema: JSONValue, at path: String) throws -> Int {
    try check(answer, schema, at: path)
    let expected = try #require(answer["decision"]?.boolean as Bool?) ? "allowed" : "denied"
    let dialects: [(PolicyDialect, String, JSONValue)] = [
      (.authzen, "/access/v1/evaluation", answer), (.opa, "/v0/data/a", answer), (.opa, "/v1/data/a", .object([.init("result", answer)])),
    ]
    for (dialect, route, body) in dialects {
      var rules = Fixtures.rules([PolicyEndpoint(url: "https://192.0.2.1" + route, host: "192.0.2.1", port: 443, isLiteral: true)])
      rules.dialect = dialect
      var transport = ScriptedTransport(.answer(200, String(decoding: try #require(body.text()), as: UTF8.self)))
      #expect(PolicyClient.ask(Fixtures.question(), rules: rules, host: Fixtures.host, through: &transport).verdict.word == expected, "\(path) \(route)")
    }
    return dialects.count
  }

  private func file(_ name: String) throws -> JSONValue? {
    let path = VectorTests.folder + "/" + name
    guard Files.exists(VectorTests.folder) else {
      print("policy: AuthZEN's vectors are not beside this checkout (\(VectorTests.folder)): not compared")
      return nil
    }
    return try JSONValue.parse(try Files.read(path, cap: 1 << 22))
  }

  /// As much of JSON Schema as these schemas use: `type`, `required`, `properties`; whatever else constrains is an error.
  private func check(_ value: JSONValue, _ schema: JSONValue, at path: String) throws {
    let known = ["$schema", "$id", "$comment", "title", "description", "example", "examples", "type", "required", "properties"]
    for member in schema.members ?? [] where !known.contains(member.name) { throw Broken("\(path): the schema has \(member.name)") }
    switch (schema["type"]?.string, value) {
    case ("object", .object), ("string", .string), ("boolean", .boolean), (nil, _): break
    default: throw Broken("\(path) is no \(schema["type"]?.string ?? "")")
    }
    for name in schema["required"]?.strings ?? [] where value[name] == nil { throw Broken("\(path) lacks \(name)") }
    for property in schema["properties"]?.members ?? [] {
      if let member = value[property.name] { try check(member, property.value, at: path + "." + property.name) }
    }
  }
}
