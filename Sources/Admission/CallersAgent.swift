internal import Encoding
internal import HostSystem

/// Why an agent said nothing. Half sentences, fit to be shown.
public enum AgentSilence: Error, Sendable {
  /// There is none that may be asked.
  case none(String)
  case failed(String)
}

/// The agent of the person who started this program. Where it is, the person says: the environment that the program was started
/// with (sudo shows modules another one). So it is reached with that person's rights, and only if the socket is that person's.
enum CallersAgent {
  static func ask(_ frame: [UInt8], milliseconds: Int64) throws(AgentSilence) -> [UInt8] {
    guard let path = InvokedProcess.variable("SSH_AUTH_SOCK"), !path.isEmpty else { throw .none("SSH_AUTH_SOCK is not set") }
    let shown = Escape.visible(path, limit: 107)
    // What a socket's address takes (unix(7)).
    guard path.count <= 107, path.first == 47, let text = String.ifValid(path) else { throw .none("SSH_AUTH_SOCK is no path of a socket") }
    do throws(SystemError) { return try AgentSocket.ask(frame, at: text, milliseconds: milliseconds) } catch {
      if error.isWouldBlock { throw .failed("it did not answer in time") }
      if error.isTooLong { throw .failed("its answer is too long") }
      if error.isConnectionLost { throw .failed("it hung up") }
      if error.isOtherKind { throw .none(shown + " is no socket") }
      if error.isDenied { throw .none(shown + " is somebody else's") }
      if error.isLoop { throw .none("there is a symbolic link in " + shown) }
      throw .none(shown + ": " + error.sentence)
    }
  }
}
