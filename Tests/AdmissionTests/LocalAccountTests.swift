import Testing

@testable import Admission
import Configuration
import DaemonProtocol
import HostSystem
import Policy

/// DESIGN 6, T2: accounts of other sources are left alone, and our certificates never work without our decision.
@Suite struct LocalAccountTests {
  static func run(_ info: String?, user: String = "alice", _ change: (World) -> Void = { _ in }) -> (code: Int32, events: Events) {
    let world = World(), voice = Voice(world.events)
    world.name = World.local(user, uid: user == "root" ? 0 : 1000)
    world.verdict = .allowed(Grant(maxSessionSeconds: 3600))
    change(world)
    return (SessionOpening.run(login(user, info: info), world, voice).code, world.events)
  }
  static let unusable: [ConfigurationUnavailable] = [.notThisBoot, .unusable("x")]

  @Test(arguments: [nil, "", "password\n", Vectors.plainLine, Vectors.line("foreign-authority"), "hostbased ssh-ed25519 AAAA client\n",
    Vectors.line("foreign-authority") + Vectors.plainLine] as [String?])
  func leavesALoginWithoutOurCertificateAlone(_ info: String?) {
    let (code, events) = Self.run(info)
    #expect(code == Code.ignore && events.list.isEmpty)
  }

  @Test(arguments: ["alice", "root"]) func decidesOverOurCertificate(_ user: String) throws {
    let info = user == "root" ? nil : Vectors.line("control")
    guard let info else {  // no vector is for root: the name itself is refused
      let (code, events) = Self.run(Vectors.line("control"), user: user)
      #expect(code == Code.denied && events.refused.first?.token == "certificate-login-name" && events.refused.first?.isLocal == true)
      return
    }
    let (code, events) = Self.run(info, user: user)
    #expect(code == Code.success && events.questions.count == 1)
    let open = try #require(events.opened.first)
    #expect(open.isLocal && open.groups.isEmpty && open.shell == "/bin/bash" && open.uid == 1000)
    #expect(events.infos.count == 1 && !events.infos[0].contains("home"))
  }

  @Test func refusesWhatItRefusesToOthers() {
    for (info, token) in [(Vectors.line("of-the-past"), "certificate-expired"), (Vectors.line("no-principals"), "certificate-principals"),
      (Vectors.line("control") + Vectors.line("foreign-authority"), "several-certificates"), ("x", "authentication-info")] {
      let (code, events) = Self.run(info)
      #expect(code == Code.denied && events.refused.map { $0.token } == [token])
    }
    let denied = Self.run(Vectors.line("control")) { $0.verdict = .denied(user: nil, admin: nil) }
    #expect(denied.code == Code.denied && denied.events.opened.isEmpty)
    let silent = Self.run(Vectors.line("control")) { $0.opening = .failure(.garbled("x")) }
    #expect(silent.code == Code.denied)
  }

  /// T10: before the daemon has come up, root's certificate of another authority works as without Sojourn; ours does not.
  @Test func tellsAuthoritiesApartByTheLastGoodConfigurationBeforeTheDaemonIsUp() {
    for user in ["alice", "root"] {
      let foreign = Self.run(Vectors.line("foreign-authority"), user: user) {
        $0.settings = .failure(.notThisBoot)
        $0.lastGood = World.configuration()
      }
      #expect(foreign.code == Code.ignore && foreign.events.list.isEmpty)
      let ours = Self.run(Vectors.line("control"), user: user) {
        $0.settings = .failure(.notThisBoot)
        $0.lastGood = World.configuration()
      }
      #expect(ours.code == Code.denied && ours.events.refused.map { $0.token } == ["not-this-boot"])
      let unknown = Self.run(Vectors.line("foreign-authority"), user: user) { $0.settings = .failure(.notThisBoot) }
      #expect(unknown.code == Code.denied)
    }
  }

  @Test func refusesACertificateWhoseAuthorityNobodyCanTell() {
    for name in ["type-of-version-2", "type-ed448"] {
      let (code, events) = Self.run(Vectors.line(name))
      #expect(code == Code.denied && events.refused.map { $0.token } == ["certificate-type"], "\(name)")
    }
  }

  /// Other bytes than ours, and the same key to sshd: T2 by way of an authority that spells its key otherwise.
  @Test(arguments: [
    "ca-with-nul-after-its-type", "ca-of-short-type", "ca-of-small-short-type", "ca-with-zeros-before-its-modulus", "ca-with-zeros-before-its-exponent",
    "ca-of-type-rsa-sha2-256", "ca-of-type-rsa-sha2-512", "ca-of-type-rsa", "ca-of-type-ssh-rsa", "ca-with-nul-after-its-curve", "ca-of-compressed-point",
    "ca-with-nul-after-its-application", "ca-of-type-webauthn", "ca-ours-with-byte-left", "ca-empty",
  ]) func refusesACertificateWhoseAuthorityIsOursInAnotherSpelling(_ name: String) {
    let (code, events) = Self.run(Vectors.line(name))
    #expect(code == Code.denied && events.questions.isEmpty && events.refused.map { $0.token } == ["certificate-authority"])
    #expect(events.refused.first?.detail.hasSuffix("a key that is not written in its one form") == true)
    let early = Self.run(Vectors.line(name)) {
      $0.settings = .failure(.notThisBoot)
      $0.lastGood = World.configuration()
    }
    #expect(early.code == Code.denied)
  }

  /// T10: types that OpenSSH has and we have not are another authority's, and root's.
  @Test(arguments: ["ca-foreign-of-type-to-come", "ca-foreign-of-type-dsa", "type-composite-by-foreign"])
  func leavesForeignAuthoritiesOfOtherTypesAlone(_ name: String) {
    let (code, events) = Self.run(Vectors.line(name), user: "root")
    #expect(code == Code.ignore && events.list.isEmpty)
  }

  /// The same ceilings as for transient accounts: DESIGN 2, invariant 9.
  @Test func grantsGroupsWithinTheCeilingsAndNoOtherShell() throws {
    let (granted, opened) = Self.run(Vectors.line("control")) { $0.verdict = .allowed(Grant(groups: ["dbops"])) }
    let open = try #require(opened.opened.first)
    #expect(granted == Code.success && open.isLocal && open.groups == ["dbops"] && open.shell == "/bin/bash")
    for (grant, token) in [(Grant(groups: ["wheel"]), "ceiling-group"), (Grant(groups: ["adm"]), "ceiling-root-equivalent-group"),
      (Grant(groups: ["sojourn"]), "ceiling-group"), (Grant(shell: "/bin/sh"), "ceiling-shell"), (Grant(uid: 1001), "ceiling-uid")] {
      let (code, events) = Self.run(Vectors.line("control")) { $0.verdict = .allowed(grant) }
      #expect(code == Code.denied && events.refused.map { $0.token } == [token] && events.opened.isEmpty)
    }
    #expect(Self.run(Vectors.line("control")) { $0.verdict = .allowed(Grant(uid: 1000, shell: "/bin/bash", maxSessionSeconds: 3600)) }.code == Code.success)
  }

  /// T10: without a readable configuration everybody local comes in as without Sojourn, but for who shows a certificate.
  @Test func withoutAConfigurationOnlyCertificatesAreRefused() {
    for reason in Self.unusable {
      for info in [nil, "", "password\n", Vectors.plainLine] as [String?] {
        #expect(Self.run(info) { $0.settings = .failure(reason) }.code == Code.ignore)
      }
      for name in ["control", "foreign-authority", "p256-key", "type-of-version-2"] {
        #expect(Self.run(Vectors.line(name)) { $0.settings = .failure(reason) }.code == Code.denied, "\(name)")
      }
    }
    #expect(Self.run(Vectors.line("control")) { $0.settings = .failure(.neverPublished) }.code == Code.ignore)
  }

  /// A second sshd that nobody listed, or a variable that pam_env set (T6).
  @Test func refusesOurCertificateInAProgramThatIsNotListed() {
    for program in ["/usr/local/sbin/sshd", "/bin/login"] {
      let (code, events) = Self.run(Vectors.line("control")) { $0.program = Array(program.utf8) }
      #expect(code == Code.denied && events.refused.map { $0.token } == ["program-not-listed"] && events.questions.isEmpty)
      #expect(Self.run(Vectors.line("foreign-authority")) { $0.program = Array(program.utf8) }.code == Code.ignore)
    }
  }
}
