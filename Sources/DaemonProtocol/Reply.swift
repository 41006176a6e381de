internal import Encoding

/// What the daemon answers, one message each: `{"version":1,"reply":"opened",…}`.
public indirect enum Reply: Sendable {
  case opened(Opened)
  /// The reference of a decision that is kept.
  case held(String)
  case credential(SessionCredential)
  case done
  case refused(OpenRefusal, detail: String)
  /// In the order of their ids. `more`: ask again after the last one.
  case sessions([SessionSummary], more: Bool)
  case status(DaemonStatus)
  /// The request was not understood or cannot be met now; for admins.
  case failed(String)
}

public struct Opened: Sendable {
  public var session: String
  /// Seconds since 1970.
  public var expires: UInt64
  /// Why some granted group was left out, and the like: for the log.
  public var notes: [String]

  public init(session: String, expires: UInt64, notes: [String]) {
    self.session = session
    self.expires = expires
    self.notes = notes
  }
}

/// Why the daemon opens no session. Tokens stand in messages and in the audit log.
public enum OpenRefusal: Sendable, CaseIterable {
  /// The name is a user or a group of another source.
  case nameOfOther
  /// The number is a uid or gid of another source, or was promised to another name meanwhile: logging in again helps.
  case numberOfOther
  /// Groups, subordinate ids, a crontab, mail or jobs stand under the name already.
  case rightsStand
  /// A source of names could not say whether it has the name.
  case sourceFailed
  /// The end of the name's last lease takes too long.
  case draining
  /// The request breaks a ceiling of this host.
  case ceiling
  /// The process that asks is gone, or not the one it says.
  case noProcess
  /// The audit line or the claim could not be written.
  case notWritten
  /// The home could not be made.
  case noHome
  /// The certificate has opened its one session (`certificate.single_use`).
  case alreadyUsed
  /// Nothing is kept under that reference, for that name and that process (any more).
  case noReference
  /// Nobody can tell which live session the process belongs to.
  case whichSession
  /// The daemon cannot open anything now: no configuration, or it is stopping.
  case notReady

  public var token: String {
    switch self {
    case .nameOfOther: "name-of-other"
    case .numberOfOther: "number-of-other"
    case .rightsStand: "rights-stand"
    case .sourceFailed: "source-failed"
    case .draining: "draining"
    case .ceiling: "ceiling"
    case .noProcess: "no-process"
    case .notWritten: "not-written"
    case .noHome: "no-home"
    case .alreadyUsed: "already-used"
    case .noReference: "no-reference"
    case .whichSession: "which-session"
    case .notReady: "not-ready"
    }
  }

  public init?(token: String) {
    for refusal in OpenRefusal.allCases where refusal.token.isExactly(token) {
      self = refusal
      return
    }
    return nil
  }
}

/// A session as the command line shows it.
public struct SessionSummary: Sendable {
  public var session: String
  public var name: String
  public var uid: UInt32
  public var isLocal: Bool
  /// "active" or "draining".
  public var state: String
  public var pid: Int32
  public var login: LoginFacts
  public var keyID: String
  /// Decided by this host alone, in an emergency.
  public var isBreakGlass: Bool
  /// Nobody has answered lately whether it may go on.
  public var isUnconfirmed = false
  /// Whose decision it was, and the number of the question; empty from an older daemon.
  public var endpoint: String
  public var requestID: String
  public var groups: [String]
  /// Seconds since 1970.
  public var opened: UInt64
  public var expires: UInt64

  public init(session: String, name: String, uid: UInt32, isLocal: Bool, state: String, pid: Int32, login: LoginFacts, keyID: String,
    isBreakGlass: Bool = false, endpoint: String = "", requestID: String = "", groups: [String], opened: UInt64, expires: UInt64) {
    self.isBreakGlass = isBreakGlass
    self.endpoint = endpoint
    self.requestID = requestID
    self.session = session
    self.name = name
    self.uid = uid
    self.isLocal = isLocal
    self.state = state
    self.pid = pid
    self.login = login
    self.keyID = keyID
    self.groups = groups
    self.opened = opened
    self.expires = expires
  }
}

/// How the daemon is.
public struct DaemonStatus: Sendable {
  public var softwareVersion: String
  public var pid: Int32
  /// Seconds since 1970.
  public var started: UInt64
  /// nil: candidates are published. Else: the sentences that say why they are not.
  public var candidatesWithheld: [String]?
  /// nil: the configuration file is the published one. Else what is wrong with it.
  public var configurationProblem: String?
  /// Logins ask the policy through the relay.
  public var isRelayed: Bool
  /// nil: the relay runs, or none is wanted. Else why it does not.
  public var relayProblem: String?
  /// nil: the revocation lists are in force, or there are none. Else why nobody is let in.
  public var revocationProblem: String?
  public var leases: UInt64
  public var sessions: UInt64
  /// Those of `sessions` that were decided without the policy, in an emergency.
  public var breakGlassSessions: UInt64
  /// Those of `sessions` that nobody has confirmed lately.
  public var unconfirmedSessions: UInt64 = 0
  /// Names whose end failed twice.
  public var quarantined: [String]
  /// What ends could not end, remove or look at, in sentences.
  public var leftovers: [String]

  public init(softwareVersion: String, pid: Int32, started: UInt64, candidatesWithheld: [String]?, configurationProblem: String?,
    isRelayed: Bool, relayProblem: String?, revocationProblem: String? = nil, leases: UInt64, sessions: UInt64,
    breakGlassSessions: UInt64 = 0, quarantined: [String], leftovers: [String] = []) {
    self.softwareVersion = softwareVersion
    self.pid = pid
    self.started = started
    self.candidatesWithheld = candidatesWithheld
    self.configurationProblem = configurationProblem
    self.isRelayed = isRelayed
    self.relayProblem = relayProblem
    self.revocationProblem = revocationProblem
    self.leases = leases
    self.sessions = sessions
    self.breakGlassSessions = breakGlassSessions
    self.quarantined = quarantined
    self.leftovers = leftovers
  }
}
