import Testing

@testable import Admission
import Configuration
import DaemonProtocol
import HostSystem
import Policy

/// sudo, decided at each use.
@Suite struct ElevationTests {
  static func credential(isBreakGlass: Bool = false, isRootEquivalent: Bool = false) -> SessionCredential {
    SessionCredential(session: "1-abc", opened: World.now - 60,
      credential: CredentialFacts(kind: "ssh-cert", keyID: "alice@example.com", serial: "42", keyFingerprint: "SHA256:k", caFingerprint: "SHA256:c", principals: ["alice"],
        notBefore: World.now - 100, notAfter: World.now - 1),
      subjectID: "alice@example.com", subject: SubjectFacts(type: "user", attributes: [SubjectAttribute(name: "role", values: ["dba"])], extensions: [], approval: nil, key: [1], authority: [2]),
      isBreakGlass: isBreakGlass, isRootEquivalent: isRootEquivalent)
  }

  static func world(_ words: String = "sudo -u root /usr/bin/id -u", _ change: (World) -> Void = { _ in }) -> (World, Voice) {
    let world = World()
    world.program = Array("/usr/bin/sudo".utf8)
    world.callerUID = 70000
    world.commandLine = words.split(separator: " ").map(String.init)
    world.credential = .success(.credential(credential()))
    world.verdict = .allowed(Grant())
    change(world)
    return (world, Voice(world.events))
  }

  static func sudo(_ user: String = "alice", service: String = "sudo", options: [String] = []) -> Login {
    var login = AdmissionTests.login(user, info: nil, service: service, silent: true, options: options, from: "")
    login.tty = Array("/dev/pts/3".utf8)
    login.requester = Array("alice".utf8)
    return login
  }

  typealias Run = (Login, World, Voice) -> PAMResult

  @Test(arguments: ["sudo", "sudo-i"]) func isDecidedOnceWithTheSessionsCredentialAndWrittenDown(_ service: String) throws {
    let (world, voice) = Self.world()
    #expect(AuthenticationPhase.run(Self.sudo(service: service), world, voice).code == Code.success)
    #expect(AccountPhase.run(Self.sudo(service: service), world, voice).code == Code.success)
    #expect(world.events.questions.count == 1 && world.events.elevated.count == 1)
    let question = try #require(world.events.questions.first), elevation = try #require(world.events.elevated.first)
    #expect(question.subjectID == "alice@example.com" && question.attributes.first?.name == "role" && question.session?.id == "1-abc" && question.elevation?.target == "root")
    #expect(question.elevation?.command.program == "/usr/bin/id" && question.elevation?.command.isCertain == true && question.elevation?.command.words == nil)
    #expect(elevation.name == "alice" && elevation.session == "1-abc" && elevation.target == "root" && elevation.command.arguments == 1 && !elevation.isPresented && !elevation.isLocal)
    // The session phase is about the target, which is no business of ours any more.
    world.name = World.local("root", uid: 0)
    #expect(SessionOpening.run(Self.sudo("root", service: service), world, voice).code == Code.ignore)
    #expect(world.events.opened.isEmpty && world.events.kept.isEmpty)
  }

  /// A ticket or NOPASSWD: sudo asks for no proof, and the account phase is the first that hears of it.
  @Test func isDecidedInTheAccountPhaseWhereNoProofWasAskedFor() {
    let (world, voice) = Self.world()
    #expect(AccountPhase.run(Self.sudo(), world, voice).code == Code.success)
    #expect(world.events.questions.count == 1 && world.events.elevated.count == 1)
  }

  @Test func argumentsAreToldOnlyIfTheHostSaysSo() {
    let (world, voice) = Self.world { $0.settle { $0.sudo.sendsArguments = true } }
    #expect(AccountPhase.run(Self.sudo(), world, voice).code == Code.success)
    #expect(world.events.questions.first?.elevation?.command.words == ["/usr/bin/id", "-u"])
  }

  static var refusals: [(token: String, change: (World) -> Void)] {
    [
      ("denied", { $0.verdict = .denied(user: "not as root", admin: nil) }), ("policy-unreachable", { $0.verdict = .unavailable(.unreachable("x")) }),
      ("elevation-grant", { $0.verdict = .allowed(Grant(groups: ["dbops"])) }), ("elevation-grant", { $0.verdict = .allowed(Grant(maxSessionSeconds: 60)) }),
      ("elevation-grant", { $0.verdict = .allowed(Grant(isRecorded: true)) }), ("open-which-session", { $0.credential = .success(.refused(.whichSession, detail: "x")) }),
      ("no-daemon", { $0.credential = .failure(.unreachable(SystemError("connect", code: 2))) }), ("daemon-answer", { $0.credential = .success(.done) }),
      ("daemon-answer", { $0.others = .success(.failed("x")) }), ("open-not-written", { $0.others = .success(.refused(.notWritten, detail: "x")) }),
      ("open-which-session", { $0.others = .success(.refused(.whichSession, detail: "it ended meanwhile")) }),
      ("sudo-arguments", { $0.commandLine = nil }), ("sudo-arguments", { $0.commandLine = ["sudo", "-g", "adm", "id"] }),
      ("sudo-arguments", { $0.program = Array("/usr/local/bin/other".utf8) }), ("sudo-arguments", { $0.program = nil }), ("sudo-arguments", { $0.program = Array("/usr/bin/sudo-rs".utf8) }),
      ("not-the-caller", { $0.callerUID = 0 }), ("not-the-caller", { $0.callerUID = 70001 }), ("break-glass-elevation", { $0.credential = .success(.credential(credential(isBreakGlass: true))) }),
    ]
  }

  @Test func everyReasonRefusesInEitherPhaseAndIsSaid() {
    for (token, change) in Self.refusals {
      for (phase, code) in [(AuthenticationPhase.run, Code.final), (AccountPhase.run, Code.denied)] as [(Run, Int32)] {
        let (world, voice) = Self.world("sudo id", change)
        #expect(phase(Self.sudo(), world, voice).code == code, "\(token)")
        #expect(world.events.log.contains { $0.contains("refused alice: \(token)") }, "\(world.events.log)")
        #expect(voice.left.isEmpty && !world.events.errors.isEmpty, "the reason is said, although sudo wants silence")
      }
    }
  }

  @Test func theTargetMustBeTheOneThatWasDecidedAbout() {
    let (world, voice) = Self.world("sudo -u bob id")
    #expect(AccountPhase.run(Self.sudo(), world, voice).code == Code.success)
    world.name = World.local("root", uid: 0)
    #expect(SessionOpening.run(Self.sudo("root"), world, voice).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["target-differs"])
  }

  /// The account line is missing from the stack, and NOPASSWD lets the rest through.
  @Test func refusesToOpenWhatNobodyDecided() {
    let (world, voice) = Self.world { $0.name = World.local("root", uid: 0) }
    #expect(SessionOpening.run(Self.sudo("root"), world, voice).code == Code.denied)
    world.callerUID = 1000
    #expect(SessionOpening.run(Self.sudo("root"), world, voice).code == Code.ignore)
  }

  /// `Defaults targetpw` has sudo ask for root's password, which a person with a lease may know.
  @Test func refusesAnothersPasswordForWhoIsIn() {
    let (world, voice) = Self.world { $0.name = World.local("root", uid: 0) }
    for phase in [AuthenticationPhase.run, AccountPhase.run] as [Run] { #expect([Code.denied, Code.final].contains(phase(Self.sudo("root"), world, voice).code)) }
    #expect(world.events.log.allSatisfy { $0.contains("not-the-caller") })
  }

  @Test func inAnEmergencyTheHostDecidesWithinWhatIsWrittenDownForEmergencies() {
    let (world, voice) = Self.world { $0.credential = .success(.credential(Self.credential(isBreakGlass: true, isRootEquivalent: true))) }
    #expect(AccountPhase.run(Self.sudo(), world, voice).code == Code.success)
    #expect(world.events.questions.isEmpty && world.events.elevated.first?.decision.isBreakGlass == true)
    #expect(world.events.log.contains { $0.hasPrefix("BREAK GLASS: elevated alice to root") })
  }

  /// A line without `fresh` that runs first does not stand in for one with it.
  @Test func whatWasDecidedWithoutAProofDoesNotSatisfyALineThatWantsOne() throws {
    let (world, voice) = Self.world()
    #expect(AccountPhase.run(Self.sudo(), world, voice).code == Code.success)
    #expect(AccountPhase.run(Self.sudo(options: ["fresh"]), world, voice).code == Code.notAuthenticated)
  }

  /// The session line alone demands it too: common-account may end before our account line.
  @Test func aCallerWhoMustShowACertificateIsNotLetToTheTargetWithoutOne() {
    let (world, voice) = Self.world {
      $0.name = World.local("root", uid: 0)
      $0.callerUID = 1000
    }
    #expect(SessionOpening.run(Self.sudo("root", options: ["local=require"]), world, voice).code == Code.denied)
    #expect(SessionOpening.run(Self.sudo("root", options: ["local=require", "exempt=alice"]), world, voice).code == Code.ignore)
    #expect(world.events.refused.map { $0.token } == ["target-differs"])
  }

  // A proof of presence

  static func agent(_ presenter: Presenter, _ world: World) throws {
    world.agentAnswers = [.success([12, 0, 0, 0, 1] + AuthenticationTests.string(try presenter.certificate) + AuthenticationTests.string([]))]
  }

  @Test func whereItMustBeFreshAnAgentIsAskedAndNobodyElse() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world()
    presenter.isTrusted(in: world)
    #expect(AuthenticationPhase.run(Self.sudo(options: ["fresh"]), world, voice).code == Code.final)
    #expect(world.events.log.contains { $0.contains("no-agent") } && world.events.prompts.isEmpty && world.events.questions.isEmpty)
    for (answer, token) in [(Result<[UInt8], AgentSilence>.success([5]), "agent-failed"), (.success([14, 0, 0, 0, 0]), "answer-signature"), (.failure(.failed("it did not answer in time")), "agent-failed")] {
      let (world, voice) = Self.world()
      presenter.isTrusted(in: world)
      try Self.agent(presenter, world)
      world.agentAnswers.append(answer)
      #expect(AuthenticationPhase.run(Self.sudo(options: ["fresh"]), world, voice).code == Code.final)
      #expect(world.events.log.contains { $0.contains(token) }, "\(world.events.log)")
    }
    let (none, other) = Self.world()
    presenter.isTrusted(in: none)
    none.agentAnswers = [.success([12, 0, 0, 0, 0])]
    #expect(AuthenticationPhase.run(Self.sudo(options: ["fresh"]), none, other).code == Code.final)
    #expect(none.events.log.contains { $0.contains("agent-no-certificate") })
  }

  @Test func aLocalCallerMustShowACertificateWhereItIsRequired() throws {
    let (world, voice) = Self.world { $0.name = World.local() ; $0.callerUID = 1000 }
    for phase in [AuthenticationPhase.run, AccountPhase.run] as [Run] { #expect(phase(Self.sudo(), world, voice).code == Code.ignore) }
    #expect(world.events.list.isEmpty)
    for phase in [AuthenticationPhase.run, AccountPhase.run] as [Run] { #expect([Code.notAuthenticated, Code.final].contains(phase(Self.sudo(options: ["local=require"]), world, voice).code)) }
    #expect(world.events.elevated.isEmpty)
  }
}
