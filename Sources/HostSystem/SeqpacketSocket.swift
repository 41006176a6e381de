internal import CPlatform.System

/// AF_UNIX SOCK_SEQPACKET: whole messages, in order, with the peer's identity from the kernel (unix(7)).
public struct SeqpacketSocket: ~Copyable {
  public let descriptor: FileDescriptor

  public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

  /// Connects to a root daemon's socket; this, every send and every receive ends after `milliseconds` (EAGAIN).
  /// Refuses (EPERM) a peer that is not root: the answer would be somebody else's.
  public static func connect(toRootAt path: String, milliseconds: Int32) throws(SystemError) -> SeqpacketSocket {
    // SAFETY: the compiler's temporary C string lives across the call.
    let fd = unsafe sojourn_unix_connect(path, milliseconds)
    guard fd >= 0 else { throw .last("connect") }
    let socket = SeqpacketSocket(FileDescriptor(owning: fd))
    guard try socket.peer().uid == 0 else { throw SystemError("connect", code: EPERM) }
    return socket
  }

  /// Listens with mode 0600 from the first instant. The path must not exist.
  public static func listen(at path: String) throws(SystemError) -> SeqpacketSocket {
    // SAFETY: the compiler's temporary C string lives across the call.
    let fd = unsafe sojourn_unix_listen(path, 128)
    guard fd >= 0 else { throw .last("bind") }
    return SeqpacketSocket(FileDescriptor(owning: fd))
  }

  /// Every later send and receive ends after `milliseconds` (EAGAIN).
  public func setPatience(milliseconds: Int32) throws(SystemError) {
    guard sojourn_set_timeouts(descriptor.raw, milliseconds) == 0 else { throw .last("setsockopt") }
  }

  /// The next waiting connection; EAGAIN if there is none.
  public func accept() throws(SystemError) -> FileDescriptor {
    let fd = sojourn_accept(descriptor.raw)
    guard fd >= 0 else { throw .last("accept4") }
    return FileDescriptor(owning: fd)
  }

  /// Has the peer closed its end, or died? While it has not, the process that the kernel named still has its number.
  public var isHungUp: Bool { sojourn_is_hung_up(descriptor.raw) != 0 }

  public struct Peer: Sendable {
    public let pid: Int32
    public let uid: UInt32
  }

  /// Who connected, as the kernel saw it then (SO_PEERCRED).
  public func peer() throws(SystemError) -> Peer {
    var peer = sojourn_peer()
    // SAFETY: `peer` outlives the call, which only fills it.
    guard unsafe sojourn_peer(descriptor.raw, &peer) == 0 else { throw .last("getsockopt") }
    return Peer(pid: peer.pid, uid: peer.uid)
  }

  public func send(_ message: [UInt8]) throws(SystemError) {
    while true {
      // SAFETY: the pointer is the array's own storage, whose count is passed.
      let sent = unsafe message.withUnsafeBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe sojourn_send(descriptor.raw, base, bytes.count)
      }
      if sent == message.count { return }
      let error = SystemError.last("send")
      if sent < 0, error.isInterrupted { continue }
      throw error
    }
  }

  /// One whole message of at most `cap` bytes; a longer one is an error (EMSGSIZE), the end of the connection is ECONNRESET.
  public func receive(cap: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    // Not zeroed first: a message is a hundredth of its cap, and each page that is touched costs the login a fault.
    // SAFETY: `count` says as many bytes as the kernel has written, and never more than there are.
    let message = unsafe [UInt8](unsafeUninitializedCapacity: cap) { bytes, count in
      guard let base = bytes.baseAddress else { return }
      while true {
        let got = unsafe sojourn_receive(descriptor.raw, base, bytes.count)
        if got > 0, got <= bytes.count, got <= cap {
          count = got
          return
        }
        let error = got < 0 ? SystemError.last("recv") : SystemError("recv", code: got == 0 ? ECONNRESET : EMSGSIZE)
        if got < 0, error.isInterrupted { continue }
        failure = error
        return
      }
    }
    if let failure { throw failure }
    return message
  }
}
