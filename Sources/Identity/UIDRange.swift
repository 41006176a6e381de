/// The uids (and equal gids) that Sojourn may give, both ends included.
public struct UIDRange: Sendable, Equatable {
  public let first: UInt32
  public let last: UInt32

  /// nil if it is empty, holds 0 or any system id (below 1000), or reaches 2^31, where setfsuid and devpts give up.
  public init?(first: UInt32, last: UInt32) {
    guard UIDRange.isPossible(first), UIDRange.isPossible(last), first <= last else { return nil }
    self.first = first
    self.last = last
  }

  /// Could any host give this number to a transient account?
  public static func isPossible(_ uid: UInt32) -> Bool { uid >= 1000 && uid < 1 << 31 }

  public func contains(_ uid: UInt32) -> Bool { uid >= first && uid <= last }

  public var size: UInt32 { last - first + 1 }

  /// The most uids that are tried for a name.
  public static var probes: UInt32 { 256 }

  /// Where the search for a name's uid begins: FNV-1a, 64 bits, over its bytes, modulo the size.
  public func start(of name: AccountName) -> UInt32 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for i in 0..<name.count { hash = (hash ^ UInt64(name[i])) &* 0x100_0000_01b3 }
    return first + UInt32(truncatingIfNeeded: hash % UInt64(size))
  }

  /// Whose a uid is, as the registry has it.
  public enum Owner: Sendable {
    case nobody
    /// The very name that asks.
    case this
    case other
  }

  /// The name's uid: the first from its start on, going up and around, that the registry gives to nobody or to this
  /// name. A uid that was ever claimed stays claimed, so there are no holes before a claim: a name that has one finds it
  /// before any number that nobody has, and keeps it for ever.
  /// nil if all the probes are others'.
  public func uid(of name: AccountName, owner: (UInt32) -> Owner) -> UInt32? {
    let begin = start(of: name)
    for step in 0..<min(UIDRange.probes, size) {
      let offset = (UInt64(begin - first) + UInt64(step)) % UInt64(size)
      let uid = first + UInt32(truncatingIfNeeded: offset)
      switch owner(uid) {
      case .this, .nobody: return uid
      case .other: continue
      }
    }
    return nil
  }
}
