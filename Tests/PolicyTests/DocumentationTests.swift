import Configuration
import Encoding
import HostSystem
import Identity
import Testing

@testable import Policy

/// docs/policies.md is the contract for people who write policies: every example in it is what a host asks and how it reads.
@Suite struct DocumentationTests {
  private static func page() throws -> String { String(decoding: try Files.read(Workshop.root + "/docs/policies.md", cap: 1 << 20), as: UTF8.self) }

  private static func examples() throws -> [String] {
    var examples: [String] = []
    var current: [Substring]?
    for line in try page().split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```json" {
        current = []
      } else if line == "```", let lines = current {
        examples.append(lines.joined(separator: "\n"))
        current = nil
      } else {
        current?.append(line)
      }
    }
    return examples
  }

  @Test func theQuestionIsTheOneThatIsAsked() throws {
    var transport = ScriptedTransport(.answer(200, #"{"decision":false}"#))
    let question = Fixtures.question(attributes: [.init(name: "roles", values: ["dba", "oncall"])])
    _ = PolicyClient.ask(question, rules: Fixtures.rules(), host: Fixtures.host, through: &transport)
    let asked = try JSONValue.parse(try #require(transport.posts.first).body)
    let written = try #require(try Self.examples().first).split(separator: "VERSION", omittingEmptySubsequences: false).joined(separator: Release.version)
    #expect(try JSONValue.parse(written.bytes).text(sorted: true) == asked.text(sorted: true))
  }

  /// It says of nobody that they log in, and what is answered is granted to nobody.
  @Test func theQuestionOfACheckIsTheOneThatIsAsked() throws {
    var transport = ScriptedTransport(.answer(200, #"{"decision":true}"#))
    let now = try #require(Timestamp.parse("2026-11-18T11:10:00Z"))
    _ = PolicyClient.ask(.check(now: now), rules: Fixtures.rules(), host: Fixtures.host, through: &transport)
    let asked = try JSONValue.parse(try #require(transport.posts.first).body)
    let written = try #require(try Self.examples().dropFirst().first).split(separator: "VERSION", omittingEmptySubsequences: false).joined(separator: Release.version)
    #expect(try JSONValue.parse(written.bytes).text(sorted: true) == asked.text(sorted: true))
  }

  @Test func everyMemberOfTheQuestionHasItsRow() throws {
    let text = try Self.page()
    for name in ["subject.type", "subject.id", "subject.properties", "action.name", "action.properties.service", ".account", "resource.type", ".id",
      "resource.properties.labels", "context.time", "context.source_ip", "context.source_name", "context.tty", "context.credential.kind", "context.credential.key_id", ".principals",
      ".not_before", ".not_after", "context.credential.serial", "context.credential.key_fp", ".ca_fp", "context.credential.extensions", "context.pep",
      "context.supported_obligations", "context.session.id", ".opened", "context.request_id"] {
      #expect(text.contains("`\(name)`"), "\(name)")
    }
    for name in Obligations.supported { #expect(text.contains("| `\(name)` |"), "\(name)") }
    for name in ["uid", "groups", "shell", "max_session_seconds", "reevaluate_seconds", "record"] { #expect(text.contains("| `\(name)` |"), "\(name)") }
  }

  /// In the order of the page.
  static let outcomes: [(dialect: String, word: String)] = [
    ("", "allowed"), ("", "allowed"), ("", "denied"), ("", "step-up"), ("", "ceiling-recording"), ("", "allowed"), ("", "allowed"),
    ("", "step-up"), ("", "policy-obligation"), ("v1", "allowed"), ("v1", "denied"),
  ]

  @Test func everyAnswerIsReadAsThePageSays() throws {
    let answers = try Self.examples().dropFirst(2)
    #expect(answers.count == Self.outcomes.count)
    let accounts = try Fixtures.accounts()
    for (text, expected) in zip(answers, Self.outcomes) {
      var rules = Fixtures.rules([PolicyEndpoint(url: "https://192.0.2.1/v1/data/a/b", host: "192.0.2.1", port: 443, isLiteral: true)])
      if !expected.dialect.isEmpty { rules.dialect = .opa }
      var transport = ScriptedTransport(.answer(200, text))
      let answer = PolicyClient.ask(Fixtures.question(), rules: rules, host: Fixtures.host, through: &transport)
      var word = answer.verdict.word
      if let grant = answer.verdict.grant {
        do throws(CeilingBreach) {
          _ = try Ceilings.hold(grant, uid: 70000, accounts: accounts, session: Fixtures.session)
        } catch { word = error.token }
      }
      #expect(word == expected.word, "\(text)")
    }
  }
}
