@testable import Approvals
import DaemonProtocol
import Encoding
import Policy
import Testing

/// Asking for access: which denials can be asked about, what is sent, where, and what of it comes back.
@Suite struct SubmissionTests {
  @Test func sendsWhatWasEvaluatedAndEchoesTheDenialByteForByte() throws {
    let service = Service()
    service.answers = [Service.task(more: Service.ticket)]
    let terms = Service.json(#"""
      {"evaluation_id":"eval_\u00e9/1","evaluated_at":"2026-11-21T08:30:00.12+01:00","reason":"approval_required",
      "access_request":{"expires_at":"2026-11-21T08:40:00.000+01:00","binding_token":"eyJ  .\t\u2028=","template":"m/1","endpoint":"https://pdp.example:8443/ask","display":{"title":"x"}}}
      """#)
    let reply = service.ask(.submit, terms: terms, reason: "disk full on db1, INC-4711")
    #expect(reply.word == "approval-pending")
    let heard = try #require(service.heard.first)
    #expect(service.heard.count == 1 && heard.method == "POST" && heard.url == "https://pdp.example:8443/ask")
    let body = try #require(heard.body)
    let evaluated = Service.evaluation()
    for name in ["subject", "action", "resource"] { #expect(body[name]?.string_ == evaluated[name]?.string_, "\(name)") }
    let context = try #require(body["context"])
    for member in evaluated["context"]?.members ?? [] { #expect(context[member.name]?.string_ == member.value.string_, "\(member.name)") }
    #expect(context["business_justification"]?.string == "disk full on db1, INC-4711")
    #expect(context.members?.count == (evaluated["context"]?.members?.count ?? 0) + 1)
    #expect(body["denial"]?.string_ == Service.json(#"""
      {"evaluation_id":"eval_\u00e9/1","evaluated_at":"2026-11-21T08:30:00.12+01:00","expires_at":"2026-11-21T08:40:00.000+01:00","reason":"approval_required",
      "binding_token":"eyJ  .\t\u2028=","template":"m/1"}
      """#).string_)
    #expect(body["client"]?["id"]?.string == "sojourn@db1")
    #expect(body["callback"] == nil && body["items"] == nil)
  }

  @Test func withoutAReasonNoneIsMadeUp() {
    let service = Service()
    service.answers = [Service.task()]
    _ = service.ask(.submit)
    #expect(service.heard.first?.body?["context"]?["business_justification"] == nil)
  }

  @Test func aReasonReplacesNothingAndIsCleaned() {
    let service = Service()
    service.answers = [Service.task()]
    _ = service.ask(.submit, reason: "a\u{1b}[2J\nb\u{202e}" + String(repeating: "é", count: 600))
    let reason = service.heard.first?.body?["context"]?["business_justification"]?.string ?? ""
    #expect(reason.hasPrefix("a?[2J?b?é") && reason.utf8.count <= 512)
    let other = Service()
    other.answers = [Service.task()]
    let taken = Service.json(#"{"subject":{"type":"user","id":"a"},"action":{"name":"login"},"resource":{"type":"host","id":"h"},"context":{"business_justification":7}}"#)
    _ = other.ask(.submit, taken, reason: "mine")
    #expect(other.heard.first?.body?["context"]?.string_ == #"{"business_justification":7}"#)
  }

  @Test func membersThatTheDenialLacksAreLeftOut() {
    for (terms, echo) in [
      (#"{"evaluation_id":"e","access_request":{"expires_at":"2026-11-21T07:40:00Z","endpoint":"https://pdp.example:8443/a"}}"#,
        #"{"evaluation_id":"e","expires_at":"2026-11-21T07:40:00Z"}"#),
      (#"{"access_request":{"expires_at":"2026-11-21T07:40:00Z","binding_token":"b","endpoint":"https://pdp.example:8443/a"}}"#,
        #"{"binding_token":"b","expires_at":"2026-11-21T07:40:00Z"}"#),
      // AuthZEN leaves `reason` to everybody: what is no text is not a reason code, and no fault.
      (#"{"evaluation_id":"e","reason":{"en":"x"},"access_request":{"expires_at":"2026-11-21T07:40:00Z","endpoint":"https://pdp.example:8443/a"}}"#,
        #"{"evaluation_id":"e","expires_at":"2026-11-21T07:40:00Z"}"#),
    ] {
      let service = Service()
      service.answers = [Service.task()]
      #expect(service.ask(.submit, terms: Service.json(terms)).word == "approval-pending")
      #expect(service.heard.first?.body?["denial"]?.string_ == echo)
    }
  }

  /// A malformed offer is an ordinary no: nothing is sent.
  @Test(arguments: [
    "{}", #"{"access_request":{}}"#, #"{"evaluation_id":"e","access_request":"yes"}"#, #"{"evaluation_id":"e","access_request":[]}"#, #"{"evaluation_id":"e","access_request":{}}"#,
    #"{"evaluation_id":"e","access_request":{"expires_at":"soon"}}"#, #"{"evaluation_id":"e","access_request":{"expires_at":1795246200}}"#,
    #"{"access_request":{"expires_at":"2026-11-21T07:40:00Z"}}"#, #"{"evaluation_id":7,"access_request":{"expires_at":"2026-11-21T07:40:00Z"}}"#,
    #"{"evaluation_id":"","access_request":{"expires_at":"2026-11-21T07:40:00Z"}}"#,
    #"{"evaluation_id":"e","access_request":{"expires_at":"2026-11-21T07:40:00Z","binding_token":{}}}"#,
    #"{"evaluation_id":"e","access_request":{"expires_at":"2026-11-21T07:40:00Z","endpoint":7}}"#,
    #"{"evaluation_id":"e","access_request":{"expires_at":"2026-11-21T07:40:00Z","template":[]}}"#,
    #"{"evaluation_id":"e","evaluated_at":3,"access_request":{"expires_at":"2026-11-21T07:40:00Z"}}"#,
  ])
  func refusesAMalformedOfferAsAnOrdinaryNo(_ terms: String) {
    let service = Service()
    service.answers = [Service.approved(status: 201)]
    #expect(service.ask(.submit, terms: Service.json(terms)).word == "denied")
    #expect(service.heard.isEmpty && service.files.isEmpty)
  }

  @Test func refusesAnEvaluationThatIsNone() {
    let service = Service()
    for text in ["{}", #"{"subject":{},"action":{}}"#, #"{"subject":"a","action":{},"resource":{}}"#] {
      #expect(service.ask(.submit, Service.json(text)).word == "approval-failed")
    }
    #expect(service.heard.isEmpty)
  }

  /// The denial's own end limits the asking, with half a minute for the clocks.
  @Test func refusesADenialThatIsOver() {
    for (expires, word) in [("2026-11-21T07:29:30Z", "approval-pending"), ("2026-11-21T07:29:29Z", "approval-expired"), ("2020-01-01T00:00:00Z", "approval-expired")] {
      let service = Service()
      service.answers = [Service.task()]
      #expect(service.ask(.submit, terms: Service.terms(expires: expires)).word == word, "\(expires)")
      #expect(service.heard.count == (word == "approval-pending" ? 1 : 0))
    }
  }

  /// What the service wants beyond a login's knowledge is not made up: nothing is sent, and the person is told where.
  @Test func aFormIsThePersonsToFillIn() {
    for (more, link) in [
      (#","form_url":"https://pdp.example:8443/forms/1""#, "https://pdp.example:8443/forms/1"), (#","form_url":"https://evil.example/forms/1""#, ""),
      (#","form_url":"https://pdp.example:8443/\u001b[31m""#, ""), (#","request_schema_url":"https://pdp.example:8443/s.json""#, ""),
      (#","request_catalogs_url":"https://pdp.example:8443/c.json","request_schema_url":"https://pdp.example:8443/s.json","form_url":"https://pdp.example:8443/f""#, "https://pdp.example:8443/f"),
    ] {
      let service = Service()
      let reply = service.ask(.submit, terms: Service.terms(more: more), reason: "because")
      #expect(reply.word == "approval-form" && reply.happened == "access has to be asked for in a form." + (link.isEmpty ? "" : " See " + link + " ."), "\(more)")
      #expect(service.heard.isEmpty && service.files.isEmpty)
    }
  }

  /// T31's kin: an address from outside must not make the host speak to a stranger.
  @Test(arguments: [
    "https://evil.example/access/v1/requests", "http://pdp.example:8443/access/v1/requests", "https://pdp.example/access/v1/requests", "https://pdp.example:8444/a",
    "https://pdp.example:8443.evil.example/a", "https://pdp.example:8443@evil.example/a", "https://evil.example#https://pdp.example:8443/a", "//pdp.example:8443/a",
    "/access/v1/requests", "https://pdp.example:84430/a", "https://pdp.example:8443\\@evil.example/a", "https://pdp.example:8443/a b", "https://pdp.example:8443/a\r\nX: y",
    "HTTPS://pdp.example:8443/a", "https://pdp.example:8443", "https://pdp.example:8443/é", "file:///etc/shadow", "https://pdp.example:8443/a#b", "",
    "https://pdp.example:8443/" + String(repeating: "a", count: 3000),
  ])
  func refusesAnEndpointOfAnotherOrigin(_ url: String) {
    let service = Service()
    service.answers = [Service.approved(status: 201)]
    let terms = Service.json(#"{"evaluation_id":"e"}"#)
    _ = terms
    var offer = JSONObject()
    offer.set("expires_at", "2026-11-21T07:40:00Z")
    offer.set("endpoint", url)
    let reply = service.ask(.submit, terms: .object([.init("evaluation_id", .string("e")), .init("access_request", offer.value)]))
    #expect(reply.word == (url.isEmpty ? "denied" : "approval-failed"))
    #expect(service.heard.isEmpty && service.files.isEmpty)
  }

  @Test func refusesATaskOfAnotherOriginAndAsksNobodyAgainForAWhile() {
    for url in ["https://evil.example/arq_1", "http://pdp.example:8443/arq_1", nil] {
      let service = Service()
      service.answers = [Service.task(at: url)]
      #expect(service.ask(.submit).word == "approval-failed")
      #expect(service.ask(.find).word == "approval-failed")
      #expect(service.heard.count == 1)
      service.pass(milliseconds: 601_000)
      #expect(service.ask(.find).word == "nothing")
    }
  }

  @Test func anyConfiguredEndpointsOriginWillDoAndAUnixSocketsToo() {
    let service = Service()
    service.configuration = Service.configuration([
      .init(url: "unix:/run/pdp.sock", host: "", port: 0, isLiteral: true, socket: "/run/pdp.sock"),
      .init(url: "https://[2001:db8::7]/access/v1/evaluation", host: "2001:db8::7", port: 443, isLiteral: true),
    ])
    for (url, asked) in [
      ("http://localhost/access/v1/requests?x=1", "unix:/run/pdp.sock:/access/v1/requests?x=1"), ("https://[2001:db8::7]/r", "https://[2001:db8::7]/r"),
      ("https://[2001:db8::7]:443/r", "https://[2001:db8::7]:443/r"),
    ] {
      service.answers = [Service.problem(400, "not_requestable")]
      _ = service.ask(.submit, terms: Service.terms(endpoint: url))
      #expect(service.takeHeard().map { $0.url } == [asked])
    }
    for url in ["http://localhost:80/r", "http://localhostile/r", "https://localhost/r", "https://[2001:db8::7]:4430/r"] {
      #expect(service.ask(.submit, terms: Service.terms(endpoint: url)).word == "approval-failed")
    }
    #expect(service.heard.isEmpty)
  }

  // MARK: Metadata

  @Test func withoutAnEndpointTheMetadataSayWhere() {
    let service = Service()
    service.answers = [
      Service.answer(200, #"{"policy_decision_point":"https://pdp.example:8443","access_request_endpoint":"https://pdp.example:8443/ask/here"}"#),
      Service.task(),
    ]
    #expect(service.ask(.submit, terms: Service.terms(endpoint: nil)).word == "approval-pending")
    #expect(service.heard.map { $0.method + " " + $0.url } == ["GET https://pdp.example:8443/.well-known/authzen-configuration", "POST https://pdp.example:8443/ask/here"])
  }

  @Test(arguments: [
    (404, #"{"policy_decision_point":"https://pdp.example:8443","access_request_endpoint":"https://pdp.example:8443/ask"}"#, "application/json"),
    (200, #"{"policy_decision_point":"https://pdp.example","access_request_endpoint":"https://pdp.example:8443/ask"}"#, "application/json"),
    (200, #"{"access_request_endpoint":"https://pdp.example:8443/ask"}"#, "application/json"), (200, #"{"policy_decision_point":"https://pdp.example:8443"}"#, "application/json"),
    (200, #"{"policy_decision_point":"https://pdp.example:8443","access_request_endpoint":"https://evil.example/ask"}"#, "application/json"),
    (200, #"{"policy_decision_point":"https://pdp.example:8443","access_request_endpoint":"https://pdp.example:8443/ask"}"#, "text/html"),
    (302, "{}", "application/json"), (200, "[]", "application/json"), (200, "no", "application/json"),
  ])
  func refusesMetadataThatAreAnothersOrNone(_ status: Int, _ body: String, _ type: String) {
    let service = Service()
    service.answers = [Service.answer(status, body, type: type)]
    #expect(service.ask(.submit, terms: Service.terms(endpoint: nil)).word == "approval-failed")
    #expect(service.heard.map { $0.method } == ["GET"] && service.files.isEmpty)
  }

  // MARK: The key

  @Test func theKeyIsTheSameForTheSameAndAnotherForAnother() throws {
    func key(_ evaluation: JSONValue = Service.evaluation(), _ terms: JSONValue = Service.terms()) -> String? {
      let service = Service()
      service.answers = [Service.task()]
      _ = service.ask(.submit, evaluation, terms: terms)
      return service.heard.first?.key
    }
    let first = try #require(key())
    #expect(try first.wholeMatch(of: Regex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")) != nil, "\(first)")
    #expect(key() == first && key(Service.evaluation(serial: "42")) == first, "what changes at every login is no part of it")
    #expect(Set([first, key(Service.evaluation(), Service.terms(id: "eval_2")), key(Service.evaluation(subject: "bob@example.com")), key(Service.evaluation(host: "db2"))]).count == 4)
  }

  /// The record is there before the request is: a relay that dies in between finds its task again.
  @Test func aRequestWhoseAnswerWasLostIsSentAgainAsItWas() throws {
    let service = Service()
    service.answers = [.failed(.timedOut("late"))]
    #expect(service.ask(.submit, reason: "why").word == "approval-unavailable")
    let lost = try #require(service.takeHeard().first)
    // The next login has another certificate and another denial, and the old request is still good.
    service.answers = [Service.task(more: Service.ticket)]
    service.pass(milliseconds: 60_000)
    #expect(service.ask(.find, Service.evaluation(serial: "42"), terms: Service.terms(id: "eval_2")).word == "approval-pending")
    let again = try #require(service.takeHeard().first)
    #expect(again.method == "POST" && again.key == lost.key && again.text == lost.text && again.url == lost.url)
    // Now it is a task like any other.
    _ = service.ask(.find)
    #expect(service.heard.first?.method == "GET")
  }

  @Test func aLostRequestIsForgottenWithItsDenial() {
    let service = Service()
    service.answers = [.failed(.timedOut("late"))]
    _ = service.ask(.submit)
    service.pass(milliseconds: 11 * 60_000)
    #expect(service.ask(.find).word == "nothing" && service.heard.count == 1)
  }

  @Test func twoLoginsAtOnceAskOnce() throws {
    let service = Service()
    let evaluation = Service.evaluation()
    let request = ApprovalRequest(.submit, endpoint: "", evaluation: evaluation, terms: Service.terms())
    var first = Approval(request, rules: service.configuration.policy, host: "db1", store: service.store, now: service.moment)
    guard case .call = first.next(now: service.moment, random: 0) else {
      Issue.record("the first login does not ask")
      return
    }
    service.pass(milliseconds: 2000)
    for step in [ApprovalRequest.Step.find, .submit] { #expect(service.ask(step, terms: Service.terms(id: "eval_2")).word == "approval-pending") }
    #expect(service.heard.isEmpty)
    // It was never answered, so whoever comes later does it.
    service.answers = [Service.task()]
    service.pass(milliseconds: 30_000)
    #expect(service.ask(.find).word == "approval-pending" && service.heard.count == 1)
  }

  @Test func aTaskThatIsRememberedIsNeverAskedForTwice() {
    let service = Service()
    service.answers = [Service.task(), Service.task(status: 200)]
    _ = service.ask(.submit)
    #expect(service.ask(.submit, terms: Service.terms(id: "eval_2")).word == "approval-pending")
    #expect(service.heard.map { $0.method } == ["POST", "GET"])
  }

  @Test func refusesToAskWhatCannotBeRemembered() throws {
    let service = Service()
    service.answers = [Service.approved(status: 201)]
    // A file stands where the folder should be.
    try "".write(toFile: service.folder, atomically: true, encoding: .utf8)
    let reply = service.ask(.submit)
    #expect(reply.word == "approval-failed" && reply.detail.contains("cannot be remembered") && service.heard.isEmpty)
  }
}
