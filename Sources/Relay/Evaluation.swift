internal import Configuration
internal import DaemonProtocol
internal import Events
internal import Policy

/// One question on its way through the endpoints, without anybody waiting for it. Held by the actions of the loop and by
/// who has to cancel it.
final class Evaluation {
  private unowned let relay: Relay
  private let question: RelayedQuestion
  private var round: Round
  private let deadline: Int64
  private var call: Int?
  private var timer: UInt64?
  private var backstop: UInt64?
  private let done: (RelayReply) -> Void

  init(_ question: RelayedQuestion, relay: Relay, done: @escaping (RelayReply) -> Void) {
    self.relay = relay
    self.question = question
    self.done = done
    let now = relay.loop.now
    deadline = now + question.milliseconds
    round = Round(endpoints: relay.health.order(relay.rules.endpoints, now: now), wrapping: relay.wrapping, requestID: question.requestID, deadline: deadline)
  }

  func begin() {
    // libcurl ends its calls in time; that a login is answered in time does not hang on that alone.
    backstop = relay.loop.after(question.milliseconds) { [weak self] in self?.finish(.failed(.timedOut("the time for a decision is over"))) }
    goOn()
  }

  /// Nobody waits for it any more.
  func cancel() {
    if let call { relay.calls.cancel(call) }
    if let timer { relay.loop.cancel(timer) }
    if let backstop { relay.loop.cancel(backstop) }
    (call, timer, backstop) = (nil, nil, nil)
  }

  private func goOn() {
    while true {
      let now = relay.loop.now
      switch round.next(now: now) {
      case .finished(let outcome): return finish(outcome.reply)
      case .pause(let time):
        timer = relay.loop.after(time - now) { [weak self] in self?.goOn() }
        return
      case .ask(let endpoint, let end):
        do throws(PolicyFailure) { return try ask(endpoint, until: end, isFresh: relay.mute.contains(endpoint.url)) } catch {
          // Nothing was sent: that says nothing about the endpoint.
          round.take(.failed(error), now: relay.loop.now)
        }
      }
    }
  }

  private func ask(_ endpoint: PolicyEndpoint, until end: Int64, isFresh: Bool) throws(PolicyFailure) {
    var known = relay.known
    var request = try HTTPRequest(to: endpoint, rules: relay.rules, requestID: question.requestID, body: question.body, from: &known)
    request.milliseconds = max(1, end - relay.loop.now)
    call = try relay.calls.post(request, isFresh: isFresh) { [weak self] in self?.take($0, from: endpoint, until: end) }
  }

  private func take(_ finished: HTTPPool.Finished, from endpoint: PolicyEndpoint, until end: Int64) {
    call = nil
    // Over a connection that others used before: that it was closed meanwhile, or that the endpoint still had something to say
    // to somebody else, says nothing. An evaluation changes nothing, so it may be asked twice.
    if case .failed(.broken) = finished.reply, finished.wasKept, finished.isUnheard, relay.loop.now < end {
      do throws(PolicyFailure) { return try ask(endpoint, until: end, isFresh: true) } catch {
        round.take(.failed(error), now: relay.loop.now)
        return goOn()
      }
    }
    switch finished.reply {
    case .answered(let answer):
      relay.answered(endpoint)
      if finished.isNumbered || answer.echoes(question.requestID) { relay.mute.remove(endpoint.url) } else { relay.mute.insert(endpoint.url) }
    case .failed(.tooLarge): relay.answered(endpoint)
    case .failed(let failure): relay.failed(endpoint, failure)
    }
    round.take(finished.reply, now: relay.loop.now)
    goOn()
  }

  private func finish(_ reply: HTTPReply) {
    cancel()
    switch reply {
    case .failed(let failure): done(.failed(token: failure.token, detail: failure.detail, endpoint: round.endpoint))
    case .answered(let answer): done(.answered(answer, endpoint: round.endpoint))
    }
  }
}

extension HTTPAnswer {
  fileprivate func echoes(_ id: String) -> Bool { requestIDCount == 1 && requestID == id }
}
