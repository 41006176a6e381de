import Testing

@testable import Admission
import Configuration
import DaemonProtocol
import Encoding
import Policy

/// A no that can be asked about, in open_session: who is asked what and when, and that only the policy lets anybody in.
@Suite struct ApprovalTests {
  static func json(_ text: String) -> JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }
  static let offer = #"{"evaluation_id":"e1","reason":"approval_required","access_request":{"expires_at":"2030-01-01T00:00:00Z","binding_token":"b"}}"#
  static let requestable = Verdict.requestable(json(offer), user: "Ask your manager.", admin: "rule 9")
  /// Ends half an hour after `World.now`.
  static let approved = ApprovalReply("approved", approval: json(#"{"id":"apr_1","approved_until":"2026-01-01T04:30:00Z","state":[1]}"#), until: World.now + 1800)
  static let nothing = ApprovalReply("nothing", happened: "this login needs an approval: Say why.")
  static let pending = ApprovalReply("approval-pending", happened: "nobody has answered yet. See https://t.example/1 .", remedy: "Log in again.", detail: "asked")
  static let yes = Verdict.allowed(Grant(groups: ["dbops"], shell: nil, maxSessionSeconds: 3600))

  static func run(_ verdicts: [Verdict], _ approvals: [ApprovalReply], types answer: String? = nil, wait: UInt64 = 0, login: Login = login(), opens seconds: UInt64 = 1800,
    _ change: (World) -> Void = { _ in }) -> (code: Int32, events: Events) {
    let world = World(), voice = Voice(world.events)
    world.settle { $0.policy.approvalWait = wait }
    world.verdicts = Array(verdicts.dropLast())
    world.verdict = verdicts.last ?? yes
    world.approvals = approvals
    world.opening = .success(.opened(Opened(session: "1-abc", expires: World.now + seconds, notes: [])))
    voice.answer = answer.map { Array($0.utf8) }
    change(world)
    return (SessionOpening.run(login, world, voice).code, world.events)
  }

  @Test func theSecondLoginFindsTheApprovalAndThePolicyDecidesAgain() throws {
    let (code, events) = Self.run([Self.requestable, Self.yes], [Self.approved])
    #expect(code == Code.success && events.questions.count == 2 && events.prompts.isEmpty)
    #expect(events.questions[0].approval == nil)
    #expect(events.questions[1].approval?.text().map { String(decoding: $0, as: UTF8.self) } == #"{"id":"apr_1","approved_until":"2026-01-01T04:30:00Z","state":[1]}"#)
    #expect(events.questions[1].subjectID == events.questions[0].subjectID && events.questions[1].account == "alice")
    let asked = try #require(events.sought.first)
    #expect(events.sought.count == 1 && asked.step == .find && asked.endpoint == "http://127.0.0.1:8181" && asked.milliseconds == 0)
    #expect(asked.terms.text() == Self.json(Self.offer).text())
    // The session ends with the approval, not with the grant.
    #expect(events.opened.first?.seconds == 1800 && events.limits == [1800])
  }

  /// Whichever ends first: the approval that came, the one that the answer names, the grant, the host.
  @Test func theSessionEndsWithTheEarlierEnd() {
    for (until, granted, seconds) in [
      (nil, 3600, 1800), (World.now + 600, 3600, 600), (World.now + 7200, 3600, 1800), (World.now + 7200, 900, 900), (World.now + 1, 3600, 1),
    ] as [(UInt64?, UInt64, UInt64)] {
      var grant = Grant(maxSessionSeconds: granted)
      grant.approvedUntil = until
      let (code, events) = Self.run([Self.requestable, .allowed(grant)], [Self.approved], opens: seconds)
      #expect(code == Code.success && events.opened.first?.seconds == seconds)
    }
    // Without an approval of ours, the answer's own counts as well.
    var grant = Grant()
    grant.approvedUntil = World.now + 60
    #expect(Self.run([.allowed(grant)], [], opens: 60).events.opened.first?.seconds == 60)
  }

  @Test func refusesAYesWhoseApprovalIsOver() {
    for until in [World.now, World.now - 1, 0] {
      var grant = Grant()
      grant.approvedUntil = until
      let (code, events) = Self.run([.allowed(grant)], [])
      #expect(code == Code.denied && events.opened.isEmpty && events.refused.map { $0.token } == ["approval-over"])
      let late = Self.run([Self.requestable, Self.yes], [ApprovalReply("approved", approval: Self.json("{}"), until: until)])
      #expect(late.code == Code.denied && late.events.opened.isEmpty)
    }
  }

  /// T8: an approval permits nothing.
  @Test func refusesAnApprovalThatThePolicyDoesNotTake() {
    let no = Verdict.denied(user: "Not today.", admin: nil)
    let (code, events) = Self.run([Self.requestable, no], [Self.approved, ApprovalReply("approval-not-taken", happened: "x.", remedy: "Y.")])
    #expect(code == Code.denied && events.opened.isEmpty && events.refused.map { $0.token } == ["approval-not-taken"])
    #expect(events.sought.map { $0.step } == [.find, .rejected])
    // The relay is gone meanwhile.
    #expect(Self.run([Self.requestable, no], [Self.approved]).events.refused.map { $0.token } == ["approval-unavailable"])
    #expect(Self.run([Self.requestable, .unavailable(.tooLarge)], [Self.approved]).events.refused.map { $0.token } == ["policy-too-large"])
  }

  // MARK: Where nobody can be asked (sshd)

  @Test func whereNobodyCanBeAskedNothingWaitsWhateverIsConfigured() {
    let (code, events) = Self.run([Self.requestable], [Self.nothing, Self.pending], wait: 90)
    #expect(code == Code.denied && events.sought.map { $0.step } == [.find, .submit] && events.sought.allSatisfy { $0.milliseconds == 0 && $0.reason.isEmpty })
    #expect(events.prompts.count == 1 && events.infos.isEmpty)
    #expect(events.refused.map { $0.token } == ["approval-pending"])
    #expect(events.errors.first?.contains("nobody has answered yet. See https://t.example/1 . Log in again.") == true, "\(events.errors)")
  }

  @Test func aSynchronousApprovalLetsInAtOnce() {
    let (code, events) = Self.run([Self.requestable, Self.yes], [Self.nothing, Self.approved])
    #expect(code == Code.success && events.sought.map { $0.step } == [.find, .submit])
  }

  @Test func aSilentLoginIsAskedNothing() {
    let (_, events) = Self.run([Self.requestable], [Self.nothing, Self.pending], types: "x", wait: 90, login: login(silent: true))
    #expect(events.prompts.isEmpty && events.sought.allSatisfy { $0.milliseconds == 0 } && events.errors.isEmpty && events.infos.isEmpty)
  }

  // MARK: Where somebody can (su, login)

  @Test func thePersonGivesAReasonAndWaits() {
    let (code, events) = Self.run([Self.requestable, Self.yes], [Self.nothing, Self.pending, Self.approved], types: "disk full", wait: 60)
    #expect(code == Code.success)
    #expect(events.prompts == ["Sojourn: alice: this login needs an approval: Say why. Reason: "])
    #expect(events.sought.map { $0.step } == [.find, .submit, .find] && events.sought[1].reason == "disk full")
    #expect(events.sought.map { $0.milliseconds } == [0, 60_000, 60_000])
    #expect(events.infos.first == "Sojourn: alice: nobody has answered yet. See https://t.example/1 . Waiting for at most 60 s.")
  }

  @Test func withoutApprovalWaitNobodyWaits() {
    let (code, events) = Self.run([Self.requestable], [Self.nothing, Self.pending], types: "disk full")
    #expect(code == Code.denied && events.sought.count == 2 && events.sought[1].reason == "disk full" && events.infos.isEmpty)
  }

  @Test func refusesToWaitLongerThanALoginMayTake() {
    let (_, events) = Self.run([Self.requestable], [Self.nothing, Self.pending, Self.pending], types: "x", wait: 3600)
    #expect(events.sought.last?.milliseconds == 90_000 && events.infos.first?.hasSuffix("Waiting for at most 90 s.") == true)
    #expect(events.refused.map { $0.token } == ["approval-pending"])
  }

  @Test func noReasonIsAReasonToo() {
    let (_, events) = Self.run([Self.requestable], [Self.nothing, Self.pending, Self.pending], types: "", wait: 60)
    #expect(events.sought.count == 3 && events.sought[1].reason.isEmpty)
  }

  @Test func aReasonIsCleanedAndCut() {
    let (_, events) = Self.run([Self.requestable], [Self.nothing, Self.pending], types: "a\u{1b}[31m\r\n\u{202e}b" + String(repeating: "x", count: 2000))
    let reason = events.sought.last?.reason ?? ""
    #expect(reason.hasPrefix("a?[31m???b") && reason.utf8.count <= 516 && reason.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x202E })
  }

  @Test func theServicesWordsCannotSteerTheTerminal() {
    let evil = ApprovalReply("nothing", happened: "\u{1b}]0;x\u{7}\nlog\u{202e}in")
    let (_, events) = Self.run([Self.requestable], [evil, ApprovalReply("approval-pending", happened: "\u{1b}[2J.", remedy: "\u{9b}m.")], types: "x", wait: 60)
    for text in events.prompts + events.infos + events.errors {
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x202E }, "\(text)")
    }
  }

  // MARK: Again and again

  @Test func aRetryIsAskedWithTheSameApprovalAndWithinTheTime() {
    let notYet = Verdict.requestable(Self.json(#"{"next_action":"retry","retry_after":5}"#), user: nil, admin: nil)
    let (code, events) = Self.run([Self.requestable, notYet, notYet, Self.yes], [Self.nothing, Self.pending, Self.approved, Self.approved, Self.approved], types: "x", wait: 60) {
      $0.patience = 5_000_000_000
    }
    #expect(code == Code.success && events.questions.count == 4)
    #expect(events.sought.map { $0.step } == [.find, .submit, .find, .rejected, .rejected] && events.sought.map { $0.attempt } == [0, 0, 0, 0, 1])
    let left = events.sought.suffix(3).map { $0.milliseconds }
    #expect(left == [55_000, 50_000, 45_000], "the time runs from when waiting began: \(left)")
  }

  @Test func refusesToTryForEver() {
    let notYet = Verdict.requestable(Self.json(#"{"next_action":"retry"}"#), user: nil, admin: nil)
    let (code, events) = Self.run([Self.requestable, notYet], Array(repeating: Self.approved, count: 100))
    #expect(code == Code.denied && events.questions.count == 16 && events.opened.isEmpty)
  }

  @Test func refusesToAskTwiceInOneLogin() {
    let again = Verdict.requestable(Self.json(#"{"next_action":"request","evaluation_id":"e2","access_request":{"expires_at":"2030-01-01T00:00:00Z"}}"#), user: "No.", admin: nil)
    let (code, events) = Self.run([Self.requestable, again], [Self.nothing, Self.approved, Self.nothing, Self.approved])
    #expect(code == Code.denied && events.sought.map { $0.step } == [.find, .submit, .rejected] && events.refused.map { $0.token } == ["denied"])
    // What an earlier login got, and what no longer counts, is asked for anew: once.
    let anew = Self.run([Self.requestable, again, Self.yes], [Self.approved, Self.nothing, Self.approved])
    #expect(anew.code == Code.success && anew.events.sought.map { $0.step } == [.find, .rejected, .submit])
    #expect(anew.events.sought.last?.terms["evaluation_id"]?.string == "e2", "with the newer denial")
  }

  /// A certificate may be revoked while somebody waits.
  @Test func theCertificateIsJudgedAgainAfterTheWait() {
    let (code, events) = Self.run([Self.requestable, Self.yes], [Self.approved]) { world in world.onApproval = { world.lists.answer = .success("the list says so") } }
    #expect(code == Code.denied && events.refused.map { $0.token } == ["certificate-revoked"] && events.opened.isEmpty)
    let ended = Self.run([Self.requestable, Self.yes], [Self.approved]) { world in world.onApproval = { world.seconds += 100 * 86400 } }
    #expect(ended.code == Code.denied && ended.events.opened.isEmpty)
  }

  // MARK: Everybody else

  /// The presence of `access_request` is the only signal.
  @Test func refusesWithoutAskingWhatIsNotRequestable() {
    for terms in [#"{"reason":"approval_required"}"#, #"{"next_action":"request","evaluation_id":"e"}"#, #"{"access_request":"yes"}"#, #"{"access_request":[]}"#, "{}", "null"] {
      let (code, events) = Self.run([.requestable(Self.json(terms), user: "No.", admin: nil)], [Self.approved])
      #expect(code == Code.denied && events.sought.isEmpty && events.refused.map { $0.token } == ["denied"], "\(terms)")
    }
    for verdict in [Verdict.denied(user: nil, admin: nil), .unavailable(.tooLarge)] { #expect(Self.run([verdict], [Self.approved]).events.sought.isEmpty) }
  }

  @Test func refusesAsThePolicyDidWhatTheRelayFindsMalformed() {
    let (code, events) = Self.run([Self.requestable], [Self.nothing, ApprovalReply("denied", happened: "x.", remedy: "Y.")])
    #expect(code == Code.denied && events.refused.map { $0.token } == ["denied"])
    #expect(events.errors.first?.contains("the policy said no: Ask your manager.") == true)
  }

  @Test func refusesWhateverElseTheRelaySays() {
    for reply in [
      ApprovalReply("approval-denied", happened: "x.", remedy: "Y."), ApprovalReply("approval-expired", happened: "x.", remedy: "Y."), .unavailable("x"),
      ApprovalReply("approved"), ApprovalReply("approved", approval: .boolean(true), until: .max), ApprovalReply("opened"), ApprovalReply(""), ApprovalReply("Approved", approval: Self.json("{}"), until: .max),
    ] {
      for approvals in [[reply], [Self.nothing, reply]] {
        let (code, events) = Self.run([Self.requestable, Self.yes], approvals, types: "x", wait: 60)
        #expect(code == Code.denied && events.opened.isEmpty && events.refused.count == 1 && events.errors.count == 1, "\(reply.word)")
        #expect(events.refused.first?.token == (reply.word.hasPrefix("approval-") ? reply.word : "denied"), "\(reply.word)")
      }
    }
  }

  /// Invariant 1 once more: whatever endpoint and relay say, nobody comes in without a yes to the last question.
  @Test func nobodyComesInWithoutAYesToTheLastQuestion() {
    var generator = SplitMix(state: 7)
    let verdicts: [Verdict] = [Self.requestable, Self.yes, .denied(user: nil, admin: nil), .unavailable(.tooLarge), .requestable(Self.json(#"{"next_action":"retry"}"#), user: nil, admin: nil)]
    let replies = [Self.approved, Self.nothing, Self.pending, ApprovalReply("denied"), ApprovalReply("approved"), .unavailable("x")]
    var entered = 0
    for _ in 0..<3000 {
      let said = (0..<6).map { _ in verdicts[generator.pickMostlyFirst(verdicts.count)] }
      let (code, events) = Self.run(said, (0..<8).map { _ in replies[generator.pickMostlyFirst(replies.count)] }, types: generator.next() % 2 == 0 ? "x" : nil, wait: generator.next() % 2 == 0 ? 60 : 0)
      guard code == Code.success else {
        #expect(code == Code.denied && events.opened.isEmpty)
        continue
      }
      entered += 1
      guard case .allowed = said[events.questions.count - 1] else {
        Issue.record("somebody came in after \(events.questions.count) questions")
        continue
      }
    }
    #expect(entered > 100)
  }
}
