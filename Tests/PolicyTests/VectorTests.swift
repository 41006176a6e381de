import Encoding
import HostSystem
import Policy
import Testing

/// AuthZEN's own schemas and interop vectors (github.com/openid/authzen, MIT), which lie beside the checkout where they
/// are provided. They test endpoints; here every request goes through our JSON, every expected decision through our
/// reading, and our question through the request schema.
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
    var count = 0
    for name in ["00", "01", "02"].map({ "interop/authzen-todo-backend/test/decisions-authorization-api-1_0-\($0).json" })
      + ["interop/authzen-api-gateways/test-harness/test/decisions.json"] {
      let vectors = try #require(try file(name))
      for vector in try #require(vectors["evaluation"]?.array) {
        let request = try #require(vector["request"])
        try check(request, schema, at: name)
        let text = try #require(request.text(sorted: true))
        #expect(try JSONValue.parse(text).text(sorted: true) == text)
        let expected = try #require(vector["expected"]?.boolean as Bool?)
        let answer = JSONValue.object([.init("decision", .boolean(expected))])
        try check(answer, answers, at: name)
        #expect(verdict(of: .answer(200, String(decoding: try #require(answer.text()), as: UTF8.self))).word == (expected ? "allowed" : "denied"))
        count += 1
      }
      for batch in vectors["evaluations"]?.array ?? [] {
        for decision in batch["expected"]?.array ?? [] {
          let text = String(decoding: try #require(decision.text()), as: UTF8.self)
          #expect(verdict(of: .answer(200, text)).word == (decision["decision"]?.boolean == true ? "allowed" : "denied"))
          count += 1
        }
      }
    }
    print("policy: \(count) AuthZEN vectors")
    #expect(count >= 145)
  }

  private func file(_ name: String) throws -> JSONValue? {
    let path = VectorTests.folder + "/" + name
    guard Files.exists(VectorTests.folder) else {
      print("policy: AuthZEN's vectors are not beside this checkout (\(VectorTests.folder)): not compared")
      return nil
    }
    return try JSONValue.parse(try Files.read(path, cap: 1 << 22))
  }

  /// As much of JSON Schema as these schemas use: `type`, `required`, `properties`.
  private func check(_ value: JSONValue, _ schema: JSONValue, at path: String) throws {
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
