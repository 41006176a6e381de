internal import DaemonProtocol
internal import Encoding
internal import Events
internal import HostSystem

/// One login that asks: one request, one reply. Who does not speak, says something else, or goes away, is dropped.
final class Client {
  let socket: SeqpacketSocket
  private unowned let relay: Relay
  private var evaluation: Evaluation?
  private var seeking: Seeking?
  private var timer: UInt64?

  /// Milliseconds in which a client says what it wants.
  static let patience: Int64 = 5000

  init(_ socket: consuming SeqpacketSocket, relay: Relay) {
    self.socket = socket
    self.relay = relay
  }

  var number: Int32 { socket.descriptor.raw }

  func begin() throws(SystemError) {
    try relay.loop.watch(number) { [unowned self] in take() }
    timer = relay.loop.after(Client.patience) { [weak self] in self?.drop() }
  }

  private func take() {
    let packet: [UInt8]
    do throws(SystemError) { packet = try socket.receive(cap: RelayRequest.cap) } catch {
      if !error.isWouldBlock { drop() }
      return
    }
    // A second request on a connection is none of ours.
    guard evaluation == nil, seeking == nil else { return drop() }
    if let timer { relay.loop.cancel(timer) }
    timer = nil
    do throws(MemberError) {
      switch try RelayRequest(packet: packet) {
      case .evaluate(let question):
        let evaluation = Evaluation(question, relay: relay) { [weak self] in self?.answer($0) }
        self.evaluation = evaluation
        evaluation.begin()
      case .approval(let request):
        let seeking = Seeking(request, relay: relay) { [weak self] in self?.answer($0.packet) }
        self.seeking = seeking
        seeking.goOn()
      }
    } catch {
      answer(.failed(token: "policy-relay", detail: "the question to the relay: " + Escape.visible(error.sentence, limit: 200), endpoint: ""))
    }
  }

  /// Without waiting: who does not take its answer at once does not get it.
  private func answer(_ reply: RelayReply) { answer(reply.packet) }

  private func answer(_ packet: [UInt8]?) {
    if let packet { try? socket.send(packet) }
    drop()
  }

  private func drop() {
    evaluation?.cancel()
    evaluation = nil
    seeking?.cancel()
    seeking = nil
    if let timer { relay.loop.cancel(timer) }
    timer = nil
    relay.forget(self)
  }
}
