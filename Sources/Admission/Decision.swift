internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// A yes of the policy, for one account. Nothing else makes one: a no and no answer are refusals.
struct Decision {
  let account: String
  let grant: Grant
  let facts: DecisionFacts

  private init(account: String, grant: Grant, facts: DecisionFacts) {
    self.account = account
    self.grant = grant
    self.facts = facts
  }

  /// - Parameter question: gets the approval that it was answered with, if people had to be asked.
  static func ask<World: Surroundings, Voice: Dialogue>(_ question: inout Question, _ configuration: Published, _ phase: Phase<World, Voice>, _ trail: inout Trail)
    throws(Refusal) -> Decision {
    var course = ApprovalCourse()
    for _ in 0..<ApprovalCourse.mostRounds {
      let answer = phase.world.decide(question, rules: configuration.rules.policy, host: configuration.rules.host)
      trail.decision = answer.facts
      let no: Refusal
      var terms = JSONValue.object([])
      switch answer.verdict {
      case .allowed(var grant):
        if let until = course.approval?.until { grant.approvedUntil = min(until, grant.approvedUntil ?? until) }
        return Decision(account: question.account, grant: grant, facts: answer.facts)
      case .denied(let user, let admin): no = .denied(user: user, admin: admin)
      case .requestable(let said, let user, let admin):
        no = .denied(user: user, admin: admin)
        terms = said
      case .unavailable(let failure): throw .noDecision(failure)
      }
      try course.follow(no, terms, question, configuration, phase, endpoint: answer.facts.endpoint)
      question.approval = course.approval?.approval
      question.now = phase.world.moment().unixSeconds
    }
    throw .notApproved(.unavailable("the policy was asked again and again"))
  }
}
