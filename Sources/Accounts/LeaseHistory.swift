internal import DaemonProtocol
public import Encoding

/// What a lease has seen, kept with it so that the evidence of its end can tell who had the account.
public struct LeaseHistory: Sendable {
  /// Those that are over, in the order of their ends; the first ones of a lease that has had very many are left out.
  public private(set) var sessions: [PastSession] = []
  /// All that are over, those left out included.
  public private(set) var count: UInt64 = 0
  /// Groups whose members can become root, of all its sessions.
  public private(set) var rootEquivalentGroups: [String] = []
  /// The lease was found damaged or missing: who had it, and with which groups, is not known.
  public var isLost = false
  /// `lease-end` is written, and what is left to do is to take the name away.
  public var isAccounted = false

  public init() {}

  /// A lease is one file that is rewritten with each session, and its evidence one line.
  static var cap: Int { 100 }

  /// - Parameter until: when it ended, in seconds since 1970.
  public mutating func add(_ session: Session, until: UInt64, reason: EndReason) {
    count += 1
    sessions.append(PastSession(session, until: until, reason: reason))
    if sessions.count > LeaseHistory.cap { sessions.removeFirst() }
    for group in session.rootEquivalentGroups where !rootEquivalentGroups.contains(where: { $0.isExactly(group) }) { rootEquivalentGroups.append(group) }
  }
}

/// A session that is over, in short: the lines `grant` and `session-end` tell more. Texts from outside are escaped.
public struct PastSession: Sendable {
  public let id: String
  public let keyID: String
  public let serial: String
  public let caFingerprint: String
  public let remote: String
  /// Seconds since 1970.
  public let since: UInt64
  public let until: UInt64
  /// Why it ended: a token of `EndReason`.
  public let reason: String

  init(_ session: Session, until: UInt64, reason: EndReason) {
    id = session.id
    keyID = Escape.visible(session.credential.keyID, limit: 256)
    serial = Escape.visible(session.credential.serial, limit: 32)
    caFingerprint = Escape.visible(session.credential.caFingerprint, limit: 128)
    remote = Escape.visible(session.login.remote, limit: 128)
    since = session.opened
    self.until = until
    self.reason = reason.token
  }
}

extension LeaseHistory {
  var json: JSONValue {
    .object([
      .init("sessions", .array(sessions.map(\.json))), .init("count", .unsigned(count)),
      .init("root_equivalent_groups", .strings(rootEquivalentGroups)), .init("lost", .boolean(isLost)), .init("accounted", .boolean(isAccounted)),
    ])
  }

  init(_ read: MemberReader) throws(MemberError) {
    for session in try read.objects("sessions") { sessions.append(try PastSession(session)) }
    count = try read.unsigned("count")
    rootEquivalentGroups = try read.strings("root_equivalent_groups")
    isLost = try read.boolean("lost")
    isAccounted = try read.boolean("accounted")
  }
}

extension PastSession {
  /// Also what stands in the audit log.
  public var json: JSONValue {
    .object([
      .init("session", .string(id)), .init("key_id", .string(keyID)), .init("serial", .string(serial)), .init("ca_fp", .string(caFingerprint)),
      .init("remote", .string(remote)), .init("since", .string(Timestamp.text(since))), .init("until", .string(Timestamp.text(until))),
      .init("reason", .string(reason)),
    ])
  }

  public init(_ read: MemberReader) throws(MemberError) {
    id = try read.string("session")
    keyID = try read.string("key_id")
    serial = try read.string("serial")
    caFingerprint = try read.string("ca_fp")
    remote = try read.string("remote")
    guard let since = Timestamp.parse(try read.string("since")), let until = Timestamp.parse(try read.string("until")) else { throw read.wrong("since", "no time") }
    self.since = since
    self.until = until
    reason = try read.string("reason")
  }
}
