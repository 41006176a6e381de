import Configuration
import Encoding
import Policy
import Testing

/// OPA's dialect: bare and wrapped, what is undefined, and every wrong shape that a forgiving client would take for a yes.
@Suite struct OPADialectTests {
  private func answered(_ route: String, _ body: String, status: Int = 200, type: String? = "application/json") -> Verdict {
    var transport = ScriptedTransport(.answer(status, body, type: type, ids: 0, id: ""))
    return PolicyClient.ask(Fixtures.question(), rules: rules(["/\(route)/data/sojourn/login/answer"]), host: Fixtures.host, through: &transport).verdict
  }

  private func rules(_ paths: [String]) -> PolicyRules {
    var rules = Fixtures.rules(paths.map { PolicyEndpoint(url: "https://192.0.2.1" + $0, host: "192.0.2.1", port: 443, isLiteral: true) })
    rules.dialect = .opa
    return rules
  }

  @Test func takesAnAnswerInTheFormOfItsRoute() {
    #expect(answered("v0", #"{"decision":true}"#).word == "allowed")
    #expect(answered("v1", #"{"result":{"decision":true}}"#).word == "allowed")
    #expect(answered("v1", #"{"decision_id":"7","metrics":{"x":1},"result":{"decision":true,"context":{"host_grant":{"groups":["a"]}}}}"#).grant?.groups == ["a"])
    #expect(answered("v0", #"{"decision":false}"#).word == "denied")
    #expect(answered("v1", #"{"result":{"decision":false}}"#).word == "denied")
  }

  @Test(arguments: [
    ("v1", "{}", 200), ("v1", #"{"decision_id":"7"}"#, 200), ("v1", #"{"result":{}}"#, 200), ("v1", #"{"warning":{"code":"api_usage_warning"}}"#, 200),
    ("v0", "{}", 200), ("v0", #"{"code":"undefined_document","message":"x"}"#, 404), ("v0", #"{"code":"undefined_document","decision":true}"#, 404),
  ])
  func anUndefinedDecisionIsANoWithASentenceOfItsOwn(_ route: String, _ body: String, _ status: Int) throws {
    guard case .undefined(let user, let admin) = answered(route, body, status: status) else { throw Broken("\(body) is no no") }
    #expect(user == "none of its rules decides this login.")
    #expect(admin.contains("OPA has no value"))
  }

  @Test(arguments: [
    ("v1", #"{"result":true}"#), ("v1", #"{"result":false}"#), ("v1", #"{"result":null}"#), ("v1", #"{"result":1}"#), ("v1", #"{"result":"true"}"#),
    ("v1", #"{"result":[{"decision":true}]}"#), ("v1", #"{"result":[]}"#), ("v1", #"{"result":{"decision":"true"}}"#), ("v1", #"{"result":{"decision":1}}"#),
    ("v1", #"{"result":{"decision":null}}"#), ("v1", #"{"result":{"allow":true}}"#), ("v1", #"{"decision":true}"#), ("v1", #"[{"decision":true}]"#), ("v1", "true"),
    ("v1", #"{"result":{"result":{"decision":true}}}"#), ("v1", #"{"result":{"decision":true,"context":null}}"#),
    ("v0", #"{"result":{"decision":true}}"#), ("v0", "true"), ("v0", "null"), ("v0", "[]"), ("v0", #"[{"decision":true}]"#), ("v0", #"{"decision":"true"}"#),
    ("v0", #"{"allow":true}"#), ("v0", #"{"code":"undefined_document"}"#),
  ])
  func refusesAnswersOfAnotherShape(_ route: String, _ body: String) { #expect(answered(route, body).word == "policy-malformed") }

  @Test func otherFailuresAreNotUndefined() {
    #expect(answered("v1", #"{"code":"undefined_document"}"#, status: 404).word == "policy-status", "/v1/data/ never answers so")
    #expect(answered("v0", #"{"code":"resource_not_found"}"#, status: 404).word == "policy-status")
    #expect(answered("v0", "404 page not found", status: 404, type: "text/plain").word == "policy-status")
    #expect(answered("v0", #"{"code":"undefined_document"}"#, status: 404, type: "text/html").word == "policy-status")
    #expect(answered("v0", #"{"code":"internal_error","decision":true}"#, status: 500).word == "policy-status")
    #expect(answered("v1", #"{"code":"invalid_parameter"}"#, status: 400).word == "policy-rejected")
  }

  @Test func refusesEndpointsThatAreNotOPAsOrAreMixed() {
    for paths in [["/access/v1/evaluation"], ["/"], [""], ["/v0/data/"], ["/v1/data"], ["/x/v0/data/a"], ["/?/v0/data/a"], ["/v2/data/a"], ["/v0/data/a", "/v1/data/a"], []] {
      var transport = ScriptedTransport(.answer(200, #"{"decision":true,"result":{"decision":true}}"#))
      #expect(PolicyClient.ask(Fixtures.question(), rules: rules(paths), host: Fixtures.host, through: &transport).verdict.word == "policy-misconfigured", "\(paths)")
      #expect(transport.posts.isEmpty)
    }
  }

  @Test func theRouteIsThePathOfTheAddress() {
    func route(_ url: String) -> String {
      switch OPARoute(url: url) {
      case .bare: "bare"
      case .wrapped: "wrapped"
      case nil: "none"
      }
    }
    for (url, expected) in [
      ("https://a.example/v0/data/x", "bare"), ("https://a.example:8181/v1/data/x/y?metrics=true", "wrapped"), ("http://[::1]:8181/v0/data/x", "bare"),
      ("unix:/run/opa.sock:/v0/data/x", "bare"), ("unix:/run/opa.sock:/v1/data/x", "wrapped"), ("unix:/v0/data/x", "none"), ("unix:/run/opa.sock", "none"),
      ("https://a.example/v0/data", "none"), ("https://a.example?/v0/data/x", "none"), ("https://a.example#/v0/data/x", "none"), ("", "none"), ("://", "none"), ("/v0/data/x", "none"),
    ] { #expect(route(url) == expected, "\(url)") }
  }

  /// The other way round: an AuthZEN client is let in by no answer of OPA's that is wrapped.
  @Test func theDialectsAreNotGuessed() {
    #expect(verdict(of: .answer(200, #"{"result":{"decision":true}}"#)).word == "policy-malformed")
    #expect(verdict(of: .answer(404, #"{"code":"undefined_document"}"#)).word == "policy-status")
  }
}

/// The same over a real socket, to a real engine (Rego, by regopy).
@Suite(.serialized) struct OPALiveTests {
  private static let policies = Workshop.root + "/packaging/examples/policies/opa"

  private func ask(_ question: Question, _ endpoint: PolicyEndpoint) -> Verdict {
    var rules = Fixtures.rules([endpoint])
    rules.dialect = .opa
    return PolicyClient.ask(question, rules: rules, host: Fixtures.host).verdict
  }

  @Test(arguments: ["v0", "v1"]) func theExamplesDecideOurQuestions(route: String) throws {
    let endpoint = try EndpointProcess(rego: OPALiveTests.policies)
    let administrator = Fixtures.question(attributes: [.init(name: "roles", values: ["database-administrator"])])
    let yes = ask(administrator, endpoint.opa(route, "sojourn/roles/answer"))
    #expect(yes.grant?.groups == ["dbops"] && yes.grant?.maxSessionSeconds == 3600, "\(yes)")
    guard case .denied(let user, _) = ask(Fixtures.question(), endpoint.opa(route, "sojourn/roles/answer")) else { throw Broken("no no") }
    #expect(user == "Database hosts are for database administrators.")
    guard case .undefined(let none, _) = ask(administrator, endpoint.opa(route, "sojourn/nowhere/answer")) else { throw Broken("undefined is no no") }
    #expect(none == "none of its rules decides this login.")
    #expect(ask(administrator, endpoint.opa(route, "sojourn/roles")).word == "policy-malformed", "a package is no answer")
    let asked = try endpoint.questions().compactMap { route == "v1" ? $0["request"]?["input"] : $0["request"] }
    #expect(asked.count == 4 && asked.allSatisfy { $0["context"]?["request_id"]?.string?.utf8.count == 32 })
  }

  @Test func everyBehaviourOfOPAIsARefusal() throws {
    let endpoint = try EndpointProcess(rego: OPALiveTests.policies)
    let modes = try endpoint.modes()
    #expect(Set(modes) == Set(OPALiveTests.expected.map(\.mode)), "every behaviour has its line here")
    var admitted = 0
    for (mode, word) in OPALiveTests.expected {
      try endpoint.misbehave(mode)
      // Each to both routes: an answer of the one must not be a yes on the other, except for what is proper there.
      for route in ["v0", "v1"] {
        let isOwn = mode.hasPrefix("opa-bare-") && mode != "opa-bare-beside-nothing" ? route == "v0" : route == "v1"
        var probe = try Probe([endpoint.opa(route, "sojourn/roles/answer")], deadline: BehaviourTests.deadline)
        probe.rules.dialect = .opa
        guard isOwn else { continue }
        let outcome = try probe.askOnce()
        if outcome.word == "held" { admitted += 1 }
        #expect(outcome.word == word, "\(mode) on /\(route)/data/: \(outcome.detail)")
      }
    }
    print("policy: OPA behaviours \(OPALiveTests.expected.count), admitted \(admitted)")
    #expect(admitted == 0)
  }

  static let expected: [(mode: String, word: String)] = [
    ("opa-result-absent", "denied"), ("opa-result-empty", "denied"), ("opa-result-true", "policy-malformed"), ("opa-result-false", "policy-malformed"),
    ("opa-result-null", "policy-malformed"), ("opa-result-string", "policy-malformed"), ("opa-result-number", "policy-malformed"),
    ("opa-result-array", "policy-malformed"), ("opa-result-array-of-pairs", "policy-malformed"), ("opa-decision-string", "policy-malformed"),
    ("opa-decision-one", "policy-malformed"), ("opa-decision-null", "policy-malformed"), ("opa-decision-array", "policy-malformed"),
    ("opa-decision-missing", "policy-malformed"), ("opa-bare", "policy-malformed"), ("opa-bare-beside-nothing", "policy-malformed"),
    ("opa-decision-beside-result", "denied"), ("opa-wrapped-twice", "policy-malformed"), ("opa-result-twice", "policy-malformed"),
    ("opa-result-case", "denied"), ("opa-array", "policy-malformed"), ("opa-context-null", "policy-malformed"),
    ("opa-grant-unknown-member", "policy-grant"), ("opa-grant-null", "policy-grant"), ("opa-uid-zero", "ceiling-uid"), ("opa-groups-root", "ceiling-group"),
    ("opa-obligation-unknown", "policy-obligation"), ("opa-obligation-step-up", "step-up"), ("opa-not-found", "policy-status"),
    ("opa-undefined-with-a-yes", "policy-status"), ("opa-error-with-a-yes", "policy-status"), ("opa-errors-beside-a-yes", "policy-malformed"),
    ("opa-bare-empty", "denied"), ("opa-bare-undefined", "denied"), ("opa-bare-undefined-with-a-yes", "denied"), ("opa-bare-wrapped", "policy-malformed"),
    ("opa-bare-true", "policy-malformed"), ("opa-bare-string", "policy-malformed"), ("opa-bare-null", "policy-malformed"), ("opa-bare-array", "policy-malformed"),
    ("opa-bare-decision-string", "policy-malformed"), ("opa-bare-decision-missing", "policy-malformed"), ("opa-bare-context-array", "policy-malformed"),
    ("opa-bare-grant-unknown-member", "policy-grant"),
  ]
}
