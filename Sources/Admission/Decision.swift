internal import Configuration
internal import Credentials
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// A yes for one account: the policy's, or in an emergency this host's own. Nothing else makes one: a no and no answer are refusals.
struct Decision {
  let account: String
  let grant: Grant
  let facts: DecisionFacts
  /// The approval that the question went with; nil: none was needed.
  let approval: JSONValue?

  private init(account: String, grant: Grant, facts: DecisionFacts, approval: JSONValue? = nil) {
    self.approval = approval
    self.account = account
    self.grant = grant
    self.facts = facts
  }

  /// The host's own yes, for a certificate of the emergency authority and a name that is listed. What a normal certificate
  /// gets when no endpoint answers is a refusal: this never stands in for it.
  /// - Returns: nil if the certificate is another authority's.
  static func breakGlass(_ credential: Credential, account: String, now: UInt64) throws(Refusal) -> Decision? {
    guard let rules = credential.breakGlass else { return nil }
    guard rules.names.contains(where: { $0.isExactly(account) }) else { throw .notForEmergencies }
    guard credential.facts.notAfter > now else { throw .noTimeLeft }
    let grant = Grant(groups: rules.groups, maxSessionSeconds: min(rules.maxDuration, credential.facts.notAfter - now))
    return Decision(account: account, grant: grant, facts: .breakGlass(subject: credential.certificate.subjectID))
  }

  /// What the answer demands is carried out, whatever the decision is; if not all of it could be done, a yes is none.
  /// - Parameter question: gets the approval that it was answered with, if people had to be asked.
  static func ask<World: Surroundings, Voice: Dialogue>(_ question: inout Question, _ configuration: Published, _ phase: Phase<World, Voice>, _ trail: inout Trail)
    throws(Refusal) -> Decision {
    var course = ApprovalCourse()
    for _ in 0..<ApprovalCourse.mostRounds {
      let answer = phase.world.decide(question, rules: configuration.rules.policy, host: configuration.rules.host)
      trail.decision = answer.facts
      trail.decision?.subject = question.subjectID
      let unmet = phase.carryOut(answer.obligations, for: question)
      let no: Refusal
      var terms = JSONValue.object([])
      switch answer.verdict {
      case .allowed(var grant):
        if let unmet { throw .noDecision(.obligation(unmet)) }
        if let until = course.approval?.until { grant.approvedUntil = min(until, grant.approvedUntil ?? until) }
        return Decision(account: question.account, grant: grant, facts: trail.decision ?? answer.facts, approval: question.approval)
      case .denied(let user, let admin): no = .denied(user: user, admin: admin)
      case .undefined(let user, let admin): no = .denied(user: user, admin: admin)
      case .requestable(let said, let user, let admin):
        no = .denied(user: user, admin: admin)
        terms = said
      case .stepUp(let stepUp, let user, let admin): throw .stepUp(stepUp, user: user, admin: admin)
      case .unavailable(let failure): throw .noDecision(failure)
      }
      try course.follow(no, terms, question, configuration, phase, endpoint: answer.facts.endpoint)
      question.approval = course.approval?.approval
      question.now = phase.world.moment().unixSeconds
    }
    throw .notApproved(.unavailable("the policy was asked again and again"))
  }
}
