public import DaemonProtocol
public import Encoding
public import HostSystem

/// One PAM session: an SSH connection, whatever runs in it. The grant and the deadline are the session's, not the
/// account's: two sessions of a person may have been decided differently.
public struct Session: Sendable {
  public let id: String
  /// The process that opened it (sshd's monitor); the session is over when it is gone.
  public let process: ProcessReference
  public let login: LoginFacts
  public let credential: CredentialFacts
  public let decision: DecisionFacts
  public let groups: [GrantedGroup]
  /// Names of those whose members can become root: what such a session left behind, nobody can prove (DESIGN 4).
  public let rootEquivalentGroups: [String]
  public let shell: String
  /// Seconds since 1970.
  public let opened: UInt64
  public var deadline: Deadline
  /// Seconds after which the policy must have been asked again; nil: as the host says.
  public var reevaluateSeconds: UInt64?
  /// How its processes are known, as far as it was seen while the process that opened it lived.
  public var marks = SessionMarks()
  /// What it is judged by again while it lasts; nil: an older version opened it.
  public let subject: SubjectFacts?
  /// Since when nobody has confirmed it, on both clocks; nil: the policy's last word was a yes.
  public var unconfirmed: Deadline?
  /// Why it is being ended, once it is: a daemon that restarts goes on with it.
  public var ending: EndReason?
  /// False from the first line about it until its grant is in the audit log. A daemon that is killed in between has told
  /// nobody that it is open, and perhaps made no home: the next one takes it down.
  public var isOpen = true

  public init(id: String, process: ProcessReference, login: LoginFacts, credential: CredentialFacts, decision: DecisionFacts,
    groups: [GrantedGroup], rootEquivalentGroups: [String] = [], shell: String, opened: UInt64, deadline: Deadline, reevaluateSeconds: UInt64? = nil,
    subject: SubjectFacts? = nil, unconfirmed: Deadline? = nil, ending: EndReason? = nil) {
    self.rootEquivalentGroups = rootEquivalentGroups
    self.ending = ending
    self.id = id
    self.process = process
    self.login = login
    self.credential = credential
    self.decision = decision
    self.groups = groups
    self.shell = shell
    self.opened = opened
    self.deadline = deadline
    self.reevaluateSeconds = reevaluateSeconds
    self.subject = subject
    self.unconfirmed = unconfirmed
  }

  /// Seconds since 1970.
  public var expires: UInt64 { Moment(wall: deadline.wall, boot: 0).unixSeconds }

  /// `<seconds since 1970>-<8 hexadecimal digits>`: begins with a digit, as no name does, and sorts by time.
  public static func newID(at seconds: UInt64) throws(SystemError) -> String { "\(seconds)-" + (try Random.hex(4)) }
}

/// A supplementary group as it was when it was granted.
public struct GrantedGroup: Sendable, Equatable {
  public let name: String
  public let gid: UInt32

  public init(name: String, gid: UInt32) {
    self.name = name
    self.gid = gid
  }
}

extension Session {
  public var json: JSONValue {
    var o = JSONObject()
    o.set("id", id)
    o.set("pid", .integer(Int64(process.pid)))
    o.set("start", .unsigned(process.start))
    o.set("login", login.json)
    o.set("credential", credential.json)
    o.set("decision", decision.json)
    o.set("groups", .array(groups.map { .object([.init("name", .string($0.name)), .init("gid", .integer(Int64($0.gid)))]) }))
    if !rootEquivalentGroups.isEmpty { o.set("root_equivalent_groups", .strings(rootEquivalentGroups)) }
    o.set("shell", shell)
    o.set("opened", .unsigned(opened))
    o.set("deadline_wall_ns", .integer(deadline.wall))
    o.set("deadline_boot_ns", .integer(deadline.boot))
    o.set("reevaluate_seconds", reevaluateSeconds.map { .unsigned($0) })
    o.set("audit_session", marks.auditSession.map { .integer(Int64($0)) })
    o.set("scope", marks.scope)
    o.set("subject", subject?.json)
    o.set("unconfirmed_wall_ns", unconfirmed.map { .integer($0.wall) })
    o.set("unconfirmed_boot_ns", unconfirmed.map { .integer($0.boot) })
    o.set("ending", ending?.json)
    o.set("opening", isOpen ? nil : .boolean(true))
    return o.value
  }

  public init(_ read: MemberReader) throws(MemberError) {
    var groups: [GrantedGroup] = []
    for group in try read.objects("groups") { groups.append(GrantedGroup(name: try group.string("name"), gid: try group.id("gid"))) }
    self.init(id: try read.string("id"), process: ProcessReference(pid: try read.pid("pid"), start: try read.unsigned("start")),
      login: try LoginFacts(read.object("login")), credential: try CredentialFacts(read.object("credential")),
      decision: try DecisionFacts(read.object("decision")), groups: groups,
      rootEquivalentGroups: !read.has("root_equivalent_groups") ? [] : try read.strings("root_equivalent_groups"), shell: try read.string("shell"),
      opened: try read.unsigned("opened"),
      deadline: Deadline(wall: try read.integer("deadline_wall_ns"), boot: try read.integer("deadline_boot_ns")),
      reevaluateSeconds: !read.has("reevaluate_seconds") ? nil : try read.unsigned("reevaluate_seconds"),
      subject: !read.has("subject") ? nil : try SubjectFacts(read.object("subject")),
      unconfirmed: !read.has("unconfirmed_wall_ns") ? nil
        : Deadline(wall: try read.integer("unconfirmed_wall_ns"), boot: try read.integer("unconfirmed_boot_ns")),
      ending: !read.has("ending") ? nil : try EndReason(read.object("ending")))
    isOpen = !read.has("opening")
    marks.auditSession = !read.has("audit_session") ? nil : try read.id("audit_session")
    marks.scope = !read.has("scope") ? nil : try read.optionalString("scope")
  }
}
