import Testing

@testable import Admission
import Configuration
@testable import Credentials
import DaemonProtocol
import HostSystem
import Identity
import Policy

/// open_session in sshd, for an account of ours: DESIGN 3.4.
@Suite struct SessionOpeningTests {
  static func run(_ login: Login = login(), keeps: Bool = true, _ change: (World) -> Void = { _ in }) -> (code: Int32, events: Events) {
    let world = World(), voice = Voice(world.events)
    voice.keeps = keeps
    change(world)
    let result = SessionOpening.run(login, world, voice)
    return (result.code, world.events)
  }

  @Test func opensWhatThePolicyGrants() throws {
    let (code, events) = Self.run()
    #expect(code == Code.success)
    let question = try #require(events.questions.first)
    #expect(question.subjectID == "alice@example.com" && question.account == "alice" && question.now == World.now)
    #expect(question.login.service == "sshd" && question.login.remote == "192.0.2.7" && question.login.tty == "ssh")
    #expect(question.credential.kind == "ssh-cert" && question.credential.serial == "42" && question.credential.principals == ["alice", "bob"])
    #expect(question.credential.caFingerprint == Fingerprint.text(of: Vectors.authority("ca")))
    #expect(question.extensions.map { $0.name }.contains("permit-pty"))
    let open = try #require(events.opened.first)
    #expect(open.name == "alice" && open.uid == 70000 && !open.isLocal && open.groups == ["dbops"] && open.shell == "/bin/sh" && open.seconds == 3600)
    #expect(open.decision.requestID == "4f2a" && open.decision.subject == "alice@example.com" && open.reevaluateSeconds == nil)
    #expect(events.kept == ["1-abc"] && events.limits == [3600] && events.errors.isEmpty && events.refused.isEmpty)
    #expect(events.infos == ["Sojourn: alice is let in until 2026-01-01T05:00:00Z, that is for 1 h. The home directory is removed at the end."])
    #expect(events.log.contains { $0.hasPrefix("granted alice: session=1-abc uid=70000 until=2026-01-01T05:00:00Z") && $0.contains("request=4f2a") })
  }

  @Test func waitsForADaemonThatRestartsAndForADraining() throws {
    for case .told(.open, let milliseconds, let patience) in Self.run().events.list {
      #expect(milliseconds == 16_000 && patience == 2000)
    }
  }

  @Test func keepsSilentIfPAMSaysSo() {
    #expect(Self.run(login(silent: true)).events.infos.isEmpty)
    let (code, events) = Self.run(login(silent: true)) { $0.verdict = .denied(user: "no", admin: nil) }
    #expect(code == Code.denied && events.errors.isEmpty && events.refused.count == 1)
  }

  /// Invariant 1: whatever else is so, nobody comes in without a yes of the policy and an opening by the daemon.
  @Test func nobodyComesInWithoutADecision() {
    var generator = SplitMix(state: 20260101)
    let verdicts: [Verdict] = [.allowed(Grant(groups: ["dbops"], maxSessionSeconds: 3600)), .denied(user: nil, admin: nil), .unavailable(.tooLarge)]
    let openings: [Result<Reply, DaemonSilence>] = [
      World().opening, .failure(.garbled("x")), .success(.refused(.draining, detail: "")), .success(.done), .success(.failed("x")),
    ]
    let infos: [String?] = [Vectors.line("control"), nil, "", "password\n", Vectors.plainLine, Vectors.line("foreign-authority"), Vectors.line("of-the-past"), "x"]
    let services = ["sshd", "su", "sudo", "login", "cron", "systemd-user", "vsftpd"]
    let programs: [[UInt8]?] = [Array("/usr/sbin/sshd".utf8), Array("/bin/su".utf8), nil]
    let names: [NameService.Answer] = [World.candidate(), World.local(), World.candidate(uid: 500), World.candidate(shell: "/bin/sh"), .unknown, .failed(SystemError("getpwnam_r", code: 5))]
    let settings: [Result<PublishedConfiguration, ConfigurationUnavailable>] = [.success(World.configuration()), .failure(.neverPublished), .failure(.notThisBoot), .failure(.unusable(""))]
    var entered = 0
    for _ in 0..<5000 {
      let verdict = generator.pickMostlyFirst(3), opening = generator.pickMostlyFirst(5)
      let info = infos[generator.pickMostlyFirst(infos.count)], service = services[generator.pickMostlyFirst(services.count)]
      let (code, events) = Self.run(login(info: info, service: service)) { world in
        world.verdict = verdicts[verdict]
        world.opening = openings[opening]
        world.program = programs[generator.pickMostlyFirst(3)]
        world.name = names[generator.pickMostlyFirst(names.count)]
        world.settings = settings[generator.pickMostlyFirst(settings.count)]
      }
      if code == Code.success {
        entered += 1
        #expect(verdict == 0 && opening == 0 && events.questions.count == 1 && events.opened.count == 1 && events.kept == ["1-abc"])
      } else {
        #expect([Code.denied, Code.ignore, Code.unknownUser].contains(code))
        #expect(verdict == 0 || events.opened.isEmpty)
      }
    }
    #expect(entered > 50)
  }

  @Test func closesWhatItCouldNotKeep() {
    let (code, events) = Self.run(login(), keeps: false)
    #expect(code == Code.denied && events.closed == ["1-abc"])
  }

  @Test func theGrantIsCutToTheHostAndTheCertificate() {
    #expect(Self.run {
      $0.verdict = .allowed(Grant(maxSessionSeconds: 100 * 3600))
      $0.opening = .success(.opened(Opened(session: "1", expires: World.now + 12 * 3600, notes: ["group x is not here"])))
    }.events.opened.first?.seconds == 12 * 3600)
    let ended = Self.run { world in
      world.settle { $0.session.endWithCertificate = true }
      world.verdict = .allowed(Grant())
      world.opening = .success(.opened(Opened(session: "1", expires: World.now + 4 * 3600, notes: [])))
    }
    #expect(ended.code == Code.success && ended.events.opened.first?.seconds == 4 * 3600)
  }

  @Test func theSubjectIsWhatTheConfigurationSays() {
    #expect(Self.run { $0.settle { $0.certificate.subject = .principal } }.events.questions.first?.subjectID == "alice")
    #expect(Self.run(login(info: Vectors.line("own-extension"))) { $0.settle { $0.certificate.subject = .certificateExtension("login@example.com") } }
      .events.questions.first?.subjectID == "alice")
  }

  /// T34: a value that may be a token leaves the host only as its digest.
  @Test func tokensInExtensionsStayHere() throws {
    let question = try #require(Self.run(login(info: Vectors.line("own-extension"))).events.questions.first)
    let value = try #require(question.extensions.first { $0.name == "login@example.com" }?.value)
    #expect(value.hasPrefix("SHA256:") && !value.contains("alice"))
  }

  @Test func aRuntimeThatSystemdIsNotToldIsNoRefusal() {
    let world = World(), voice = Voice(world.events)
    voice.limits = false
    #expect(SessionOpening.run(login(), world, voice).code == Code.success)
    #expect(world.events.log.contains { $0.contains("systemd") })
  }

  /// With UseDNS, PAM_RHOST is a name; no variable stands in for the address.
  @Test func refusesWhatHangsOnAnAddressThatIsNotKnown() {
    #expect(Self.run(login(from: "127.0.0.1")).events.questions.first?.login.remote == "127.0.0.1")
    #expect(Self.run(login(info: Vectors.line("source-address"), from: "127.0.0.1")).code == Code.success)
    for host in ["localhost", "client.example.com", "", "UNKNOWN", "127.0.0.1.", "127.1"] {
      let (code, events) = Self.run(login(info: Vectors.line("source-address"), from: host))
      #expect(code == Code.denied && events.refused.map { $0.token } == ["certificate-source-address"], "\(host)")
      #expect(events.refused.first?.detail.contains("UseDNS") == true)
    }
    #expect(Self.run(login(from: "client.example.com")).events.questions.first?.login.remote == "client.example.com")
  }
}
