/// What a login's story says, and what it leaves in the PAM handle. The module's handle is one; tests have another.
public protocol Dialogue {
  /// One line, facility authpriv.
  func log(_ level: LogLevel, _ text: String)
  /// To the person (PAM_ERROR_MSG, PAM_TEXT_INFO). Whether it arrives is the host program's business.
  func show(error text: String)
  func show(info text: String)
  /// What the person types, as much of it as `limit` bytes; nil if this program cannot ask now, or nobody answered.
  func ask(_ text: String, limit: Int) -> [UInt8]?
  func hear(_ refusal: Refusal)
  /// Leaves something of a later phase's in the handle, for this very process; false if that failed.
  func keep(_ kind: KeptKind, _ kept: Kept) -> Bool
  /// What this very process left in this handle.
  func kept(_ kind: KeptKind) -> Kept?
  /// Leaves a reference for the process that has this one do the asking (SSH_AUTH_INFO_SOJOURN_REF); false if that failed.
  func pass(reference: String) -> Bool
  /// Has pam_systemd give the session's scope that many seconds; false if that failed.
  func limitRuntime(seconds: UInt64) -> Bool
}

extension Dialogue {
  /// The refusal as such, for who wants more of it than PAM does.
  public func hear(_ refusal: Refusal) {}
}

/// syslog(3) levels.
public enum LogLevel: Sendable { case alert, error, warning, notice, info, debug }

/// What one phase leaves in the handle for a later one.
public enum KeptKind: Sendable, Hashable {
  /// The session that this process opened, for its end.
  case session
  /// The decision that the daemon keeps for this process.
  case reference
  /// The use of sudo that was decided: what is kept is the caller's session, for the target's name.
  case elevation
}

public struct Kept: Sendable, Equatable {
  /// The session's id, or the reference.
  public let text: String
  /// Whose name PAM had, or will have.
  public let user: [UInt8]

  public init(text: String, user: [UInt8]) {
    self.text = text
    self.user = user
  }
}
