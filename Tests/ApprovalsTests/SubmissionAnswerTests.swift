@testable import Approvals
import DaemonProtocol
import Encoding
import Policy
import Testing

/// What an access request is answered, and what of it the person sees.
@Suite struct SubmissionAnswerTests {
  @Test func aSynchronousApprovalNeedsNoLook() {
    let service = Service()
    service.answers = [Service.approved(status: 201)]
    #expect(service.ask(.submit).approvalText == Service.approvalText)
    #expect(service.heard.count == 1)
  }

  @Test func problemsAreWhatTheyAreCalled() {
    for (status, name, word) in [
      (400, "not_requestable", "denied"), (410, "expired_denial", "approval-expired"), (400, "invalid_denial_binding", "approval-failed"),
      (409, "duplicate_request", "approval-failed"), (404, "unknown_task", "approval-failed"), (409, "invalid_task_state", "approval-failed"), (400, "of_tomorrow", "approval-failed"),
    ] {
      let service = Service()
      service.answers = [Service.problem(status, name)]
      #expect(service.ask(.submit).word == word, "\(name)")
      #expect(service.heard.count == 1)
    }
    // The problem's type counts only in a problem document.
    let service = Service()
    service.answers = [Service.answer(400, #"{"type":"urn:openid:authzen:access-request:error:not_requestable"}"#)]
    #expect(service.ask(.submit).word == "approval-failed")
  }

  @Test func otherAnswersAreNoTask() {
    for (answer, word) in [
      (Service.task(status: 200), "approval-failed"), (Service.task(status: 204), "approval-failed"), (Service.task(status: 303), "approval-failed"),
      (Service.answer(401, "{}"), "approval-unavailable"), (Service.answer(403, "{}"), "approval-unavailable"), (Service.answer(429, "{}", retryAfter: 30), "approval-unavailable"),
      (Service.answer(503, "{}"), "approval-unavailable"), (Service.answer(500, "{}"), "approval-unavailable"), (Service.answer(418, "{}"), "approval-failed"),
      (Service.answer(202, "{}"), "approval-failed"), (Service.answer(202, "[]"), "approval-failed"), (Service.answer(202, "pending"), "approval-failed"),
      (Service.answer(202, #"{"task":{"status":"pending"}}"#), "approval-failed"), (Service.answer(202, #"{"task":{"id":"","status":"pending"}}"#), "approval-failed"),
      (Service.answer(202, #"{"task":{"id":"x"}}"#), "approval-failed"), (Service.answer(202, #"{"task":{"id":7,"status":"pending"}}"#), "approval-failed"),
      (Service.answer(202, #"{"task":{"id":"x","status":"pending","status":"approved"}}"#), "approval-failed"),
      (Service.answer(202, #"{"task":{"id":"x","status":"pending"}}"#, type: "text/html"), "approval-failed"),
      (Service.answer(202, #"{"task":{"id":"x","status":"pending"}}"#, type: nil), "approval-failed"), (Service.task("sleeping"), "approval-failed"),
      (Service.task("approved", status: 201), "approval-failed"), (Service.task("partial", status: 201), "approval-failed"), (Service.task("denied", status: 201), "approval-denied"),
      (Service.task(more: #","expires_at":"tomorrow""#), "approval-failed"), (.failed(.tooLarge), "approval-unavailable"), (.failed(.tls("x")), "approval-unavailable"),
    ] as [(HTTPReply, String)] {
      let service = Service()
      service.answers = [answer]
      #expect(service.ask(.submit).word == word, "\(answer)")
      #expect(service.heard.count == 1)
    }
  }

  @Test func anAnswerToAnotherQuestionIsNone() {
    let service = Service()
    service.answers = [.answered(HTTPAnswer(status: 201, contentType: "application/json", requestIDCount: 1, requestID: "another", retryAfter: nil,
      body: Array(#"{"task":{"id":"x","status":"approved"},"result":{"mode":"reevaluate","approval":{"id":"a","approved_until":"2026-11-21T09:30:00Z"}}}"#.utf8)))]
    #expect(service.ask(.submit).word == "approval-unavailable")
  }

  // MARK: The person

  @Test func thePersonSeesTheTicketAndTheWordsAndNothingElse() {
    let service = Service()
    service.answers = [Service.task(more: Service.ticket, retryAfter: 20)]
    let reply = service.ask(.submit)
    #expect(reply.happened == "access was asked for, and nobody has answered yet: Asked: Your manager has been asked. See https://tickets.example/CHG-7 .")
    #expect(reply.remedy == "Log in again in 20 s.")
    for text in [reply.happened, reply.remedy, reply.detail] {
      for secret in ["requests/arq_1", "arq_1", "review", "cancel", "eyJ"] { #expect(!text.contains(secret), "\(text)") }
    }
  }

  @Test func theRelayAsksForTheReasonInTheServicesWords() {
    let reply = Service().ask(.find, terms: Service.terms(more: #","display":{"title":"Production","description":"Say why."}"#))
    #expect(reply.word == "nothing" && reply.happened == "this login needs an approval: Production: Say why.")
    #expect(Service().ask(.find).happened == "this login needs an approval.")
  }

  @Test func whatTheServiceSaysCannotSteerATerminal() {
    for (more, words, link) in [
      (#","display":{"title":"\u001b[2Jx\n\u202ey"},"links":{"ticket":"https://t/\u001b[2J"}"#, "?[2Jx??y", ""),
      (#","display":{"title":{"de":"Angefragt","en":"Asked"},"description":7},"links":{"ticket":"http://t/1"}"#, "Asked", ""),
      (#","display":"x","links":["https://t/1"]"#, "", ""), (#","links":{"ticket":"javascript:alert(1)"}"#, "", ""),
      (#","links":{"ticket":"https://user@t/1"}"#, "", ""), (#","links":{"ticket":"https://"}"#, "", ""), (#","links":{"ticket":"https://t.example/1?a=b#c"}"#, "", "https://t.example/1?a=b#c"),
    ] {
      let service = Service()
      service.answers = [Service.task(more: more)]
      let happened = "access was asked for, and nobody has answered yet" + (words.isEmpty ? "." : ": " + words + ".") + (link.isEmpty ? "" : " See " + link + " .")
      #expect(service.ask(.submit).happened == happened, "\(more)")
    }
    let service = Service()
    service.answers = [Service.task(more: #","display":{"title":"\#(String(repeating: "x", count: 5000))"}"#)]
    #expect(service.ask(.submit).happened.utf8.count < 400)
  }
}
