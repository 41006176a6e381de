internal import CPlatform.System

/// A failed system call: the value of `errno` and which call it was (errno(3)).
public struct SystemError: Error, Equatable, Sendable {
  public let code: CInt
  /// The call, as its manual page is named.
  public let call: StaticString

  public init(_ call: StaticString, code: CInt) {
    self.code = code
    self.call = call
  }

  /// Takes `errno` as the call that just failed left it.
  public static func last(_ call: StaticString) -> SystemError { SystemError(call, code: sojourn_errno()) }

  /// What a socket says that has waited for as long as it may.
  public static var timeIsOver: SystemError { SystemError("poll", code: EAGAIN) }

  public static func == (a: SystemError, b: SystemError) -> Bool { a.code == b.code }

  public var isMissing: Bool { code == ENOENT }
  public var isExisting: Bool { code == EEXIST }
  public var isNotEmpty: Bool { code == ENOTEMPTY || code == EEXIST }
  public var isInterrupted: Bool { code == EINTR }
  public var isWouldBlock: Bool { code == EAGAIN }
  public var isFull: Bool { code == ENOSPC || code == EDQUOT }
  /// What a socket says whose daemon is gone, restarting, or was never there.
  public var isNobodyListening: Bool { code == ENOENT || code == ECONNREFUSED }
  public var isNoDirectory: Bool { code == ENOTDIR }
  /// Another file system begins there, and the call may not go into it.
  public var isOtherSystem: Bool { code == EXDEV }
  /// Something is mounted there.
  public var isBusy: Bool { code == EBUSY }
  /// No permission, or an immutable mark.
  public var isDenied: Bool { code == EPERM || code == EACCES }
  /// No descriptor or no memory is left: the same call may work later.
  public var isExhausted: Bool { code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS }
  public var isNoProcess: Bool { code == ESRCH }

  /// "open: No such file or directory".
  public var sentence: String {
    // SAFETY: strerror returns a C string that lives at least until the next call in this thread; it is copied at once.
    guard let text = unsafe strerror(code) else { return "\(call): error \(code)" }
    return unsafe "\(call): " + String(cString: text)
  }
}

extension SystemError {
  public var isLoop: Bool { code == ELOOP }
  /// Not a socket.
  public var isOtherKind: Bool { code == ENOTSOCK }
  public var isTooLong: Bool { code == EMSGSIZE }
  public var isConnectionLost: Bool { code == ECONNRESET || code == EPIPE }
}
