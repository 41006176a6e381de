public import Configuration
public import Credentials
public import DaemonProtocol
internal import Encoding
internal import HostSystem
public import Policy

/// Every way in which a login is refused, and all that follows from each: the one table of errors.
public indirect enum Refusal: Error, Sendable {
  // This host.
  case notSetUp
  case notThisBoot
  case configurationUnusable(String)
  // The account.
  case lookupFailed(String)
  /// An account of ours whose name the configuration does not admit (any more).
  case nameNotAdmitted
  // The program.
  /// A program to which no certificate can be shown.
  case notShownHere
  /// A certificate of ours in a program that is none of `candidate_programs`.
  case programNotListed
  case serviceNotServed(String)
  /// su, sudo, cron for somebody who is not in.
  case noLease
  /// A local account that must show a certificate (`local=require`) and has shown none.
  case certificateRequired
  // A certificate that is presented to us: the challenge and its answer.
  /// The program cannot ask, or nobody answered.
  case notAnswered
  case answerForm(String)
  case answerSignature(String)
  case answerLate
  case noAgent(String)
  case agentFailed(String)
  /// None of its keys has a certificate; how many were looked at.
  case agentHasNone(Int)
  // sudo.
  /// sudo tells PAM another name than its caller's.
  case notTheCaller
  case sudoArguments(String)
  case targetDiffers(String)
  case elevationGrant
  case breakGlassElevation
  // What sshd says of the authentication.
  case authenticationInfo(String)
  case noCredential
  case noKey(method: String)
  case plainKey(type: String)
  case severalCertificates(Int)
  case certificate(CertificateRefusal)
  // This host's own decision.
  /// A certificate of the emergency authority for a name that `break_glass.names` lacks.
  case notForEmergencies
  // The policy.
  case denied(user: String?, admin: String?)
  /// It was asked about, or could not be. The relay writes the row (Approvals/ApprovalOutcome): it knows what was said.
  case notApproved(ApprovalReply)
  /// The approval that the policy's yes rests on is over.
  case approvalOver
  /// The policy wants stronger proof of who it is.
  case stepUp(StepUp, user: String?, admin: String?)
  case noDecision(PolicyFailure)
  case ceiling(CeilingBreach)
  /// The certificate ends too soon for a session (`end_with_certificate`).
  case noTimeLeft
  // The daemon.
  case noDaemon(String)
  /// It was asked to open, and died or took too long: it may have opened.
  case noAnswer(String)
  case daemonAnswer(String)
  case notOpened(OpenRefusal, String)
  /// The session could not be kept in the PAM handle, so that its end would go unnoticed.
  case notKept
}

/// What follows from a refusal.
struct RefusalRow {
  /// In log and audit; never changes its meaning.
  let token: String
  let code: RefusedPAMCode
  let level: LogLevel
  /// Of the command line, where it asks the same question (DESIGN 8).
  let exitStatus: Int32
  /// What happened, for the person: half a sentence after "alice is not let in: ".
  let happened: String
  /// What to do about it, for the person.
  let remedy: String
  /// For the log; nothing in it is for the person.
  let detail: String

  init(_ token: String, _ level: LogLevel, exit: Int32 = 1, code: RefusedPAMCode = .denied, _ happened: String, _ remedy: String, _ detail: String = "") {
    self.token = token
    self.code = code
    self.level = level
    exitStatus = exit
    self.happened = happened
    self.remedy = remedy
    self.detail = detail
  }
}

extension Refusal {
  private static var tellAdmin: String { "Tell this host's administrator." }
  private static var newCertificate: String { "Get a new certificate and log in again." }
  private static var again: String { "Try again in a moment; if it stays so, tell this host's administrator." }
  private static var withCertificate: String { "Log in with a certificate of your organisation's authority." }

  var row: RefusalRow {
    switch self {
    case .notSetUp:
      RefusalRow("not-set-up", .error, exit: 2, "Sojourn is not set up on this host.", Refusal.tellAdmin, "no configuration was ever published; run sojourn apply")
    case .notThisBoot:
      RefusalRow("not-this-boot", .error, exit: 3, "Sojourn has not come up on this host yet.", Refusal.again, "no configuration was published since boot: is sojournd running?")
    case .configurationUnusable(let why):
      RefusalRow("configuration-unusable", .error, exit: 2, "Sojourn's configuration on this host cannot be read.", Refusal.tellAdmin, why)
    case .lookupFailed(let why):
      RefusalRow("lookup-failed", .error, "this host could not look the name up.", Refusal.again, why)
    case .nameNotAdmitted:
      RefusalRow("name-not-admitted", .warning, "this host takes no accounts of that name.", Refusal.tellAdmin, "the name fits no pattern of accounts.names")
    case .notShownHere:
      RefusalRow("not-shown-here", .notice, code: .notAuthenticated, "this account has no password, and a certificate cannot be shown to this program.", "Log in with ssh.")
    case .certificateRequired:
      RefusalRow("certificate-required", .notice, code: .notAuthenticated, "this host wants a certificate of this account too, and none was shown.", Refusal.withCertificate,
        "local=require on the line in /etc/pam.d")
    case .notAnswered: RefusalRow("no-answer-given", .notice, code: .notAuthenticated, "a certificate was asked for, and nobody answered.", Refusal.withCertificate)
    case .answerForm(let why):
      RefusalRow("answer-form", .notice, exit: 2, code: .notAuthenticated, "the answer is no signature: " + why + ".", "Copy the command, and paste all of the line that it prints.", why)
    case .answerSignature(let why):
      RefusalRow("answer-signature", .warning, code: .notAuthenticated, "the signature does not answer this challenge: " + why + ".",
        "Sign the line that is shown, with the key of your certificate.", why)
    case .answerLate: RefusalRow("answer-late", .notice, code: .notAuthenticated, "the answer came too late.", "Try again: a challenge is good for two minutes.")
    case .noAgent(let why):
      RefusalRow("no-agent", .notice, code: .notAuthenticated, "no ssh-agent can be asked: " + why + ".", "Have one with your certificate in it (ssh-add), and SSH_AUTH_SOCK point to it.", why)
    case .agentFailed(let why): RefusalRow("agent-failed", .notice, code: .notAuthenticated, "your ssh-agent did not sign: " + why + ".", "Try ssh-add -L, and again.", why)
    case .agentHasNone(let count):
      RefusalRow("agent-no-certificate", .notice, code: .notAuthenticated, "your ssh-agent holds no certificate.", "Add one with its key: ssh-add.", "\(count) certificates looked at")
    case .notTheCaller:
      RefusalRow("not-the-caller", .error, "sudo asks for somebody else's password here (targetpw, rootpw or runaspw), and so cannot be decided about.", Refusal.tellAdmin)
    case .sudoArguments(let why):
      RefusalRow("sudo-arguments", .notice, "what sudo is asked to do is not clear: " + why + ".", "Say it in another way.", why)
    case .targetDiffers(let why):
      RefusalRow("target-differs", .warning, "sudo goes on to somebody else than was decided about.", "Name the target with sudo -u; if you did, tell this host's administrator.", why)
    case .elevationGrant:
      RefusalRow("elevation-grant", .error, "the policy granted a session where sudo was asked about.", Refusal.tellAdmin, "the answer to an action `sudo` has members in host_grant")
    case .breakGlassElevation:
      RefusalRow("break-glass-elevation", .warning, "this emergency session has no right to it.", Refusal.tellAdmin, "none of break_glass.groups makes root")
    case .programNotListed:
      RefusalRow("program-not-listed", .error, "this program may not let people in by certificate.", Refusal.tellAdmin, "the program is none of host.candidate_programs")
    case .serviceNotServed(let service):
      RefusalRow("service-not-served", .notice, "people are let in through ssh, login, su and sudo only.", "Log in with ssh.", "service " + service)
    case .noLease:
      RefusalRow("no-lease", .notice, "nobody is logged in under that name.", "Log in first.")
    case .authenticationInfo(let why):
      RefusalRow("authentication-info", .error, exit: 2, "what sshd says about the authentication is not understood.", Refusal.tellAdmin, "SSH_AUTH_INFO_0: " + why)
    case .noCredential:
      RefusalRow("no-credential", .notice, "no certificate was shown.", Refusal.withCertificate)
    case .noKey(let method):
      RefusalRow("no-certificate-method", .notice, "the login was made without a certificate.", Refusal.withCertificate, "method " + method)
    case .plainKey(let type):
      RefusalRow("plain-key", .notice, "the login was made with a plain key, which is no certificate.", Refusal.withCertificate, "key type " + type)
    case .severalCertificates(let count):
      RefusalRow("several-certificates", .notice, "more than one certificate was shown.", "Log in with exactly one.", "\(count) certificates")
    case .certificate(let refusal):
      Refusal.row(refusal)
    case .notApproved(let reply):
      RefusalRow(reply.word, reply.isFault ? .error : .notice, reply.happened, reply.remedy, reply.detail)
    case .approvalOver:
      RefusalRow("approval-over", .notice, "the approval is over.", "Log in again to ask anew.")
    case .notForEmergencies:
      RefusalRow("break-glass-name", .warning, "this name is not let in by an emergency certificate.", Refusal.tellAdmin, "the name is not in break_glass.names")
    case .denied(let user, let admin):
      RefusalRow("denied", .notice, "the policy said no" + (user.map { ": " + $0 } ?? "."), "If that is wrong, ask whoever answers for the policy.", admin ?? "")
    case .stepUp(let stepUp, let user, let admin):
      RefusalRow("step-up", .notice, "the policy wants stronger proof of who you are" + (user.map { ": " + $0 } ?? "."), stepUp.remedy, admin ?? stepUp.remedy)
    case .noDecision(.obligation(let what)):
      RefusalRow(PolicyFailure.obligation(what).token, .error, "the policy said yes on a condition that this host cannot meet.", Refusal.tellAdmin,
        PolicyFailure.obligation(what).detail)
    case .ceiling(.recording):
      RefusalRow(CeilingBreach.recording.token, .warning, "the policy wants your session recorded, which this host cannot do.", Refusal.tellAdmin, CeilingBreach.recording.detail)
    case .noDecision(.relay(let why)):
      RefusalRow(PolicyFailure.relay(why).token, .error, exit: 3, "there is no decision from the policy.", Refusal.again, why)
    case .noDecision(let failure):
      RefusalRow(failure.token, .error, "there is no decision from the policy.", Refusal.again, failure.detail)
    case .ceiling(let breach):
      RefusalRow(breach.token, .warning, "the policy granted more than this host allows.", Refusal.tellAdmin, breach.detail)
    case .noTimeLeft:
      RefusalRow("no-time-left", .notice, "the certificate ends too soon for a session.", Refusal.newCertificate)
    case .noDaemon(let why):
      RefusalRow("no-daemon", .error, exit: 3, "sojournd does not answer on this host.", Refusal.again, why)
    case .noAnswer(let why):
      RefusalRow("no-answer", .error, exit: 3, "sojournd did not come back with an answer.", Refusal.again, why)
    case .daemonAnswer(let why):
      RefusalRow("daemon-answer", .error, exit: 3, "sojournd could not open the session.", Refusal.again, why)
    case .notOpened(let refusal, let detail):
      Refusal.row(refusal, detail)
    case .notKept:
      RefusalRow("not-kept", .error, "the session could not be written down.", Refusal.again, "pam_set_data failed")
    }
  }

  /// Certificates: what breaks which rule, and what helps.
  private static func row(_ refusal: CertificateRefusal) -> RefusalRow {
    let shown = "the certificate is not accepted: " + refusal.detail + "."
    return switch refusal.rule {
    case .type:
      RefusalRow(refusal.rule.token, .notice, "certificates of the type " + refusal.detail + " are not taken.",
        "Use a certificate for an Ed25519, ECDSA, RSA or security key.", refusal.detail)
    case .authorityType:
      RefusalRow(refusal.rule.token, .notice, "certificates signed by a key of the type " + refusal.detail + " are not taken.",
        Refusal.withCertificate, refusal.detail)
    case .authority:
      RefusalRow(refusal.rule.token, .notice, "the certificate is not from an authority that this host trusts.", Refusal.withCertificate, "its CA is " + refusal.detail)
    case .form, .size, .signature: RefusalRow(refusal.rule.token, .warning, exit: 2, shown, Refusal.newCertificate, refusal.detail)
    case .userType, .reservedFields, .keyID, .principals, .optionForm, .extensionForm, .selfSigned, .authorityKey, .attributes, .serial:
      RefusalRow(refusal.rule.token, .warning, shown, Refusal.tellAdmin, refusal.detail)
    case .notYetValid: RefusalRow(refusal.rule.token, .notice, shown, "Wait until then, or have the clocks compared.", refusal.detail)
    case .expired, .lifetime: RefusalRow(refusal.rule.token, .notice, shown, Refusal.newCertificate, refusal.detail)
    case .publicKey: RefusalRow(refusal.rule.token, .notice, shown, "Get a certificate for a stronger key: ssh-keygen -t ed25519.", refusal.detail)
    case .revoked: RefusalRow(refusal.rule.token, .warning, "the certificate was revoked.", "Ask whoever issues certificates.", refusal.detail)
    case .revocationLists:
      RefusalRow(refusal.rule.token, .error, exit: 2, "this host's list of revoked certificates cannot be used, so it lets nobody in.", Refusal.tellAdmin, refusal.detail)
    case .sourceAddress, .authorityNetworks:
      RefusalRow(refusal.rule.token, .notice, shown, "Log in from an address that the certificate and its authority allow.", refusal.detail)
    case .subject:
      RefusalRow(refusal.rule.token, .warning, "the certificate does not say who you are in the way that this host asks.", Refusal.tellAdmin, refusal.detail)
    case .authorityPrincipals, .authoritySubjects: RefusalRow(refusal.rule.token, .warning, shown, Refusal.tellAdmin, refusal.detail)
    case .loginName: RefusalRow(refusal.rule.token, .notice, shown, "Log in under one of the certificate's names.", refusal.detail)
    case .criticalOption:
      RefusalRow(refusal.rule.token, .notice, "the certificate demands " + refusal.detail + ", which nobody here can hold.", Refusal.newCertificate, refusal.detail)
    case .unenforcedOption:
      RefusalRow(refusal.rule.token, .notice, "the certificate demands " + refusal.detail + ", which only ssh holds.", "Log in with ssh.", refusal.detail)
    case .securityKeyOption:
      RefusalRow(refusal.rule.token, .notice, "the certificate has the option " + refusal.detail + " for security keys, and its key is none.",
        Refusal.newCertificate, refusal.detail)
    }
  }

  /// The daemon's reasons not to open.
  private static func row(_ refusal: OpenRefusal, _ detail: String) -> RefusalRow {
    let token = "open-" + refusal.token
    return switch refusal {
    case .nameOfOther: RefusalRow(token, .warning, "the name belongs to another user or group of this host.", Refusal.tellAdmin, detail)
    case .numberOfOther: RefusalRow(token, .notice, "the account's number was just given away.", "Log in again.", detail)
    case .rightsStand: RefusalRow(token, .warning, "rights stand under this name on the host already.", Refusal.tellAdmin, detail)
    case .sourceFailed: RefusalRow(token, .error, "a source of names on this host does not answer.", Refusal.again, detail)
    case .draining: RefusalRow(token, .notice, "your last session is still being cleaned up.", "Log in again in a moment.", detail)
    case .ceiling: RefusalRow(token, .warning, "the policy granted more than this host allows.", Refusal.tellAdmin, detail)
    case .noProcess: RefusalRow(token, .error, "the login's process could not be watched.", Refusal.again, detail)
    case .notWritten: RefusalRow(token, .error, "the session could not be written down on this host.", Refusal.tellAdmin, detail)
    case .noHome: RefusalRow(token, .error, "no home directory could be made.", Refusal.tellAdmin, detail)
    case .alreadyUsed: RefusalRow(token, .notice, "the certificate was used before, and this host takes each one only once.", Refusal.newCertificate, detail)
    case .noReference: RefusalRow(token, .warning, "what was decided about this login is not known any more.", "Log in again.", detail)
    case .whichSession: RefusalRow(token, .notice, "it cannot be told which of your sessions this belongs to, or that one is over.", "Log in again.", detail)
    case .notReady: RefusalRow(token, .error, exit: 3, "sojournd cannot open sessions now.", Refusal.again, detail)
    }
  }
}

extension StepUp {
  /// What the person has to get: sshd cannot ask for more within a login.
  var remedy: String {
    var demand = "Get a certificate that is issued"
    if let level { demand += " with the authentication level " + level }
    var listed = ""
    for method in methods { listed += (listed.utf8.isEmpty ? "" : ", ") + method }
    if !methods.isEmpty { demand += (level == nil ? " after authentication by " : " (by ") + listed + (level == nil ? "" : ")") }
    return demand + ", and log in again."
  }
}

extension Refusal {
  public var token: String { row.token }
  public var exitStatus: Int32 { row.exitStatus }
  /// For the log and the audit, without what could steer a terminal.
  public var detail: String { Escape.sentence(row.detail, limit: 512) }

  /// What the person reads: what happened, to whom, what to do; the number helps whoever they ask to find it in the log.
  public func sentence(for user: String, request: String?) -> String {
    let number = request.map { " (request " + Escape.visible($0, limit: 64) + ")" } ?? ""
    return Escape.sentence("Sojourn: " + user + " is not let in: " + row.happened + " " + row.remedy + number, limit: 1024)
  }

  public init(_ reason: ConfigurationUnavailable) {
    switch reason {
    case .neverPublished: self = .notSetUp
    case .notThisBoot: self = .notThisBoot
    case .unusable(let why): self = .configurationUnusable(why)
    }
  }

  init(_ silence: DaemonSilence) {
    switch silence {
    case .unreachable(let error): self = .noDaemon(error.sentence)
    case .unanswered(let error): self = .noAnswer(error.sentence)
    case .garbled(let why): self = .daemonAnswer(why)
    }
  }
}
