/// The host's ceilings on sessions (`[session]`).
public struct SessionRules: Sendable {
  /// Seconds.
  public var maxDuration: UInt64
  public var endWithCertificate: Bool
  /// Seconds within which the policy is asked again about a session that lives; 0: only as often as it says itself.
  public var reevaluate: UInt64
  public var whenUnreachable: WhenUnreachable
  /// Seconds before its end at which a session's terminals are warned; 0: they are not.
  public var warnBefore: UInt64

  public init(maxDuration: UInt64, endWithCertificate: Bool, reevaluate: UInt64 = 0, whenUnreachable: WhenUnreachable = .keep, warnBefore: UInt64 = 0) {
    self.maxDuration = maxDuration
    self.endWithCertificate = endWithCertificate
    self.reevaluate = reevaluate
    self.whenUnreachable = whenUnreachable
    self.warnBefore = warnBefore
  }
}

/// What the policy learns of a use of sudo (`[sudo]`).
public struct SudoRules: Sendable {
  /// Also the words after the program, which may hold secrets.
  public var sendsArguments: Bool

  public init(sendsArguments: Bool = false) { self.sendsArguments = sendsArguments }
}

/// What becomes of a session that nobody decides anew, because no endpoint answers.
public enum WhenUnreachable: Sendable, Equatable {
  /// It ends when its time is over.
  case keep
  /// It ends that many seconds after the first question without an answer.
  case end(after: UInt64)
}
