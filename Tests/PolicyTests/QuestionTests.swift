import Identity
import Configuration
import DaemonProtocol
import Encoding
import HostSystem
import Policy
import Testing

/// The AuthZEN request: required members, and what goes where (DESIGN 7).
@Suite struct QuestionTests {
  private func sent(_ question: Question = Fixtures.question(), host: HostFacts = Fixtures.host, attributesIn: AttributePlace = .subject,
    opa path: String? = nil) throws -> (JSONValue, HTTPRequest) {
    var transport = ScriptedTransport(.answer(200, #"{"decision":false}"#))
    var rules = Fixtures.rules(attributesIn: attributesIn)
    if let path {
      rules.dialect = .opa
      rules.endpoints = [PolicyEndpoint(url: "https://192.0.2.1" + path, host: "192.0.2.1", port: 443, isLiteral: true)]
    }
    _ = PolicyClient.ask(question, rules: rules, host: host, through: &transport)
    let request = try #require(transport.posts.first)
    return (try JSONValue.parse(request.body), request)
  }

  @Test func asksInTheAgreedShape() throws {
    let (question, _) = try sent()
    let expected = try JSONValue.parse("""
      {"subject":{"type":"user","id":"alice@example.com","properties":{}},
       "action":{"name":"login","properties":{"service":"sshd","account":"alice"}},
       "resource":{"type":"host","id":"db1","properties":{"labels":{"environment":"production","role":"database"}}},
       "context":{"time":"2026-11-18T11:10:00Z","source_ip":"192.0.2.9","tty":"ssh",
         "credential":{"kind":"ssh-cert","key_id":"alice@example.com","serial":"18446744073709551615","key_fp":"SHA256:key","ca_fp":"SHA256:ca",
           "principals":["alice","dba"],"not_before":"2026-11-18T11:09:00Z","not_after":"2026-11-18T12:10:00Z",
           "extensions":{"permit-pty":"","roles@example.com":"sha256:00"}},
         "pep":{"name":"pam_sojourn","version":"\(Release.version)"},"supported_obligations":["notification","session_termination","step-up"]}}
      """.bytes)
    #expect(question.text(sorted: true) == expected.text(sorted: true))
  }

  /// With `UseDNS` sshd says a name, which the client's own name server gave.
  @Test func neverGivesANameForAnAddress() throws {
    for name in ["10.0.0.1.evil.example", "db1.example.com", "10.0.0.300"] {
      let (question, _) = try sent(Fixtures.question(remote: name))
      #expect(question["context"]?["source_ip"] == nil && question["context"]?["source_name"]?.string == name)
    }
    let (question, _) = try sent(Fixtures.question(remote: "2001:db8::7"))
    #expect(question["context"]?["source_ip"]?.string == "2001:db8::7" && question["context"]?["source_name"] == nil)
  }

  /// An approval compares subject, action and resource member by member: what changes from login to login must not be there.
  @Test func keepsWhatChangesOutOfSubjectActionAndResource() throws {
    let (first, _) = try sent()
    var again = Fixtures.question(remote: "198.51.100.7")
    again.now += 86400
    again.login.tty = "/dev/pts/7"
    again.credential.serial = "43"
    again.credential.keyFingerprint = "SHA256:other"
    again.credential.notAfter += 86400
    let (second, _) = try sent(again)
    for member in ["subject", "action", "resource"] { #expect(first[member]?.text(sorted: true) == second[member]?.text(sorted: true)) }
    #expect(first["context"]?.text(sorted: true) != second["context"]?.text(sorted: true))
  }

  @Test func putsAttributesWhereTheConfigurationSays() throws {
    let question = Fixtures.question(attributes: [.init(name: "roles", values: ["dba"]), .init(name: "roles", values: ["root"])])
    let (inSubject, _) = try sent(question)
    #expect(inSubject["subject"]?["properties"]?["roles"]?.strings == ["dba"])
    #expect(inSubject["context"]?["attributes"] == nil)
    let (inContext, _) = try sent(question, attributesIn: .context)
    #expect(inContext["subject"]?["properties"]?.members?.isEmpty == true)
    #expect(inContext["context"]?["attributes"]?["roles"]?.strings == ["dba"])
  }

  /// The place changes where the attributes stand, and nothing else.
  @Test func thePlaceOfAttributesChangesNothingElse() throws {
    func without(_ value: JSONValue, _ name: String) -> JSONValue { .object((value.members ?? []).filter { $0.name != name }) }
    let question = Fixtures.question(attributes: [.init(name: "roles", values: ["dba", "oncall"]), .init(name: "none", values: [])])
    let (inSubject, _) = try sent(question)
    let (inContext, _) = try sent(question, attributesIn: .context)
    #expect(inSubject["subject"]?["properties"]?.text(sorted: true) == inContext["context"]?["attributes"]?.text(sorted: true))
    #expect(inSubject["subject"]?["properties"]?["none"]?.strings == [], "an attribute without values is told as one")
    for member in ["action", "resource"] { #expect(inSubject[member]?.text(sorted: true) == inContext[member]?.text(sorted: true)) }
    let contexts = try [#require(inSubject["context"]), without(#require(inContext["context"]), "attributes")]
    #expect(contexts[0].text(sorted: true) == contexts[1].text(sorted: true))
    let subjects = try [#require(inSubject["subject"]), #require(inContext["subject"])].map { without($0, "properties") }
    #expect(subjects[0].text(sorted: true) == subjects[1].text(sorted: true))
  }

  @Test func tellsWorkloadsFromPeople() throws {
    var question = Fixtures.question()
    #expect(try sent(question).0["subject"]?["type"]?.string == "user")
    question.subjectType = "workload"
    #expect(try sent(question).0["subject"]?["type"]?.string == "workload")
  }

  /// OPA's log keeps the question, and OPA echoes no header.
  @Test func opaIsAskedTheSameBareOrWrappedWithTheRequestIDInIt() throws {
    let (plain, _) = try sent()
    let (bare, request) = try sent(opa: "/v0/data/sojourn/login/answer")
    let (wrapped, other) = try sent(opa: "/v1/data/sojourn/login/answer?metrics=true")
    #expect(bare["context"]?["request_id"]?.string == request.requestID)
    #expect(wrapped["input"]?["context"]?["request_id"]?.string == other.requestID)
    #expect(wrapped.members?.count == 1 && bare["input"] == nil)
    for member in ["subject", "action", "resource"] {
      #expect(bare[member]?.text(sorted: true) == plain[member]?.text(sorted: true))
      #expect(wrapped["input"]?[member]?.text(sorted: true) == plain[member]?.text(sorted: true))
    }
    #expect(plain["context"]?["request_id"] == nil, "AuthZEN's endpoints have the header")
  }

  @Test func leavesOutWhatIsNotKnown() throws {
    var question = Fixtures.question(remote: "")
    question.login.tty = ""
    let (sent, _) = try sent(question)
    #expect(sent["context"]?["source_ip"] == nil)
    #expect(sent["context"]?["tty"] == nil)
    #expect(!holdsNull(sent))
  }

  @Test func givesEveryQuestionARandomIDInItsHeader() throws {
    var seen: Set<String> = []
    for _ in 0..<100 {
      let id = try sent().1.requestID
      #expect(id.utf8.count == 32 && id.utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) })
      seen.insert(id)
    }
    #expect(seen.count == 100)
  }

  /// Texts from outside stay within their strings.
  @Test func carriesHostileTextsUnchanged() throws {
    let text = "\"},\"decision\":true,{\"\u{1B}[2J\n\u{202E}é"
    var question = Fixtures.question()
    question.subjectID = text
    question.account = text
    question.extensions = [CertificateExtension(name: "a\u{0}b", value: text), CertificateExtension(name: "a", value: "x"), CertificateExtension(name: "a", value: "y")]
    let (sent, _) = try sent(question, host: HostFacts(id: text, labels: [.init(name: "x", value: text)], candidatePrograms: []))
    #expect(sent["decision"] == nil)
    #expect(sent["subject"]?["id"]?.string == text)
    #expect(sent["action"]?["properties"]?["account"]?.string == text)
    #expect(sent["resource"]?["id"]?.string == text)
    #expect(sent["resource"]?["properties"]?["labels"]?["x"]?.string == text)
    let extensions = sent["context"]?["credential"]?["extensions"]
    #expect(extensions?["a\\x00b"]?.string == text)
    #expect(extensions?["a"]?.string == "x", "the first of two; nothing replaces it silently")
    #expect(extensions?.members?.count == 2)
  }

  @Test func hasTheMembersThatAuthZENRequires() throws {
    let (question, _) = try sent()
    for (entity, members) in [("subject", ["type", "id"]), ("resource", ["type", "id"]), ("action", ["name"])] {
      for member in members { #expect(question[entity]?[member]?.string?.isEmpty == false) }
      #expect(question[entity]?["properties"]?.members != nil)
    }
    #expect(question["context"]?.members != nil)
  }

  private func holdsNull(_ value: JSONValue) -> Bool {
    switch value {
    case .null: true
    case .array(let values): values.contains { holdsNull($0) }
    case .object(let members): members.contains { holdsNull($0.value) }
    default: false
    }
  }
}
