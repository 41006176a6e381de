import DaemonProtocol
import Events
import HostSystem
import Identity

/// One question to the relay, which the loop does not wait for.
final class RelayQuestion {
  enum Outcome {
    case replied([UInt8])
    case silent(SystemError)
  }

  private let loop: EventLoop
  private let socket: SeqpacketSocket
  private var timer: UInt64 = 0
  private var done: ((Outcome) -> Void)?

  /// Milliseconds for handing the question over, to a socket whose queue the kernel keeps.
  private static let handover: Int32 = 20

  /// - Parameters:
  ///   - patience: milliseconds.
  ///   - done: called once, from the loop.
  /// - Returns: whether it was handed over.
  static func ask(_ packet: [UInt8], patience: Int64, _ loop: EventLoop, done: @escaping (Outcome) -> Void) -> Bool {
    do throws(SystemError) {
      let socket = try SeqpacketSocket.connect(toRootAt: Places.policySocket, milliseconds: handover)
      try socket.send(packet)
      try RelayQuestion(socket, loop, done).begin(patience)
      return true
    } catch {
      loop.after(0) { done(.silent(error)) }
      return false
    }
  }

  private init(_ socket: consuming SeqpacketSocket, _ loop: EventLoop, _ done: @escaping (Outcome) -> Void) {
    self.socket = socket
    self.loop = loop
    self.done = done
  }

  /// The loop's actions hold it until it is answered.
  private func begin(_ patience: Int64) throws(SystemError) {
    try loop.watch(socket.descriptor.raw) { self.take() }
    timer = loop.after(patience) { self.finish(.silent(.timeIsOver)) }
  }

  private func take() {
    do throws(SystemError) { finish(.replied(try socket.receive(cap: RelayReply.cap))) } catch {
      if !error.isWouldBlock { finish(.silent(error)) }
    }
  }

  private func finish(_ outcome: Outcome) {
    loop.unwatch(socket.descriptor.raw)
    loop.cancel(timer)
    let done = self.done
    self.done = nil
    done?(outcome)
  }
}
