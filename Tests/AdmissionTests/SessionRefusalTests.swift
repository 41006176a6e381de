import Testing

@testable import Admission
import Configuration
@testable import Credentials
import DaemonProtocol
import HostSystem
import Identity
import Policy

/// What open_session refuses, in which words, and what the daemon hears of it.
@Suite struct SessionRefusalTests {
  /// Each row bends one thing; the token says that just this was noticed.
  static func bent() -> [(token: String, login: Login, keeps: Bool, change: (World) -> Void)] {
    var rows: [(String, Login, Bool, (World) -> Void)] = [
      ("not-set-up", login(), true, { $0.settings = .failure(.neverPublished) }),
      ("not-this-boot", login(), true, { $0.settings = .failure(.notThisBoot) }),
      ("configuration-unusable", login(), true, { $0.settings = .failure(.unusable("x")) }),
      ("lookup-failed", login(), true, { $0.name = .failed(SystemError("getpwnam_r", code: 5)) }),
      ("name-not-admitted", login(), true, { $0.settle { $0.accounts.names = ["ci-*"] } }),
      ("name-not-admitted", login(), true, { $0.name = World.candidate("alicia") }),
      ("name-not-admitted", login("Alice"), true, { $0.name = World.candidate("Alice") }),
      ("service-not-served", login(), true, { $0.program = Array("/usr/sbin/vsftpd".utf8) }),
      ("service-not-served", login(), true, { $0.program = Array("/usr/sbin/sshd (deleted)".utf8) }),
      ("service-not-served", login(), true, { $0.program = nil }),
      ("no-credential", login(service: "login"), true, { $0.program = Array("/bin/login".utf8) }),
      ("no-lease", login(service: "su"), true, { $0.program = Array("/bin/su".utf8) }),
      ("no-credential", login(info: nil), true, { _ in }),
      ("no-credential", login(info: ""), true, { _ in }),
      ("authentication-info", login(info: "publickey"), true, { _ in }),
      ("no-certificate-method", login(info: "password\n"), true, { _ in }),
      ("no-certificate-method", login(info: "keyboard-interactive/pam\n"), true, { _ in }),
      ("no-certificate-method", login(info: "gssapi-with-mic alice@EXAMPLE.COM\n"), true, { _ in }),
      ("plain-key", login(info: Vectors.plainLine), true, { _ in }),
      ("several-certificates", login(info: Vectors.line("control") + Vectors.line("second-authority")), true, { _ in }),
      ("several-certificates", login(info: Vectors.line("control") + Vectors.line("foreign-authority")), true, { _ in }),
      ("several-certificates", login(info: Vectors.line("control") + Vectors.line("control")), true, { _ in }),
      ("certificate-authority-type", login(info: Vectors.line("ca-is-a-certificate")), true, { world in
        let carried = ShownCertificate(typeName: [], blob: Vectors.blob("ca-is-a-certificate")).claimedAuthority ?? []
        world.settle { $0.certificate.trusted.append(TrustedAuthority(blob: carried, file: "careless")) }
      }),
      ("certificate-authority-principals", login(), true, { $0.settle { $0.limit { $0.principals = ["deploy-*"] } } }),
      ("certificate-authority-subjects", login(), true, { $0.settle { $0.limit { $0.subjects = ["spiffe://example.com/*"] } } }),
      ("certificate-authority-subjects", login(info: Vectors.line("own-extension")), true, {
        $0.settle {
          $0.certificate.subject = .certificateExtension("login@example.com")
          $0.limit { $0.subjects = ["bob"] }
        }
      }),
      ("certificate-authority-subjects", login(), true, {
        $0.settle {
          $0.certificate.subject = .principal
          $0.limit { $0.subjects = ["alice@example.com"] }
        }
      }),
      ("certificate-serial", login(info: Vectors.line("serial-0")), true, { $0.settle { $0.certificate.singleUse = true } }),
      ("certificate-authority-networks", login(), true, { $0.settle { $0.limit { $0.networks = ["10.0.0.0/8"] } } }),
      ("certificate-authority-networks", login(from: "db.example.com"), true, { $0.settle { $0.limit { $0.networks = ["0.0.0.0/0"] } } }),
      ("certificate-lifetime", login(), true, { $0.settle { $0.limit { $0.maxLifetime = 3600 } } }),
      ("certificate-source-address", login(info: Vectors.line("source-address")), true, { _ in }),
      ("certificate-attributes", login(info: Vectors.line("own-extension")), true, {
        $0.settle { $0.limit { $0.attributes = [.init(name: "x", source: "extension:login@example.com:json")] } }
      }),
      ("configuration-unusable", login(), true, { $0.settle { $0.limit { $0.networks = ["10.0.0.1/8"] } } }),
      ("configuration-unusable", login(), true, { $0.settle { $0.limit { $0.attributes = [.init(name: "x", source: "extension:")] } } }),
      ("no-subject", login(), true, { $0.settle { $0.certificate.subject = .certificateExtension("login@example.com") } }),
      ("no-subject", login(), true, { $0.settle { $0.certificate.subject = .certificateExtension("permit-pty") } }),
      ("denied", login(), true, { $0.verdict = .denied(user: nil, admin: "because") }),
      ("step-up", login(), true, { $0.verdict = .stepUp(StepUp(level: "urn:example:loa:3"), user: nil, admin: nil) }),
      ("policy-obligation", login(), true, { $0.obligations = Obligations(fault: "custom") }),
      ("policy-obligation", login(), true, { $0.obligations = Obligations([.notification(.init(to: "manager@example.com", body: "x"))]) }),
      ("ceiling-recording", login(), true, { $0.verdict = .allowed(Grant(isRecorded: true)) }),
      ("no-time-left", login(info: Vectors.line("ended-within-skew")), true, { $0.settle { $0.session.endWithCertificate = true } }),
      ("ceiling-uid", login(), true, { $0.verdict = .allowed(Grant(uid: 70001)) }),
      ("ceiling-uid", login(), true, { $0.verdict = .allowed(Grant(uid: 0)) }),
      ("ceiling-group", login(), true, { $0.verdict = .allowed(Grant(groups: ["wheel"])) }),
      ("ceiling-root-equivalent-group", login(), true, { $0.verdict = .allowed(Grant(groups: ["adm"])) }),
      ("ceiling-too-many-groups", login(), true, { $0.verdict = .allowed(Grant(groups: (0...64).map { "g\($0)" })) }),
      ("ceiling-shell", login(), true, { $0.verdict = .allowed(Grant(shell: "/no/such/shell")) }),
      ("ceiling-shell", login(), true, { $0.verdict = .allowed(Grant(shell: Places.gateShell)) }),
      ("ceiling-no-duration", login(), true, { $0.verdict = .allowed(Grant(maxSessionSeconds: 0)) }),
      ("no-daemon", login(), true, { $0.opening = .failure(.unreachable(SystemError("connect", code: 111))) }),
      ("no-answer", login(), true, { $0.opening = .failure(.unanswered(SystemError("recv", code: 104))) }),
      ("daemon-answer", login(), true, { $0.opening = .failure(.garbled("x")) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.failed("x")) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.done) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.sessions([], more: false)) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "", expires: World.now + 60, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "alice", expires: World.now + 60, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "1 2", expires: World.now + 60, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: String(repeating: "1", count: 48), expires: World.now + 60, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "1", expires: World.now, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "1", expires: World.now + 3700, notes: []))) }),
      ("daemon-answer", login(), true, { $0.opening = .success(.opened(Opened(session: "1", expires: UInt64.max, notes: []))) }),
      ("not-kept", login(), false, { _ in }),
    ]
    for failure in RefusalTests.policyFailures { rows.append((failure.token, login(), true, { $0.verdict = .unavailable(failure) })) }
    for refusal in OpenRefusal.allCases { rows.append(("open-" + refusal.token, login(), true, { $0.opening = .success(.refused(refusal, detail: "x")) })) }
    return rows.map { (token: $0.0, login: $0.1, keeps: $0.2, change: $0.3) }
  }

  @Test func refusesWhateverIsNotAsItMustBe() {
    for row in Self.bent() {
      let (code, events) = SessionOpeningTests.run(row.login, keeps: row.keeps, row.change)
      #expect(code == Code.denied, "\(row.token)")
      #expect(events.refused.map { $0.token } == [row.token])
      #expect(events.errors.count == 1 && events.infos.isEmpty, "\(row.token)")
      #expect(events.log.filter { $0.hasPrefix("refused ") && $0.contains(": " + row.token) }.count == 1, "\(row.token)")
    }
  }

  /// Every certificate that the rules refuse is refused here, for the same reason, and the policy is not even asked.
  @Test func refusesEveryCertificateThatTheRulesRefuse() {
    var refused = 0
    for vector in Vectors.all {
      let (code, events) = SessionOpeningTests.run(login(info: Vectors.line(base64: vector.base64), from: "127.0.0.1"))
      if vector.verdict == "accepted" {
        #expect(code == Code.success, "\(vector.name)")
        continue
      }
      refused += 1
      #expect(code == Code.denied && events.questions.isEmpty && events.opened.isEmpty, "\(vector.name)")
      let token = events.refused.first?.token ?? ""
      // sshd writes no line for what has no type; and whose the certificate is, is asked before all else.
      #expect(token == vector.verdict || vector.verdict == "refused" || ["authentication-info", "plain-key", "certificate-authority"].contains(token), "\(vector.name): \(token)")
    }
    #expect(refused > 300)
  }

  @Test func everyRefusalIsReached() {
    var reached = Set(Self.bent().map { $0.token })
    for vector in Vectors.all { reached.formUnion(SessionOpeningTests.run(login(info: Vectors.line(base64: vector.base64))).events.refused.map { $0.token }) }
    // These come from other phases and accounts (see their tests); the last one has no enforcer but sshd yet.
    reached.formUnion(ElevationTests.refusals.map(\.token))
    // What is said of a challenge and its answer (AuthenticationTests, ElevationTests), and in sudo's session phase.
    reached.formUnion(["certificate-required", "no-answer-given", "answer-form", "answer-signature", "answer-late", "no-agent", "agent-failed", "agent-no-certificate", "target-differs"])
    let elsewhere: Set = ["approval-over", "approval-pending", "approval-unavailable", "break-glass-name", "not-shown-here", "program-not-listed", "certificate-unenforced-option", "certificate-revoked", "certificate-serial", "revocation-lists-unusable"]
    let missing = Set(RefusalTests.all.map { $0.token }).subtracting(reached).subtracting(elsewhere)
    #expect(missing.isEmpty, "\(missing)")
  }

  @Test func toldTheDaemonLastAndNeverWaitsForIt() throws {
    let (_, events) = SessionOpeningTests.run { $0.verdict = .denied(user: nil, admin: nil) }
    guard case .told(.refused, let milliseconds, let patience) = try #require(events.list.last) else {
      Issue.record("the last word is not the daemon's")
      return
    }
    #expect(milliseconds <= 500 && patience == 0)
    let silent = SessionOpeningTests.run {
      $0.verdict = .denied(user: nil, admin: nil)
      $0.others = .failure(.unreachable(SystemError("connect", code: 2)))
    }
    #expect(silent.code == Code.denied)
  }

  /// Asked to open, the daemon died: it may have opened, and only the next one can end that.
  @Test func waitsForTheNextDaemonWhereTheLastOneMayHaveOpened() throws {
    let (code, events) = SessionOpeningTests.run { $0.opening = .failure(.unanswered(SystemError("recv", code: 104))) }
    guard case .told(.refused, _, let patience) = try #require(events.list.last) else {
      Issue.record("the last word is not the daemon's")
      return
    }
    #expect(code == Code.denied && patience == 2000)
  }

  @Test func tellsTheDaemonWhoItRefused() throws {
    let refused = try #require(SessionOpeningTests.run { $0.verdict = .denied(user: nil, admin: "why") }.events.refused.first)
    #expect(refused.name == "alice" && !refused.isLocal && refused.token == "denied" && refused.detail == "why")
    #expect(refused.credential?.keyID == "alice@example.com" && refused.decision?.requestID == "4f2a")
    // Signed by ours, and expired: it is known whose it was. Signed by a stranger: anybody could have written it.
    #expect(SessionOpeningTests.run(login(info: Vectors.line("of-the-past"))).events.refused.first?.credential?.serial == "0")
    #expect(SessionOpeningTests.run(login(info: Vectors.line("foreign-authority"))).events.refused.first?.credential == nil)
  }
}
