internal import Configuration
internal import DaemonProtocol
internal import Policy

/// A yes of the policy, for one account. Nothing else makes one: a no and no answer are refusals.
struct Decision {
  let account: String
  private(set) var grant: Grant
  let facts: DecisionFacts

  private init(account: String, grant: Grant, facts: DecisionFacts) {
    self.account = account
    self.grant = grant
    self.facts = facts
  }

  /// The same yes, for no longer than the approval that it was asked with.
  func held(until: UInt64?) -> Decision {
    guard let until else { return self }
    var decision = self
    decision.grant.approvedUntil = min(until, grant.approvedUntil ?? until)
    return decision
  }

  static func ask(_ question: Question, _ configuration: Published, _ world: some Surroundings, _ trail: inout Trail) throws(Refusal) -> Decision {
    let answer = world.decide(question, rules: configuration.rules.policy, host: configuration.rules.host)
    trail.decision = answer.facts
    switch answer.verdict {
    case .allowed(let grant): return Decision(account: question.account, grant: grant, facts: answer.facts)
    case .denied(let user, let admin): throw .denied(user: user, admin: admin)
    case .requestable(let terms, let user, let admin): throw .requestable(terms, user: user, admin: admin)
    case .unavailable(let failure): throw .noDecision(failure)
    }
  }
}
