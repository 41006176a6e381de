/// What a login's story says, and what it leaves in the PAM handle. The module's handle is one; tests have another.
public protocol Dialogue {
  /// One line, facility authpriv.
  func log(_ level: LogLevel, _ text: String)
  /// To the person (PAM_ERROR_MSG, PAM_TEXT_INFO). Whether it arrives is the host program's business.
  func show(error text: String)
  func show(info text: String)
  /// What the person types; nil if this program cannot ask now.
  func ask(_ text: String) -> [UInt8]?
  func hear(_ refusal: Refusal)
  /// Leaves the session's id in the handle for close_session; false if that failed.
  func keep(session: String) -> Bool
  /// The id that this very process left in this handle.
  var keptSession: String? { get }
  /// Has pam_systemd give the session's scope that many seconds; false if that failed.
  func limitRuntime(seconds: UInt64) -> Bool
}

extension Dialogue {
  /// The refusal as such, for who wants more of it than PAM does.
  public func hear(_ refusal: Refusal) {}
}

/// syslog(3) levels.
public enum LogLevel: Sendable { case alert, error, warning, notice, info, debug }
