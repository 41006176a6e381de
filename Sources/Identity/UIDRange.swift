/// The uids (and equal gids) that Sojourn may give, both ends included.
public struct UIDRange: Sendable, Equatable {
  public let first: UInt32
  public let last: UInt32

  /// nil if it is empty, holds 0 or any system id (below 1000), or reaches 2^31, where setfsuid and devpts give up.
  public init?(first: UInt32, last: UInt32) {
    guard first >= 1000, first <= last, last < 1 << 31 else { return nil }
    self.first = first
    self.last = last
  }

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
  /// name. A name's own claim wins over a nearer free number, so that a name keeps its uid for ever.
  /// nil if all the probes are others'.
  public func uid(of name: AccountName, owner: (UInt32) -> Owner) -> UInt32? {
    let begin = start(of: name)
    var free: UInt32?
    for step in 0..<min(UIDRange.probes, size) {
      let offset = (UInt64(begin - first) + UInt64(step)) % UInt64(size)
      let uid = first + UInt32(truncatingIfNeeded: offset)
      switch owner(uid) {
      case .this: return uid
      case .nobody:
        if free == nil { free = uid }
        // Claims leave no holes behind them: a uid that was ever claimed stays claimed, so a claim of this name lies
        // before the first number that nobody has.
        return free
      case .other: continue
      }
    }
    return free
  }
}
