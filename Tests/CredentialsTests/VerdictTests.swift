import Testing

@testable import Credentials
import Encoding

/// Every rule has its line, and all of them together are the one way in.
@Suite struct VerdictTests {
  static func of(_ blob: [UInt8], _ change: (inout CertificateDemands) -> Void = { _ in }) -> CertificateVerdict {
    CertificateVerdict.of(blob, Vectors.demands(change), NoRevocations())
  }

  static func failed(_ verdict: CertificateVerdict) -> [String] {
    verdict.lines.compactMap { line in if case .failed = line.outcome { line.rule.token } else { nil } }
  }

  @Test func everyRuleHasOneLineInOrderWhateverTheBytesAre() {
    for vector in Vectors.issued + Vectors.hostile {
      let verdict = Self.of(vector.blob)
      #expect(verdict.lines.map { $0.rule } == CertificateRule.allCases, "\(vector.name)")
      let isPassed = verdict.lines.allSatisfy { line in if case .passed = line.outcome { true } else { false } }
      #expect((verdict.certificate != nil) == isPassed, "\(vector.name)")
      for line in verdict.lines { if case .failed(let detail) = line.outcome { #expect(!detail.isEmpty, "\(vector.name): \(line.rule.token)") } }
      #expect((verdict.refusal == nil) == isPassed, "\(vector.name)")
      #expect(vector.fits(verdict.refusal?.rule.token ?? "accepted"), "\(vector.name)")
    }
  }

  @Test func tellsEverythingThatIsWrongAtOnce() {
    let verdict = Self.of(Vectors.blob("of-the-past")) {
      $0.loginName = "root"
      $0.authorities = []
      $0.maxLifetime = 60
    }
    #expect(Self.failed(verdict) == ["certificate-authority", "certificate-expired", "certificate-lifetime", "certificate-login-name"])
    #expect(verdict.refusal?.rule == .authority)
    #expect(verdict.attested == nil && verdict.certificate == nil && verdict.fields?.serial == 0)
  }

  @Test func aForeignAuthoritysGoodSignatureMakesNothingOfIt() {
    let verdict = Self.of(Vectors.blob("foreign-authority"))
    #expect(Self.failed(verdict) == ["certificate-authority"])
    #expect(verdict.attested == nil && verdict.certificate == nil)
  }

  @Test func anAuthorityIsHeldToItsNames() {
    func token(_ patterns: [String], _ name: String) -> String {
      Vectors.verdict(Vectors.blob("control"), Vectors.demands {
        $0.loginName = name
        $0.authorities = Vectors.limits { $0.principals = patterns }
      })
    }
    for patterns in [["alice"], ["*"], ["a*"], ["x", "al?ce"], ["*ice"], []] { #expect(token(patterns, "alice") == "accepted", "\(patterns)") }
    for patterns in [["bob"], ["deploy-*"], ["alice?"], [""], ["Alice"], ["a"]] { #expect(token(patterns, "alice") == "certificate-authority-principals", "\(patterns)") }
  }

  @Test func refusesASubjectThatTheAuthorityMayNotSpeakFor() throws {
    func token(_ patterns: [String], _ subject: SubjectField, _ vector: String = "own-extension") -> String {
      Vectors.verdict(Vectors.blob(vector), Vectors.demands {
        $0.subject = subject
        $0.authorities = Vectors.limits { $0.subjects = patterns }
      })
    }
    let field = SubjectField.certificateExtension("login@example.com")
    for (patterns, subject) in [([], .keyID), (["*"], .keyID), (["*@example.com"], .keyID), (["x", "alice@example.com"], .keyID), (["alice"], .loginName),
      (["al*"], field), ([], field)] as [([String], SubjectField)] { #expect(token(patterns, subject) == "accepted", "\(patterns)") }
    for (patterns, subject) in [(["spiffe://*"], .keyID), (["alice"], .keyID), (["Alice@example.com"], .keyID), (["alice@example.com?"], .keyID),
      (["alice@example.com"], .loginName), (["alice@example.com"], field), (["bob"], field)] as [([String], SubjectField)] {
      #expect(token(patterns, subject) == "certificate-authority-subjects", "\(patterns)")
    }
    // What is missing is no subject, whatever the patterns admit.
    #expect(token(["*"], field, "control") == "no-subject")
    let demands = Vectors.demands { $0.subject = field }
    #expect(try Vectors.verified("own-extension", demands).subjectID == "alice")
    #expect(try Vectors.verified("own-extension").subjectID == "alice@example.com")
  }

  @Test func refusesACertificateWithoutASerialNumberWhereEachOpensOneSession() {
    for (name, isSingle, said) in [("serial-0", true, "certificate-serial"), ("serial-0", false, "accepted"), ("control", true, "accepted")] {
      #expect(Vectors.verdict(Vectors.blob(name), Vectors.demands { $0.isSingleUse = isSingle }) == said, "\(name)")
    }
  }

  /// sshkey.c:sshkey_ec_validate_public, of authorities: with a coordinate out of its bounds no key of ours.
  @Test(arguments: Vectors.hostile.filter { $0.name.contains("-authority-point-of-") })
  func refusesAnAuthorityWhosePointNobodyDrewByChance(_ vector: Vectors.Vector) throws {
    let blob = try UnverifiedCertificate(vector.blob).authority
    let said = Vectors.verdict(vector.blob, Vectors.demands { $0.authorities = [AuthorityLimits(blob: blob)] })
    #expect(said == (vector.name.contains("more-than") || vector.name.contains("nearly") ? "certificate-signature" : "certificate-authority-key"))
  }

  @Test func aKeyHasOneSpelling() {
    for (name, blob) in Vectors.authorities { #expect(PublicKey.hasOneSpelling(blob), "\(name)") }
    for vector in Vectors.hostile where vector.name.hasPrefix("ca-of-") || vector.name.hasPrefix("ca-with-") {
      let authority = ShownCertificate(typeName: [], blob: vector.blob).claimedAuthority
      #expect(authority.map { PublicKey.hasOneSpelling($0) } == false, "\(vector.name)")
    }
  }

  @Test func tellsOnlyThePrincipalsThatTheAuthorityMaySay() throws {
    let demands = Vectors.demands { $0.authorities = Vectors.limits { $0.principals = ["al*"] } }
    #expect(try Vectors.verified("control", demands).principals == ["alice"])
    #expect(try Vectors.verified("control").principals == ["alice", "bob"])
  }

  @Test func theShorterOfBothLifetimesHolds() {
    for (own, all, isTaken) in [(28800, 43200, true), (28000, 43200, false), (43200, 28000, false), (.max, .max, true)] as [(UInt64, UInt64, Bool)] {
      let said = Vectors.verdict(Vectors.blob("control"), Vectors.demands {
        $0.authorities = Vectors.limits { $0.maxLifetime = own }
        $0.maxLifetime = all
      })
      #expect(said == (isTaken ? "accepted" : "certificate-lifetime"), "\(own) \(all)")
    }
  }

  @Test func anAuthorityIsHeldToItsNetworks() {
    for (client, isTaken) in [("10.1.2.3", true), ("2001:db8::1", true), ("127.0.0.1", false), ("2001:db9::1", false), (nil, false)] as [(String?, Bool)] {
      let ranges = ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0.utf8) }
      let said = Vectors.verdict(Vectors.blob("control"), Vectors.demands {
        $0.client = client.flatMap { IPAddress($0.utf8) }
        $0.authorities = Vectors.limits { $0.networks = ranges }
      })
      #expect(said == (isTaken ? "accepted" : "certificate-authority-networks"), "\(client ?? "unknown")")
    }
  }

  @Test func asksForRevocationsByThePlainKey() {
    final class Asked: Revocations {
      var subjects: [RevocationSubject] = []
      var nameSerials: Bool { false }
      func reason(_ certificate: RevocationSubject) -> String? {
        subjects.append(certificate)
        return "everything is\u{1b}"
      }
    }
    let asked = Asked()
    let verdict = CertificateVerdict.of(Vectors.blob("self-signed-by-ours"), Vectors.demands(), asked)
    #expect(asked.subjects.map { $0.key } == [Vectors.authorities["ca"]])
    #expect(asked.subjects.map { $0.serial } == [7])
    #expect(verdict.lines.contains { line in if case .failed("everything is?") = line.outcome { line.rule == .revoked } else { false } })
  }

  @Test(arguments: ["p256", "p384", "p521", "rsa", "sk", "sk-ecdsa", "ed25519"]) func thePlainKeyIsTheOneThatSSHKeygenWrites(_ kind: String) throws {
    // Each authority once certified itself: the key of the certificate is the one on the list.
    let name = ["p256": "ecdsa_ca", "p384": "p384_ca", "p521": "p521_ca", "rsa": "rsa_ca", "sk": "sk_ca", "sk-ecdsa": "sk_ecdsa_ca", "ed25519": "ca"][kind] ?? ""
    #expect(try UnverifiedCertificate(Vectors.blob("\(kind)-authority-certified-itself")).plainKeyBlob == Vectors.authorities[name])
  }
}
