public import Encoding

/// An authority that may sign users, and how far it may go (DESIGN 8, `[[ca]]`).
public struct AuthorityLimits: Sendable {
  /// Its public key blob (RFC 4253 section 6.6).
  public var blob: [UInt8]
  /// Patterns with `*` and `?` of the names that it may let in; empty: every name.
  public var principals: [String]
  /// Patterns of the subjects that it may speak for; empty: every subject.
  public var subjects: [String]
  /// Seconds; the host's limit if that is shorter, or if there is none.
  public var maxLifetime: UInt64?
  /// Where its certificates may be used from; empty: everywhere.
  public var networks: [AddressRange]
  /// What its certificates may say of the person besides the name.
  public var attributes: [AttributeSource]

  public init(blob: [UInt8], principals: [String] = [], subjects: [String] = [], maxLifetime: UInt64? = nil, networks: [AddressRange] = [],
    attributes: [AttributeSource] = []) {
    self.blob = blob
    self.principals = principals
    self.subjects = subjects
    self.maxLifetime = maxLifetime
    self.networks = networks
    self.attributes = attributes
  }

  func admits(_ name: some Collection<UInt8>) -> Bool { AuthorityLimits.matches(principals, name) }
  func admits(subject: String) -> Bool { AuthorityLimits.matches(subjects, subject.utf8) }

  private static func matches(_ patterns: [String], _ text: some Collection<UInt8>) -> Bool {
    patterns.isEmpty || patterns.contains { Wildcard.matches(Array($0.utf8), Array(text)) }
  }
}
