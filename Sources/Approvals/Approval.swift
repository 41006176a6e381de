public import Configuration
public import DaemonProtocol
internal import Encoding
public import Policy

/// A login's question about an approval, with its memory: what a relay drives beside its evaluations. It calls nobody and
/// waits for nothing; it only keeps its files.
public struct Approval: Sendable {
  public enum Step: Sendable {
    case call(ApprovalCall)
    /// To go on at that time, in milliseconds on the boot clock.
    case pause(until: Int64)
    case finished(ApprovalReply)
  }

  private let store: TaskStore
  private let key: String
  private var flow: ApprovalFlow?

  /// - Parameters:
  ///   - host: this host's id, as the policy knows it.
  ///   - now: tasks that are over by then are not found.
  public init(_ request: ApprovalRequest, rules: PolicyRules, host: String, store: TaskStore, now: Instant) {
    self.store = store
    guard let scope = Scope(request.evaluation) else {
      key = ""
      return
    }
    key = scope.key
    flow = ApprovalFlow(request, scope: scope, remembered: store.task(scope.key, now: now.unixSeconds), endpoints: rules.endpoints,
      host: host, callLimit: Int64(clamping: min(rules.deadline, 600_000)))
  }

  /// - Parameter random: any number, another one each time.
  public mutating func next(now: Instant, random: UInt64) -> Step {
    guard var flow else { return .finished(ApprovalOutcome.refused(.failed, ApprovalNotice(detail: "the question is no evaluation request")).reply) }
    defer { self.flow = flow }
    while true {
      switch flow.next(now: now, random: random) {
      case .call(let call): return .call(call)
      case .pause(let time): return .pause(until: time)
      case .finished(let outcome): return .finished(outcome.reply)
      case .forget: store.forget(key)
      case .keep(let task):
        do throws(TaskStore.Fault) {
          try store.keep(task, key, now: now.unixSeconds)
          flow.kept(true, why: "")
        } catch { flow.kept(false, why: error.sentence) }
      }
    }
  }

  /// What came of the last `call`.
  public mutating func take(_ reply: HTTPReply, requestID: String, now: Instant, random: UInt64) {
    guard case .answered(let answer) = reply else {
      flow?.take(reply, now: now, random: random)
      return
    }
    let isOurs = answer.requestIDCount == 0 || (answer.requestIDCount == 1 && answer.requestID.isExactly(requestID))
    flow?.take(isOurs ? reply : .failed(.foreignAnswer), now: now, random: random)
  }
}
