public import Configuration
public import DaemonProtocol
internal import Encoding
internal import HostSystem
internal import Identity

/// Asks the relay, which alone keeps access requests, also where evaluations go directly. Whatever goes wrong is no approval.
public enum ApprovalClient {
  /// Blocks for what may be waited and a few calls.
  /// - Parameter asked: without the evaluation.
  public static func ask(_ asked: ApprovalRequest, about question: Question, rules: PolicyRules, host: HostFacts) -> ApprovalReply {
    var request = asked
    request.evaluation = question.evaluation(of: host, attributesIn: rules.attributesIn)
    guard let packet = request.packet, packet.count <= RelayRequest.cap else { return .unavailable("the question cannot be put in one message") }
    // Two calls at most: metadata, and the request itself. And what the relay takes.
    let deadline = CurlTransport.now() + Int64(clamping: asked.milliseconds + 2 * min(rules.deadline, 600_000) + 1000)
    do throws(SystemError) {
      let answer = try RelayClient.exchange(packet, at: Places.policySocket, until: deadline)
      do throws(MemberError) { return try ApprovalReply(packet: answer) } catch { return .unavailable("the relay's answer: " + error.sentence) }
    } catch { return .unavailable("the relay cannot be asked: " + error.sentence) }
  }
}
