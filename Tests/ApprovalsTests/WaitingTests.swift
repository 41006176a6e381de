@testable import Approvals
import DaemonProtocol
import Encoding
import Foundation
import Policy
import Testing

/// How long is waited for somebody's answer, and how often is looked.
@Suite struct WaitingTests {
  @Test func waitsLongerAndLongerUpToAMinuteAndWithinItsTime() {
    let service = TaskTests.asked()
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
    let service = TaskTests.asked()
    service.answers = [Service.task(status: 200), Service.task(status: 200), Service.approved()]
    #expect(service.ask(.find, wait: 60_000).word == "approved" && service.heard.count == 3)
  }

  @Test func obeysRetryAfter() {
    let service = TaskTests.asked(retryAfter: 7)
    service.answers = [Service.task(status: 200, retryAfter: 20), Service.approved()]
    #expect(service.ask(.find, wait: 60_000).word == "approved")
    let times = service.heard.map { $0.at }
    #expect(times.count == 2 && times[0] >= 7000 && times[1] - times[0] >= 20_000, "\(times)")
  }

  /// Another login is another process, and has been told as well.
  @Test func obeysRetryAfterAcrossLogins() {
    let service = TaskTests.asked(retryAfter: 300)
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
      let service = TaskTests.asked(retryAfter: seconds)
      service.answers = [Service.approved()]
      #expect(service.ask(.find, wait: 90_000).word == "approval-pending" && service.heard.isEmpty, "\(seconds)")
    }
    // What is no time from now on is none.
    for seconds in [Int64.min, -1] {
      let service = TaskTests.asked(retryAfter: seconds)
      service.answers = [Service.approved()]
      #expect(service.ask(.find).word == "approved")
    }
  }

  @Test func aServiceThatIsBusyOrAwayIsLookedAtAgainWithinTheTime() {
    for answer in [Service.answer(503, "", retryAfter: 5), Service.answer(429, "", retryAfter: 5), .failed(.timedOut("x")), Service.answer(500, "")] as [HTTPReply] {
      let service = TaskTests.asked()
      service.answers = [answer, Service.approved()]
      #expect(service.ask(.find, wait: 60_000).word == "approved", "\(answer)")
      let alone = TaskTests.asked()
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
}
