import Testing

@testable import Admission
@testable import Credentials
import DaemonProtocol
import HostSystem
import Policy

/// The table of refusals, whole.
@Suite struct RefusalTests {
  static let secret = "s3cr3t-detail"
  static let policyFailures: [PolicyFailure] = [
    .misconfigured(secret), .notAsked(secret), .noLibrary(secret), .token(secret), .notResolved(secret), .unreachable(secret), .timedOut(secret), .tls(secret),
    .relay(secret), .broken(secret), .hostNotAuthorized(401), .busy(503), .status(500), .rejected(secret), .tooLarge, .contentType(secret), .malformed(secret),
    .foreignAnswer, .obligation(secret), .grant(secret),
  ]
  static let breaches: [CeilingBreach] = [.uid(granted: 0), .group(secret), .rootEquivalentGroup(secret), .tooManyGroups(65), .shell(secret), .noDuration, .recording]

  /// What is said of the person's own doing is theirs to know.
  static let ofThePerson: [Refusal] = [.answerForm("half a sentence"), .answerSignature("half a sentence"), .noAgent("half a sentence"), .agentFailed("half a sentence"),
    .sudoArguments("half a sentence")]

  static let all: [Refusal] =
    [
      .notSetUp, .notThisBoot, .configurationUnusable(secret), .lookupFailed(secret), .nameNotAdmitted, .notShownHere, .programNotListed,
      .serviceNotServed(secret), .noLease, .authenticationInfo(secret), .noCredential, .noKey(method: secret), .plainKey(type: secret),
      .severalCertificates(2), .notForEmergencies, .certificateRequired, .notAnswered, .answerLate, .agentHasNone(0), .notTheCaller, .targetDiffers(secret),
      .elevationGrant, .breakGlassElevation, .denied(user: nil, admin: secret), .stepUp(StepUp(level: "urn:example:loa:3", methods: ["mfa"]), user: nil, admin: secret), .noTimeLeft, .noDaemon(secret), .noAnswer(secret), .daemonAnswer(secret), .notKept,
    ]
    + ofThePerson + CertificateRule.allCases.map { .certificate(CertificateRefusal($0, "half a sentence")) }
    + [.approvalOver, .notApproved(ApprovalReply("approval-pending", happened: "nobody has answered.", remedy: "Log in again.", detail: secret)), .notApproved(.unavailable(secret))]
    + OpenRefusal.allCases.map { .notOpened($0, secret) } + policyFailures.map { .noDecision($0) } + breaches.map { .ceiling($0) }

  /// Has no default: a new case does not compile until it is in `all`.
  static func index(_ refusal: Refusal) -> Int {
    switch refusal {
    case .notSetUp: 0
    case .notThisBoot: 1
    case .configurationUnusable: 2
    case .lookupFailed: 3
    case .nameNotAdmitted: 4
    case .notShownHere: 5
    case .programNotListed: 6
    case .serviceNotServed: 7
    case .noLease: 8
    case .authenticationInfo: 9
    case .noCredential: 10
    case .noKey: 11
    case .plainKey: 12
    case .severalCertificates: 13
    case .denied: 15
    case .noTimeLeft: 16
    case .noDaemon: 17
    case .daemonAnswer: 18
    case .notKept: 19
    case .stepUp: 60
    case .notForEmergencies: 61
    case .certificate: 20
    case .notOpened: 21
    case .noDecision(let failure): 22 + index(failure)
    case .ceiling(let breach): 50 + index(breach)
    case .notApproved: 62
    case .approvalOver: 63
    case .noAnswer: 64
    case .certificateRequired: 65
    case .notAnswered: 66
    case .answerLate: 67
    case .agentHasNone: 68
    case .notTheCaller: 69
    case .targetDiffers: 70
    case .elevationGrant: 71
    case .breakGlassElevation: 72
    case .answerForm: 73
    case .answerSignature: 74
    case .noAgent: 75
    case .agentFailed: 76
    case .sudoArguments: 77
    }
  }
  static func index(_ failure: PolicyFailure) -> Int {
    switch failure {
    case .misconfigured: 0
    case .notAsked: 1
    case .noLibrary: 2
    case .token: 3
    case .notResolved: 4
    case .unreachable: 5
    case .timedOut: 6
    case .tls: 7
    case .broken: 8
    case .hostNotAuthorized: 9
    case .busy: 10
    case .status: 11
    case .rejected: 12
    case .tooLarge: 13
    case .contentType: 14
    case .malformed: 15
    case .foreignAnswer: 16
    case .obligation: 17
    case .grant: 18
    case .relay: 19
    }
  }
  static func index(_ breach: CeilingBreach) -> Int {
    switch breach {
    case .uid: 0
    case .group: 1
    case .rootEquivalentGroup: 2
    case .tooManyGroups: 3
    case .shell: 4
    case .noDuration: 5
    case .recording: 6
    }
  }

  @Test func theTableIsWhole() {
    #expect(Set(Self.all.map(Self.index)) == Set(0...41).subtracting([14]).union(50...56).union(60...77))
  }

  @Test func everyRefusalHasATokenOfItsOwn() {
    let tokens = Self.all.map { $0.token }
    #expect(Set(tokens).count == tokens.count)
    for token in tokens { #expect(token.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || $0 == 45 || $0 == 53 } && !token.isEmpty, "\(token)") }
  }

  @Test func everyRefusalDenies() {
    for refusal in Self.all {
      let code = PAMResult.refused(refusal.row.code).code
      let ofAuthentication = ["not-shown-here", "certificate-required", "no-answer-given", "answer-form", "answer-signature", "answer-late", "no-agent", "agent-failed",
        "agent-no-certificate"]
      #expect(code == (ofAuthentication.contains(refusal.token) ? Code.notAuthenticated : Code.denied), "\(refusal.token)")
    }
  }

  @Test func theSentenceSaysWhatHappenedToWhomAndWhatToDo() {
    for refusal in Self.all {
      let sentence = refusal.sentence(for: "alice", request: "4f2a")
      #expect(sentence.hasPrefix("Sojourn: alice is not let in: "), "\(refusal.token)")
      #expect(sentence.hasSuffix(". (request 4f2a)"), "\(sentence)")
      #expect(!refusal.row.happened.isEmpty && [".", "!"].contains(String(refusal.row.happened.suffix(1))), "\(refusal.token)")
      #expect(!refusal.row.remedy.isEmpty && refusal.row.remedy.hasSuffix("."), "\(refusal.token)")
      #expect(sentence.utf8.allSatisfy { $0 >= 32 && $0 < 127 }, "\(refusal.token)")
      #expect(sentence.utf8.count < 300, "\(sentence)")
    }
  }

  /// Details of host, policy and daemon are the log's. The person's own key type is theirs to know.
  @Test func theSentenceHoldsNothingThatIsOnlyForAdmins() {
    for refusal in Self.all { #expect(!refusal.sentence(for: "alice", request: nil).contains(Self.secret), "\(refusal.token)") }
  }

  @Test func whatCouldSteerATerminalDoesNotReachIt() {
    let evil = "\u{1b}]0;x\u{7}\n\u{202e}\u{9b}31m"
    for refusal in [Refusal.denied(user: evil, admin: evil), .noDecision(.rejected(evil)), .notOpened(.notReady, evil), .serviceNotServed(evil), .plainKey(type: evil)] {
      for text in [refusal.sentence(for: "alice", request: evil), refusal.detail] {
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x202E }, "\(refusal.token)")
      }
    }
    #expect(Refusal.denied(user: String(repeating: "x", count: 100_000), admin: nil).sentence(for: "a", request: nil).utf8.count < 1100)
  }

  @Test func theReasonOfThePolicyReachesThePerson() {
    #expect(Refusal.denied(user: "Nur während der Arbeitszeit.", admin: nil).sentence(for: "alice", request: nil).contains("Nur während der Arbeitszeit."))
  }

  @Test func exitStatusesAreThoseOfTheCommandLine() {
    let three = ["not-this-boot", "no-daemon", "no-answer", "daemon-answer", "open-not-ready", "policy-relay"]
    let two = ["not-set-up", "configuration-unusable", "authentication-info", "certificate-form", "certificate-size", "certificate-signature", "revocation-lists-unusable", "answer-form"]
    for refusal in Self.all {
      #expect(refusal.exitStatus == (three.contains(refusal.token) ? 3 : two.contains(refusal.token) ? 2 : 1), "\(refusal.token)")
    }
  }

  /// What the host's admin must repair is an error; what a person did is a notice; what somebody may be trying is a warning.
  @Test func levelsSayWhoseBusinessItIs() {
    let warnings = Set([
      "name-not-admitted", "break-glass-name", "no-subject", "certificate-form", "certificate-size", "certificate-signature", "certificate-not-for-users",
      "certificate-reserved-fields", "certificate-key-id", "certificate-principals", "certificate-option-form", "certificate-extension-form",
      "certificate-self-signed", "certificate-authority-key", "certificate-authority-principals", "certificate-authority-subjects", "certificate-attributes", "certificate-serial",
      "certificate-revoked", "open-name-of-other", "open-rights-stand", "open-ceiling", "ceiling-uid", "ceiling-group", "ceiling-root-equivalent-group",
      "ceiling-too-many-groups", "ceiling-shell", "ceiling-no-duration", "ceiling-recording", "answer-signature", "target-differs", "break-glass-elevation", "open-no-reference",
    ])
    let errors = Set([
      "not-set-up", "not-this-boot", "configuration-unusable", "lookup-failed", "program-not-listed", "authentication-info", "no-daemon", "no-answer", "daemon-answer",
      "not-kept", "revocation-lists-unusable", "open-source-failed", "open-no-process", "open-not-written", "open-no-home", "open-not-ready", "approval-unavailable",
      "not-the-caller", "elevation-grant",
    ])
    for refusal in Self.all {
      let expected: LogLevel = warnings.contains(refusal.token) ? .warning : errors.contains(refusal.token) || refusal.token.hasPrefix("policy-") ? .error : .notice
      #expect(refusal.row.level == expected, "\(refusal.token)")
    }
  }
}
