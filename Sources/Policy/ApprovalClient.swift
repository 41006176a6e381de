public import Configuration
public import DaemonProtocol
public import Encoding
internal import HostSystem
internal import Identity

/// A login's question about access that it was denied.
public struct AccessQuestion: Sendable {
  public var step: ApprovalRequest.Step
  /// The context of the denial.
  public var terms: JSONValue
  /// The person's, or empty.
  public var reason: String
  /// That may be waited.
  public var milliseconds: UInt64
  /// How often this login was rejected with its approval already.
  public var attempt: UInt64

  public init(_ step: ApprovalRequest.Step, _ terms: JSONValue) {
    self.step = step
    self.terms = terms
    reason = ""
    milliseconds = 0
    attempt = 0
  }
}

/// Asks the relay, which alone keeps access requests, also where evaluations go directly. Whatever goes wrong is no approval.
public enum ApprovalClient {
  /// Blocks for what may be waited and a few calls.
  /// - Parameter endpoint: that denied.
  public static func ask(_ asked: AccessQuestion, about question: Question, endpoint: String, rules: PolicyRules, host: HostFacts) -> ApprovalReply {
    let request = ApprovalRequest(asked.step, endpoint: endpoint, evaluation: question.evaluation(of: host, attributesIn: rules.attributesIn),
      terms: asked.terms, reason: asked.reason, milliseconds: asked.milliseconds, attempt: asked.attempt)
    guard let packet = request.packet, packet.count <= ApprovalRequest.cap else { return .unavailable("the question cannot be put in one message") }
    // Two calls at most: metadata, and the request itself. And what the relay takes.
    let span = asked.milliseconds + 2 * min(rules.deadline, 600_000) + 1000
    do throws(SystemError) {
      let relay = try SeqpacketSocket.connect(toRootAt: Places.policySocket, milliseconds: Int32(clamping: span))
      try relay.send(packet)
      let answer = try relay.receive(cap: ApprovalRequest.cap)
      do throws(MemberError) { return try ApprovalReply(packet: answer) } catch { return .unavailable("the relay's answer: " + error.sentence) }
    } catch { return .unavailable("the relay cannot be asked: " + error.sentence) }
  }
}
