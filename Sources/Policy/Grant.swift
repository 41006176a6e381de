/// What a yes grants, as the endpoint said it (`context.host_grant`), not yet held against this host's ceilings.
public struct Grant: Sendable {
  /// The uid that the endpoint expects the account to have.
  public var uid: UInt32?
  /// Supplementary groups by name.
  public var groups: [String]
  public var shell: String?
  public var maxSessionSeconds: UInt64?
  /// Seconds since 1970; nil: the yes rests on no approval. Not a member of `host_grant`.
  public var approvedUntil: UInt64?

  public init(uid: UInt32? = nil, groups: [String] = [], shell: String? = nil, maxSessionSeconds: UInt64? = nil) {
    self.uid = uid
    self.groups = groups
    self.shell = shell
    self.maxSessionSeconds = maxSessionSeconds
  }
}
