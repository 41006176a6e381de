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

  // MARK: Waiting

  @Test func waitsLongerAndLongerUpToAMinuteAndWithinItsTime() {
    let service = Self.asked()
    service.answers = [Service.task(status: 200)]
    #expect(service.ask(.find, wait: 400_000).word == "approval-pending")
    let gaps = zip(service.heard.dropFirst(), service.heard).map { $0.at - $1.at - 10 }
    #expect(Array(gaps.prefix(7)) == [3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000])
    #expect(gaps.allSatisfy { $0 <= 60_000 } && (service.heard.last?.at ?? 0) - (service.heard.first?.at ?? 0) <= 400_000)
    #expect(service.heard.allSatisfy { $0.within == 5000 })
  }

  @Test func notAllHostsLookAtOnce() {
    var firsts: Set<Int64> = []
    for random in stride(from: UInt64(0), through: 500, by: 50) {
      let pause = Pace.pause(attempt: 0, random: random)
      #expect(pause >= 2250 && pause <= 3750)
      firsts.insert(pause)
      #expect(Pace.pause(attempt: 9, random: random) <= 60_000 && Pace.pause(attempt: .max, random: .max) <= 60_000 && Pace.pause(attempt: -1, random: 0) > 0)
    }
    #expect(firsts.count > 8)
  }

  @Test func anApprovalThatComesMeanwhileEndsTheWaiting() {
    let service = Self.asked()
    service.answers = [Service.task(status: 200), Service.task(status: 200), Service.approved()]
    #expect(service.ask(.find, wait: 60_000).word == "approved" && service.heard.count == 3)
  }

  @Test func obeysRetryAfter() {
    let service = Self.asked(retryAfter: 7)
    service.answers = [Service.task(status: 200, retryAfter: 20), Service.approved()]
    #expect(service.ask(.find, wait: 60_000).word == "approved")
    let times = service.heard.map { $0.at }
    #expect(times.count == 2 && times[0] >= 7000 && times[1] - times[0] >= 20_000, "\(times)")
  }

  /// Another login is another process, and has been told as well.
  @Test func obeysRetryAfterAcrossLogins() {
    let service = Self.asked(retryAfter: 300)
    service.answers = [Service.approved()]
    service.pass(milliseconds: 100_000)
    let reply = service.ask(.find)
    #expect(reply.word == "approval-pending" && reply.remedy == "Log in again in 4 min." && service.heard.isEmpty)
    #expect(service.ask(.find, wait: 60_000).word == "approval-pending" && service.heard.isEmpty && service.pauses.isEmpty, "it would be in vain")
    service.pass(milliseconds: 200_000)
    #expect(service.ask(.find).word == "approved")
  }

  @Test func refusesToWaitForARetryAfterThatNobodyMeans() {
    for seconds in [Int64.max, 1 << 40, 86_401] {
      let service = Self.asked(retryAfter: seconds)
      service.answers = [Service.approved()]
      #expect(service.ask(.find, wait: 90_000).word == "approval-pending" && service.heard.isEmpty, "\(seconds)")
    }
    // What is no time from now on is none.
    for seconds in [Int64.min, -1] {
      let service = Self.asked(retryAfter: seconds)
      service.answers = [Service.approved()]
      #expect(service.ask(.find).word == "approved")
    }
  }

  @Test func aServiceThatIsBusyOrAwayIsLookedAtAgainWithinTheTime() {
    for answer in [Service.answer(503, "", retryAfter: 5), Service.answer(429, "", retryAfter: 5), .failed(.timedOut("x")), Service.answer(500, "")] as [HTTPReply] {
      let service = Self.asked()
      service.answers = [answer, Service.approved()]
      #expect(service.ask(.find, wait: 60_000).word == "approved", "\(answer)")
      let alone = Self.asked()
      alone.answers = [answer]
      let reply = alone.ask(.find)
      #expect(reply.word == "approval-unavailable" && reply.happened.contains("https://tickets.example/CHG-7") && alone.heard.count == 1)
    }
  }

  @Test func withoutTimeNothingWaits() {
    let service = Service()
    service.answers = [Service.task(retryAfter: 1)]
    let before = service.moment.milliseconds
    #expect(service.ask(.submit).word == "approval-pending" && service.ask(.find).word == "approval-pending" && service.pauses.isEmpty)
    #expect(service.moment.milliseconds - before <= 2 * service.latency)
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

  // MARK: The store

  @Test func filesAreRootsAndSecretsStayInThem() throws {
    let service = Self.asked()
    let file = try #require(service.files.first)
    #expect(try file.wholeMatch(of: Regex("[0-9a-f]{64}\\.json")) != nil && service.files.count == 1)
    #expect(service.remembered.contains("arq_1") && !service.remembered.contains("cancel") && !service.remembered.contains("review"), "what nobody needs is not kept")
    for (path, mode) in [(service.folder, 0o700), (service.folder + "/" + file, 0o600)] {
      #expect(try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) == mode)
    }
  }

  @Test func aFileThatCannotBeBelievedIsNone() throws {
    for damage in ["", "{}", #"{"version":2}"#, "garbage"] {
      let service = Self.asked()
      let path = service.folder + "/" + (try #require(service.files.first))
      try damage.write(toFile: path, atomically: false, encoding: .utf8)
      #expect(service.ask(.find).word == "nothing")
    }
    // Others could have written it.
    let service = Self.approvedService()
    let path = service.folder + "/" + (try #require(service.files.first))
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    #expect(service.ask(.find).word == "nothing")
  }

  @Test func everyDamagedByteIsRefusedOrHarmless() throws {
    let whole = Self.approvedService()
    let path = whole.folder + "/" + (try #require(whole.files.first))
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    for at in bytes.indices {
      try Data(bytes[..<at]).write(to: URL(fileURLWithPath: path))
      #expect(whole.ask(.find).word == "nothing")
    }
  }

  @Test func refusesMoreThanItsNumberAndMakesRoomOfWhatIsOver() throws {
    let service = Service()
    service.answers = [Service.task()]
    _ = service.ask(.submit)
    let first = service.folder + "/" + (try #require(service.files.first))
    for index in 1..<TaskStore.most {
      try FileManager.default.copyItem(atPath: first, toPath: service.folder + "/" + String(format: "%064x", index) + ".json")
    }
    let full = service.ask(.submit, Service.evaluation(host: "db2"))
    #expect(full.word == "approval-failed" && full.detail.contains("1024") && service.heard.count == 1)
    service.pass(milliseconds: 86_401_000)
    #expect(service.ask(.submit, Service.evaluation(host: "db2"), terms: Service.terms(expires: "2026-11-23T07:40:00Z")).word == "approval-pending")
    #expect(service.files.count == 1)
  }
}
