public import DaemonProtocol
public import Encoding

/// What the policy is asked: may this person, shown by this credential, log in here now? All texts come from outside.
public struct Question: Sendable {
  /// What the certificate's authority certifies, `user` or `workload`: `subject.type`.
  public var subjectType: String
  /// Who the certificate says it is: `subject.id`.
  public var subjectID: String
  /// The login name: `action.properties.account`.
  public var account: String
  public var login: LoginFacts
  public var credential: CredentialFacts
  /// The certificate's extensions, each with as much of its value as may leave the host.
  public var extensions: [CertificateExtension]
  /// What is known of the person and does not change from login to login. `attributes_in` says where it goes.
  public var attributes: [SubjectAttribute]
  /// Seconds since 1970.
  public var now: UInt64
  /// What an approver has approved, exactly as it was received: `context.approval`.
  public var approval: JSONValue?
  /// A session that lives already, which this question may end: its id, and since when (seconds since 1970).
  public var session: (id: String, opened: UInt64)?
  /// A person who is in asks for another's rights (sudo): whose, and to do what. `action.name` is `sudo` then.
  public var elevation: (target: String, command: CommandFacts)?
  /// Nobody logs in: `sojourn check` wants to know whether an endpoint answers. Its answer grants nothing.
  public var isCheck = false

  /// The question of `sojourn check`: about nobody, and no login (`action.name` is `check`).
  public static func check(now: UInt64) -> Question {
    let nobody = CredentialFacts(kind: "none", keyID: "", serial: "0", keyFingerprint: "", caFingerprint: "", principals: [], notBefore: 0, notAfter: 0)
    var question = Question(subjectID: "sojourn-check", account: "", login: LoginFacts(service: "", tty: "", remote: ""), credential: nobody, extensions: [], now: now)
    question.isCheck = true
    return question
  }

  public init(subjectID: String, account: String, login: LoginFacts, credential: CredentialFacts, extensions: [CertificateExtension],
    attributes: [SubjectAttribute] = [], subjectType: String = "user", now: UInt64) {
    self.subjectType = subjectType
    self.subjectID = subjectID
    self.account = account
    self.login = login
    self.credential = credential
    self.extensions = extensions
    self.attributes = attributes
    self.now = now
  }
}
