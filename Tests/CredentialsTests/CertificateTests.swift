import Foundation
import Testing

@testable import Credentials
import Encoding

@Suite struct CertificateTests {
  @Test func theVectorsAreThere() {
    #expect(Vectors.issued.count >= 49)
    #expect(Vectors.hostile.count >= 480)
    #expect(Vectors.ours().count == 9)
    #expect(Set((Vectors.issued + Vectors.hostile).map { $0.verdict }).isSubset(of: Set(CertificateRule.allCases.map { $0.token } + ["accepted", "refused"])))
    #expect(Set(Vectors.hostile.map { $0.name }).count == Vectors.hostile.count)
  }

  @Test func judgesWhatSSHKeygenIssues() {
    for vector in Vectors.issued { #expect(vector.fits(Vectors.verdict(vector.blob)), "\(vector.name): \(Vectors.verdict(vector.blob))") }
  }

  @Test func judgesWhatIsPutTogetherByHand() {
    for vector in Vectors.hostile { #expect(vector.fits(Vectors.verdict(vector.blob)), "\(vector.name): \(Vectors.verdict(vector.blob))") }
  }

  @Test func everyRuleIsBrokenBySomeCertificate() {
    let deep = Vectors.limits { $0.attributes = [AttributeSource(name: "roles", text: "extension:roles@example.com:json")].compactMap { $0 } }
    let byDemand = [
      Vectors.verdict(Vectors.blob("force-command"), Vectors.demands { $0.enforcer = .presented(KeyUse(isTouched: false, isUserVerified: false)) }),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.authorities = Vectors.limits { $0.principals = ["bob"] } }),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.authorities = Vectors.limits { $0.networks = [AddressRange("10.0.0.0/8".utf8)].compactMap { $0 } } }),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.subject = .certificateExtension("login@example.com") }),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.authorities = Vectors.limits { $0.subjects = ["bob"] } }),
      Vectors.verdict(Vectors.blob("attribute-of-broken-json"), Vectors.demands { $0.authorities = deep }),
      Vectors.verdict(Vectors.blob("serial-0"), Vectors.demands(), BySerial()),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands(), BySerial(revoked: 42)),
      Vectors.verdict(Vectors.blob("control"), Vectors.demands(), Unusable()),
    ]
    let broken = Set((Vectors.issued + Vectors.hostile).map { $0.verdict } + byDemand)
    for rule in CertificateRule.allCases { #expect(broken.contains(rule.token), "\(rule.token)") }
    #expect(Set(CertificateRule.allCases.map { $0.token }).count == CertificateRule.allCases.count)
  }

  @Test func theDocumentationNamesEveryRuleAndHowManyCertificatesAreCompared() throws {
    let text = try String(contentsOf: Vectors.folder.appendingPathComponent("../../../docs/certificates.md"), encoding: .utf8)
    for rule in CertificateRule.allCases { #expect(text.contains("`\(rule.token)`"), "\(rule.token)") }
    #expect(text.contains("the same \(Vectors.issued.count + Vectors.hostile.count) certificates"))
  }

  /// Every detail is for a terminal: printable, and short enough for a line (T30).
  @Test func detailsAreFitToBeShown() {
    for vector in Vectors.issued + Vectors.hostile {
      var seen: AttestedCertificate?
      do throws(CertificateRefusal) { _ = try VerifiedCertificate.verify(vector.blob, Vectors.demands(), NoRevocations(), seen: &seen) } catch {
        #expect(error.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 }, "\(vector.name)")
        #expect(error.detail.utf8.count < 512, "\(vector.name)")
        #expect(!error.detail.isEmpty)
      }
      if let seen { #expect(seen.shownKeyID.utf8.allSatisfy { $0 >= 32 && $0 < 127 }) }
    }
  }

  /// Every type of key, and every type of authority.
  static let ofEveryType = ["control", "p256-by-ed25519", "p384-by-ed25519", "p521-by-ed25519", "rsa-by-ed25519", "sk-by-ed25519", "sk-ecdsa-by-ed25519",
    "ed25519-by-p256", "ed25519-by-p384", "ed25519-by-p521", "ed25519-by-rsa", "ed25519-by-sk", "ed25519-by-sk-ecdsa"]

  @Test(arguments: ofEveryType) func refusesACertificateWithAnyByteChanged(_ name: String) {
    let good = Vectors.blob(name)
    #expect(Vectors.verdict(good) == "accepted")
    for at in good.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var bad = good
        bad[at] ^= mask
        #expect(Vectors.verdict(bad) != "accepted", "byte \(at) ^ \(mask)")
      }
    }
  }

  @Test(arguments: ofEveryType) func refusesACertificateCutOffAnywhere(_ name: String) {
    let good = Vectors.blob(name)
    #expect(good.count > 300)
    for count in 0..<good.count { #expect(Vectors.verdict(Array(good.prefix(count))) == "certificate-form", "\(count) bytes") }
  }

  @Test func refusesACertificateWithAnyByteRepeatedOrLeftOut() {
    let good = Vectors.blob("control")
    for at in good.indices {
      var longer = good
      longer.insert(good[at], at: at)
      var shorter = good
      shorter.remove(at: at)
      // Leaving out one of two equal neighbours, or doubling one, is the same change; both are refused.
      #expect(Vectors.verdict(longer) != "accepted", "byte \(at) twice")
      #expect(Vectors.verdict(shorter) != "accepted", "byte \(at) left out")
    }
  }

  @Test func looksAtTheAuthorityBeforeAnythingElseIsBelieved() {
    // Expired, for a host, without principals: of a foreign authority only that is said.
    for vector in Vectors.issued + Vectors.hostile {
      let verdict = Vectors.verdict(vector.blob, Vectors.demands { $0.authorities = [] })
      #expect(["certificate-authority", "certificate-authority-type", "certificate-type", "certificate-form", "certificate-size"].contains(verdict), "\(vector.name): \(verdict)")
    }
  }

  @Test func tellsWhoseCertificateItRefusedOnlyIfTheSignatureIsGood() {
    for (name, isKnown) in [("of-the-past", true), ("no-principals", true), ("host", true), ("foreign-authority", false), ("signature-of-zeros", false), ("cut-to-100", false)] {
      var seen: AttestedCertificate?
      _ = try? VerifiedCertificate.verify(Vectors.blob(name), Vectors.demands(), NoRevocations(), seen: &seen)
      #expect((seen != nil) == isKnown, "\(name)")
    }
  }

  @Test func holdsTheLoginNameToTheByte() {
    let good = Vectors.blob("control")  // alice, bob
    for name in ["bob", "alice"] { #expect(Vectors.verdict(good, Vectors.demands { $0.loginName = name }) == "accepted") }
    for name in ["", "alic", "alice ", "Alice", "alice,bob", "root", "bo\u{301}b"] {
      #expect(Vectors.verdict(good, Vectors.demands { $0.loginName = name }) == "certificate-login-name", "\(name)")
    }
  }

  @Test func refusesRestrictionsWhereNobodyHoldsThem() {
    for name in ["force-command", "both-options", "security-key-verify-required"] {
      #expect(Vectors.verdict(Vectors.blob(name), Vectors.demands { $0.enforcer = .presented(KeyUse(isTouched: false, isUserVerified: false)) }) == "certificate-unenforced-option")
    }
    for name in ["control", "source-address"] { #expect(Vectors.verdict(Vectors.blob(name), Vectors.demands { $0.enforcer = .presented(KeyUse(isTouched: false, isUserVerified: false)) }) == "accepted") }
  }

  @Test func holdsTheSourceAddressItself() {
    let blob = Vectors.blob("source-address")  // 10.0.0.0/8, 127.0.0.1/32
    for (address, isTaken) in [("127.0.0.1", true), ("10.255.0.1", true), ("::ffff:10.0.0.1", true), ("127.0.0.2", false), ("11.0.0.0", false), ("::1", false)] {
      let demands = CertificateDemands(authorities: Vectors.ours(), loginName: "alice", now: Vectors.now, maxLifetime: 43200, clockSkew: 30, enforcer: .sshd,
        client: IPAddress(address.utf8))
      #expect(Vectors.verdict(blob, demands) == (isTaken ? "accepted" : "certificate-source-address"), "\(address)")
    }
    #expect(Vectors.verdict(blob, Vectors.demands { $0.client = nil }) == "certificate-source-address")
    #expect(Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.client = nil }) == "accepted")
  }

  @Test func timesNeverOverflow() {
    let edges: [UInt64] = [0, 1, Vectors.now, 1 << 62, 1 << 63, UInt64.max - 1, UInt64.max]
    for vector in Vectors.issued + Vectors.hostile.filter({ $0.name.contains("for-ever") || $0.name.contains("begins") || $0.name.contains("ends") }) {
      for now in edges { for skew in edges { for cap in edges {
        _ = Vectors.verdict(vector.blob, Vectors.demands { ($0.now, $0.clockSkew, $0.maxLifetime) = (now, skew, cap) })
      } } }
    }
    // "For ever" is never ephemeral, however generous the host is.
    #expect(Vectors.verdict(Vectors.blob("for-ever"), Vectors.demands { ($0.maxLifetime, $0.clockSkew) = (.max, .max) }) == "certificate-lifetime")
  }

  @Test func aPlainKeyIsTheOnlyThingThatCanSign() {
    // The whole certificate stands on the list of authorities, by a careless admin.
    let inner = Vectors.blob("ca-is-a-certificate")
    let carried = (try? UnverifiedCertificate(inner))?.authority ?? []
    #expect(!carried.isEmpty)
    #expect(Vectors.verdict(inner, Vectors.demands { $0.authorities = [AuthorityLimits(blob: carried)] }) == "certificate-authority-type")
  }
}

/// Lists that cannot be read.
struct Unusable: Revocations {
  var nameSerials: Bool { false }
  func reason(_ certificate: RevocationSubject) throws(RevocationFault) -> String? { throw RevocationFault("it is damaged") }
}

/// Revokes one serial number, or none; certificates without one are refused.
struct BySerial: Revocations {
  var revoked: UInt64?
  var nameSerials: Bool { true }
  func reason(_ certificate: RevocationSubject) -> String? { certificate.serial == revoked ? "its serial number is on the list" : nil }
}
