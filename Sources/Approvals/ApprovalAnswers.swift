internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import Policy

/// What the service said, and what follows from it.
extension ApprovalFlow {
  mutating func discovered(_ answer: HTTPAnswer, _ form: AccessRequestForm, _ identifier: String, _ now: Instant) {
    guard answer.status == 200, let type = answer.contentType, MediaType.holds(type, "application/json"), let body = try? JSONValue.parse(answer.body),
      let name = body["policy_decision_point"]?.string, name.isExactly(identifier), let endpoint = body["access_request_endpoint"]?.string
    else { return conclude(.failed, "the endpoint's metadata (status \(answer.status)) name no address for requests, or are another's") }
    send(form, to: endpoint, now)
  }

  mutating func sent(_ answer: TaskAnswer, _ now: Instant, _ random: UInt64) {
    switch answer {
    case .task(let state):
      guard state.status.isExactly("pending") else { return settle(state, now) }
      guard let url = state.statusURL, Origin(url, of: endpoints) != nil else {
        return refuse(.failed, "the task's address is missing, or not of a configured endpoint", now)
      }
      let notBefore = state.retryAfter.map { now.milliseconds &+ $0 * 1000 } ?? 0
      remember(.pending(ApprovalTask.Handle(id: state.id, statusURL: url, notBefore: notBefore)), state, now)
      conclude(.pending, "asked", retryAfter: state.retryAfter)
    case .problem(let problem, let detail):
      effects = [.forget]
      switch problem {
      case .notRequestable: conclude(.notRequestable, detail)
      case .expiredDenial: conclude(.expired, detail)
      case .invalidBinding, .duplicate, .unknownTask, .taskExpired, .invalidState: conclude(.failed, detail)
      }
    case .unavailable(let detail, let retryAfter): unavailable(detail, retryAfter: retryAfter, now, random)
    case .broken(let detail): refuse(.failed, detail, now)
    }
  }

  mutating func looked(_ answer: TaskAnswer, _ handle: ApprovalTask.Handle, _ now: Instant, _ random: UInt64) {
    switch answer {
    case .task(let state):
      guard state.id.isExactly(handle.id) else { return conclude(.failed, "the answer tells of another task") }
      guard state.status.isExactly("pending") else { return settle(state, now) }
      var later = handle
      later.notBefore = state.retryAfter.map { now.milliseconds &+ $0 * 1000 } ?? 0
      remember(.pending(later), state, now)
      if !goOn(later, retryAfter: state.retryAfter, now, random) { conclude(.pending, "nobody has answered", retryAfter: state.retryAfter) }
    case .problem(.unknownTask, _), .problem(.taskExpired, _):
      effects = [.forget]
      conclude(.nothing(words: denial?.words ?? ""))
    case .problem(_, let detail), .broken(let detail): conclude(.failed, detail)
    case .unavailable(let detail, let retryAfter): unavailable(detail, retryAfter: retryAfter, now, random)
    }
  }

  /// A status that is not pending.
  private mutating func settle(_ state: TaskState, _ now: Instant) {
    if state.status.isExactly("approved") {
      guard let approval = state.approval else { return refuse(.failed, "approved, and no approval in it that can be used", now) }
      guard approval.until > now.unixSeconds else {
        effects = [.forget]
        return conclude(.expired, "the approval is over")
      }
      let ends = min(approval.until, now.unixSeconds + ApprovalTask.longest)
      effects = [.keep(ApprovalTask(state: .approved(approval.value), ends: ends, words: state.words, link: state.link))]
      return conclude(.approved(approval.value, until: approval.until))
    }
    if !state.words.isEmpty { task?.words = state.words }
    if state.status.isExactly("denied") { return refuse(.denied, "denied", now) }
    if state.status.isExactly("cancelled") { return refuse(.cancelled, "cancelled", now) }
    if state.status.isExactly("failed") { return refuse(.failed, "the service could not complete the request", now) }
    if state.status.isExactly("expired") {
      effects = [.forget]
      return conclude(.expired, "nobody answered in time")
    }
    // Unknown, or of a bundle: not approved, and perhaps not over.
    let detail = "status " + Escape.visible(state.status, limit: 64)
    if case .sending = stage { return refuse(.failed, detail, now) }
    conclude(.failed, detail)
  }

  /// Nobody answered, or not now.
  mutating func unavailable(_ detail: String, retryAfter: Int64?, _ now: Instant, _ random: UInt64) {
    switch stage {
    case .looking(var handle):
      if let retryAfter {
        handle.notBefore = now.milliseconds &+ retryAfter * 1000
        if var task {
          task.state = .pending(handle)
          effects.append(.keep(task))
        }
      }
      if !goOn(handle, retryAfter: retryAfter, now, random) { conclude(.unavailable, detail, retryAfter: retryAfter) }
    case .sending(var submission):
      // It may have been taken: the next login sends the same again, under the same key.
      submission.sent = now.milliseconds &- ApprovalFlow.inFlight
      effects = [.keep(ApprovalTask(state: .submitting(submission), ends: submissionEnds(now), words: "", link: ""))]
      conclude(.unavailable, detail, retryAfter: retryAfter)
    case .begin, .discovering, .writing, .retrying, .finished: conclude(.unavailable, detail, retryAfter: retryAfter)
    }
  }

  /// Will look once more, if there is time for it.
  private mutating func goOn(_ handle: ApprovalTask.Handle, retryAfter: Int64?, _ now: Instant, _ random: UInt64) -> Bool {
    let pause = max((retryAfter ?? 0) * 1000, Pace.pause(attempt: attempt, random: random))
    let time = now.milliseconds &+ pause
    guard time <= deadline else { return false }
    attempt += 1
    var later = handle
    later.notBefore = time
    stage = .looking(later)
    return true
  }
}
