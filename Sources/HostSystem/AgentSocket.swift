internal import CPlatform.System

/// The agent of the person who started this setuid program, reached with that person's rights and no others: as root, a path
/// that a caller chose would open what the caller may not.
public enum AgentSocket {
  /// The longest answer that is taken, in bytes (as OpenSSH's own, SSH_AGENT_MAX_LEN).
  static var cap: Int { 256 * 1024 }

  /// One question and its answer, without the length before it.
  /// - Parameter milliseconds: for all of it, whatever the agent does.
  /// - Throws: ENOTSOCK, EPERM (the socket is another's), ELOOP (a link on the way), EAGAIN (too slow), EMSGSIZE.
  public static func ask(_ frame: [UInt8], at path: String, milliseconds: Int64) throws(SystemError) -> [UInt8] {
    let begin = Moment.now()
    // SAFETY: the compiler's temporary C string lives across the call.
    let fd = unsafe sojourn_connect_as(path, getuid(), getgid(), patience(begin, milliseconds))
    guard fd >= 0 else { throw .last("connect") }
    let socket = SeqpacketSocket(FileDescriptor(owning: fd))
    try socket.setPatience(milliseconds: patience(begin, milliseconds))
    try send(frame, socket.descriptor.raw)
    let head = try read(4, socket, begin, milliseconds)
    var count = 0
    for byte in head { count = count << 8 | Int(byte) }
    guard count > 0, count <= cap else { throw SystemError("read", code: EMSGSIZE) }
    return try read(count, socket, begin, milliseconds)
  }

  /// Milliseconds that are left; at least one, because 0 means for ever.
  private static func patience(_ begin: Moment, _ milliseconds: Int64) -> Int32 {
    let spent = max(0, Moment.now().boot - begin.boot) / 1_000_000
    return Int32(clamping: max(1, milliseconds - spent))
  }

  private static func send(_ frame: [UInt8], _ fd: CInt) throws(SystemError) {
    var at = 0
    while at < frame.count {
      // SAFETY: the pointer is the array's own storage; what is sent lies within its count.
      let sent = unsafe frame.withUnsafeBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe sojourn_send(fd, base + at, bytes.count - at)
      }
      if sent > 0 {
        at += sent
        continue
      }
      let error = SystemError.last("send")
      if sent < 0, error.isInterrupted { continue }
      throw error
    }
  }

  private static func read(_ count: Int, _ socket: borrowing SeqpacketSocket, _ begin: Moment, _ milliseconds: Int64) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var at = 0
    while at < count {
      // One that sends a byte a second is as slow as one that sends none.
      guard (Moment.now().boot - begin.boot) / 1_000_000 < milliseconds else { throw SystemError("read", code: EAGAIN) }
      try socket.setPatience(milliseconds: patience(begin, milliseconds))
      // SAFETY: the pointer is the array's own storage; what is read lies within its count.
      let got = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe sojourn_read(socket.descriptor.raw, base + at, buffer.count - at)
      }
      if got > 0 {
        at += got
        continue
      }
      if got == 0 { throw SystemError("read", code: ECONNRESET) }
      let error = SystemError.last("read")
      if !error.isInterrupted { throw error }
    }
    return bytes
  }
}
