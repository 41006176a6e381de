internal import Configuration
internal import DaemonProtocol
internal import Encoding
internal import HostSystem

/// The way over the daemon's relay: it asks the endpoints, and what they answered is judged here, as if it had come directly.
enum Relayed {
  /// Milliseconds of the deadline that the relay does not get, so that its word is here in time: a tenth, within bounds.
  static func slack(of milliseconds: Int64) -> Int64 { max(50, min(250, milliseconds / 10)) }

  static func ask(_ asked: Asked, at socket: String, of endpoints: [PolicyEndpoint], endpoint: inout String, _ obligations: inout Obligations) throws(PolicyFailure) -> Verdict {
    let packet = try packet(asked, now: CurlTransport.now())
    let reply: RelayReply
    do throws(RelaySilence) { reply = try RelayClient.ask(packet, at: socket, until: asked.deadline) } catch {
      switch error {
      case .unreachable(let why): throw silence(why)
      case .garbled(let why): throw garbled(why)
      }
    }
    return try judge(reply, asked, of: endpoints, endpoint: &endpoint, &obligations)
  }

  static func silence(_ why: SystemError) -> PolicyFailure {
    .relay(why.isWouldBlock ? "the relay did not answer in time" : "the relay cannot be reached: " + why.sentence)
  }

  static func garbled(_ why: String) -> PolicyFailure { .relay("the relay's answer: " + Escape.visible(why, limit: 256)) }

  static func packet(_ asked: Asked, now: Int64) throws(PolicyFailure) -> [UInt8] {
    let left = asked.deadline.subtractingReportingOverflow(now)
    guard !left.overflow, left.partialValue > 0 else { throw .timedOut("no time was left to ask") }
    let milliseconds = max(1, min(left.partialValue - slack(of: left.partialValue), 600_000))
    guard let packet = RelayRequest.evaluate(RelayedQuestion(requestID: asked.requestID, milliseconds: milliseconds, body: asked.body)).packet else {
      throw .notAsked("the question is too large for the relay")
    }
    return packet
  }

  static func judge(_ reply: RelayReply, _ asked: Asked, of endpoints: [PolicyEndpoint], endpoint: inout String, _ obligations: inout Obligations)
    throws(PolicyFailure) -> Verdict {
    switch reply {
    case .failed(let token, let detail, let name):
      endpoint = name
      throw PolicyFailure(token: token, detail: Escape.visible(detail, limit: 256)) ?? .relay("the relay tells of an unknown failure: " + Escape.visible(token, limit: 64))
    case .answered(let answer, let name):
      endpoint = name
      // A relay that has not heard yet of a new configuration may have asked whom the host no longer believes.
      guard endpoints.contains(where: { $0.url.isExactly(name) }) else {
        throw .relay("the answer is of an endpoint that is not configured any more: " + Escape.visible(name, limit: 256))
      }
      return try Decision.read(answer, requestID: asked.requestID, asked.wrapping, &obligations)
    }
  }
}
