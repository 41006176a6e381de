public import Configuration
internal import DaemonProtocol
internal import Encoding
public import HostSystem

/// The question whether a session that lives may go on, for who cannot wait for the answer: a packet for the relay, and what
/// comes back from it, judged exactly as at a login.
public struct Reevaluation: Sendable {
  /// For the relay's socket.
  public let packet: [UInt8]
  /// Milliseconds until its answer is there, or none comes.
  public let patience: Int64
  private let asked: Asked
  private let endpoints: [PolicyEndpoint]
  private let begin: Int64

  /// - Parameter question: with its `session`.
  public init(_ question: Question, rules: PolicyRules, host: HostFacts) throws(PolicyFailure) {
    begin = Moment.now().boot / 1_000_000
    asked = try Asked(question, rules: rules, host: host, begin: begin)
    packet = try Relayed.packet(asked, now: begin)
    patience = asked.deadline - begin
    endpoints = rules.endpoints
  }

  /// - Parameter reply: the relay's packet.
  public func answer(_ reply: [UInt8]) -> Answer {
    told { endpoint, obligations throws(PolicyFailure) in
      let read: RelayReply
      do throws(MemberError) { read = try RelayReply(packet: reply) } catch { throw Relayed.garbled(error.sentence) }
      return try Relayed.judge(read, asked, of: endpoints, endpoint: &endpoint, &obligations)
    }
  }

  /// The relay could not be asked, or did not answer.
  public func answer(_ silence: SystemError) -> Answer { told { _, _ throws(PolicyFailure) in throw Relayed.silence(silence) } }

  private func told(_ judge: (inout String, inout Obligations) throws(PolicyFailure) -> Verdict) -> Answer {
    var answer = Answer(verdict: .unavailable(.notAsked("nothing was asked yet")),
      facts: DecisionFacts(requestID: asked.requestID, endpoint: "", reason: "", milliseconds: UInt64(max(0, Moment.now().boot / 1_000_000 - begin))))
    do throws(PolicyFailure) { answer.verdict = try judge(&answer.facts.endpoint, &answer.obligations) } catch { answer.verdict = .unavailable(error) }
    answer.facts.reason = answer.verdict.reason
    return answer
  }
}
