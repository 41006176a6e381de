import Testing

@testable import Admission
import Configuration
@testable import Credentials
import DaemonProtocol
import HostSystem
import Policy

/// Break glass: an authority of its own, a decision of this host, listed names, and loud.
@Suite struct BreakGlassTests {
  /// The second authority is the emergency one; its certificate is valid for eight hours, of which four are left.
  static func settle(_ world: World, groups: [String] = [], names: [String] = ["alice"], maxDuration: UInt64 = 8 * 3600, _ change: (inout PublishedConfiguration) -> Void = { _ in }) {
    world.settle {
      let authority = Vectors.authority("second_ca")
      $0.certificate.trusted.removeAll { $0.blob == authority }
      $0.breakGlass = BreakGlassRules(authority: authority, file: "/etc/sojourn/break_glass.pub", names: names, groups: groups, maxDuration: maxDuration)
      change(&$0)
    }
    world.verdict = .unavailable(.unreachable("network is down"))
    world.opening = .success(.opened(Opened(session: "1-abc", expires: World.now + 3600, notes: [])))
  }

  static let emergency = Vectors.line("second-authority")

  static func run(_ info: String = emergency, user: String = "alice", local: Bool = false, _ change: (World) -> Void = { settle($0) }) -> (code: Int32, events: Events) {
    let world = World(), voice = Voice(world.events)
    world.name = local ? World.local(user) : World.candidate(user)
    change(world)
    return (SessionOpening.run(login(user, info: info), world, voice).code, world.events)
  }

  static func levels(_ events: Events) -> [String] {
    events.list.compactMap { if case .logged(let level, let text) = $0 { "\(level) \(text)" } else { nil } }
  }

  @Test func letsAListedNameInWithoutAskingAnybody() throws {
    let (code, events) = Self.run { Self.settle($0, groups: ["dbops"]) }
    #expect(code == Code.success && events.questions.isEmpty)
    let open = try #require(events.opened.first)
    #expect(open.decision.isBreakGlass && open.decision.subject == "alice@example.com" && open.groups == ["dbops"] && !open.isLocal)
    // What is left of the certificate, less than max_duration.
    #expect(open.seconds == 4 * 3600)
    #expect(events.infos.contains { $0.contains("BREAK GLASS: ") && $0.contains("alice is let in until") }, "\(events.infos)")
    let alerts = Self.levels(events).filter { $0.hasPrefix("alert BREAK GLASS: granted alice") }
    #expect(alerts.count == 1 && alerts[0].contains("key_id=\"alice@example.com\"") && alerts[0].contains("serial=0") && alerts[0].contains("from=192.0.2.7")
      && alerts[0].contains("until="), "\(Self.levels(events))")
  }

  @Test func letsAListedLocalAccountInWithTheGroupsOfEmergencies() throws {
    let (code, events) = Self.run(local: true) { Self.settle($0, groups: ["dbops"]) }
    let open = try #require(events.opened.first)
    #expect(code == Code.success && open.isLocal && open.groups == ["dbops"] && open.shell == "/bin/bash" && events.questions.isEmpty)
  }

  @Test func grantsNoGroupsThatAreNotWritten() throws { #expect(Self.run().events.opened.map { $0.groups } == [[]]) }

  /// Off: a foreign authority's certificate, which opens nothing here and is none of our business for a local account.
  @Test func refusesTheCertificateWhereBreakGlassIsOff() {
    let off: (World) -> Void = { Self.settle($0) { $0.breakGlass = nil } }
    let (code, events) = Self.run(Self.emergency, off)
    #expect(code == Code.denied && events.refused.map { $0.token } == ["certificate-authority"] && events.opened.isEmpty && events.questions.isEmpty)
    #expect(Self.run(local: true, off).code == Code.ignore)
  }

  /// No normal certificate is ever let in because nobody answers.
  @Test(arguments: [false, true]) func refusesANormalCertificateWhenNobodyAnswers(_ local: Bool) {
    let (code, events) = Self.run(Vectors.line("control"), local: local)
    #expect(code == Code.denied && events.questions.count == 1 && events.opened.isEmpty && events.refused.map { $0.token } == ["policy-unreachable"])
    #expect(!Self.levels(events).contains { $0.contains("BREAK GLASS") })
  }

  /// What the policy says of the same name changes nothing for an emergency, and a yes for it is never asked for.
  @Test func isNotAskedForAYes() {
    let (code, events) = Self.run {
      Self.settle($0)
      $0.verdict = .denied(user: "no", admin: nil)
    }
    #expect(code == Code.success && events.questions.isEmpty)
  }

  static func bent() -> [(String, (World) -> Void)] { [
    ("break-glass-name", { settle($0, names: ["bob", "alic", "alice2"]) }),
    ("break-glass-name", { settle($0, names: []) }),
    ("break-glass-name", { settle($0, names: ["*"]) }),
    ("certificate-lifetime", { settle($0, maxDuration: 1800) }),
    ("certificate-lifetime", { settle($0, maxDuration: 1800) { $0.certificate.maxLifetime = 12 * 3600 } }),
    ("certificate-revoked", { settle($0); $0.lists.answer = .success("its key is revoked") }),
    ("revocation-lists-unusable", { settle($0); $0.lists.answer = .failure(RevocationFault("cut off")) }),
    ("certificate-serial", { settle($0) { $0.certificate.singleUse = true } }),
    ("certificate-expired", { settle($0); $0.seconds = World.now + 5 * 3600 }),
    ("no-time-left", { settle($0); $0.seconds = World.now + 4 * 3600 + 10 }),
    ("ceiling-group", { settle($0, groups: ["dbops"]) { $0.accounts.groups = [] } }),
    ("ceiling-root-equivalent-group", { settle($0, groups: ["adm"]) }),
    ("name-not-admitted", { settle($0) { $0.accounts.names = ["ci-*"] } }),
    ("no-daemon", { settle($0); $0.opening = .failure(.unreachable(.init("connect", code: 111))) }),
    ("open-already-used", { settle($0); $0.opening = .success(.refused(.alreadyUsed, detail: "")) }),
  ] }

  @Test func refusesWhatBreaksARule() {
    for (index, (token, change)) in Self.bent().enumerated() {
      let (code, events) = Self.run(Self.emergency, change)
      #expect(code == Code.denied && events.refused.map { $0.token } == [token] && events.questions.isEmpty && events.kept.isEmpty, "\(index): \(events.refused)")
      // A refused emergency is as loud; before it was verified to be one, it is a refusal as any.
      if token != "name-not-admitted" {
        #expect(Self.levels(events).contains { $0.hasPrefix("alert BREAK GLASS: refused alice: \(token)") }, "\(index): \(Self.levels(events))")
        #expect(events.refused.first?.decision?.isBreakGlass == true && events.refused.first?.credential != nil)
      }
    }
  }

  @Test func refusesAnotherNamesCertificate() {
    let (code, events) = Self.run(user: "bob") { Self.settle($0, names: ["bob"]) }
    #expect(code == Code.denied && events.refused.map { $0.token } == ["certificate-login-name"])
  }

  /// Neither authority is ever taken for the other, even if the limits of one would let it.
  @Test func theAuthoritiesAreNotMixed() {
    // Trusted authorities do not let in by break glass, whoever is listed.
    let trusted = Self.run(Vectors.line("control")) {
      Self.settle($0)
      $0.verdict = .allowed(Grant(maxSessionSeconds: 3600))
    }
    #expect(trusted.code == Code.success && trusted.events.questions.count == 1 && trusted.events.opened.map { $0.decision.isBreakGlass } == [false])
    // A key that somebody managed to put into both lists is held to the emergency rules: no endpoint, and loud.
    let both = Self.run { Self.settle($0) { $0.certificate.trusted.append(TrustedAuthority(blob: Vectors.authority("second_ca"), file: "x")) } }
    #expect(both.code == Code.success && both.events.questions.isEmpty && Self.levels(both.events).contains { $0.hasPrefix("alert BREAK GLASS") })
    let two = Self.run(Self.emergency + Vectors.line("control"))
    #expect(two.code == Code.denied && two.events.refused.map { $0.token } == ["several-certificates"])
  }

  @Test func refusesItBeforeTheDaemonIsUp() {
    for local in [false, true] {
      let (code, events) = Self.run(local: local) { world in
        Self.settle(world)
        world.lastGood = try? world.settings.get()
        world.settings = .failure(.notThisBoot)
      }
      #expect(code == Code.denied && events.opened.isEmpty)
    }
  }
}
