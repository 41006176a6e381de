import Testing

@testable import Admission
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import HostSystem
import Policy
import Foundation

/// Accounts of other sources that must show a certificate (`local=require`), and those that need not.
@Suite struct LocalRequirementTests {
  @Test(arguments: ["login", "remote", "su", "su-l", "sshd"]) func aLocalAccountThatMustShowACertificateIsDecidedAbout(_ service: String) throws {
    let presenter = try Presenter()
    let (world, voice) = AuthenticationTests.world(presenter, service) {
      $0.name = World.local()
      $0.verdict = .allowed(Grant(maxSessionSeconds: 3600))
    }
    if service == "sshd" { world.program = Array("/usr/sbin/sshd".utf8) }
    let login = AuthenticationTests.login("alice", service, options: ["local=require"])
    #expect(AuthenticationPhase.run(login, world, voice).code == Code.success)
    #expect(world.events.held.first?.isLocal == true && world.events.held.first?.shell == "/bin/bash")
    guard service != "sshd" else { return }
    #expect(AccountPhase.run(login, world, voice).code == Code.success)
    #expect(SessionOpening.run(login, world, voice).code == Code.success)
    #expect(world.events.kept == ["1-abc"])
  }

  @Test(arguments: ["login", "su", "sshd", "vsftpd"]) func aLocalAccountThatMustAndDoesNotIsRefusedInEveryPhase(_ service: String) throws {
    let (world, voice) = AuthenticationTests.world(try Presenter(), service) { $0.name = World.local() }
    if service == "sshd" { world.program = Array("/usr/sbin/sshd".utf8) }
    voice.signs = { _ in nil }
    let login = AuthenticationTests.login("alice", service, options: ["local=require"])
    #expect(AuthenticationPhase.run(login, world, voice).code == Code.notAuthenticated)
    #expect(AccountPhase.run(login, world, voice).code == (service == "sshd" ? Code.ignore : Code.notAuthenticated))
    #expect(SessionOpening.run(login, world, voice).code == Code.notAuthenticated)
  }

  /// T10: without configuration and daemon too.
  @Test func whoMustIsNeverLetThroughByAnError() throws {
    for reason in [ConfigurationUnavailable.neverPublished, .notThisBoot, .unusable("x")] {
      let (world, voice) = AuthenticationTests.world(try Presenter()) {
        $0.name = World.local()
        $0.settings = .failure(reason)
      }
      for service in ["login", "su", "sshd", "sudo"] {
        let login = AuthenticationTests.login("alice", service, options: ["local=require"])
        for phase in [AuthenticationPhase.run, AccountPhase.run] as [(Login, World, Voice) -> PAMResult] { #expect(![Code.success, Code.ignore].contains(phase(login, world, voice).code), "\(service)") }
        #expect(SessionOpening.run(login, world, voice).code == (service == "sudo" ? Code.denied : Code.notAuthenticated))
      }
    }
  }

  @Test func rootIsNeverLockedOutOfTheConsoleByDefault() throws {
    for (service, options, isExempt) in [("login", ["local=require"], true), ("remote", ["local=require"], true), ("su", ["local=require"], false), ("sshd", ["local=require"], false),
      ("login", ["local=require", "exempt="], false), ("login", ["local=require", "exempt=ops"], false), ("sshd", ["local=require", "exempt=ops,root"], true), ("su", ["exempt=root", "local=require"], true)] {
      let (world, voice) = AuthenticationTests.world(try Presenter(), service) { $0.name = World.local("root", uid: 0) }
      if service == "sshd" { world.program = Array("/usr/sbin/sshd".utf8) }
      voice.signs = { _ in nil }
      let code = AuthenticationPhase.run(AuthenticationTests.login("root", service, options: options), world, voice).code
      #expect(code == (isExempt ? Code.ignore : Code.notAuthenticated), "\(service) \(options)")
    }
  }

  @Test func jobsAndRootsOwnSwitchesNeedNoCertificate() throws {
    let (world, voice) = AuthenticationTests.world(try Presenter()) { $0.name = World.local() }
    for service in ["cron", "systemd-user", "runuser", "atd"] {
      for phase in [AuthenticationPhase.run, AccountPhase.run, SessionOpening.run] as [(Login, World, Voice) -> PAMResult] {
        #expect(phase(AuthenticationTests.login("alice", service, options: ["local=require"]), world, voice).code == Code.ignore)
      }
    }
    world.callerUID = 0
    for service in ["su", "sudo"] { #expect(AccountPhase.run(AuthenticationTests.login("alice", service, options: ["local=require"]), world, voice).code == Code.ignore) }
  }

  /// The account line may lack the option: what was decided is opened all the same, and so watched and ended.
  @Test func whatALocalAccountWasAskedForIsOpenedAlsoByALineWithoutTheOption() throws {
    let (world, voice) = AuthenticationTests.world(try Presenter()) {
      $0.name = World.local()
      $0.verdict = .allowed(Grant())
    }
    #expect(AuthenticationPhase.run(AuthenticationTests.login(options: ["local=require"]), world, voice).code == Code.success)
    #expect(AccountPhase.run(AuthenticationTests.login(), world, voice).code == Code.success)
    #expect(world.events.kept == ["1-abc"])
  }

  /// A slip of the pen opens nothing.
  @Test func aMistypedRequirementIsTakenForOneAndSaid() throws {
    let (world, voice) = AuthenticationTests.world(try Presenter()) { $0.name = World.local() }
    voice.signs = { _ in nil }
    #expect(AuthenticationPhase.run(AuthenticationTests.login(options: ["local=requires"]), world, voice).code == Code.notAuthenticated)
    #expect(world.events.log.first?.contains("unknown option local=requires") == true)
  }
}
