import Configuration
import Policy
import Testing

/// Which endpoint is asked, when, how long, and how often.
@Suite struct EndpointOrderTests {
  private let yes = ScriptedTransport.Step.answer(200, #"{"decision":true}"#)
  private let no = ScriptedTransport.Step.answer(200, #"{"decision":false}"#)
  private let three = [Fixtures.endpoint(1), Fixtures.endpoint(2), Fixtures.endpoint(3)]

  @Test func asksTheFirstEndpointOnly() {
    var transport = ScriptedTransport([(1, yes), (1, no)])
    let answer = ask(&transport, rules: Fixtures.rules(three))
    #expect(answer.verdict.word == "allowed")
    #expect(transport.posts.count == 1)
    #expect(answer.facts.endpoint == three[0].url)
    #expect(answer.facts.requestID == transport.posts[0].requestID)
    #expect(answer.facts.milliseconds == 1)
  }

  @Test(arguments: [
    PolicyFailure.unreachable("x"), .timedOut("x"), .tls("x"), .broken("x"), .noLibrary("x"), .notResolved("x"),
  ])
  func goesOnWhenNobodyAnswered(_ failure: PolicyFailure) {
    var transport = ScriptedTransport([(1, .fail(failure)), (1, yes)])
    let answer = ask(&transport, rules: Fixtures.rules(three))
    #expect(answer.verdict.word == "allowed")
    #expect(answer.facts.endpoint == three[1].url)
  }

  @Test(arguments: [401, 403, 404, 429, 500, 502, 503, 302, 100])
  func goesOnWhenTheStatusIsNoAnswer(_ status: Int) {
    var transport = ScriptedTransport([(1, .answer(status, "")), (1, yes)])
    #expect(ask(&transport, rules: Fixtures.rules(three)).verdict.word == "allowed")
  }

  /// Shopping around for a yes must not help.
  @Test func neverAsksAnotherAfterAnAnswer() {
    for final: ScriptedTransport.Step in [
      no, .answer(200, "{"), .answer(200, #"{"decision":"true"}"#), .answer(200, #"{"decision":true}"#, type: "text/html"), .answer(400, ""),
      .answer(204, ""), .answer(200, #"{"decision":true}"#, id: "other"), .answer(200, #"{"decision":true,"context":{"obligations":[{}]}}"#),
      .answer(200, #"{"decision":true,"context":{"host_grant":null}}"#), .fail(.tooLarge),
    ] {
      var transport = ScriptedTransport([(1, final), (1, yes)])
      #expect(ask(&transport, rules: Fixtures.rules(three)).verdict.word != "allowed")
      #expect(transport.posts.count == 1)
    }
  }

  @Test func givesEachEndpointAShareOfTheTimeThatIsLeft() {
    var transport = ScriptedTransport([])
    let answer = ask(&transport, rules: Fixtures.rules(three, deadline: 3000))
    #expect(answer.verdict.word == "policy-timeout")
    #expect(transport.posts.map(\.milliseconds) == [1000, 1000, 1000])
    #expect(answer.facts.milliseconds == 3000)
  }

  @Test func leavesUnusedTimeToTheNext() {
    var transport = ScriptedTransport([(100, .fail(.unreachable("x"))), (1, yes)])
    _ = ask(&transport, rules: Fixtures.rules([three[0], three[1]], deadline: 3000))
    #expect(transport.posts.map(\.milliseconds) == [1500, 2900])
  }

  @Test func isOverAtTheDeadline() {
    var transport = ScriptedTransport([])
    #expect(ask(&transport, rules: Fixtures.rules(deadline: 0)).verdict.word == "policy-timeout")
    #expect(transport.posts.isEmpty)
    var forever = ScriptedTransport([(1, yes)])
    #expect(ask(&forever, rules: Fixtures.rules(deadline: .max)).verdict.word == "allowed")
  }

  @Test func refusesWithoutAClock() {
    var transport = ScriptedTransport(yes)
    transport.clock = -1
    #expect(ask(&transport).verdict.word == "policy-not-asked")
    #expect(transport.posts.isEmpty)
  }

  @Test func comesBackToABusyEndpointOnce() {
    for status in [429, 503] {
      var transport = ScriptedTransport([(1, .answer(status, "", retryAfter: 2)), (1, yes)])
      #expect(ask(&transport).verdict.word == "allowed")
      #expect(transport.pauses == [2000])
      var still = ScriptedTransport([(1, .answer(status, "", retryAfter: 1)), (1, .answer(status, "", retryAfter: 1)), (1, yes)])
      #expect(ask(&still).verdict.word == "policy-busy")
      #expect(still.posts.count == 2)
    }
  }

  @Test func comesBackOnceInAllEndpoints() {
    let busy = ScriptedTransport.Step.answer(503, "", retryAfter: 0)
    var transport = ScriptedTransport([(1, busy), (1, busy), (1, busy), (1, busy), (1, yes)])
    #expect(ask(&transport, rules: Fixtures.rules(three)).verdict.word == "policy-busy")
    #expect(transport.posts.count == 4)
  }

  @Test func doesNotComeBackWhenItWouldBeTooLate() {
    for wait: Int64? in [5, 3600, .max, nil, -1] {
      var transport = ScriptedTransport([(1, .answer(503, "", retryAfter: wait)), (1, yes)])
      #expect(ask(&transport).verdict.word == "policy-busy")
      #expect(transport.pauses.isEmpty)
    }
  }

  @Test func refusesWithoutAnEndpoint() {
    var transport = ScriptedTransport(yes)
    #expect(ask(&transport, rules: Fixtures.rules([])).verdict.word == "policy-misconfigured")
  }

  @Test(arguments: [
    ("http://192.0.2.1/x", "192.0.2.1"), ("http://policy.example.com/x", "policy.example.com"), ("http://127.0.0.1.example.com/x", "127.0.0.1.example.com"),
    ("ftp://127.0.0.1/x", "127.0.0.1"), ("file:///etc/passwd", "127.0.0.1"), ("HTTP://127.0.0.1/x", "127.0.0.1"), ("127.0.0.1/x", "127.0.0.1"),
    ("https://127.0.0.1@192.0.2.1/x", "127.0.0.1"), ("https://127.0.0.1:444/x", "127.0.0.1"), ("https://127.0.0.1.example.com/x", "127.0.0.1"),
    ("https:///x", ""), ("http://localhost\\@192.0.2.1/", "localhost"), ("https://127.0.0.1?x", "127.0.0.1"),
  ])
  func asksNobodyInTheClearOrUnderAnotherName(_ url: String, _ host: String) {
    var transport = ScriptedTransport(yes)
    transport.published = ["192.0.2.1"]
    #expect(ask(&transport, rules: Fixtures.rules([PolicyEndpoint(url: url, host: host, port: 443, isLiteral: true)])).verdict.word == "policy-misconfigured")
    #expect(transport.posts.isEmpty)
  }

  @Test(arguments: [
    ("http://127.0.0.1:8181/x", "127.0.0.1", 8181), ("http://[::1]:8181/x", "::1", 8181), ("http://localhost:8181/x", "localhost", 8181),
    ("https://192.0.2.1/x", "192.0.2.1", 443), ("https://[2001:db8::7]/x", "2001:db8::7", 443), ("https://192.0.2.1", "192.0.2.1", 443),
  ] as [(String, String, UInt16)])
  func asksAddressesAndLoopback(_ url: String, _ host: String, _ port: UInt16) {
    var transport = ScriptedTransport(yes)
    #expect(ask(&transport, rules: Fixtures.rules([PolicyEndpoint(url: url, host: host, port: port, isLiteral: false)])).verdict.word == "allowed")
  }

  @Test func asksANameOnlyAtPublishedAddresses() {
    let named = PolicyEndpoint(url: "https://policy.example.com/x", host: "policy.example.com", port: 443, isLiteral: true)
    var unknown = ScriptedTransport(yes)
    #expect(ask(&unknown, rules: Fixtures.rules([named])).verdict.word == "policy-not-resolved")
    #expect(unknown.posts.isEmpty)
    var known = ScriptedTransport(yes)
    known.published = ["192.0.2.7", "2001:db8::7"]
    #expect(ask(&known, rules: Fixtures.rules([named])).verdict.word == "allowed")
    #expect(known.posts[0].addresses == ["192.0.2.7", "2001:db8::7"])
    #expect(!known.posts[0].isLiteral)
  }

  @Test func readsTheTokenForEveryQuestion() {
    for token in ["one", "two"] {
      var transport = ScriptedTransport(yes)
      transport.tokens = [token]
      _ = ask(&transport, rules: Fixtures.rules(tokenFile: "/etc/sojourn/token"))
      #expect(transport.posts[0].bearerToken == token)
    }
    var none = ScriptedTransport(yes)
    #expect(ask(&none, rules: Fixtures.rules(tokenFile: "/etc/sojourn/token")).verdict.word == "policy-token")
    #expect(none.posts.isEmpty, "without its token the host asks nobody")
  }

  @Test func trustsTheSystemsAuthoritiesByName() {
    var transport = ScriptedTransport(yes)
    _ = ask(&transport)
    #expect(transport.posts[0].caFile == "/etc/ssl/certs/ca-certificates.crt")
  }
}
