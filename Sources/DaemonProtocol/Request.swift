internal import Encoding

/// What is asked of the daemon, one message each: JSON in one SEQPACKET packet, `{"version":1,"request":"open",…}`.
/// Only root is heard, and who asks is what the kernel says (SO_PEERCRED), never what the message says.
public indirect enum Request: Sendable {
  /// Open a session for the process that sends this.
  case open(OpenRequest)
  /// Keep a decision that permits a session, for the process that sends this or, in sshd's child, for the monitor that will
  /// open it: the answer is a reference that is good once and for two minutes.
  case hold(OpenRequest)
  /// Open, for the process that sends this, what was kept under that reference for that login name.
  case redeem(reference: String, name: String)
  /// The process that sends this is about to ask to open a session of that name and uid, if the policy says yes: what has to be
  /// found out for that can be found out meanwhile. Only a hint, which has no answer.
  case expect(name: String, uid: UInt32)
  /// Is somebody in under that name and uid at this moment?
  case standing(name: String, uid: UInt32)
  /// What the session that the sending process belongs to was opened with.
  case credential(name: String, uid: UInt32)
  /// Write down that sudo goes on.
  case elevated(Elevation)
  /// The session's `close_session` ran.
  case closed(session: String)
  /// A login was refused before any opening: write it down, and end that connection.
  case refused(RefusedLogin)
  /// The live sessions whose ids come after this one ("" = from the first); a page, as many as fit one message.
  case sessions(after: String)
  /// End a session by its id, or all sessions of a name. Session ids begin with a digit, names never do.
  case end(target: String, reason: String)
  /// End every live session of whom the policy knows by that subject id: an obligation.
  case endSubject(String)
  case status
  /// Read the configuration anew (`sojourn apply` published it, or is to).
  case reload

  public static var version: Int64 { 1 }
  /// The largest message either side takes, in bytes.
  public static var cap: Int { 64 * 1024 }
}

/// One decided login that asks to become a session.
public struct OpenRequest: Sendable {
  /// The login name, and the uid and home that sshd heard from NSS for it.
  public var name: String
  public var uid: UInt32
  /// An account of another source: nothing of it is made or removed; its session is written down and watched, and has groups beside the account's own.
  public var isLocal: Bool
  public var login: LoginFacts
  public var credential: CredentialFacts
  public var decision: DecisionFacts
  /// Names of the supplementary groups that the decision grants, after the host's ceilings.
  public var groups: [String]
  /// Those of `groups` whose members can become root.
  public var rootEquivalentGroups: [String]
  public var shell: String
  /// Seconds that the session may last, after the host's ceilings.
  public var seconds: UInt64
  /// Seconds after which the policy must have been asked again, as it demands; nil: as the host says.
  public var reevaluateSeconds: UInt64?
  /// When it ends at the latest, in seconds since 1970: `seconds` after the decision, however long the opening takes. nil: an older module.
  public var until: UInt64?
  /// What it is judged by again while it lasts. nil: an older module; then nothing but its end ends it.
  public var subject: SubjectFacts?

  public init(name: String, uid: UInt32, isLocal: Bool, login: LoginFacts, credential: CredentialFacts, decision: DecisionFacts,
    groups: [String], rootEquivalentGroups: [String] = [], shell: String, seconds: UInt64, reevaluateSeconds: UInt64? = nil, until: UInt64? = nil,
    subject: SubjectFacts? = nil) {
    self.rootEquivalentGroups = rootEquivalentGroups
    self.name = name
    self.uid = uid
    self.isLocal = isLocal
    self.login = login
    self.credential = credential
    self.decision = decision
    self.groups = groups
    self.shell = shell
    self.seconds = seconds
    self.reevaluateSeconds = reevaluateSeconds
    self.until = until
    self.subject = subject
  }
}

/// A login as PAM knows it. All texts come from outside.
public struct LoginFacts: Sendable {
  public var service: String
  public var tty: String
  /// The client's address, or empty.
  public var remote: String

  public init(service: String, tty: String, remote: String) {
    self.service = service
    self.tty = tty
    self.remote = remote
  }
}

/// What was shown at the login. All texts come from outside, signed by an authority of ours.
public struct CredentialFacts: Sendable {
  public var kind: String
  public var keyID: String
  /// Decimal: a 64-bit number does not survive as a JSON number (RFC 7493).
  public var serial: String
  public var keyFingerprint: String
  public var caFingerprint: String
  public var principals: [String]
  /// Seconds since 1970.
  public var notBefore: UInt64
  public var notAfter: UInt64

  public init(kind: String, keyID: String, serial: String, keyFingerprint: String, caFingerprint: String, principals: [String],
    notBefore: UInt64, notAfter: UInt64) {
    self.kind = kind
    self.keyID = keyID
    self.serial = serial
    self.keyFingerprint = keyFingerprint
    self.caFingerprint = caFingerprint
    self.principals = principals
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// The decision's trail.
public struct DecisionFacts: Sendable {
  public var requestID: String
  public var endpoint: String
  /// The endpoint's reason for admins, or empty.
  public var reason: String
  /// How long the answer took, in milliseconds.
  public var milliseconds: UInt64
  /// The same in microseconds; 0: an older module did not say.
  public var microseconds: UInt64
  /// Who the policy was told that it is (`subject.id`), or empty: a demand to end a subject's sessions finds them by it.
  public var subject: String

  public init(requestID: String, endpoint: String, reason: String, milliseconds: UInt64, microseconds: UInt64 = 0, subject: String = "") {
    self.microseconds = microseconds
    self.subject = subject
    self.requestID = requestID
    self.endpoint = endpoint
    self.reason = reason
    self.milliseconds = milliseconds
  }
}

extension DecisionFacts {
  /// A decision that this host made by itself: no endpoint was asked, and none has that address.
  public static func breakGlass(subject: String) -> DecisionFacts {
    DecisionFacts(requestID: "", endpoint: "break-glass", reason: "", milliseconds: 0, subject: subject)
  }

  public var isBreakGlass: Bool { endpoint.isExactly("break-glass") }
}

/// A login that the module refused.
public struct RefusedLogin: Sendable {
  public var name: String
  public var isLocal: Bool
  public var login: LoginFacts
  public var credential: CredentialFacts?
  public var decision: DecisionFacts?
  /// The refusal's token in the table of refusals, and what happened, for admins.
  public var token: String
  public var detail: String

  public init(name: String, isLocal: Bool, login: LoginFacts, credential: CredentialFacts?, decision: DecisionFacts?, token: String, detail: String) {
    self.name = name
    self.isLocal = isLocal
    self.login = login
    self.credential = credential
    self.decision = decision
    self.token = token
    self.detail = detail
  }
}
