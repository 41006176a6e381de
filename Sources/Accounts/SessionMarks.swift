public import HostSystem
internal import Identity

/// What tells the processes of one session from the person's others. The kernel and systemd put both marks on the process that
/// opened the session, every process inherits them, and nobody but root takes one off.
public struct SessionMarks: Sendable, Equatable {
  /// The kernel's number of the login, which pam_loginuid has it give (`/proc/PID/sessionid`).
  public var auditSession: UInt32?
  /// The unit that pam_systemd made of it, below the tree of control groups: `/user.slice/user-UID.slice/session-ID.scope`.
  public var scope: String?

  public init(auditSession: UInt32? = nil, scope: String? = nil) {
    self.auditSession = auditSession
    self.scope = scope
  }

  public var isWhole: Bool { auditSession != nil && scope != nil }

  /// The marks that the process has now, of those that are not known. A number or a scope that it shares with its parent is another
  /// login's (sshd that an administrator started from a shell, su in a session), and so is a scope of another uid: neither is this
  /// session's alone.
  public static func of(_ process: ProcessReference, uid: UInt32, besides known: SessionMarks = SessionMarks()) -> SessionMarks {
    var marks = SessionMarks()
    // Asked some times of each session: the parent's and the process itself only if there is something to compare.
    let number = known.auditSession == nil ? ProcessTable.auditSession(of: process.pid) : nil
    let scope = known.scope == nil ? ProcessTable.controlGroup(of: process.pid).flatMap { isScope($0, of: uid) ? $0 : nil } : nil
    guard number != nil || scope != nil, let parent = ProcessTable.stat(of: process.pid)?.parent else { return marks }
    if let number, ProcessTable.auditSession(of: parent) != number { marks.auditSession = number }
    if let scope, ProcessTable.controlGroup(of: parent) != scope { marks.scope = scope }
    return process.isAlive ? marks : SessionMarks()
  }

  /// Keeps what is known and adds what is not.
  public mutating func complete(with later: SessionMarks) {
    auditSession = auditSession ?? later.auditSession
    scope = scope ?? later.scope
  }

  /// Is that path the scope of a session of that uid, and nothing else?
  static func isScope(_ path: String, of uid: UInt32) -> Bool {
    let prefix = "/user.slice/user-\(uid).slice/session-"
    guard path.hasPrefix(prefix), path.hasSuffix(".scope") else { return false }
    return path.dropFirst(prefix.count).utf8.allSatisfy { $0 != UInt8(ascii: "/") }
  }
}

extension Session {
  public mutating func noteMarks(uid: UInt32) { marks.complete(with: SessionMarks.of(process, uid: uid, besides: marks)) }
}

extension Lease {
  /// Notes what marks these sessions of it have by now.
  /// - Returns: whether there is something new.
  public mutating func noteMarks(of ids: Set<String>) -> Bool {
    var isChanged = false
    for index in sessions.indices where !sessions[index].marks.isWhole && ids.contains(sessions[index].id) {
      let before = sessions[index].marks
      sessions[index].noteMarks(uid: uid)
      if sessions[index].marks != before { isChanged = true }
    }
    return isChanged
  }
}

/// What systemd keeps a person's processes in, for who must set them going again.
public enum LoginGroup {
  public static func thaw(uid: UInt32) { LoginSlice(uid: uid, spared: []).group.thaw() }
}
