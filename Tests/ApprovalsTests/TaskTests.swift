@testable import Approvals
import DaemonProtocol
import Encoding
import Foundation
import Policy
import Testing

/// What becomes of a request: looking at the task, waiting, and what is an approval.
@Suite struct TaskTests {
  /// A service that was asked, and has a task pending.
  static func asked(more: String = Service.ticket, retryAfter: Int64? = nil) -> Service {
    let service = Service()
    service.answers = [Service.task(more: more, retryAfter: retryAfter)]
    _ = service.ask(.submit)
    _ = service.takeHeard()
    return service
  }

  /// The stable-attributes rule: what changes at every login does not take part.
  @Test func theNextLoginFindsTheTaskWhateverItsCertificate() {
    let service = Self.asked()
    service.answers = [Service.task(status: 200)]
    service.pass(milliseconds: 60_000)
    let reply = service.ask(.find, Service.evaluation(serial: "42"), terms: Service.terms(id: "eval_2"))
    #expect(reply.word == "approval-pending" && reply.happened.hasSuffix(": Asked: Your manager has been asked. See https://tickets.example/CHG-7 ."))
    #expect(service.heard.map { $0.method + " " + $0.url } == ["GET " + Service.status], "looked at once")
    #expect(service.pauses.isEmpty)
  }

  @Test func anotherSubjectActionOrResourceFindsNothing() {
    let service = Self.asked()
    for evaluation in [Service.evaluation(subject: "bob@example.com"), Service.evaluation(host: "db2"), Service.evaluation(group: "dba")] {
      #expect(service.ask(.find, evaluation).word == "nothing")
    }
    #expect(service.heard.isEmpty)
  }

  @Test func theOrderOfMembersIsNoDifference() {
    let service = Service()
    service.answers = [Service.task(), Service.task(status: 200)]
    _ = service.ask(.submit, Service.json(#"{"subject":{"type":"user","id":"a","properties":{"x":1,"y":[2]}},"action":{"name":"login"},"resource":{"type":"host","id":"h"}}"#))
    #expect(service.ask(.find, Service.json(#"{"resource":{"id":"h","type":"host"},"action":{"name":"login"},"subject":{"properties":{"y":[2],"x":1},"id":"a","type":"user"},"context":{"t":1}}"#)).word == "approval-pending")
  }

  @Test func theApprovalComesBackExactlyAsItWas() {
    let service = Self.asked()
    service.answers = [Service.approved()]
    #expect(service.ask(.find).approvalText == Service.approvalText)
  }

  @Test func anApprovalServesLaterLoginsUntilItIsOver() {
    let service = Self.asked()
    service.answers = [Service.approved()]
    _ = service.ask(.find)
    _ = service.takeHeard()
    service.pass(milliseconds: 7199_000)
    #expect(service.ask(.find, Service.evaluation(serial: "43"), terms: Service.terms(id: "eval_3")).approvalText == Service.approvalText)
    #expect(service.heard.isEmpty, "nobody is asked for what is known")
    // 09:30:00 is its end: then it is used no more.
    service.pass(milliseconds: 1000)
    #expect(service.ask(.find).word == "nothing")
  }

  @Test func refusesWhatIsApprovedWithoutAnApprovalThatCanBeUsed() {
    for answer in [
      Service.task("approved", status: 200), Service.approved(mode: "grant"), Service.approved(mode: ""), Service.approved(approval: "{}"), Service.approved(approval: "null"),
      Service.approved(approval: #"{"id":"apr_1"}"#), Service.approved(approval: #"{"id":"apr_1","approved_until":"never"}"#),
      Service.approved(approval: #"{"id":"apr_1","approved_until":4102444800}"#), Service.approved(approval: #"{"approved_until":"2026-11-21T09:30:00Z"}"#),
      Service.approved(approval: #"{"id":"","approved_until":"2026-11-21T09:30:00Z"}"#), Service.approved(approval: #"["apr_1"]"#),
      Service.task("approved", status: 200, result: #","result":"ok""#),
      // A bundle, which was not asked for: its aggregate is nobody's approval.
      Service.task("approved", status: 200, more: #","items":[{"status":"approved"}]"#, result: #","result":{"mode":"reevaluate","approval":\#(Service.approvalText)}"#),
    ] {
      let service = Self.asked()
      service.answers = [answer]
      #expect(service.ask(.find).word == "approval-failed", "\(answer)")
      #expect(service.ask(.find).word == "approval-failed" && service.heard.count == 1, "nobody is asked again at once")
    }
  }

  @Test func refusesAnApprovalThatIsOver() {
    for until in ["2026-11-21T07:29:59Z", "2026-11-21T07:30:00Z", "2026-11-21T08:30:00+01:00"] {
      let service = Self.asked()
      service.answers = [Service.approved(approval: #"{"id":"apr_1","approved_until":"\#(until)"}"#)]
      #expect(service.ask(.find).word == "approval-expired", "\(until)")
      #expect(service.ask(.find).word == "nothing", "and it is asked for anew")
    }
  }

  @Test func refusesAResultBesideAnotherStatus() {
    for (word, token) in [("pending", "approval-pending"), ("denied", "approval-denied"), ("cancelled", "approval-cancelled"), ("failed", "approval-failed"),
      ("expired", "approval-expired"), ("partial", "approval-failed"), ("Approved", "approval-failed"), ("approved ", "approval-failed"), ("granted", "approval-failed"), ("", "approval-failed")] {
      let service = Self.asked()
      service.answers = [Service.task(word, status: 200, result: #","result":{"mode":"reevaluate","approval":\#(Service.approvalText)}"#)]
      #expect(service.ask(.find).word == token, "\(word)")
    }
  }

  @Test func refusesAnApprovalOfAnotherTask() {
    let service = Self.asked()
    service.answers = [Service.approved(id: "arq_2")]
    #expect(service.ask(.find).word == "approval-failed")
    service.answers = [Service.approved()]
    #expect(service.ask(.find).word == "approved", "its own is still looked for")
  }

  @Test func whoWasRefusedIsNotAskedForAgainForTenMinutes() {
    for (word, token) in [("denied", "approval-denied"), ("cancelled", "approval-cancelled"), ("failed", "approval-failed")] {
      let service = Self.asked()
      service.answers = [Service.task(word, status: 200, more: #","display":{"title":"No by Bob"}"#)]
      let reply = service.ask(.find)
      #expect(reply.word == token && reply.happened.contains(": No by Bob.") == (word != "failed"))
      service.pass(milliseconds: 590_000)
      #expect(service.ask(.find).word == token && service.ask(.submit).word == token && service.heard.count == 1)
      service.pass(milliseconds: 20_000)
      #expect(service.ask(.find).word == "nothing")
    }
  }

  @Test func aTaskThatTheServiceDoesNotKnowIsAskedForAnew() {
    for answer in [Service.problem(404, "unknown_task"), Service.problem(410, "task_expired")] {
      let service = Self.asked()
      service.answers = [answer]
      #expect(service.ask(.find).word == "nothing" && service.files.isEmpty)
    }
    // A bare 404 may be a proxy's: the task stays.
    let service = Self.asked()
    service.answers = [Service.answer(404, "")]
    #expect(service.ask(.find).word == "approval-failed" && service.files.count == 1)
  }

  @Test func looksStopAtTheTasksEnd() {
    let service = Self.asked(more: #","expires_at":"2026-11-21T07:31:00Z""#)
    service.answers = [Service.task(status: 200)]
    #expect(service.ask(.find, wait: 300_000).word == "approval-expired")
    #expect((service.heard.last?.at ?? 0) < 60_000 && service.files.isEmpty)
    #expect(service.ask(.find).word == "nothing")
  }

  @Test func nothingIsRememberedForMoreThanADay() {
    let service = Self.asked(more: #","expires_at":"2027-11-21T07:31:00Z""#)
    service.answers = [Service.task(status: 200, more: #","expires_at":"2027-11-21T07:31:00Z""#)]
    service.pass(milliseconds: 86_399_000)
    #expect(service.ask(.find).word == "approval-pending")
    let other = Self.asked()
    other.pass(milliseconds: 86_401_000)
    #expect(other.ask(.find).word == "nothing" && other.heard.isEmpty)
  }

  // MARK: After a no with the approval

  static func approvedService() -> Service {
    let service = asked()
    service.answers = [Service.approved()]
    _ = service.ask(.find)
    _ = service.takeHeard()
    return service
  }

  static func no(_ more: String, requestable: Bool = false) -> JSONValue {
    Service.json("{\(more)\(more.isEmpty || !requestable ? "" : ",")\(requestable ? #""evaluation_id":"e2","access_request":{"expires_at":"2026-11-21T07:50:00Z"}"# : "")}")
  }

  @Test func theNextActionSaysWhatIsToBeDone() {
    for (terms, word, remembered) in [
      (Self.no(#""next_action":"request""#, requestable: true), "nothing", 0), (Self.no(#""next_action":"request""#), "approval-not-taken", 1),
      (Self.no(#""next_action":"none""#, requestable: true), "approval-not-taken", 1), (Self.no(#""next_action":"retry""#), "approval-not-yet", 1),
      (Self.no(#""next_action":"none","reason":"grant_pending""#), "approval-not-taken", 1),
      // No or an unknown one: what the reason stands for.
      (Self.no(#""reason":"approval_expired""#, requestable: true), "nothing", 0), (Self.no(#""reason":"approval_expired""#), "approval-not-taken", 1),
      (Self.no(#""reason":"out_of_scope","next_action":"dance""#, requestable: true), "nothing", 0), (Self.no(#""reason":"grant_pending""#), "approval-not-yet", 1),
      (Self.no(#""reason":"policy_denied""#, requestable: true), "approval-not-taken", 1), (Self.no(#""reason":"approval_unverifiable""#, requestable: true), "approval-not-taken", 1),
      // Neither: whether it can be asked about.
      (Self.no("", requestable: true), "nothing", 0), (Self.no(#""reason":"full_moon""#, requestable: true), "nothing", 0), (Self.no(""), "approval-not-taken", 1),
      (Self.no(#""next_action":7"#, requestable: true), "nothing", 0),
    ] {
      let service = Self.approvedService()
      #expect(service.ask(.rejected, terms: terms).word == word, "\(terms.string_)")
      #expect(service.files.count == remembered && service.heard.isEmpty, "\(terms.string_)")
    }
  }

  @Test func retriesAfterTheSecondsThatThePolicySaysAndWithTheSameApproval() {
    let service = Self.approvedService()
    #expect(service.ask(.rejected, terms: Self.no(#""next_action":"retry","retry_after":25"#), wait: 60_000).approvalText == Service.approvalText)
    #expect(service.pauses == [25_000])
    let late = Self.approvedService()
    let reply = late.ask(.rejected, terms: Self.no(#""next_action":"retry","retry_after":61"#), wait: 60_000)
    #expect(reply.word == "approval-not-yet" && reply.remedy == "Log in again in 61 s." && late.pauses.isEmpty)
    #expect(late.ask(.find).word == "approved", "the next login has it")
  }

  @Test func retriesWithoutSecondsBackOff() {
    let service = Self.approvedService()
    for (attempt, pause) in [(0, 3000), (1, 6000), (2, 12_000), (9, 60_000)] as [(UInt64, Int64)] {
      #expect(service.ask(.rejected, terms: Self.no(#""next_action":"retry""#), wait: 90_000, attempt: attempt).word == "approved")
      #expect(service.pauses.last == pause)
    }
  }

  @Test func refusesToRetryBeyondTheApproval() {
    let service = Self.approvedService()
    #expect(service.ask(.rejected, terms: Self.no(#""next_action":"retry","retry_after":7200"#), wait: 3_600_000).word == "approval-expired")
    #expect(service.files.isEmpty)
    #expect(Service().ask(.rejected, terms: Self.no(#""next_action":"retry""#)).word == "approval-failed", "there is none")
  }

}
