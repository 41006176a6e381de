internal import Configuration
internal import DaemonProtocol
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

  /// - Parameter carryOut: does what the answer demands, whatever the decision is, and says why not all of it could be
  ///   done; a yes is none then.
  static func ask(_ question: Question, _ configuration: Published, _ world: some Surroundings, _ trail: inout Trail,
    carryOut: (Obligations) -> String?) throws(Refusal) -> Decision {
    let answer = world.decide(question, rules: configuration.rules.policy, host: configuration.rules.host)
    trail.decision = answer.facts
    trail.decision?.subject = question.subjectID
    let unmet = carryOut(answer.obligations)
    switch answer.verdict {
    case .allowed(let grant):
      if let unmet { throw .noDecision(.obligation(unmet)) }
      return Decision(account: question.account, grant: grant, facts: trail.decision ?? answer.facts)
    case .denied(let user, let admin): throw .denied(user: user, admin: admin)
    case .stepUp(let stepUp, let user, let admin): throw .stepUp(stepUp, user: user, admin: admin)
    case .unavailable(let failure): throw .noDecision(failure)
    }
  }
}
