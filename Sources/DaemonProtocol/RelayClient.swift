internal import Encoding
public import HostSystem

/// Why the relay's word could not be had.
public enum RelaySilence: Error, Sendable {
  /// Nobody listens, or not root, or not in time.
  case unreachable(SystemError)
  /// What was to be sent, or what came, is not of this protocol.
  case garbled(String)
}

/// One question to the relay and its answer.
public enum RelayClient {
  /// Milliseconds to go on trying while nobody listens: the daemon may be restarting.
  public static var patience: Int64 { 2000 }

  /// - Parameters:
  ///   - path: the relay's socket.
  ///   - deadline: for all of it, in milliseconds on the boot clock.
  public static func ask(_ packet: [UInt8], at path: String, until deadline: Int64) throws(RelaySilence) -> RelayReply {
    let answer: [UInt8]
    do throws(SystemError) { answer = try exchange(packet, at: path, until: deadline) } catch { throw .unreachable(error) }
    do throws(MemberError) { return try RelayReply(packet: answer) } catch { throw .garbled(error.sentence) }
  }

  private static func exchange(_ packet: [UInt8], at path: String, until deadline: Int64) throws(SystemError) -> [UInt8] {
    let begin = milliseconds()
    while true {
      do throws(SystemError) {
        let socket = try SeqpacketSocket.connect(toRootAt: path, milliseconds: try left(until: deadline))
        try socket.send(packet)
        // Each of the calls waits for itself: the sum must not be more than the deadline.
        try socket.setPatience(milliseconds: try left(until: deadline))
        return try socket.receive(cap: RelayReply.cap)
      } catch {
        guard error.isNobodyListening, milliseconds() - begin < patience else { throw error }
        Pause.milliseconds(min(50, try left(until: deadline)))
      }
    }
  }

  /// - Throws: EAGAIN, as a socket that has waited for too long, if the time is over.
  private static func left(until deadline: Int64) throws(SystemError) -> Int32 {
    let left = deadline.subtractingReportingOverflow(milliseconds())
    guard !left.overflow, left.partialValue > 0 else { throw .timeIsOver }
    return Int32(clamping: left.partialValue)
  }

  private static func milliseconds() -> Int64 { Moment.now().boot / 1_000_000 }
}
