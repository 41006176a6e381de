import Encoding
import Policy
import Testing

/// What is a yes, what is a no, and that everything else is neither (reference algorithm: AuthZEN 1.0 and DESIGN 7).
@Suite struct DecisionTests {
  private func body(_ text: String) -> Verdict { verdict(of: .answer(200, text)) }

  @Test func aYesWithoutGrantGrantsNothingMore() throws {
    for text in [#"{"decision":true}"#, #"{"decision":true,"context":{}}"#, #"{"decision":true,"context":{"host_grant":{}}}"#] {
      let grant = try #require(body(text).grant)
      #expect(grant.groups.isEmpty && grant.uid == nil && grant.shell == nil && grant.maxSessionSeconds == nil)
    }
  }

  @Test func readsAGrantToTheLastMember() throws {
    let grant = try #require(body(
      #"{"decision":true,"context":{"host_grant":{"uid":70000,"groups":["dbops","deploy"],"shell":"/bin/sh","max_session_seconds":60}}}"#).grant)
    #expect(grant.uid == 70000)
    #expect(grant.groups == ["dbops", "deploy"])
    #expect(grant.shell == "/bin/sh")
    #expect(grant.maxSessionSeconds == 60)
    #expect(grant.reevaluateSeconds == nil && !grant.isRecorded)
    let more = try #require(body(#"{"decision":true,"context":{"host_grant":{"reevaluate_seconds":1,"record":"required"}}}"#).grant)
    #expect(more.reevaluateSeconds == 1 && more.isRecorded)
    #expect(try #require(body(#"{"decision":true,"context":{"host_grant":{"record":"none"}}}"#).grant).isRecorded == false)
  }

  @Test func ignoresMembersOutsideTheGrant() {
    #expect(body(#"{"decision":true,"more":[1],"context":{"evaluation_id":"e1","reason_user":{"en":"hello"}}}"#).word == "allowed")
  }

  @Test(arguments: ["true", "\"true\"", "1", "1.0", "null", "[true]", "{}", "\"yes\""])
  func takesOnlyABooleanDecision(_ value: String) {
    #expect(body("{\"decision\":\(value)}").word == (value == "true" ? "allowed" : "policy-malformed"))
  }

  @Test(arguments: [
    "", " ", "true", "[]", "[{\"decision\":true}]", "{}", "{\"Decision\":true}", "{\"decision\":true", "{\"decision\":true}x", "{\"decision\":true}{}",
    "{\"decision\":false,\"decision\":true}", "{\"decision\":true,\"decision\":true}", "{'decision':true}", "{\"decision\":true,}",
    "\u{FEFF}{\"decision\":true}", "{\"decision\":true}\0", "{\"decision\":true,\"x\":\"\\u0000\"}", "{\"decision\":true,\"x\":1e999}",
    "{\"result\":{\"decision\":true}}", "{\"decision\":true,\"context\":null}", "{\"decision\":true,\"context\":[]}",
    "{\"decision\":true,\"context\":\"yes\"}",
  ])
  func refusesWhatIsNoDecision(_ text: String) { #expect(body(text).word == "policy-malformed") }

  @Test func refusesNestingBeyondAllReason() {
    let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    #expect(body("{\"decision\":true,\"context\":{\"x\":\(deep)}}").word == "policy-malformed")
  }

  @Test(arguments: [
    "null", "[]", "\"\"", "1", "{\"gid\":0}", "{\"sudoers\":[\"ALL\"]}", "{\"Groups\":[]}",
    "{\"uid\":null}", "{\"uid\":\"70000\"}", "{\"uid\":-1}", "{\"uid\":1.0}", "{\"uid\":4294967296}", "{\"uid\":[70000]}",
    "{\"groups\":null}", "{\"groups\":\"dbops\"}", "{\"groups\":{}}", "{\"groups\":[1]}", "{\"groups\":[null]}", "{\"groups\":[[\"dbops\"]]}", "{\"groups\":[\"\"]}",
    "{\"shell\":null}", "{\"shell\":1}", "{\"shell\":\"\"}", "{\"shell\":[\"/bin/sh\"]}",
    "{\"max_session_seconds\":null}", "{\"max_session_seconds\":\"60\"}", "{\"max_session_seconds\":-1}", "{\"max_session_seconds\":0.5}",
    "{\"max_session_seconds\":60.0}", "{\"max_session_seconds\":true}",
    "{\"reevaluate_seconds\":0}", "{\"reevaluate_seconds\":-1}", "{\"reevaluate_seconds\":1.0}", "{\"reevaluate_seconds\":\"60\"}", "{\"reevaluate_seconds\":null}",
    "{\"reevaluate_seconds\":true}", "{\"record\":true}", "{\"record\":null}", "{\"record\":\"\"}", "{\"record\":\"Required\"}", "{\"record\":\"optional\"}", "{\"record\":[\"none\"]}",
  ])
  func refusesAGrantThatItDoesNotUnderstand(_ grant: String) {
    #expect(body("{\"decision\":true,\"context\":{\"host_grant\":\(grant)}}").word == "policy-grant")
  }

  @Test func refusesMoreGroupsAndLongerNamesThanItTakes() {
    func groups(_ names: [String]) -> String {
      body("{\"decision\":true,\"context\":{\"host_grant\":{\"groups\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))]}}}").word
    }
    #expect(groups((0..<64).map { "g\($0)" }) == "allowed")
    #expect(groups((0..<65).map { "g\($0)" }) == "policy-grant")
    #expect(groups([String(repeating: "g", count: 32)]) == "allowed")
    #expect(groups([String(repeating: "g", count: 33)]) == "policy-grant")
    #expect(body("{\"decision\":true,\"context\":{\"host_grant\":{\"shell\":\"/\(String(repeating: "x", count: 4095))\"}}}").word == "policy-grant")
  }

  @Test func refusesAYesWithAnObligationThatItDoesNotUnderstand() {
    for obligations in ["[{\"id\":\"1\",\"type\":\"step-up\"}]", "[{\"id\":\"1\",\"type\":\"custom\",\"properties\":{}}]", "[{}]", "[1]", "{}", "null", "\"none\"", "[{\"type\":\"\\u001b[2J\"}]"] {
      let outcome = body("{\"decision\":true,\"context\":{\"obligations\":\(obligations)}}")
      #expect(outcome.word == "policy-obligation")
      guard case .unavailable(let failure) = outcome else { continue }
      #expect(!failure.detail.utf8.contains(27))
    }
    #expect(body(#"{"decision":true,"context":{"obligations":[]}}"#).word == "allowed", "no obligation is none")
  }

  @Test func aNoStaysANoWhateverComesWithIt() {
    for context in [
      "{\"obligations\":[{\"type\":\"step-up\"}]}", "{\"host_grant\":{\"groups\":[\"dbops\"]}}", "null", "[]", "\"no\"",
      "{\"access_request\":{\"endpoint\":\"https://192.0.2.1/\",\"expires_at\":\"2030-01-01T00:00:00Z\"}}",
    ] {
      #expect(body("{\"decision\":false,\"context\":\(context)}").word == "denied")
    }
  }

  @Test func tellsReasonsInEnglishOrElseTheFirst() throws {
    func reasons(_ value: String) -> String? {
      guard case .denied(let user, _) = body("{\"decision\":false,\"context\":{\"reason_user\":\(value)}}") else { return "not denied" }
      return user
    }
    #expect(reasons(#"{"de":"Nein.","en":"No."}"#) == "No.")
    #expect(reasons(#"{"403":"Not you."}"#) == "Not you.")
    #expect(reasons(#"{"403":7,"x":"Not you."}"#) == "Not you.")
    #expect(reasons(#"{"en":7,"de":"Nein."}"#) == "Nein.")
    #expect(reasons(#""No.""#) == "No.")
    #expect(reasons(#"{"de-CH":"Nein.","en-GB":"Sorry, no.","fr":"Non."}"#) == "Sorry, no.")
    #expect(reasons(#"{"en-GB":"Sorry, no.","en":"No."}"#) == "No.", "the plain tag before a country's")
    #expect(reasons(#"{"de":"Nein.","EN-us":"Nope."}"#) == "Nope.", "tags have no case (RFC 5646)")
    #expect(reasons(#"{"403":"Not you.","en-GB":"Sorry, no."}"#) == "Sorry, no.")
    #expect(reasons(#"{"403":"Not you.","404":"Not here."}"#) == "Not you.")
    #expect(reasons(#"{"eng":"x","enx-GB":"y","en-":"z"}"#) == "x", "no tags of English")
    #expect(reasons(#"{"en":"","de":"Nein."}"#) == "Nein.")
    for nothing in ["{}", "null", "1", "[\"no\"]", "\"\"", "{\"en\":{}}"] { #expect(reasons(nothing) == nil) }
  }

  @Test func cleansAndCapsReasonsForTerminalAndLog() throws {
    let text = #"{"decision":false,"context":{"reason_user":"\u001b[2Jno\r\nLast login\u202e \u200b","reason_admin":{"en":"\u0007"#
      + String(repeating: "x", count: 2000) + "\"}}}"
    guard case .denied(let user, let admin) = body(text) else { throw Broken("not denied") }
    #expect(user == "?[2Jno??Last login? ?")
    let reason = try #require(admin)
    #expect(reason.hasPrefix("?xxx") && reason.utf8.count <= 520)
  }

  @Test func keepsTheAdminsReasonInTheTrail() {
    var transport = ScriptedTransport(.answer(200, #"{"decision":false,"context":{"reason_admin":{"en":"policy 7"}}}"#))
    #expect(ask(&transport).facts.reason == "policy 7")
  }

  /// T8: an answer to somebody else's question.
  @Test func refusesAnAnswerWithAnotherRequestID() {
    let yes = #"{"decision":true}"#
    #expect(verdict(of: .answer(200, yes, ids: 0, id: "")).word == "allowed", "a missing one is tolerated")
    #expect(verdict(of: .answer(200, yes, ids: 1, id: "0")).word == "policy-foreign-answer")
    #expect(verdict(of: .answer(200, yes, ids: 1, id: "")).word == "policy-foreign-answer")
    #expect(verdict(of: .answer(200, yes, ids: 2)).word == "policy-foreign-answer", "even if both are right")
    #expect(verdict(of: .answer(500, yes, ids: 1, id: "0")).word == "policy-foreign-answer")
  }

  @Test(arguments: [
    ("application/json", "allowed"), ("application/json; charset=utf-8", "allowed"), ("Application/JSON ;x=y", "allowed"), ("application/json-seq", "policy-content-type"),
    ("application/problem+json", "policy-content-type"), ("text/html", "policy-content-type"), ("text/json", "policy-content-type"),
    ("application/jsonp", "policy-content-type"), ("application/json,text/html", "policy-content-type"), ("", "policy-content-type"),
  ])
  func takesOnlyJSON(_ type: String, _ word: String) { #expect(verdict(of: .answer(200, #"{"decision":true}"#, type: type)).word == word) }

  @Test func refusesAnAnswerWithoutContentType() { #expect(verdict(of: .answer(200, #"{"decision":true}"#, type: nil)).word == "policy-content-type") }

  /// Every status that HTTP can have, each with the body of a yes.
  @Test func noStatusBut200IsAYes() {
    var admitted = 0
    for status in 0..<1000 {
      let word = verdict(of: .answer(status, #"{"decision":true}"#)).word
      if word == "allowed" { admitted += 1 }
      let expected =
        switch status {
        case 200: "allowed"
        case 400: "policy-rejected"
        case 401, 403: "policy-host-not-authorized"
        case 429, 503: "policy-busy"
        case 201...299: "policy-malformed"
        default: "policy-status"
        }
      #expect(word == expected, "status \(status)")
    }
    #expect(admitted == 1)
  }

  /// A byte of a proper answer is changed, or the answer is cut: the verdict may stay or become a refusal, and a no never
  /// becomes a yes.
  @Test func damageNeverTurnsANoIntoAYes() {
    let no = #"{"decision":false,"context":{"reason_user":{"en":"not today"},"reason_admin":{"en":"7"}}}"#.bytes
    var tried = 0
    for at in no.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = no
        damaged[at] = value
        tried += 1
        guard case .allowed = answered(damaged) else { continue }
        Issue.record("byte \(at) changed to \(value) is a yes")
      }
      if case .allowed = answered(Array(no[..<at])) { Issue.record("cut at \(at) is a yes") }
    }
    #expect(tried == no.count * 256)
  }

  private func answered(_ body: [UInt8]) -> Verdict {
    var transport = RawBody(body: body)
    return PolicyClient.ask(Fixtures.question(), rules: Fixtures.rules(), host: Fixtures.host, through: &transport).verdict
  }
}
