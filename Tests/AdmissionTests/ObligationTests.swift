import Testing

@testable import Admission
import Configuration
@testable import Credentials
import DaemonProtocol
import HostSystem
import Policy

/// What the policy demands besides its decision is done on a yes and on a no; what cannot be done makes a no of the yes.
@Suite struct ObligationTests {
  private func run(_ list: [Obligation], fault: String? = nil, verdict: Verdict? = nil, silent: Bool = false, _ change: (World) -> Void = { _ in })
    -> (code: Int32, events: Events) {
    SessionOpeningTests.run(login(silent: silent)) { world in
      world.obligations = Obligations(list, fault: fault)
      if let verdict { world.verdict = verdict }
      change(world)
    }
  }
  private func notice(_ to: String, _ body: String = "Your access ends on Friday.", topic: String? = nil) -> Obligation {
    .notification(.init(to: to, topic: topic, body: body))
  }
  private static let no = Verdict.denied(user: nil, admin: nil)

  @Test(arguments: ["alice@example.com", "alice"]) func tellsThePersonOfThisLogin(_ to: String) {
    let (code, events) = run([notice(to, topic: "Access")])
    #expect(code == Code.success)
    #expect(events.infos.first == "Sojourn: the policy's notice: Access: Your access ends on Friday.")
    #expect(events.log.contains("alice: the policy's notice: Access: Your access ends on Friday."))
  }

  @Test func tellsTheLogAndNobodyElse() {
    let (code, events) = run([notice("syslog")])
    #expect(code == Code.success && events.log.contains { $0.contains("Your access ends on Friday.") })
    #expect(!events.infos.contains { $0.contains("Friday") })
  }

  @Test(arguments: ["manager@example.com", "bob", "Alice", "alice@example.com ", "root", "*"]) func refusesAYesThatWantsSomebodyElseTold(_ to: String) {
    let (code, events) = run([notice(to), notice("syslog", "for the log")])
    #expect(code == Code.denied && events.opened.isEmpty && events.refused.map { $0.token } == ["policy-obligation"])
    #expect(events.log.contains { $0.contains("for the log") }, "the other one is done all the same")
    #expect(!events.log.contains { $0.contains("Friday") })
  }

  @Test func refusesAYesWhoseNoticeMayNotBeShown() {
    let (code, events) = run([notice("alice")], silent: true)
    #expect(code == Code.denied && events.opened.isEmpty && events.infos.isEmpty)
  }

  @Test func carriesThemOutOnANoWhichStaysOne() {
    let (code, events) = run([notice("alice"), notice("nobody@example.com"), .sessionTermination(subject: "bob")], fault: "custom", verdict: Self.no)
    #expect(code == Code.denied && events.refused.map { $0.token } == ["denied"])
    #expect(events.infos.count == 1 && events.ended == ["bob"])
    #expect(events.log.contains { $0.contains("not all that the policy demands can be done: custom") })
  }

  @Test func carriesThemOutWhereTheAnswerIsNoDecision() {
    let (code, events) = run([notice("syslog")], fault: "x", verdict: .unavailable(.obligation("x")))
    #expect(code == Code.denied && events.refused.map { $0.token } == ["policy-obligation"] && events.log.contains { $0.contains("Friday") })
  }

  /// What a policy's author writes is not believed to be fit for a terminal.
  @Test func escapesNotices() {
    let evil = "\u{1b}[2J\r\nLast login\u{202e}\u{9b}31m"
    let (_, events) = run([notice("alice", evil, topic: evil)])
    for text in events.infos + events.log { #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 && !(0x7F...0x9F).contains($0.value) && $0.value != 0x202E }) }
  }

  @Test func hasTheDaemonEndTheSessionsOfThatSubjectBeforeThisOneOpens() {
    let (code, events) = run([.sessionTermination(subject: "alice@example.com")])
    #expect(code == Code.success && events.ended == ["alice@example.com"])
    let order = events.requests.compactMap { request -> String? in
      switch request {
      case .endSubject: "end"
      case .open: "open"
      default: nil
      }
    }
    #expect(order == ["end", "open"])
  }

  @Test func refusesAYesWhoseTerminationsCannotBeDone() {
    let answers: [Result<Reply, DaemonSilence>] = [
      .failure(.unreachable(SystemError("connect", code: 111))), .failure(.garbled("x")), .success(.failed("request: unknown")),
      .success(.sessions([], more: false)), .success(.opened(Opened(session: "1", expires: 2, notes: []))),
    ]
    for answer in answers {
      let (code, events) = run([.sessionTermination(subject: "bob")]) { $0.ends = answer }
      #expect(code == Code.denied && events.opened.isEmpty && events.refused.map { $0.token } == ["policy-obligation"])
    }
  }

  @Test func saysWhichCertificateToGet() {
    func sentence(_ stepUp: StepUp, _ user: String? = nil) -> String { Refusal.stepUp(stepUp, user: user, admin: nil).sentence(for: "alice", request: nil) }
    #expect(sentence(StepUp(level: "urn:example:loa:3")) == "Sojourn: alice is not let in: the policy wants stronger proof of who you are. "
      + "Get a certificate that is issued with the authentication level urn:example:loa:3, and log in again.")
    #expect(sentence(StepUp(level: "urn:a", methods: ["mfa", "hwk"]), "Production asks for a hardware key.")
      == "Sojourn: alice is not let in: the policy wants stronger proof of who you are: Production asks for a hardware key. "
      + "Get a certificate that is issued with the authentication level urn:a (by mfa, hwk), and log in again.")
    #expect(sentence(StepUp(level: nil, methods: ["mfa"])).contains("issued after authentication by mfa, and log in again."))
  }
}

/// Whom the policy is told that a certificate is for (`subject.type`).
@Suite struct SubjectTypeTests {
  private func type(_ line: String = Vectors.line("own-extension"), _ change: (inout CertificateRules) -> Void) throws -> String {
    let (_, events) = SessionOpeningTests.run(login(info: line)) { $0.settle { change(&$0.certificate) } }
    return try #require(events.questions.first).subjectType
  }

  @Test func isAUserUnlessTheConfigurationSaysOtherwise() throws { #expect(try type { _ in } == "user") }

  @Test(arguments: [("alice", "workload"), ("ali*", "workload"), ("*", "workload"), ("a?ice", "workload"), ("deploy-*", "user"), ("Alice", "user"), ("lice", "user"), ("alicia", "user")])
  func isToldByTheLoginName(_ pattern: String, _ expected: String) throws {
    #expect(try type { $0.workloadPrincipals = ["robot", pattern] } == expected)
  }

  @Test func isToldByAnExtension() throws {
    let names = ["login@example.com", "permit-pty", "Login@example.com", "login@example.co", "nothing"]
    let (_, events) = SessionOpeningTests.run(login(info: Vectors.line("own-extension")))
    let there = try #require(events.questions.first).extensions.map { $0.name }
    #expect(there.contains("login@example.com"))
    for name in names { #expect(try type { $0.workloadExtension = name } == (there.contains(name) ? "workload" : "user"), "\(name)") }
  }

  @Test func isToldByTheAuthority() throws {
    #expect(try type { rules in for index in rules.trusted.indices { rules.trusted[index].kind = .workload } } == "workload")
    #expect(try type { rules in
      for index in rules.trusted.indices { rules.trusted[index].kind = .workload }
      rules.workloadPrincipals = ["deploy-*"]
    } == "workload", "a pattern that does not match makes nobody a person")
  }
}
