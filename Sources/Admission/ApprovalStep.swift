internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// How far one login has got on the way from a no that can be asked about to a decision. An approval permits nothing: with it
/// the policy is asked again, and that answer alone counts.
///
/// The person is asked for a reason where the program can ask (su, login). Where it cannot (sshd in its session phase, and
/// so scp, ansible), the request is made without one and nothing waits: the person reads the ticket, and a later login
/// finds what became of it.
struct ApprovalCourse {
  /// What approvers approved, if they did.
  private(set) var approval: ApprovalReply?
  private var hasAsked = false
  private var request = ApprovalRequest(.find)
  /// Until when may be waited, on the boot clock in milliseconds; 0: nobody waits.
  private var deadline: Int64 = 0

  /// The longest wait in seconds, whatever the configuration says: sshd gives a login 120 seconds in all (LoginGraceTime).
  static var longestWait: UInt64 { 90 }
  /// Questions to the policy in one login.
  static var mostRounds: Int { 16 }

  /// After a no: gets an approval to ask the policy with again.
  /// - Parameter terms: the no's context; empty if it says nothing of approvals.
  /// - Throws: `no` if it is one that no approval lifts.
  mutating func follow<World: Surroundings, Voice: Dialogue>(_ no: Refusal, _ terms: JSONValue, _ question: Question, _ configuration: Published, _ phase: Phase<World, Voice>,
    endpoint: String) throws(Refusal) {
    let isRequestable = terms["access_request"]?.members != nil
    guard isRequestable || approval != nil else { throw no }
    request.terms = terms
    request.endpoint = endpoint
    request.step = approval == nil ? .find : .rejected
    while true {
      let now = phase.world.moment().boot / 1_000_000
      request.milliseconds = UInt64(max(0, deadline - now))
      let reply = phase.world.approval(request, about: question, rules: configuration.rules.policy, host: configuration.rules.host)
      if reply.word.isExactly("approved"), reply.approval?.members != nil {
        if approval != nil { request.attempt += 1 }
        approval = reply
        return
      }
      if reply.word.isExactly("nothing"), isRequestable, !hasAsked {
        // Nothing is remembered, or what is no longer counts: asked for once in a login.
        hasAsked = true
        let reason = phase.reason(for: reply.happened)
        request.reason = reason ?? ""
        request.step = .submit
        let wait = reason == nil ? 0 : Int64(min(configuration.rules.policy.approvalWait, ApprovalCourse.longestWait) * 1000)
        deadline = wait == 0 ? 0 : phase.world.moment().boot / 1_000_000 + wait
      } else if reply.word.isExactly("approval-pending"), case .submit = request.step, deadline > 0 {
        phase.tell(phase.login.shownUser + ": " + reply.happened + " Waiting for at most \((deadline - now) / 1000) s.")
        request.step = .find
      } else {
        throw reply.word.begins(with: "approval-") ? .notApproved(reply) : no
      }
    }
  }
}

extension Phase {
  /// The person's words; empty if they gave none, nil if they cannot be asked.
  fileprivate func reason(for why: String) -> String? {
    guard !login.isSilent, let answer = voice.ask(Escape.sentence("Sojourn: " + login.shownUser + ": " + why, limit: 600) + " Reason: ", limit: 512) else { return nil }
    return Escape.sentence(String(decoding: answer, as: UTF8.self), limit: 512)
  }

  fileprivate func tell(_ text: String) {
    if !login.isSilent { voice.show(info: Escape.sentence("Sojourn: " + text, limit: 1024)) }
  }
}
