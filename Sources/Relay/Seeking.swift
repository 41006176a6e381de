internal import Approvals
internal import Configuration
internal import DaemonProtocol
internal import Events
internal import HostSystem
internal import Policy

/// One question about an approval on its way, without anybody waiting for it. Like `Evaluation`; each call has a connection of
/// its own, because a request for access is not to be sent twice by accident.
final class Seeking {
  private unowned let relay: Relay
  private var approval: Approval
  private let done: (ApprovalReply) -> Void
  private var call: Int?
  private var timer: UInt64?
  private var backstop: UInt64?

  init(_ request: ApprovalRequest, relay: Relay, done: @escaping (ApprovalReply) -> Void) {
    self.relay = relay
    self.done = done
    approval = Approval(request, rules: relay.rules, host: relay.host, store: relay.approvals, now: Seeking.now)
    // What may be waited, and the calls of one step: libcurl ends them in time, and that a login is answered does not hang on that alone.
    let span = Int64(clamping: min(request.milliseconds, 3_600_000)) + 2 * Int64(clamping: min(relay.rules.deadline, 600_000))
    backstop = relay.loop.after(span) { [weak self] in self?.finish(.unavailable("the time for it is over")) }
  }

  private static var now: Instant {
    let moment = Moment.now()
    return Instant(milliseconds: moment.boot / 1_000_000, unixSeconds: moment.unixSeconds)
  }

  /// Nobody waits for it any more. What was asked for stays so, and is found by a later login.
  func cancel() {
    if let call { relay.calls.cancel(call) }
    for timer in [timer, backstop].compactMap({ $0 }) { relay.loop.cancel(timer) }
    (call, timer, backstop) = (nil, nil, nil)
  }

  func goOn() {
    while true {
      let now = Seeking.now
      switch approval.next(now: now, random: UInt64.random(in: 0...UInt64.max)) {
      case .finished(let reply): return finish(reply)
      case .pause(let time):
        timer = relay.loop.after(max(1, time - now.milliseconds)) { [weak self] in self?.goOn() }
        return
      case .call(let call):
        let requestID = (try? Random.hex(16)) ?? "none"
        do throws(PolicyFailure) {
          var known = relay.known
          var request = try HTTPRequest(to: call.target, rules: relay.rules, requestID: requestID, body: call.body, from: &known)
          request.idempotencyKey = call.idempotencyKey
          request.milliseconds = max(1, call.until - now.milliseconds)
          self.call = try relay.calls.post(request, isFresh: true) { [weak self] in self?.take($0.reply, requestID) }
          return
        } catch { approval.take(.failed(error), requestID: requestID, now: Seeking.now, random: 0) }
      }
    }
  }

  private func take(_ reply: HTTPReply, _ requestID: String) {
    call = nil
    approval.take(reply, requestID: requestID, now: Seeking.now, random: UInt64.random(in: 0...UInt64.max))
    goOn()
  }

  private func finish(_ reply: ApprovalReply) {
    cancel()
    done(reply)
  }
}
