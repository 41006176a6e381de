public import Encoding
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
  /// Processes that opened sessions of this lease and may still be closing them: the teardown waits for them.
  public var leaving: [Session]

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
    if read.has("history") { history = try LeaseHistory(read.object("history")) }
  }
}
