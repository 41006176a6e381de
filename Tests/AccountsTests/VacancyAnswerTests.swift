import Testing

@testable import Accounts
import DaemonProtocol

@Suite struct VacancyAnswerTests {
  static func answer(_ text: String, lease: Bool = false) -> VacancyAnswer { VacancyAnswer(Array(text.utf8), lease: lease) }

  @Test func nothingAgainstItIsVacancy() {
    let answer = Self.answer("group dbops 998\ngroup deploy 4294967295\nno-group gone\ndone\n")
    #expect(answer.refusal == nil && !answer.numberIsTaken)
    #expect(answer.groups == [.init(name: "dbops", gid: 998), .init(name: "deploy", gid: .max)] && answer.missingGroups == ["gone"])
    #expect(Self.answer("done\n").refusal == nil)
  }

  @Test func everyLineThatStandsAgainstItRefuses() {
    #expect(Self.answer("user-name ldap\ndone\n").refusal?.0 == .nameOfOther)
    #expect(Self.answer("group-name files\nfailed sss 111\ndone\n").refusal?.0 == .nameOfOther)
    #expect(Self.answer("user-number files\ndone\n").refusal?.0 == .numberOfOther)
    #expect(Self.answer("group-number files\ndone\n").numberIsTaken)
    #expect(Self.answer("right row in /etc/subuid\ndone\n").refusal?.0 == .rightsStand)
    #expect(Self.answer("right row in /etc/subuid\ndone\n").refusal?.detail == "row in /etc/subuid")
    #expect(Self.answer("failed sss 111\ndone\n").refusal?.0 == .sourceFailed)
    // Not knowing outweighs what was found about number and rights.
    #expect(Self.answer("user-number files\nright file /x\nfailed sss 111\ndone\n").refusal?.0 == .sourceFailed)
  }

  @Test func anAnswerThatIsCutOffOrNotUnderstoodRefuses() {
    let whole = "group dbops 998\nno-group gone\ndone\n"
    for length in 0..<whole.utf8.count { #expect(VacancyAnswer(Array(whole.utf8.prefix(length))).refusal?.0 == .sourceFailed, "\(length)") }
    #expect(VacancyAnswer(nil).refusal?.0 == .sourceFailed)
    for line in ["what", "user-name", "user-name a b", "failed", "failed sss", "group dbops", "group my group 5", "group x -1", "group x 4294967296", "no-group", "right", "right x", "done\nuser"] {
      #expect(Self.answer(line + "\ndone\n").refusal != nil, "\(line)")
    }
  }

  /// What the first session left under the name is the lease's; what others gave the name is not.
  @Test func filesAndJobsOfALeaseAreItsOwn() {
    let files = "right file /run/sudo/ts/alice\nright job in /var/spool/cron/atjobs\n"
    #expect(Self.answer(files + "done\n").refusal?.0 == .rightsStand)
    #expect(Self.answer(files + "done\n", lease: true).refusal == nil)
    for line in ["right member of group 4 (files)", "right row in /etc/subuid", "right rules /etc/sudoers.d/alice"] {
      #expect(Self.answer(line + "\ndone\n", lease: true).refusal?.0 == .rightsStand, "\(line)")
    }
  }
}
