import Testing

@testable import Admission
import Configuration
import DaemonProtocol
import HostSystem

/// The other phases, for every kind of user.
@Suite struct PhaseTests {
  typealias Settings = Result<PublishedConfiguration, ConfigurationUnavailable>

  static func world(_ change: (World) -> Void) -> (World, Voice) {
    let world = World()
    change(world)
    return (world, Voice(world.events))
  }

  // authenticate

  @Test func nobodyIsAuthenticatedWhoAnswersNothing() {
    for service in ["sshd", "login", "su", "sudo", "other"] {
      let (world, voice) = Self.world { $0.program = Array("/bin/\(service)".utf8) }
      #expect(AuthenticationPhase.run(login(info: nil, service: service), world, voice).code == (service == "sudo" ? Code.final : Code.notAuthenticated))
      #expect(world.events.errors.count == 1 && world.events.log.count == 1)
      #expect(world.events.requests.isEmpty, "a scanner must not write into the audit log")
    }
  }

  @Test func othersAuthenticateAsWithoutUs() {
    let (world, voice) = Self.world { $0.name = World.local() }
    #expect(AuthenticationPhase.run(login(), world, voice).code == Code.ignore)
    world.name = .unknown
    #expect(AuthenticationPhase.run(login(), world, voice).code == Code.unknownUser)
    #expect(world.events.list.isEmpty)
    world.name = .failed(SystemError("getpwnam_r", code: 5))
    #expect(AuthenticationPhase.run(login(), world, voice).code == Code.denied)
  }

  // acct_mgmt

  @Test func inSshdTheAccountPhaseDecidesNothing() throws {
    let (world, voice) = Self.world { _ in }
    for info in ["", nil, Vectors.line("control")] as [String?] {
      #expect(AccountPhase.run(login(info: info), world, voice).code == Code.ignore)
    }
    for event in world.events.list {
      guard case .announced(.expect(let name, let uid)) = event else { throw Unexpected() }
      #expect(name == "alice" && uid == 70000)
    }
    #expect(world.events.list.count == 3)
  }

  struct Unexpected: Error {}

  @Test func announcesNobodyWhoseOpeningAnotherProcessAsksForOrWhoHasAnAccount() {
    let (world, voice) = Self.world { _ in }
    voice.left[.reference] = Kept(text: "1-abc", user: Array("alice".utf8))
    #expect(AccountPhase.run(login(), world, voice).code == Code.ignore)
    world.name = World.local()
    voice.left = [:]
    #expect(AccountPhase.run(login(), world, voice).code == Code.ignore)
    #expect(world.events.list.isEmpty)
  }

  @Test func anErrorIsNeverIgnored() {
    for reason in [ConfigurationUnavailable.neverPublished, .notThisBoot, .unusable("x")] {
      let (world, voice) = Self.world { $0.settings = .failure(reason) }
      #expect(AccountPhase.run(login(), world, voice).code == Code.denied)
      #expect(SessionOpening.run(login(), world, voice).code == Code.denied)
      world.name = World.local()
      #expect(AccountPhase.run(login(), world, voice).code == Code.ignore)
    }
  }

  /// T9: in these services only somebody who is in can be meant.
  @Test(arguments: ["su", "su-l", "runuser", "runuser-l", "cron", "crond", "atd", "systemd-user", "polkit-1"])
  func joinsALeaseThatStands(_ service: String) {
    let (world, voice) = Self.world { $0.program = Array("/usr/bin/\(service)".utf8) }
    let login = login(info: nil, service: service)
    for phase in [AccountPhase.run, SessionOpening.run] as [(Login, World, Voice) -> PAMResult] {
      world.standing = .success(.done)
      #expect(phase(login, world, voice).code == Code.success)
      #expect(world.events.kept.isEmpty, "the session that is joined is closed by whoever opened it")
      let noLease: [Result<Reply, DaemonSilence>] = [
        .success(.refused(.whichSession, detail: "nobody is in")), .success(.refused(.notReady, detail: "")), .success(.sessions([], more: false)), .success(.failed("x")),
        .failure(.unreachable(SystemError("connect", code: 2))), .failure(.garbled("x")), .failure(.unanswered(SystemError("recv", code: 11))),
      ]
      for reply in noLease {
        world.standing = reply
        #expect(phase(login, world, voice).code == Code.denied)
      }
    }
    let asked = world.events.requests.compactMap { if case .standing(let name, let uid) = $0 { "\(name) \(uid)" } else { nil } }
    #expect(Set(asked) == ["alice 70000"])
  }

  @Test(arguments: ["sshd", "vsftpd", "xrdp", "", "su ", "SU", "passwd", "chsh"]) func refusesOursInAllOtherServices(_ service: String) {
    let (world, voice) = Self.world {
      $0.program = Array("/usr/bin/other".utf8)
      $0.standing = .success(.done)
    }
    #expect(AccountPhase.run(login(service: service), world, voice).code == Code.denied)
    #expect(SessionOpening.run(login(service: service), world, voice).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["service-not-served", "service-not-served"])
  }

  // Whose account it is

  @Test func eitherSignMakesAnAccountOurs() {
    let (world, voice) = Self.world { $0.program = nil }
    for entry in [World.candidate(uid: 500), World.candidate(shell: "/bin/bash"), World.candidate(uid: 65536, shell: ""), World.candidate(uid: 99999, shell: "/bin/sh")] {
      world.name = entry
      #expect(AccountPhase.run(login(service: "login"), world, voice).code == Code.denied)
    }
    for entry in [World.local(uid: 65535), World.local(uid: 100_000), World.local("root", uid: 0)] {
      world.name = entry
      #expect(AccountPhase.run(login(service: "login"), world, voice).code == Code.ignore)
    }
  }

  @Test func anUnknownNameIsUnknownEverywhere() {
    let (world, voice) = Self.world { $0.name = .unknown }
    #expect(AccountPhase.run(login(), world, voice).code == Code.unknownUser)
    #expect(SessionOpening.run(login(), world, voice).code == Code.unknownUser)
    #expect(world.events.list.isEmpty)
  }

  // close_session, setcred, chauthtok

  @Test func closesWhatThisProcessOpened() {
    let (world, voice) = Self.world { _ in }
    voice.keptSession = "1-abc"
    #expect(SessionClosing.run(login(), world, voice).code == Code.success)
    #expect(world.events.closed == ["1-abc"])
    world.others = .failure(.unreachable(SystemError("connect", code: 2)))
    #expect(SessionClosing.run(login(), world, voice).code == Code.success)
    #expect(world.events.log.count == 1)
  }

  @Test func closesNothingElse() {
    let (world, voice) = Self.world { _ in }
    #expect(SessionClosing.run(login(), world, voice).code == Code.ignore)
    #expect(world.events.list.isEmpty)
  }

  @Test func setsNoCredentialsAndChangesNoSecret() {
    let (world, voice) = Self.world { _ in }
    #expect(SilentPhase.run().code == Code.ignore)
    #expect(CredentialPhase.run(login(), voice).code == Code.ignore && world.events.list.isEmpty)
  }

  /// libpam takes the `done` of the authentication only from a module that says success here too.
  @Test(arguments: [KeptKind.reference, .session, .elevation]) func stillSaysYesToWhomItHasSaidYes(_ kind: KeptKind) {
    let (_, voice) = Self.world { _ in }
    voice.left[kind] = Kept(text: "1-abc", user: Array("alice".utf8))
    #expect(CredentialPhase.run(login("alice"), voice).code == Code.success)
    #expect(CredentialPhase.run(login("bob"), voice).code == Code.ignore)
  }

  // The line in /etc/pam.d

  @Test func saysWhichOptionsItDoesNotKnow() {
    let (world, voice) = Self.world { $0.name = World.local() }
    _ = AccountPhase.run(login(options: ["debug", "locale=require", "\u{1b}x"]), world, voice)
    #expect(world.events.log.count == 3)
    #expect(world.events.log[0].contains("locale=require") && world.events.log[1].contains("\\x1bx") && world.events.log[2].hasPrefix("account: user=alice"))
    _ = AccountPhase.run(login(), world, voice)
    #expect(world.events.log.count == 3)
  }

  /// T30
  @Test func nothingFromOutsideSteersTheLog() {
    let evil = "\u{1b}[2Jali\nce\u{7f}"
    let (world, voice) = Self.world { $0.name = World.candidate(evil) }
    var login = login(evil, service: evil, options: [evil, "debug"])
    login.remoteHost = Array(evil.utf8)
    login.tty = Array(evil.utf8)
    for phase in [AuthenticationPhase.run, AccountPhase.run, SessionOpening.run] as [(Login, World, Voice) -> PAMResult] { _ = phase(login, world, voice) }
    for text in world.events.log + world.events.errors { #expect(text.utf8.allSatisfy { $0 >= 32 && $0 < 127 }) }
    #expect(world.events.log.count >= 6)
  }
}
