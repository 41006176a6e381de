import Foundation
import Testing

@testable import Credentials
import Encoding

@Suite struct CertificateTests {
  @Test func theVectorsAreThere() {
    #expect(Vectors.issued.count >= 38)
    #expect(Vectors.hostile.count >= 110)
    #expect(Vectors.ours.count == 2)
    #expect(Set((Vectors.issued + Vectors.hostile).map { $0.verdict }).isSubset(of: Set(CertificateRule.allCases.map { $0.token } + ["accepted"])))
  }

  @Test(arguments: Vectors.issued) func judgesWhatSSHKeygenIssues(_ vector: Vectors.Vector) {
    #expect(Vectors.verdict(vector.blob) == vector.verdict)
  }

  @Test(arguments: Vectors.hostile) func judgesWhatIsPutTogetherByHand(_ vector: Vectors.Vector) {
    #expect(Vectors.verdict(vector.blob) == vector.verdict)
  }

  @Test func everyRuleIsBrokenBySomeVectorOrAnEnforcer() {
    let broken = Set((Vectors.issued + Vectors.hostile).map { $0.verdict }).union([Vectors.verdict(Vectors.blob("force-command"), Vectors.demands { $0.enforcer = .nobody })])
    for rule in CertificateRule.allCases { #expect(broken.contains(rule.token), "\(rule.token)") }
    #expect(Set(CertificateRule.allCases.map { $0.token }).count == CertificateRule.allCases.count)
  }

  /// Every detail is for a terminal: printable, and short enough for a line (T30).
  @Test func detailsAreFitToBeShown() {
    for vector in Vectors.issued + Vectors.hostile {
      var seen: AttestedCertificate?
      do throws(CertificateRefusal) { _ = try VerifiedCertificate.verify(vector.blob, Vectors.demands(), seen: &seen) } catch {
        #expect(error.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 }, "\(vector.name)")
        #expect(error.detail.utf8.count < 512, "\(vector.name)")
        #expect(!error.detail.isEmpty)
      }
      if let seen { #expect(seen.shownKeyID.utf8.allSatisfy { $0 >= 32 && $0 < 127 }) }
    }
  }

  @Test func refusesACertificateWithAnyByteChanged() {
    let good = Vectors.blob("control")
    #expect(Vectors.verdict(good) == "accepted")
    for at in good.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var bad = good
        bad[at] ^= mask
        #expect(Vectors.verdict(bad) != "accepted", "byte \(at) ^ \(mask)")
      }
    }
  }

  @Test func refusesACertificateCutOffAnywhere() {
    let good = Vectors.blob("control")
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
      _ = try? VerifiedCertificate.verify(Vectors.blob(name), Vectors.demands(), seen: &seen)
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
    for name in ["force-command", "source-address", "both-options"] {
      #expect(Vectors.verdict(Vectors.blob(name), Vectors.demands { $0.enforcer = .nobody }) == "certificate-unenforced-option")
    }
    #expect(Vectors.verdict(Vectors.blob("control"), Vectors.demands { $0.enforcer = .nobody }) == "accepted")
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
    var seen: AttestedCertificate?
    let carried = (try? UnverifiedCertificate(inner))?.authority ?? []
    #expect(!carried.isEmpty)
    #expect(throws: CertificateRefusal.self) {
      _ = try VerifiedCertificate.verify(inner, Vectors.demands { $0.authorities = [carried] }, seen: &seen)
    }
    #expect(Vectors.verdict(inner, Vectors.demands { $0.authorities = [carried] }) == "certificate-authority-type")
  }
}
