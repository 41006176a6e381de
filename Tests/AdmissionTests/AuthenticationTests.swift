import Testing

@testable import Admission
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import HostSystem
import Policy
import Foundation

/// A certificate presented without sshd: by a signature over a challenge that was never shown before.
@Suite struct AuthenticationTests {
  static func world(_ presenter: Presenter, _ service: String = "login", _ change: (World) -> Void = { _ in }) -> (World, Voice) {
    let world = World()
    presenter.isTrusted(in: world)
    world.program = Array("/usr/bin/\(service)".utf8)
    world.callerUID = 1000
    change(world)
    let voice = Voice(world.events)
    voice.signs = { presenter.answer($0) }
    return (world, voice)
  }

  static func login(_ user: String = "alice", _ service: String = "login", options: [String] = []) -> Login {
    var login = AdmissionTests.login(user, info: nil, service: service, options: options, from: "")
    login.tty = Array("tty1".utf8)
    return login
  }

  static let newcomer = PasswordEntry(name: Array("alice".utf8), uid: 70000, gid: 70000, home: "/var/lib/sojourn/home/alice", shell: "/usr/libexec/sojourn/shell")

  // From the challenge to the open session

  @Test func whoSignsTheChallengeIsDecidedAboutAndKeptForTheNextPhase() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter) {
      $0.name = .unknown
      $0.newcomer = Self.newcomer
    }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.success)
    let held = try #require(world.events.held.first)
    #expect(held.name == "alice" && held.uid == 70000 && !held.isLocal && held.login.service == "login" && held.login.tty == "tty1" && held.credential.keyID == "alice@example.com")
    #expect(world.events.questions.first?.login.service == "login" && world.events.opened.isEmpty && world.events.passed.isEmpty)
    #expect(voice.left[.reference] == Kept(text: World.reference, user: Array("alice".utf8)))
    // The account phase opens it, once; the session phase finds it open.
    #expect(AccountPhase.run(Self.login(), world, voice).code == Code.success)
    let redeemed = world.events.requests.compactMap { if case .redeem(let reference, let name) = $0 { reference + name } else { nil } }
    #expect(redeemed == [World.reference + "alice"] && world.events.kept == ["1-abc"])
    #expect(AccountPhase.run(Self.login(), world, voice).code == Code.success)
    world.name = World.candidate()
    #expect(SessionOpening.run(Self.login(), world, voice).code == Code.success)
    #expect(world.events.requests.count == 2)
    #expect(SessionClosing.run(Self.login(), world, voice).code == Code.success)
    #expect(world.events.closed == ["1-abc"])
  }

  @Test func theChallengeSaysForWhatItIsAndIsNeverTheSame() throws {
    let presenter = try Presenter()
    var challenges: Set<String> = []
    for _ in 0..<20 {
      let (world, voice) = Self.world(presenter, "su")
      var login = Self.login("alice", "su")
      login.requester = Array("resident; rm -rf '/'".utf8)
      _ = AuthenticationPhase.run(login, world, voice)
      let challenge = try #require(Presenter.challenge(world.events))
      #expect(challenge.hasPrefix("sojourn-1 host=db1 user=alice service=su by=resident__rm_-rf__/_ tty=tty1 until=2026-01-01T04:02:00Z nonce="))
      #expect(challenge.split(separator: "=").last?.count == 32)
      challenges.insert(challenge)
    }
    #expect(challenges.count == 20)
  }

  /// T11: an answer is for one challenge, on one host, for one name, service and terminal.
  @Test(arguments: [("nonce=", "nonce=0"), ("host=db1", "host=db2"), ("user=alice", "user=bob"), ("service=login", "service=su"), ("tty=tty1", "tty=tty2"), ("until=2026", "until=2027"), ("sojourn-1", "sojourn-2")])
  func refusesAnAnswerToAnotherChallenge(_ from: String, _ to: String) throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter)
    voice.signs = { presenter.answer($0) { $0.replacingOccurrences(of: from, with: to) } }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.notAuthenticated)
    #expect(world.events.errors.first?.contains("the signature does not answer this challenge") == true && world.events.held.isEmpty && world.events.prompts.count == 1)
    #expect(world.events.requests.isEmpty, "nobody has proved anything")
  }

  @Test func refusesAnAnswerThatWasGivenBefore() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter)
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.success)
    let first = presenter.answer(world.events)
    let (again, other) = Self.world(presenter)
    other.signs = { _ in first }
    #expect(AuthenticationPhase.run(Self.login(), again, other).code == Code.notAuthenticated)
    #expect(again.events.held.isEmpty)
  }

  @Test func refusesAnAnswerThatComesTooLate() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter)
    voice.signs = { events in
      world.seconds += 120
      return presenter.answer(events)
    }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.notAuthenticated)
    #expect(world.events.errors.first?.contains("the answer came too late") == true)
  }

  @Test func refusesASignatureWithoutACertificateOrForAnotherPurpose() throws {
    let presenter = try Presenter()
    for (key, namespace, sentence) in [("key.pub", "sojourn", "plain key"), ("key-cert.pub", "file", "it was made for \"file\"")] {
      let (world, voice) = Self.world(presenter)
      voice.signs = { presenter.answer($0, key: key, namespace: namespace) }
      _ = AuthenticationPhase.run(Self.login(), world, voice)
      #expect(world.events.errors.first?.contains(sentence) == true && world.events.held.isEmpty, "\(world.events.errors)")
    }
  }

  @Test func onlyWhatIsNoSignatureAtAllIsAskedForAgain() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter)
    var answers = [Array("what?".utf8), Array("-----BEGIN SSH SIGNATURE-----".utf8)]
    voice.signs = { answers.isEmpty ? presenter.answer($0) : answers.removeFirst() }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.success)
    #expect(world.events.prompts == ["Answer: ", "Not taken: it is not base64, or not all of it arrived. Answer: ", "Not taken: only its first line arrived; it must be pasted as one line. Answer: "])
    answers = Array(repeating: Array("what?".utf8), count: 3)
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.notAuthenticated)
    #expect(world.events.prompts.count == 6)
  }

  @Test func theCertificateIsJudgedByTheSameRulesAndForItsOwnName() throws {
    for (presenter, token) in [(try Presenter(principals: "bob"), "certificate-login-name"), (try Presenter(options: ["force-command=/bin/true"]), "certificate-unenforced-option"),
      (try Presenter(options: ["source-address=10.0.0.0/8"]), "certificate-source-address")] {
      let (world, voice) = Self.world(presenter)
      #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.denied)
      #expect(world.events.refused.map { $0.token } == [token] && world.events.held.isEmpty, "its certificate was proved: the daemon knows")
    }
    let stranger = try Presenter()
    let (world, voice) = Self.world(try Presenter())
    voice.signs = { stranger.answer($0) }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.denied)
    #expect(world.events.errors.first?.contains("not from an authority that this host trusts") == true && world.events.requests.isEmpty)
  }

  @Test func aNoOfThePolicyEndsTheAuthentication() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter) { $0.verdict = .denied(user: "not now", admin: nil) }
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.denied)
    #expect(world.events.held.isEmpty && voice.left.isEmpty && world.events.refused.map { $0.token } == ["denied"])
  }

  @Test func refusesWhereTheDecisionCannotBeKept() throws {
    let presenter = try Presenter()
    let replies: [Result<Reply, DaemonSilence>] = [.failure(.unreachable(SystemError("connect", code: 2))), .success(.done), .success(.held("")), .success(.held("../x")), .success(.failed("x")),
      .success(.refused(.notReady, detail: "x")), .success(.opened(Opened(session: "1-a", expires: World.now + 5, notes: [])))]
    for reply in replies {
      let (world, voice) = Self.world(presenter) { $0.holding = reply }
      #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.denied)
      #expect(voice.left.isEmpty)
    }
    let (world, voice) = Self.world(presenter)
    voice.keeps = false
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.denied)
  }

  @Test func asksNobodyWhoMustBeToldNothing() throws {
    let (world, voice) = Self.world(try Presenter())
    var login = Self.login()
    login.isSilent = true
    #expect(AuthenticationPhase.run(login, world, voice).code == Code.notAuthenticated)
    #expect(world.events.prompts.isEmpty && world.events.infos.isEmpty)
  }

  // Phases that do not belong together

  @Test func whatWasDecidedForOneNameOpensNoOther() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter)
    #expect(AuthenticationPhase.run(Self.login("alice"), world, voice).code == Code.success)
    world.name = World.candidate("bob")
    #expect(AccountPhase.run(Self.login("bob"), world, voice).code == Code.denied)
    #expect(SessionOpening.run(Self.login("bob"), world, voice).code == Code.denied)
    #expect(world.events.kept.isEmpty)
  }

  @Test func theConsoleOpensNothingThatWasNotDecidedThere() throws {
    for name in [World.candidate(), .unknown] as [NameService.Answer] {
      let (world, voice) = Self.world(try Presenter()) {
        $0.name = name
        $0.newcomer = Self.newcomer
      }
      #expect([Code.denied, Code.unknownUser].contains(AccountPhase.run(Self.login(), world, voice).code))
      #expect([Code.denied, Code.unknownUser].contains(SessionOpening.run(Self.login(), world, voice).code))
      #expect(world.events.requests.allSatisfy { if case .refused = $0 { true } else { false } })
    }
  }

  @Test(arguments: [OpenRefusal.noReference, .draining, .nameOfOther, .alreadyUsed]) func aSessionThatTheDaemonDoesNotOpenIsRefused(_ refusal: OpenRefusal) throws {
    let (world, voice) = Self.world(try Presenter())
    #expect(AuthenticationPhase.run(Self.login(), world, voice).code == Code.success)
    world.opening = .success(.refused(refusal, detail: "x"))
    #expect(AccountPhase.run(Self.login(), world, voice).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["open-" + refusal.token])
  }

  /// What another auth module says of a person is no word about a session of theirs.
  @Test func onlyRootJoinsASessionByAnotherModulesYes() throws {
    let (world, voice) = Self.world(try Presenter(), "su") { $0.standing = .success(.done) }
    #expect(AccountPhase.run(Self.login("alice", "su"), world, voice).code == Code.denied)
    #expect(SessionOpening.run(Self.login("alice", "su"), world, voice).code == Code.denied)
    world.callerUID = 0
    #expect(AccountPhase.run(Self.login("alice", "su"), world, voice).code == Code.success)
  }

  // Agents

  @Test func suToOneselfAsksTheAgentFirst() throws {
    let presenter = try Presenter()
    let (world, voice) = Self.world(presenter, "su") { $0.callerUID = 70000 }
    let certificate = try presenter.certificate
    world.agentAnswers = [.success([12, 0, 0, 0, 1] + Self.string(certificate) + Self.string([])), .success([5])]
    #expect(AuthenticationPhase.run(Self.login("alice", "su"), world, voice).code == Code.success, "what the agent does not sign is asked of the person")
    #expect(world.events.prompts.count == 1)
    let frames = world.events.list.compactMap { if case .agent(let frame) = $0 { frame } else { nil } }
    #expect(frames.count == 2 && frames[1].starts(with: [0, 0]) && frames[1][4] == 13)
  }

  @Test func nobodyElsesAgentIsAsked() throws {
    let (world, voice) = Self.world(try Presenter(), "su")
    #expect(AuthenticationPhase.run(Self.login("alice", "su"), world, voice).code == Code.success)
    #expect(world.events.list.allSatisfy { if case .agent = $0 { false } else { true } })
  }

  static func string(_ bytes: [UInt8]) -> [UInt8] {
    let count = UInt32(bytes.count)
    return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + bytes
  }
}
