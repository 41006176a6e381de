public import Encoding
internal import HostSystem
public import Identity

/// A transient account: the only truth about it (invariant 5). It lives in /run and so dies with the boot.
public struct Lease: Sendable {
  public enum State: Sendable {
    /// At least one session.
    case active
    /// No session any more: being taken down. Nothing opens until it is gone.
    case draining
  }

  public let name: AccountName
  public let uid: UInt32
  public let home: String
  public var state: State
  public var sessions: [Session]
  /// Sessions that are over: the processes that opened them may still be closing them, and what was started in them may
  /// still run. The teardown waits for the ones and ends the others.
  public private(set) var leaving: [Session]
  /// Gids that sessions which are over were granted.
  public private(set) var formerGroups: Set<UInt32> = []

  /// What the evidence of its end tells of it.
  public var history = LeaseHistory()

  public init(name: AccountName, uid: UInt32, home: String) {
    self.name = name
    self.uid = uid
    self.home = home
    state = .active
    sessions = []
    leaving = []
  }

  /// What NSS says of its groups: the union over the sessions, in the order of the numbers.
  public func groups(marker: UInt32) -> [UInt32] {
    var gids: Set<UInt32> = [marker]
    for session in sessions { gids.formUnion(session.groups.map(\.gid)) }
    return gids.sorted()
  }

  /// Gids that a session of this lease was granted and that no live one is.
  public var withdrawnGroups: Set<UInt32> { formerGroups.subtracting(sessions.flatMap { $0.groups.map(\.gid) }) }

  /// The session is over. Its rights are remembered, because its processes may hold them for longer.
  public mutating func retire(_ session: Session) {
    sessions.removeAll { $0.id == session.id }
    formerGroups.formUnion(session.groups.map(\.gid))
    leaving.append(session)
    // A lease is one file, and what its trims never came to the end of may not make it too long to read.
    if leaving.count > Lease.leavingCap, let oldest = leaving.firstIndex(where: { !$0.process.isAlive }) { leaving.remove(at: oldest) }
  }
  static var leavingCap: Int { 500 }

  /// Nothing of these sessions runs any more: those whose process is gone too are forgotten.
  public mutating func forget(_ cleared: Set<String>) { leaving.removeAll { cleared.contains($0.id) && !$0.process.isAlive } }

  /// The shell that the gate runs: the one granted last.
  public var shell: String? { sessions.last?.shell }
}

extension Lease {
  public var json: JSONValue {
    var o = JSONObject()
    o.set("version", .integer(1))
    o.set("name", name.text)
    o.set("uid", .integer(Int64(uid)))
    o.set("home", home)
    o.set("state", state == .active ? "active" : "draining")
    o.set("sessions", .array(sessions.map(\.json)))
    o.set("leaving", .array(leaving.map(\.json)))
    o.set("former_groups", .array(formerGroups.sorted().map { .integer(Int64($0)) }))
    o.set("history", history.json)
    return o.value
  }

  public init(_ read: MemberReader) throws(MemberError) {
    guard try read.integer("version") == 1 else { throw read.wrong("version", "unknown") }
    guard let name = AccountName(try read.string("name")) else { throw read.wrong("name", "no account name") }
    self.init(name: name, uid: try read.id("uid"), home: try read.string("home"))
    switch try read.string("state") {
    case "active": state = .active
    case "draining": state = .draining
    default: throw read.wrong("state", "unknown")
    }
    for session in try read.objects("sessions") { sessions.append(try Session(session)) }
    for session in try read.objects("leaving") { leaving.append(try Session(session)) }
    // A lease that an older daemon wrote has none.
    for gid in read.value["former_groups"]?.array ?? [] {
      guard let number = gid.integer.flatMap({ UInt32(exactly: $0) }) else { throw read.wrong("former_groups", "holds something else than ids") }
      formerGroups.insert(number)
    }
    if read.has("history") { history = try LeaseHistory(read.object("history")) }
  }
}
