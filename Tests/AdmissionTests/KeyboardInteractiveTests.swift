import Testing

@testable import Admission
import Configuration
import Credentials
import DaemonProtocol
import Encoding
import HostSystem
import Policy
import Foundation

/// sshd's keyboard-interactive: a child has it decided, the monitor opens it.
@Suite struct KeyboardInteractiveTests {
  @Test func inSshdTheMonitorOpensWhatItsChildHadDecided() throws {
    let presenter = try Presenter()
    let (world, voice) = AuthenticationTests.world(presenter) { $0.program = Array("/usr/sbin/sshd".utf8) }
    var login = AdmissionTests.login(info: "")
    #expect(AuthenticationPhase.run(login, world, voice).code == Code.success)
    #expect(world.events.passed == [World.reference] && world.events.opened.isEmpty)
    #expect(AccountPhase.run(login, world, voice).code == Code.ignore)
    let monitor = Voice(world.events)
    login.authenticationInfo = Array("keyboard-interactive/pam\n".utf8)
    login.reference = Array(World.reference.utf8)
    #expect(SessionOpening.run(login, world, monitor).code == Code.success)
    #expect(world.events.kept == ["1-abc"])
  }

  @Test func withPublickeyBeforeItNothingIsToBePasted() throws {
    let presenter = try Presenter()
    let (world, voice) = AuthenticationTests.world(presenter) { $0.program = Array("/usr/sbin/sshd".utf8) }
    #expect(AuthenticationPhase.run(AdmissionTests.login(info: Vectors.line(base64: Base64.encode(try presenter.certificate))), world, voice).code == Code.success)
    #expect(world.events.prompts.isEmpty && world.events.held.count == 1)
  }

  /// T6: pam_env lets people write the variable.
  @Test(arguments: ["", "x", "../../etc/passwd", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"]) func aReferenceOfAnotherFormIsNotEvenAskedAbout(_ text: String) throws {
    let (world, voice) = AuthenticationTests.world(try Presenter()) { $0.program = Array("/usr/sbin/sshd".utf8) }
    var login = AdmissionTests.login(info: "keyboard-interactive/pam\n")
    login.reference = Array(text.utf8)
    #expect(SessionOpening.run(login, world, voice).code == Code.denied)
    #expect(world.events.requests.count == 1 && world.events.refused.map { $0.token } == [text.isEmpty ? "no-certificate-method" : "open-no-reference"])
  }

  @Test func aForgedReferenceIsRefused() throws {
    let (world, voice) = AuthenticationTests.world(try Presenter()) {
      $0.program = Array("/usr/sbin/sshd".utf8)
      $0.opening = .success(.refused(.noReference, detail: "nothing is kept under that reference"))
    }
    var login = AdmissionTests.login()
    login.reference = Array(World.reference.utf8)
    #expect(SessionOpening.run(login, world, voice).code == Code.denied)
    world.name = World.local()
    #expect(SessionOpening.run(login, world, voice).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["open-no-reference", "open-no-reference"])
  }
}
