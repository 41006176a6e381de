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
      #expect(AuthenticationPhase.run(login(info: nil, service: service), world, voice).code == (service == "sudo" ? Code.denied : Code.notAuthenticated))
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

  @Test func inSshdTheAccountPhaseDecidesNothing() {
    let (world, voice) = Self.world { _ in }
    for info in ["", nil, Vectors.line("control")] as [String?] {
      #expect(AccountPhase.run(login(info: info), world, voice).code == Code.ignore)
    }
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

  static func summary(_ name: String = "alice", uid: UInt32 = 70000, isLocal: Bool = false, state: String = "active", id: String = "1") -> SessionSummary {
    SessionSummary(session: id, name: name, uid: uid, isLocal: isLocal, state: state, pid: 7, login: LoginFacts(service: "sshd", tty: "ssh", remote: ""), keyID: "",
      groups: [], opened: 0, expires: 0)
  }

  /// T9: in these services only somebody who is in can be meant.
  @Test(arguments: ["su", "su-l", "runuser", "runuser-l", "cron", "crond", "atd", "systemd-user", "polkit-1"])
  func joinsALeaseThatStands(_ service: String) {
    let (world, voice) = Self.world { $0.program = Array("/usr/bin/\(service)".utf8) }
    let login = login(info: nil, service: service)
    for phase in [AccountPhase.run, SessionOpening.run] as [(Login, World, Voice) -> PAMResult] {
      world.sessions = [.success(.sessions([Self.summary("bob"), Self.summary()], more: false))]
      #expect(phase(login, world, voice).code == Code.success)
      #expect(world.events.kept.isEmpty, "the session that is joined is closed by whoever opened it")
      let noLease: [Result<Reply, DaemonSilence>] = [
        .success(.sessions([], more: false)), .success(.sessions([Self.summary("bob")], more: false)), .success(.sessions([Self.summary("alic")], more: false)),
        .success(.sessions([Self.summary(uid: 70001)], more: false)), .success(.sessions([Self.summary(isLocal: true)], more: false)),
        .success(.sessions([Self.summary(state: "draining")], more: false)), .success(.sessions([Self.summary(state: "")], more: false)),
        .failure(.unreachable(SystemError("connect", code: 2))), .failure(.garbled("x")), .success(.done), .success(.failed("x")),
        .success(.refused(.notReady, detail: "")),
      ]
      for reply in noLease {
        world.sessions = [reply]
        #expect(phase(login, world, voice).code == Code.denied)
      }
    }
  }

  @Test(arguments: ["sshd", "vsftpd", "xrdp", "", "su ", "SU", "passwd", "chsh"]) func refusesOursInAllOtherServices(_ service: String) {
    let (world, voice) = Self.world {
      $0.program = Array("/usr/bin/other".utf8)
      $0.sessions = [.success(.sessions([Self.summary()], more: false))]
    }
    #expect(AccountPhase.run(login(service: service), world, voice).code == Code.denied)
    #expect(SessionOpening.run(login(service: service), world, voice).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["service-not-served", "service-not-served"])
  }

  @Test func readsTheSessionsPageByPage() {
    let (world, voice) = Self.world {
      $0.program = nil
      $0.sessions = (1...50).map { page in .success(.sessions([Self.summary("bob", id: "\(page)")], more: true)) } + [.success(.sessions([Self.summary(id: "51")], more: false))]
    }
    #expect(AccountPhase.run(login(service: "su"), world, voice).code == Code.success)
    let asked = world.events.requests.compactMap { if case .sessions(let after) = $0 { after } else { nil } }
    #expect(asked == [""] + (1...50).map { "\($0)" })
  }

  @Test func aDaemonThatTurnsInCirclesIsNoLease() {
    let (world, voice) = Self.world {
      $0.program = nil
      $0.sessions = (1...3).map { _ in .success(.sessions([Self.summary("bob", id: "9")], more: true)) }
    }
    #expect(AccountPhase.run(login(service: "su"), world, voice).code == Code.denied)
    #expect(world.sessions.count == 1)
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

  @Test func setsNoCredentialsAndChangesNoSecret() { #expect(SilentPhase.run().code == Code.ignore) }

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
