public import Configuration
internal import DaemonProtocol

/// One question on its way through the endpoints: whom to ask, until when, and when that is enough. It neither waits nor
/// speaks to anybody; who drives it does: `PolicyClient`, which blocks, and the relay, which has many at once.
///
/// The first endpoint that decides ends it. One that fails without an answer is followed by the next; each gets an equal
/// share of the time that is left, so that a silent first one cannot spend it all. An answer is final, whatever it says.
/// One that is busy and says when to come back is asked once more in a round, within its share of the time.
public struct Round: Sendable {
  public enum Step: Sendable {
    /// What comes of it is to be taken; nothing later than `until`, on the clock that `next` was told.
    case ask(PolicyEndpoint, until: Int64)
    /// To go on at that time.
    case pause(until: Int64)
    case finished(Outcome)
  }

  public struct Outcome: Sendable {
    /// What ended the round.
    public let reply: HTTPReply
    /// What that is worth.
    public let verdict: Verdict
    /// To be carried out whatever the verdict is.
    let obligations: Obligations

    init(_ reply: HTTPReply, _ verdict: Verdict, _ obligations: Obligations = Obligations()) {
      self.reply = reply
      self.verdict = verdict
      self.obligations = obligations
    }

    init(_ failure: PolicyFailure) { self.init(.failed(failure), .unavailable(failure)) }
  }

  /// The endpoint that was asked last; empty before the first.
  public private(set) var endpoint = ""
  private let endpoints: [PolicyEndpoint]
  private let wrapping: Wrapping
  private let requestID: String
  private let deadline: Int64
  private var state = State.movingOn(Outcome(.misconfigured("no endpoint")))
  private var nextIndex = 0
  /// When the share of the endpoint that is being asked is over.
  private var end: Int64 = 0
  /// A busy endpoint is asked again once in a round, whichever it is.
  private var hasRetried = false

  private enum State: Sendable {
    /// To the next endpoint, or to this end if there is none.
    case movingOn(Outcome)
    case asked(PolicyEndpoint)
    case pausing(PolicyEndpoint, until: Int64)
    case finished(Outcome)
  }

  /// - Parameters:
  ///   - endpoints: in the order in which they are to be asked.
  ///   - deadline: on the clock that `next` is told, in milliseconds.
  public init(endpoints: [PolicyEndpoint], wrapping: Wrapping = .none, requestID: String, deadline: Int64) {
    self.endpoints = endpoints
    self.wrapping = wrapping
    self.requestID = requestID
    self.deadline = deadline
  }

  /// Milliseconds that must be left after a pause.
  static var leastForAnAnswer: Int64 { 100 }

  /// What to do now. After `ask`, `take` comes before the next step.
  public mutating func next(now: Int64) -> Step {
    if case .pausing(let endpoint, let time) = state {
      if now < time { return .pause(until: time) }
      if now < end { return ask(endpoint) }
      state = .movingOn(Outcome(.timedOut("no time was left to ask")))
    }
    switch state {
    case .finished(let outcome): return .finished(outcome)
    // Only if nobody took the last step: asking goes on as if nothing had come.
    case .asked(let endpoint), .pausing(let endpoint, _): return .ask(endpoint, until: end)
    case .movingOn(let last):
      guard endpoints.indices.contains(nextIndex) else { return finish(last) }
      let left = deadline.subtractingReportingOverflow(now)
      guard !left.overflow, left.partialValue > 0 else { return finish(Outcome(.timedOut("the time for a decision is over"))) }
      end = now + max(1, left.partialValue / Int64(endpoints.count - nextIndex))
      nextIndex += 1
      return ask(endpoints[nextIndex - 1])
    }
  }

  private mutating func ask(_ endpoint: PolicyEndpoint) -> Step {
    self.endpoint = endpoint.url
    state = .asked(endpoint)
    return .ask(endpoint, until: end)
  }

  private mutating func finish(_ outcome: Outcome) -> Step {
    state = .finished(outcome)
    return .finished(outcome)
  }

  /// What came of the last `ask`.
  public mutating func take(_ reply: HTTPReply, now: Int64) {
    guard case .asked(let endpoint) = state else { return }
    switch reply {
    case .failed(let failure): state = failure.isFinal ? .finished(Outcome(failure)) : .movingOn(Outcome(failure))
    case .answered(let answer):
      var obligations = Obligations()
      do throws(PolicyFailure) {
        let verdict = try Decision.read(answer, requestID: requestID, wrapping, &obligations)
        state = .finished(Outcome(reply, verdict, obligations))
      } catch {
        let outcome = Outcome(reply, .unavailable(error), obligations)
        if error.isFinal {
          state = .finished(outcome)
        } else if case .busy = error, let pause = pause(answer.retryAfter, now) {
          hasRetried = true
          state = .pausing(endpoint, until: pause)
        } else {
          state = .movingOn(outcome)
        }
      }
    }
  }

  /// When to come back; nil if not at all. It must fit with time to spare: an answer needs some too.
  private func pause(_ seconds: Int64?, _ now: Int64) -> Int64? {
    guard !hasRetried, let seconds, seconds >= 0, seconds <= 600, seconds * 1000 + Round.leastForAnAnswer <= end - now else { return nil }
    return now + seconds * 1000
  }
}
