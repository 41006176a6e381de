internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Policy

/// The way from a no that can be asked about to a decision. An approval permits nothing: with it the policy is asked again,
/// and that answer alone counts.
///
/// The person is asked for a reason where the program can ask (su, login). Where it cannot (sshd in its session phase, and
/// so scp, ansible), the request is made without one and nothing waits: the person reads the ticket, and a later login
/// finds what became of it.
struct ApprovalCourse {
  private var approval: ApprovalReply?
  private var hasAsked = false
  private var asked = AccessQuestion(.find, .null)
  /// Until when may be waited, on the boot clock in milliseconds; nil: nobody waits.
  private var deadline: Int64?

  /// The longest wait in seconds, whatever the configuration says: sshd gives a login 120 seconds in all (LoginGraceTime).
  static var longestWait: UInt64 { 90 }
  /// Questions to the policy in one login.
  static var mostRounds: Int { 16 }

  /// Was the policy asked more than once? Then time has passed.
  var isLong: Bool { approval != nil }

  /// - Parameter question: gets the approval that it was answered with.
  mutating func decide<World: Surroundings, Voice: Dialogue>(_ question: inout Question, _ configuration: Published, _ phase: Phase<World, Voice>, _ trail: inout Trail)
    throws(Refusal) -> Decision {
    for _ in 0..<ApprovalCourse.mostRounds {
      let no: Refusal
      do throws(Refusal) {
        return try Decision.ask(question, configuration, phase.world, &trail).held(until: approval?.until)
      } catch { no = error }
      try follow(no, question, configuration, phase, trail)
      question.approval = approval?.approval
      question.now = phase.world.moment().unixSeconds
    }
    throw .notApproved(.unavailable("the policy was asked \(ApprovalCourse.mostRounds) times"))
  }

  /// - Throws: the no itself if it is none that an approval could lift.
  private mutating func follow<World: Surroundings, Voice: Dialogue>(_ refusal: Refusal, _ question: Question, _ configuration: Published, _ phase: Phase<World, Voice>,
    _ trail: Trail) throws(Refusal) {
    var no = refusal
    switch refusal {
    case .requestable(let terms, let user, let admin):
      asked.terms = terms
      no = .denied(user: user, admin: admin)
    case .denied: asked.terms = .object([])
    default: throw refusal
    }
    let isRequestable = asked.terms["access_request"] != nil
    guard isRequestable || isLong else { throw no }
    var plain = question
    plain.approval = nil
    func ask(_ step: ApprovalRequest.Step, _ asked: inout AccessQuestion, _ milliseconds: Int64) throws(Refusal) -> ApprovalReply {
      asked.step = step
      asked.milliseconds = UInt64(max(0, milliseconds))
      let reply = phase.world.approval(asked, about: plain, endpoint: trail.decision?.endpoint ?? "", rules: configuration.rules.policy, host: configuration.rules.host)
      if reply.word.isExactly("denied") { throw no }
      return reply
    }
    func now() -> Int64 { phase.world.moment().boot / 1_000_000 }
    var reply = try ask(isLong ? .rejected : .find, &asked, (deadline ?? 0) - (deadline == nil ? 0 : now()))
    if isLong { asked.attempt += 1 }
    if reply.word.isExactly("nothing") {
      // Nothing is remembered, or what is no longer counts: asked for once in a login.
      guard isRequestable, !hasAsked else { throw no }
      hasAsked = true
      let reason = phase.reason(for: reply.happened)
      asked.reason = reason ?? ""
      reply = try ask(.submit, &asked, 0)
      let wait = Int64(min(configuration.rules.policy.approvalWait, ApprovalCourse.longestWait) * 1000)
      if reason != nil, wait > 0, reply.word.isExactly("approval-pending") {
        phase.tell(reply.happened + " Waiting for at most \(wait / 1000) s.")
        deadline = now() + wait
        reply = try ask(.find, &asked, wait)
      }
    }
    guard reply.word.isExactly("approved"), reply.approval?.members != nil else { throw .notApproved(reply) }
    approval = reply
  }
}

extension Phase {
  /// The person's words; empty if they gave none, nil if they cannot be asked.
  fileprivate func reason(for why: String) -> String? {
    guard !login.isSilent, let answer = voice.ask(Escape.sentence("Sojourn: " + login.shownUser + ": " + why, limit: 600) + " Reason: ") else { return nil }
    return Escape.sentence(String(decoding: answer, as: UTF8.self), limit: 512)
  }

  fileprivate func tell(_ text: String) {
    if !login.isSilent { voice.show(info: Escape.sentence("Sojourn: " + text, limit: 1024)) }
  }
}
