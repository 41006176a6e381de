internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import Policy

/// One question of a login about an approval, on its way: what is remembered, whom to ask, how long to wait. Like `Round`, it
/// neither waits nor speaks to anybody: who drives it does.
///
/// An approval permits nothing. What comes out of here is only what the policy is to be asked again with.
struct ApprovalFlow: Sendable {
  enum Step {
    /// What comes of it is to be taken.
    case call(ApprovalCall)
    /// To go on at that time, in milliseconds on the boot clock.
    case pause(until: Int64)
    /// Whether that worked is to be told with `kept`.
    case keep(ApprovalTask)
    case forget
    case finished(ApprovalOutcome)
  }

  enum Stage {
    case begin
    case discovering(AccessRequestForm, identifier: String)
    case writing(ApprovalTask.Submission)
    case sending(ApprovalTask.Submission)
    case looking(ApprovalTask.Handle)
    case retrying(JSONValue, until: UInt64, at: Int64)
    case finished(ApprovalOutcome)
  }

  let request: ApprovalRequest
  let endpoints: [PolicyEndpoint]
  let host: String
  /// Milliseconds of one call.
  let callLimit: Int64
  let scope: Scope
  let denial: Denial?
  var task: ApprovalTask?
  var stage = Stage.begin
  /// What is to be remembered before the next stage.
  var effects: [Step] = []
  /// When waiting is over.
  var deadline: Int64 = 0
  var attempt = 0

  /// Milliseconds for which a request that is on its way is not sent again: another login is at it.
  static var inFlight: Int64 { 30_000 }

  /// - Parameters:
  ///   - remembered: of this scope.
  ///   - host: this host's id.
  init(_ request: ApprovalRequest, scope: Scope, remembered: ApprovalTask?, endpoints: [PolicyEndpoint], host: String, callLimit: Int64) {
    self.request = request
    self.scope = scope
    self.endpoints = endpoints
    self.host = host
    self.callLimit = max(1, callLimit)
    denial = Denial(request.terms)
    task = remembered
  }

  // MARK: Going on

  /// - Parameter random: any number, another one each time.
  mutating func next(now: Instant, random: UInt64) -> Step {
    if case .begin = stage { begin(now, random) }
    if !effects.isEmpty { return effects.removeFirst() }
    switch stage {
    case .begin: return .finished(.refused(.failed, ApprovalNotice(detail: "not begun")))
    case .finished(let reply): return .finished(reply)
    case .discovering:
      guard let metadata = Origin.metadata(of: asked) else { return end(.failed, "the endpoint has no address for metadata") }
      return call(.get, metadata.origin, now)
    case .writing(let submission):
      stage = .sending(submission)  // unless `kept` says otherwise
      return .keep(ApprovalTask(state: .submitting(submission), ends: submissionEnds(now), words: "", link: ""))
    case .sending(let submission):
      guard let origin = Origin(submission.url, of: endpoints) else { return end(.failed, "the address for requests is not of a configured endpoint") }
      return call(.post(Array(submission.body.utf8)), origin, now, key: submission.key)
    case .looking(let handle):
      if let task, now.unixSeconds >= task.ends {
        effects = [.forget]
        return end(.expired, "the task is over")
      }
      guard let origin = Origin(handle.statusURL, of: endpoints) else {
        effects = [.forget]
        return end(.failed, "the task's address is not of a configured endpoint")
      }
      if now.milliseconds < handle.notBefore {
        guard handle.notBefore <= deadline else { return endPending(now, handle.notBefore) }
        return .pause(until: handle.notBefore)
      }
      return call(.get, origin, now)
    case .retrying(let approval, let until, let time):
      if now.milliseconds < time { return .pause(until: time) }
      return finish(.approved(approval, until: until))
    }
  }

  /// What came of the last `keep`: without a record nothing is sent, or nobody would find it again.
  mutating func kept(_ worked: Bool, why: String) {
    guard !worked, case .sending = stage else { return }
    effects = []
    stage = .finished(.refused(.failed, ApprovalNotice(detail: "the request cannot be remembered: " + why)))
  }

  /// What came of the last `call`.
  mutating func take(_ reply: HTTPReply, now: Instant, random: UInt64) {
    let answer: HTTPAnswer
    switch reply {
    case .failed(let failure):
      unavailable(failure.token + ": " + failure.detail, retryAfter: nil, now, random)
      return
    case .answered(let given): answer = given
    }
    switch stage {
    case .discovering(let form, let identifier): discovered(answer, form, identifier, now)
    case .sending: sent(TaskAnswer.read(answer, isSubmission: true), now, random)
    case .looking(let handle): looked(TaskAnswer.read(answer, isSubmission: false), handle, now, random)
    case .begin, .writing, .retrying, .finished: break
    }
  }

  // MARK: Beginning

  private mutating func begin(_ now: Instant, _ random: UInt64) {
    let wait = Int64(clamping: min(request.milliseconds, 3_600_000))
    deadline = now.milliseconds &+ wait
    switch request.step {
    case .find: find(now)
    case .submit: if task == nil { submit(now) } else { find(now) }
    case .rejected: rejected(now, random)
    }
  }

  mutating func find(_ now: Instant) {
    guard let task else { return conclude(.nothing(words: denial?.words ?? "")) }
    switch task.state {
    case .submitting(var submission):
      let age = now.milliseconds.subtractingReportingOverflow(submission.sent)
      guard age.overflow || age.partialValue < 0 || age.partialValue >= ApprovalFlow.inFlight else { return conclude(.pending, "the request is on its way") }
      submission.sent = now.milliseconds
      stage = .writing(submission)
    case .pending(let handle): stage = .looking(handle)
    case .approved(let approval):
      guard let until = ApprovalFlow.until(approval), until > now.unixSeconds else {
        effects = [.forget]
        return conclude(.nothing(words: denial?.words ?? ""))
      }
      conclude(.approved(approval, until: until))
    case .refused(let refusal): conclude(refusal, "nobody is asked again so soon")
    }
  }

  mutating func submit(_ now: Instant) {
    guard let denial else { return conclude(.notRequestable, "the denial is not one that can be asked about") }
    guard !denial.isOver(at: now.unixSeconds) else { return conclude(.expired, "the denial could be asked about until \(denial.expiresAt.prefix(40))") }
    guard !denial.needsForm else {
      let form = denial.formURL.flatMap { Origin($0, of: endpoints) }.map { Display.link(.string($0.url)) }
      return conclude(.refused(.form, ApprovalNotice(words: denial.words, link: form ?? "", detail: "the service demands what a login cannot supply")))
    }
    guard let form = AccessRequestForm(denial, scope, reason: request.reason, host: host) else { return conclude(.failed, "the request cannot be written") }
    if let endpoint = denial.endpoint {
      send(form, to: endpoint, now)
    } else if let metadata = Origin.metadata(of: asked) {
      stage = .discovering(form, identifier: metadata.identifier)
    } else {
      conclude(.failed, "the denial names no address, and the endpoint has none for metadata")
    }
  }

  mutating func send(_ form: AccessRequestForm, to url: String, _ now: Instant) {
    guard let origin = Origin(url, of: endpoints) else { return conclude(.failed, "the address for requests is not of a configured endpoint") }
    stage = .writing(ApprovalTask.Submission(url: origin.url, body: String(decoding: form.body, as: UTF8.self), key: form.key, sent: now.milliseconds))
  }

  /// What to do after a no to an evaluation with an approval: what the endpoint says, else what its reason stands for, else
  /// whether it can be asked about.
  private mutating func rejected(_ now: Instant, _ random: UInt64) {
    switch NextAction(request.terms, isRequestable: denial != nil) {
    case .request:
      effects = [.forget]
      conclude(.nothing(words: denial?.words ?? ""))
    case .none:
      refuse(.notTaken, "the policy says no with the approval too", now)
    case .retry(let after):
      guard case .approved(let approval) = task?.state, let until = ApprovalFlow.until(approval) else { return conclude(.failed, "there is no approval to try again with") }
      let pause = after.map { max(1, $0) * 1000 } ?? Pace.pause(attempt: Int(clamping: request.attempt), random: random)
      guard now.unixSeconds &+ UInt64((pause + 999) / 1000) < until else {
        effects = [.forget]
        return conclude(.expired, "the approval ends before it has effect")
      }
      let time = now.milliseconds &+ pause
      if time <= deadline { stage = .retrying(approval, until: until, at: time) } else { conclude(.notYet, "the approval has no effect yet", retryAfter: (pause + 999) / 1000) }
    }
  }

  // MARK: Ends

  mutating func remember(_ state: ApprovalTask.State, _ told: TaskState, _ now: Instant) {
    var ends = now.unixSeconds + ApprovalTask.longest
    if let known = task?.ends, case .pending = task?.state { ends = min(ends, known) }
    if let expires = told.expires { ends = min(expires, now.unixSeconds + ApprovalTask.longest) }
    let words = told.words.isEmpty ? task?.words ?? "" : told.words
    let link = told.link.isEmpty ? task?.link ?? "" : told.link
    let kept = ApprovalTask(state: state, ends: ends, words: words, link: link)
    task = kept
    effects = [.keep(kept)]
  }

  /// It came to nothing, which is remembered for a while.
  mutating func refuse(_ refusal: ApprovalRefusal, _ detail: String, _ now: Instant) {
    effects = [.keep(ApprovalTask(state: .refused(refusal), ends: now.unixSeconds + ApprovalTask.quiet, words: task?.words ?? "", link: task?.link ?? ""))]
    conclude(refusal, detail)
  }

  mutating func conclude(_ reply: ApprovalOutcome) { stage = .finished(reply) }

  mutating func conclude(_ refusal: ApprovalRefusal, _ detail: String, retryAfter: Int64? = nil) {
    conclude(.refused(refusal, ApprovalNotice(words: task?.words ?? "", link: task?.link ?? "", retryAfter: UInt64(retryAfter ?? 0), detail: detail)))
  }

  mutating func finish(_ reply: ApprovalOutcome) -> Step {
    stage = .finished(reply)
    return .finished(reply)
  }

  mutating func end(_ refusal: ApprovalRefusal, _ detail: String) -> Step {
    conclude(refusal, detail)
    if !effects.isEmpty { return effects.removeFirst() }
    guard case .finished(let reply) = stage else { return .finished(.nothing(words: "")) }
    return .finished(reply)
  }

  mutating func endPending(_ now: Instant, _ time: Int64) -> Step {
    conclude(.pending, "the service is not to be asked yet", retryAfter: (time - now.milliseconds + 999) / 1000)
    return next(now: now, random: 0)
  }

  // MARK: Parts

  mutating func call(_ method: ApprovalCall.Method, _ origin: Origin, _ now: Instant, key: String? = nil) -> Step {
    .call(ApprovalCall(method: method, target: origin.target, idempotencyKey: key, until: now.milliseconds &+ callLimit))
  }

  /// The endpoint that denied.
  var asked: PolicyEndpoint {
    endpoints.first { $0.url.isExactly(request.endpoint) } ?? endpoints.first ?? PolicyEndpoint(url: "", host: "", port: 0, isLiteral: true)
  }

  func submissionEnds(_ now: Instant) -> UInt64 {
    let longest = now.unixSeconds + ApprovalTask.longest
    guard let denial else { return task?.ends ?? longest }
    // What is sent again is the old request, with its own denial.
    if case .submitting = task?.state { return task?.ends ?? longest }
    return min(denial.expires + Denial.skew + 1, longest)
  }

  /// Seconds since 1970; nil: it does not say, and so holds for nothing.
  static func until(_ approval: JSONValue) -> UInt64? { approval["approved_until"]?.string.flatMap { Timestamp.parse($0) } }
}
