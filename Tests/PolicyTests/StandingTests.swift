import Configuration
import DaemonProtocol
import Encoding
import Testing

@testable import Policy

/// What an answer means for a session that lives: the rows of `Standing`'s table.
@Suite struct StandingTests {
  private func standing(_ verdict: Verdict, groups: [String] = []) throws -> Standing {
    .of(verdict, uid: 70000, groups: groups, accounts: try Fixtures.accounts(), session: Fixtures.session)
  }

  private func why(_ standing: Standing) -> String? {
    if case .withdrawn(_, let admin) = standing { admin } else { nil }
  }

  @Test func goesOnWithAYesForAllThatItHas() throws {
    var grant = Grant(groups: ["dbops"], maxSessionSeconds: 600, reevaluateSeconds: 30)
    grant.approvedUntil = 1234
    for groups in [[], ["dbops"]] {
      guard case .confirmed(let word) = try standing(.allowed(grant), groups: groups) else { return #expect(Bool(false)) }
      #expect(word.seconds == 600 && word.until == 1234 && word.reevaluateSeconds == 30)
    }
    guard case .confirmed(let word) = try standing(.allowed(Grant())) else { return #expect(Bool(false)) }
    #expect(word.seconds == nil && word.until == nil && word.reevaluateSeconds == nil, "nothing new is said")
    guard case .confirmed(let cut) = try standing(.allowed(Grant(maxSessionSeconds: .max))) else { return #expect(Bool(false)) }
    #expect(cut.seconds == 43200, "the host's ceiling")
    guard case .confirmed = try standing(.allowed(Grant(shell: "/no/such/shell"))) else { return #expect(Bool(false), "the shell runs already") }
  }

  @Test func endsWithAYesThatLacksAGroupOfTheSession() throws {
    #expect(why(try standing(.allowed(Grant()), groups: ["dbops"])) == "group dbops is not granted any more")
  }

  @Test func endsWithAYesThatTheHostWouldRefuse() throws {
    for (grant, token) in [
      (Grant(uid: 70001), "ceiling-uid"), (Grant(groups: ["wheel"]), "ceiling-group"), (Grant(maxSessionSeconds: 0), "ceiling-no-duration"),
      (Grant(isRecorded: true), "ceiling-recording"),
    ] { #expect(why(try standing(.allowed(grant)))?.hasPrefix(token + ": ") == true, "\(token)") }
  }

  @Test func endsWithEveryKindOfNo() throws {
    let noes: [Verdict] = [
      .denied(user: "u", admin: "a"), .requestable(.object([]), user: "u", admin: "a"), .stepUp(StepUp(level: nil), user: "u", admin: "a"),
    ]
    for no in noes {
      guard case .withdrawn(let user, let admin) = try standing(no) else { return #expect(Bool(false)) }
      #expect(user == "u" && admin == "a")
    }
    #expect(why(try standing(.denied(user: nil, admin: nil))) == "the policy says no")
  }

  @Test func endsWithAYesUnderConditionsThatCannotBeMet() throws {
    #expect(why(try standing(.unavailable(.obligation("custom"))))?.hasPrefix("policy-obligation") == true)
    #expect(why(try standing(.unavailable(.grant("unknown member"))))?.hasPrefix("policy-grant") == true)
  }

  @Test func isUnconfirmedWithoutADecision() throws {
    guard case .unconfirmed("policy-undefined", _) = try standing(.undefined(user: "u", admin: "a")) else { return #expect(Bool(false)) }
    let failures: [PolicyFailure] = [
      .misconfigured("x"), .notAsked("x"), .noLibrary("x"), .token("x"), .notResolved("x"), .relay("x"), .unreachable("x"), .timedOut("x"), .tls("x"), .broken("x"),
      .hostNotAuthorized(401), .busy(503), .status(500), .rejected("x"), .tooLarge, .contentType("x"), .malformed("x"), .foreignAnswer,
    ]
    for failure in failures {
      guard case .unconfirmed(let token, let detail) = try standing(.unavailable(failure)) else { return #expect(Bool(false), "\(failure)") }
      #expect(token == failure.token && detail == failure.detail)
    }
  }

  /// The packet says the login's question with the session in its context, and the relay's answer to another question is none.
  @Test func asksTheLoginsQuestionAboutTheSession() throws {
    var question = Fixtures.question()
    question.session = ("1763464200-0a1b2c3d", 1_763_464_200)
    let asked = try Reevaluation(question, rules: Fixtures.rules(), host: Fixtures.host)
    guard case .evaluate(let sent) = try RelayRequest(packet: asked.packet) else { return #expect(Bool(false)) }
    let body = try JSONValue.parse(sent.body)
    #expect(body["context"]?["session"]?["id"]?.string == "1763464200-0a1b2c3d" && body["context"]?["session"]?["opened"]?.string == "2025-11-18T11:10:00Z")
    var login = Fixtures.question()
    login.now = question.now
    let before = login.evaluation(of: Fixtures.host, attributesIn: Fixtures.rules().attributesIn)
    for part in ["subject", "action", "resource"] { #expect(body[part]?.text(sorted: true) == before[part]?.text(sorted: true), "\(part)") }
    #expect(asked.patience > 0 && sent.milliseconds <= asked.patience)

    let url = try #require(Fixtures.rules().endpoints.first).url
    func reply(_ id: String, _ text: String, from endpoint: String) throws -> Answer {
      let answer = HTTPAnswer(status: 200, contentType: "application/json", requestIDCount: 1, requestID: id, retryAfter: nil, body: Array(text.utf8))
      return asked.answer(try #require(RelayReply.answered(answer, endpoint: endpoint).packet))
    }
    #expect(try reply(sent.requestID, #"{"decision":true}"#, from: url).verdict.word == "allowed")
    #expect(try reply("other", #"{"decision":true}"#, from: url).verdict.word == "policy-foreign-answer")
    #expect(try reply(sent.requestID, #"{"decision":true}"#, from: "https://elsewhere").verdict.word == "policy-relay")
    #expect(try reply(sent.requestID, #"{"decision":false}"#, from: url).verdict.word == "denied")
    #expect(asked.answer(Array("garbage".utf8)).verdict.word == "policy-relay")
    #expect(asked.answer(.timeIsOver).verdict.word == "policy-relay")
  }
}
