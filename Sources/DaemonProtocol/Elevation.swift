public import Encoding

/// What sudo was told to do, as far as its own command line says it. All texts are the caller's choice.
public struct CommandFacts: Sendable {
  /// `command`, `shell`, `edit`, `list` or `validate`.
  public var kind: String
  /// The word that names the program, or the first file to be edited; empty for a shell without a command.
  public var program: String
  /// What runs is that very file: the word is a path, and no shell stands between.
  public var isCertain: Bool
  /// How many words follow it.
  public var arguments: UInt64
  /// Names of the variables that the command line sets for it.
  public var variables: [String] = []
  /// Program and words, where the host lets them leave it (`sudo.arguments`): they may hold secrets.
  public var words: [String]?

  public init(kind: String, program: String, isCertain: Bool, arguments: UInt64, words: [String]? = nil) {
    self.kind = kind
    self.program = program
    self.isCertain = isCertain
    self.arguments = arguments
    self.words = words
  }
}

/// One use of sudo that was decided, to be written down before sudo goes on.
public struct Elevation: Sendable {
  /// The caller.
  public var name: String
  public var uid: UInt32
  public var isLocal: Bool
  /// The caller's session; empty for a local account, which may have none of ours.
  public var session: String
  public var login: LoginFacts
  public var credential: CredentialFacts
  public var decision: DecisionFacts
  /// Who it becomes.
  public var target: String
  public var command: CommandFacts
  /// The holder of the key signed for this very use.
  public var isPresented: Bool

  public init(name: String, uid: UInt32, isLocal: Bool, session: String, login: LoginFacts, credential: CredentialFacts, decision: DecisionFacts, target: String,
    command: CommandFacts, isPresented: Bool) {
    self.name = name
    self.uid = uid
    self.isLocal = isLocal
    self.session = session
    self.login = login
    self.credential = credential
    self.decision = decision
    self.target = target
    self.command = command
    self.isPresented = isPresented
  }
}

/// What the session that a process belongs to was opened with: by it, what the person wants further is decided.
public struct SessionCredential: Sendable {
  public var session: String
  /// Seconds since 1970.
  public var opened: UInt64
  public var credential: CredentialFacts
  public var subjectID: String
  public var subject: SubjectFacts
  /// Decided by this host alone, in an emergency.
  public var isBreakGlass: Bool
  /// One of the groups that it was granted makes root.
  public var isRootEquivalent: Bool

  public init(session: String, opened: UInt64, credential: CredentialFacts, subjectID: String, subject: SubjectFacts, isBreakGlass: Bool, isRootEquivalent: Bool) {
    self.session = session
    self.opened = opened
    self.credential = credential
    self.subjectID = subjectID
    self.subject = subject
    self.isBreakGlass = isBreakGlass
    self.isRootEquivalent = isRootEquivalent
  }
}

extension CommandFacts {
  /// Also what the policy is told, and what the audit log keeps.
  public var json: JSONValue {
    var o = JSONObject()
    o.set("kind", kind)
    if !program.utf8.isEmpty { o.set("program", program) }
    o.set("certain", .boolean(isCertain))
    o.set("arguments", .unsigned(arguments))
    if !variables.isEmpty { o.set("environment", .strings(variables)) }
    o.set("argv", words.map { JSONValue.strings($0) })
    return o.value
  }

  public init(_ read: MemberReader) throws(MemberError) {
    self.init(kind: try read.string("kind"), program: !read.has("program") ? "" : try read.string("program"), isCertain: try read.boolean("certain"),
      arguments: try read.unsigned("arguments"), words: !read.has("argv") ? nil : try read.strings("argv"))
    if read.has("environment") { variables = try read.strings("environment") }
  }
}

extension Elevation {
  func write(to o: inout JSONObject) {
    o.set("name", name)
    o.set("uid", .integer(Int64(uid)))
    o.set("local", .boolean(isLocal))
    o.set("session", session)
    o.set("login", login.json)
    o.set("credential", credential.json)
    o.set("decision", decision.json)
    o.set("target", target)
    o.set("command", command.json)
    o.set("presented", .boolean(isPresented))
  }

  init(_ read: MemberReader) throws(MemberError) {
    self.init(name: try read.string("name"), uid: try read.id("uid"), isLocal: try read.boolean("local"), session: try read.string("session"),
      login: try LoginFacts(read.object("login")), credential: try CredentialFacts(read.object("credential")),
      decision: try DecisionFacts(read.object("decision")), target: try read.string("target"), command: try CommandFacts(read.object("command")),
      isPresented: try read.boolean("presented"))
  }
}

extension SessionCredential {
  func write(to o: inout JSONObject) {
    o.set("session", session)
    o.set("opened", .unsigned(opened))
    o.set("credential", credential.json)
    o.set("subject_id", subjectID)
    o.set("subject", subject.json)
    o.set("break_glass", .boolean(isBreakGlass))
    o.set("root_equivalent", .boolean(isRootEquivalent))
  }

  init(_ read: MemberReader) throws(MemberError) {
    self.init(session: try read.string("session"), opened: try read.unsigned("opened"), credential: try CredentialFacts(read.object("credential")),
      subjectID: try read.string("subject_id"), subject: try SubjectFacts(read.object("subject")), isBreakGlass: try read.boolean("break_glass"),
      isRootEquivalent: try read.boolean("root_equivalent"))
  }
}
