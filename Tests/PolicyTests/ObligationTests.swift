import Encoding
import Policy
import Testing

/// The AuthZEN profile for obligations (draft 1): what is understood is handed out on a yes and on a no, and whatever is
/// not makes a no of a yes.
@Suite struct ObligationTests {
  private func answer(_ decision: Bool, _ obligations: String, more: String = "") -> Answer {
    var transport = ScriptedTransport(.answer(200, "{\"decision\":\(decision),\"context\":{\(more)\"obligations\":\(obligations)}}"))
    return ask(&transport)
  }
  private static func one(_ type: String, _ properties: String, id: String = "1") -> String {
    "{\"id\":\"\(id)\",\"type\":\"\(type)\",\"properties\":\(properties)}"
  }
  private static let toLog = one("notification", "{\"to\":\"syslog\",\"topic\":\"t\",\"body\":\"b\"}", id: "n")
  private static let termination = one("session_termination", "{\"subject\":\"bob\"}", id: "s")
  private static let stepUp = one("step-up", "{\"acr_value\":\"urn:example:loa:3\",\"amr_values\":[\"mfa\",\"hwk\"]}", id: "u")

  @Test(arguments: [true, false]) func handsOutWhatItUnderstands(decision: Bool) throws {
    let answer = answer(decision, "[\(Self.toLog),\(Self.termination)]")
    #expect(answer.verdict.word == (decision ? "allowed" : "denied"))
    #expect(answer.obligations.fault == nil && answer.obligations.list.count == 2)
    guard case .notification(let notification) = answer.obligations.list.first else { throw Broken("no notification") }
    #expect(notification.to == "syslog" && notification.topic == "t" && notification.body == "b")
    guard case .sessionTermination("bob") = answer.obligations.list.last else { throw Broken("no termination") }
  }

  @Test(arguments: [
    "null", "{}", "\"notification\"", "[1]", "[null]", "[[]]", "[{}]", one("custom", "{}"), one("Notification", "{\"to\":\"syslog\",\"body\":\"b\"}"),
    "[{\"type\":\"notification\",\"properties\":{\"to\":\"syslog\",\"body\":\"b\"}}]", "[{\"id\":\"1\",\"type\":\"notification\"}]",
    "[{\"id\":1,\"type\":\"notification\",\"properties\":{\"to\":\"syslog\",\"body\":\"b\"}}]", "[{\"id\":\"1\",\"type\":\"notification\",\"properties\":null}]",
    one("notification", "{\"to\":\"syslog\"}"), one("notification", "{\"body\":\"b\"}"), one("notification", "{\"to\":[\"syslog\"],\"body\":\"b\"}"),
    one("notification", "{\"to\":\"syslog\",\"body\":\"\"}"), one("notification", "{\"to\":\"syslog\",\"body\":null}"),
    one("notification", "{\"to\":\"syslog\",\"body\":\"b\",\"topic\":null}"), one("notification", "{\"to\":\"syslog\",\"body\":\"b\",\"topic\":1}"),
    one("notification", "{\"to\":\"syslog\",\"body\":\"\(String(repeating: "x", count: 1025))\"}"),
    one("session_termination", "{}"), one("session_termination", "{\"subject\":\"\"}"), one("session_termination", "{\"subject\":{\"id\":\"bob\"}}"),
    one("step-up", "{}"), one("step-up", "{\"acr_value\":3}"), one("step-up", "{\"acr_value\":\"a\",\"amr_values\":\"mfa\"}"),
    one("step-up", "{\"acr_value\":\"a\",\"amr_values\":[1]}"), one("step-up", "{\"acr_value\":\"a\",\"amr_values\":null}"),
  ])
  func refusesAYesWithOneThatIsMalformedAndCarriesOutTheOthers(_ bad: String) {
    let isListItem = bad.hasPrefix("{\"id\"")
    let answer = answer(true, isListItem ? "[\(bad),\(Self.toLog)]" : bad)
    #expect(answer.verdict.word == "policy-obligation")
    #expect(answer.obligations.fault != nil)
    if isListItem { #expect(answer.obligations.list.count == 1, "the other one is carried out all the same") }
    let no = self.answer(false, isListItem ? "[\(Self.termination),\(bad)]" : bad)
    #expect(no.verdict.word == "denied" || no.verdict.word == "step-up")
    if isListItem { #expect(no.obligations.list.count == 1) }
  }

  @Test func refusesTwoOfOneID() {
    let answer = answer(true, "[\(Self.toLog),\(Self.toLog)]")
    #expect(answer.verdict.word == "policy-obligation")
    #expect(answer.obligations.list.count == 1)
  }

  @Test func refusesMoreThanItTakes() {
    func many(_ count: Int) -> String {
      "[" + (0..<count).map { Self.one("notification", "{\"to\":\"syslog\",\"body\":\"b\"}", id: "\($0)") }.joined(separator: ",") + "]"
    }
    #expect(answer(true, many(32)).verdict.word == "allowed")
    let answer = answer(true, many(33))
    #expect(answer.verdict.word == "policy-obligation" && answer.obligations.list.isEmpty)
  }

  @Test func carriesThemOutBesideAGrantThatIsRefused() {
    let answer = answer(true, "[\(Self.toLog)]", more: "\"host_grant\":{\"gid\":0},")
    #expect(answer.verdict.word == "policy-grant" && answer.obligations.list.count == 1)
  }

  @Test func refusesAYesThatWantsAStepUpAndSaysWhichCertificateToGet() throws {
    let answer = answer(true, "[\(Self.stepUp),\(Self.toLog)]")
    guard case .stepUp(let stepUp, _, _) = answer.verdict else { throw Broken("\(answer.verdict)") }
    #expect(stepUp.level == "urn:example:loa:3" && stepUp.methods == ["mfa", "hwk"])
    #expect(answer.obligations.list.count == 1)
  }

  @Test(arguments: [
    (#""acr_values":"urn:example:loa:3""#, "urn:example:loa:3", []), (#""acr_values":"urn:a urn:b","amr_values":"mfa hwk""#, "urn:a or urn:b", ["mfa", "hwk"]),
    (#""acr_values":["urn:a"],"amr_values":["mfa"]"#, "urn:a", ["mfa"]), (#""amr_values":"mfa""#, nil, ["mfa"]), (#""acr_values":"\u001b[2J""#, "\\x1b[2J", []),
  ] as [(String, String?, [String])])
  func aNoMaySayWhatItWouldTake(_ context: String, _ level: String?, _ methods: [String]) throws {
    guard case .stepUp(let stepUp, let user, _) = verdict(of: .answer(200, "{\"decision\":false,\"context\":{\(context),\"reason_user\":\"No.\"}}")) else {
      throw Broken("no step-up")
    }
    #expect(stepUp.level == level && stepUp.methods == methods && user == "No.")
  }

  @Test(arguments: ["null", "1", "\"\"", "\" \"", "{}", "[]", "[1]", "true"])
  func aNoWithoutAUsableLevelIsAPlainNo(_ value: String) {
    #expect(verdict(of: .answer(200, "{\"decision\":false,\"context\":{\"acr_values\":\(value)}}")).word == "denied")
  }

  @Test func aLevelBesideAYesIsNoCondition() {
    #expect(verdict(of: .answer(200, #"{"decision":true,"context":{"acr_values":"urn:a"}}"#)).word == "allowed", "only obligations are conditions")
  }

  @Test func saysWhatItCanDoInEveryQuestion() throws {
    var transport = ScriptedTransport(.answer(200, #"{"decision":false}"#))
    _ = ask(&transport)
    let question = try JSONValue.parse(try #require(transport.posts.first).body)
    #expect(question["context"]?["supported_obligations"]?.strings == ["notification", "session_termination", "step-up"])
  }
}
