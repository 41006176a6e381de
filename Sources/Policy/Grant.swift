/// What a yes grants, as the endpoint said it (`context.host_grant`), not yet held against this host's ceilings.
public struct Grant: Sendable {
  /// The uid that the endpoint expects the account to have.
  public var uid: UInt32?
  /// Supplementary groups by name.
  public var groups: [String]
  public var shell: String?
  public var maxSessionSeconds: UInt64?
  /// The longest that the session may live without another yes, in seconds from 1 on.
  public var reevaluateSeconds: UInt64?
  /// The session must be recorded.
  public var isRecorded: Bool
  /// Seconds since 1970; nil: the yes rests on no approval. Not a member of `host_grant`.
  public var approvedUntil: UInt64?

  public init(uid: UInt32? = nil, groups: [String] = [], shell: String? = nil, maxSessionSeconds: UInt64? = nil, reevaluateSeconds: UInt64? = nil,
    isRecorded: Bool = false) {
    self.uid = uid
    self.groups = groups
    self.shell = shell
    self.maxSessionSeconds = maxSessionSeconds
    self.reevaluateSeconds = reevaluateSeconds
    self.isRecorded = isRecorded
  }
}
