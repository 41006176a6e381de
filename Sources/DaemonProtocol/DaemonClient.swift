internal import Encoding
public import HostSystem
internal import Identity

/// Why the daemon's word could not be had.
public enum DaemonSilence: Error, Sendable {
  /// Nobody listens, or not root, or not in time.
  case unreachable(SystemError)
  /// It was asked, and went away or took too long: what was asked for may have been done.
  case unanswered(SystemError)
  /// What came was not of this protocol.
  case garbled(String)
}

/// One question to the daemon and its answer.
public enum DaemonClient {
  /// - Parameters:
  ///   - milliseconds: for the connection, the question and the answer each.
  ///   - patience: milliseconds to go on trying while nobody listens, for a daemon that restarts.
  public static func ask(_ request: Request, milliseconds: Int32, patience: Int64 = 0) throws(DaemonSilence) -> Reply {
    let answer = try exchange(request, milliseconds, patience)
    do throws(MemberError) { return try Reply(packet: answer) } catch { return .failed("the daemon's answer: " + error.sentence) }
  }

  /// The same for a login, which is answered nothing but what is its own.
  public static func ask(ofLogin request: Request, milliseconds: Int32, patience: Int64) throws(DaemonSilence) -> Reply {
    let answer = try exchange(request, milliseconds, patience)
    do throws(MemberError) { return try Reply(ofLogin: answer) } catch { return .failed("the daemon's answer: " + error.sentence) }
  }

  /// Says what has no answer. Nobody waits: not for a daemon that does not listen, and not until it has heard.
  public static func tell(_ request: Request) {
    guard let packet = request.packet else { return }
    do throws(SystemError) { try SeqpacketSocket.connect(toRootAt: Places.socket, milliseconds: 20).send(packet) } catch { return }
  }

  private static func exchange(_ request: Request, _ milliseconds: Int32, _ patience: Int64) throws(DaemonSilence) -> [UInt8] {
    guard let packet = request.packet, packet.count <= Request.cap else { throw .garbled("the question cannot be put in one message") }
    let begin = Moment.now()
    while true {
      var isAsked = false
      do throws(SystemError) {
        let socket = try SeqpacketSocket.connect(toRootAt: Places.socket, milliseconds: milliseconds)
        isAsked = true
        try socket.send(packet)
        return try socket.receive(cap: Request.cap)
      } catch {
        guard !isAsked else { throw .unanswered(error) }
        let waited = (Moment.now().boot - begin.boot) / 1_000_000
        guard error.isNobodyListening, waited >= 0, waited < patience else { throw .unreachable(error) }
        Pause.milliseconds(50)
      }
    }
  }
}
