import Configuration
import Encoding
import Glibc
import Testing

/// The policy endpoint over real HTTP, and every misbehaviour it knows, each done to a *yes* (T8): what must come of it,
/// and that it comes within the deadline.
@Suite(.serialized) struct BehaviourTests {
  /// Milliseconds.
  static let deadline: UInt64 = 1500
  /// What the machine may be late.
  static let slack: Int64 = 1000

  @Test(arguments: Route.allCases) func everyBehaviourHasItsOutcomeInTime(_ route: Route) throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain], deadline: BehaviourTests.deadline)
    // Generous on purpose: only what the answer itself is worth may refuse it.
    probe.accounts = try Fixtures.accounts(groups: ["dbops", "deploy", "shadow", "sojourn"])
    // One relay for all of them: what a behaviour leaves behind on its connections meets the next.
    if route == .relay { _ = try probe.moveIn() }
    #expect(try probe.askOnce().word == "held", "the endpoint says yes when it behaves")

    let modes = try endpoint.modes().filter { $0 != "custom" }
    #expect(Set(modes) == Set(BehaviourTests.expected.map(\.mode)), "every behaviour has its line here")
    var tried = 0
    var admitted = 0
    var tolerated = 0
    var late = 0
    for (mode, word) in BehaviourTests.expected {
      try endpoint.misbehave(mode)
      let outcome = try probe.askOnce()
      tried += 1
      #expect(outcome.word == word, "\(mode): \(outcome.detail)")
      if outcome.word == "held" {
        if word == "held" { tolerated += 1 } else { admitted += 1 }
      }
      if outcome.milliseconds > Int64(BehaviourTests.deadline) + BehaviourTests.slack {
        late += 1
        Issue.record("\(mode): \(outcome.milliseconds) ms")
      }
      for text in [outcome.user, outcome.admin, outcome.detail] {
        guard let text else { continue }
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && !(0x200B...0x206F).contains($0.value) }, "\(mode): \(text)")
        #expect(text.utf8.count <= 2100, "\(mode)")
      }
    }
    print("policy, \(route.testDescription): behaviours \(tried), admitted \(admitted), over time \(late) (harmless by the specification, so let in: \(tolerated))")
    #expect(admitted == 0 && late == 0 && tried >= 100)
  }

  @Test(arguments: Route.allCases) func aNoBringsThePolicysReasons(_ route: Route) throws {
    let endpoint = try EndpointProcess()
    try endpoint.misbehave("custom", [.init("json", try JSONValue.parse(#"{"decision":false,"context":{"reason_user":{"en":"Not on Fridays."},"reason_admin":{"en":"rule 7"}}}"#.bytes))])
    let outcome = try Probe([endpoint.plain], route: route).askOnce()
    #expect(outcome.word == "denied")
    #expect(outcome.user == "Not on Fridays.")
    #expect(outcome.admin == "rule 7")
  }

  @Test(arguments: Route.allCases) func theNextEndpointIsAskedWhenTheFirstIsSilentAndNeverAfterAnAnswer(_ route: Route) throws {
    let (first, second) = (try EndpointProcess(), try EndpointProcess())
    let probe = try Probe([first.plain, second.plain], deadline: 2000, route: route)
    for mode in ["silent", "close", "reset", "500", "401", "garbage"] {
      try first.misbehave(mode)
      let outcome = try probe.askOnce()
      #expect(outcome.word == "held", "\(mode)")
      #expect(outcome.endpoint == second.plain.url)
      #expect(outcome.milliseconds < 3000)
    }
    for mode in ["reason-string", "decision-string", "garbage-body", "type-html", "400", "request-id-wrong", "huge"] {
      try first.misbehave(mode)
      let outcome = try probe.askOnce()
      #expect(outcome.word != "held", "\(mode)")
      #expect(outcome.endpoint == first.plain.url)
    }
  }

  @Test(arguments: Route.allCases) func nobodyListeningIsARefusalAtOnce(_ route: Route) throws {
    // Bound and not listening: the port is nobody else's.
    let (fd, port) = try Loopback.bound()
    defer { close(fd) }
    let outcome = try Probe([PolicyEndpoint(url: "http://127.0.0.1:\(port)/", host: "127.0.0.1", port: port, isLiteral: true)], route: route).askOnce()
    #expect(outcome.word == "policy-unreachable")
    #expect(outcome.milliseconds < 1000)
  }

  /// "held" only where AuthZEN or DESIGN 7 says so: no echoed id, no grant, a group twice, a limit beyond the host's.
  static let expected: [(mode: String, word: String)] = [
    ("slow", "policy-timeout"), ("slow-drip", "policy-timeout"), ("silent", "policy-timeout"), ("close", "policy-broken"), ("reset", "policy-broken"),
    ("close-in-head", "policy-broken"), ("close-in-body", "policy-broken"), ("close-in-chunk", "policy-broken"), ("two-answers", "denied"),
    ("huge", "policy-too-large"), ("huge-chunked", "policy-too-large"), ("compressed", "policy-malformed"), ("endless", "policy-too-large"),
    ("endless-head", "policy-too-large"), ("endless-continue", "policy-too-large"), ("400", "policy-rejected"), ("401", "policy-host-not-authorized"),
    ("403", "policy-host-not-authorized"), ("404", "policy-status"), ("429", "policy-busy"), ("429-long", "policy-busy"), ("503", "policy-busy"),
    ("503-date", "policy-busy"), ("503-garbage", "policy-busy"), ("500", "policy-status"), ("502", "policy-status"), ("201", "policy-malformed"),
    ("204", "policy-malformed"), ("redirect", "policy-status"), ("redirect-keeping-method", "policy-status"), ("redirect-away", "policy-status"),
    ("type-html", "policy-content-type"), ("type-missing", "policy-content-type"), ("type-similar", "policy-content-type"),
    ("type-problem", "policy-content-type"), ("request-id-wrong", "policy-foreign-answer"), ("request-id-missing", "held"),
    ("request-id-twice", "policy-foreign-answer"), ("garbage", "policy-broken"), ("garbage-body", "policy-malformed"),
    ("empty-body", "policy-malformed"), ("truncated", "policy-malformed"), ("trailing", "policy-malformed"), ("two-documents", "policy-malformed"),
    ("duplicate-yes-last", "policy-malformed"), ("duplicate-yes-first", "policy-malformed"), ("duplicate-escaped", "policy-malformed"),
    ("duplicate-in-grant", "policy-malformed"), ("nested", "policy-malformed"), ("byte-order-mark", "policy-malformed"),
    ("utf-16", "policy-malformed"), ("not-utf-8", "policy-malformed"), ("lone-surrogate", "policy-malformed"), ("raw-nul", "policy-malformed"),
    ("array", "policy-malformed"), ("bare-true", "policy-malformed"), ("decision-string", "policy-malformed"), ("decision-one", "policy-malformed"),
    ("decision-null", "policy-malformed"), ("decision-missing", "policy-malformed"), ("decision-array", "policy-malformed"),
    ("decision-object", "policy-malformed"), ("decision-case", "policy-malformed"), ("context-string", "policy-malformed"),
    ("context-null", "policy-malformed"), ("no-grant", "held"), ("grant-null", "policy-grant"), ("grant-array", "policy-grant"),
    ("grant-on-a-no", "denied"), ("grant-unknown-member", "policy-grant"), ("uid-zero", "ceiling-uid"), ("uid-other", "ceiling-uid"),
    ("uid-string", "policy-grant"), ("uid-wraps", "policy-grant"), ("gid-zero", "policy-grant"), ("groups-root", "ceiling-group"),
    ("groups-zero", "ceiling-group"), ("groups-unknown", "ceiling-group"), ("groups-shadow", "ceiling-root-equivalent-group"),
    ("groups-marker", "ceiling-group"), ("groups-own-range", "ceiling-group"), ("groups-string", "policy-grant"), ("groups-number", "policy-grant"),
    ("groups-empty-name", "policy-grant"), ("groups-separator", "ceiling-group"), ("groups-nul", "policy-malformed"), ("groups-twice", "held"),
    ("groups-many", "policy-grant"), ("shell-missing", "ceiling-shell"), ("shell-relative", "ceiling-shell"), ("shell-directory", "ceiling-shell"),
    ("shell-not-executable", "ceiling-shell"), ("shell-unlisted", "ceiling-shell"), ("shell-climbing", "ceiling-shell"),
    ("shell-separator", "ceiling-shell"), ("shell-nul", "policy-malformed"), ("shell-empty", "policy-grant"), ("shell-gate", "ceiling-shell"),
    ("shell-long", "policy-grant"), ("shell-number", "policy-grant"), ("limit-zero", "ceiling-no-duration"), ("limit-negative", "policy-grant"),
    ("limit-fraction", "policy-grant"), ("limit-string", "policy-grant"), ("limit-null", "policy-grant"), ("limit-64-bit", "held"),
    ("reevaluate", "held"),
    ("reevaluate-zero", "policy-grant"), ("reevaluate-fraction", "policy-grant"), ("record-required", "ceiling-recording"), ("record-true", "policy-grant"),
    ("limit-overflow", "policy-malformed"), ("limit-infinite", "policy-malformed"), ("obligation-unknown", "policy-obligation"),
    ("obligation-custom", "policy-obligation"), ("obligation-without-id", "policy-obligation"), ("obligation-without-properties", "policy-obligation"),
    ("obligation-id-twice", "policy-obligation"), ("obligation-step-up", "step-up"), ("obligation-notification-of-nothing", "policy-obligation"),
    ("obligation-termination-of-a-list", "policy-obligation"), ("obligations-many", "policy-obligation"),
    ("obligation-without-type", "policy-obligation"), ("obligations-object", "policy-obligation"), ("obligations-null", "policy-obligation"),
    ("obligation-on-a-no", "denied"), ("reason-escapes", "denied"), ("reason-long", "denied"), ("reason-long-with-escape", "denied"),
    ("reason-nul", "policy-malformed"), ("reason-format", "denied"), ("reason-string", "denied"), ("reason-odd-languages", "denied"),
  ]
}
