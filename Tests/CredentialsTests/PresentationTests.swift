import Foundation
import Testing

@testable import Credentials
import Encoding

/// Who presents a certificate signs a challenge with its key: real signatures of ssh-keygen, and what it would never write.
@Suite struct PresentationTests {
  static let message = [UInt8]((try? Data(contentsOf: Vectors.folder.appendingPathComponent("challenge.txt"))) ?? Data())
  static let presented = Vectors.vectors("presented.txt")

  /// "presented", or what the proof is refused for.
  static func verdict(_ blob: [UInt8], _ message: [UInt8] = message) -> String {
    do throws(PresentationRefusal) {
      _ = try Presentation.prove(UnverifiedSSHSignature(blob), message: message)
      return "presented"
    } catch {
      switch error {
      case .form: return "form"
      case .plainKey: return "plain-key"
      case .signature: return "signature"
      case .agent: return "agent"
      }
    }
  }

  @Test func thereAreVectorsOfEveryVerdict() {
    #expect(Set(Self.presented.map(\.verdict)) == ["presented", "form", "plain-key", "signature"] && Self.presented.count >= 45 && Self.message.count > 100)
  }

  @Test(arguments: presented) func takesWhatTheKeySignedAndNothingElse(_ vector: Vectors.Vector) {
    #expect(Self.verdict(vector.blob) == vector.verdict)
  }

  @Test(arguments: presented.filter { $0.verdict == "presented" }) func theCertificateThatIsPresentedPassesTheRulesOrIsRefusedByThem(_ vector: Vectors.Vector) throws {
    let proof = try Presentation.prove(UnverifiedSSHSignature(vector.blob), message: Self.message)
    #expect(Vectors.verdict(proof.certificate.blob, Vectors.demands { $0.enforcer = .presented(proof.use) }) == "accepted")
  }

  @Test func aSecurityKeySaysHowItWasUsed() throws {
    func use(_ name: String) throws -> KeyUse { try Presentation.prove(UnverifiedSSHSignature(Self.presented.first { $0.name == name }?.blob ?? []), message: Self.message).use }
    #expect(try use("hand-user_sk") == KeyUse(isTouched: true, isUserVerified: false))
    #expect(try use("hand-verified-user") == KeyUse(isTouched: true, isUserVerified: true))
    #expect(try use("hand-user") == KeyUse(isTouched: false, isUserVerified: false))
  }

  /// What nobody but sshd holds is refused; that somebody's identity was verified, the signature itself says.
  @Test func holdsVerifyRequiredByTheSignatureAndRefusesAForcedCommand() {
    let blob = Vectors.blob("security-key-verify-required")
    for (use, verdict) in [(KeyUse(isTouched: true, isUserVerified: true), "accepted"), (KeyUse(isTouched: true, isUserVerified: false), "certificate-unenforced-option")] {
      #expect(Vectors.verdict(blob, Vectors.demands { $0.enforcer = .presented(use) }) == verdict)
      #expect(Vectors.verdict(Vectors.blob("force-command"), Vectors.demands { $0.enforcer = .presented(use) }) == "certificate-unenforced-option")
    }
  }

  @Test(arguments: ["keygen-user", "keygen-user_p256", "keygen-user_rsa", "hand-user_sk"]) func noByteOfASignatureMayDiffer(_ name: String) throws {
    let blob = try #require(Self.presented.first { $0.name == name }).blob
    var changed = 0
    for at in blob.indices {
      for bit: UInt8 in [1, 0x80] {
        var other = blob
        other[at] ^= bit
        // A bit of the certificate that its key's holder signed with may differ here: the authority's signature, which the rules look at, covers it.
        guard Self.verdict(other) == "presented" else { continue }
        let shown = try Presentation.prove(UnverifiedSSHSignature(other), message: Self.message).certificate
        #expect(Vectors.verdict(shown.blob, Vectors.demands { $0.enforcer = .presented(KeyUse(isTouched: true, isUserVerified: true)) }) != "accepted", "byte \(at) of \(name)")
        changed += 1
      }
    }
    #expect(changed > 0 && changed < blob.count * 2)
  }

  @Test func aSignatureIsReadToItsLastByte() throws {
    let blob = try #require(Self.presented.first { $0.name == "keygen-user" }).blob
    for count in 0..<blob.count { #expect(Self.verdict(Array(blob.prefix(count))) != "presented", "\(count) bytes") }
  }

  @Test func noByteOfTheChallengeMayDiffer() throws {
    let blob = try #require(Self.presented.first { $0.name == "keygen-user" }).blob
    for at in Self.message.indices {
      var other = Self.message
      other[at] ^= 1
      #expect(Self.verdict(blob, other) == "signature")
    }
  }

  // The answer as it is pasted

  static func line(_ name: String = "keygen-user") -> String { Base64.encode(presented.first { $0.name == name }?.blob ?? []) }

  static func read(_ text: String) -> String {
    do throws(PresentationRefusal) {
      let signature = try PastedAnswer.read(Array(text.utf8))
      do throws(PresentationRefusal) {
        _ = try Presentation.prove(signature, message: message)
        return "presented"
      } catch { return "refused" }
    } catch {
      if case .form(let why) = error { return why }
      return "\(error)"
    }
  }

  @Test func armourAndLineBreaksAreTolerated() {
    let line = Self.line()
    let broken = stride(from: 0, to: line.count, by: 70).map { String(line.dropFirst($0).prefix(70)) }
    let begin = "-----BEGIN SSH SIGNATURE-----", end = "-----END SSH SIGNATURE-----"
    let texts = [line, line + "\n", line + "\r\n", "  " + line + "\t", begin + line + end, ([begin] + broken + [end]).joined(separator: "\n") + "\n",
      ([begin] + broken + [end]).joined(separator: "\r\n"), ([begin] + broken + [end]).joined(separator: " "), broken.joined(separator: " ")]
    for text in texts { #expect(Self.read(text) == "presented", "\(text.prefix(60))") }
  }

  @Test func saysWhyAnAnswerIsNoSignature() {
    let line = Self.line()
    #expect(Self.read("") == "nothing was typed" && Self.read("  \r\n") == "nothing was typed")
    #expect(Self.read("-----BEGIN SSH SIGNATURE-----") == "only its first line arrived; it must be pasted as one line")
    for text in [String(line.dropLast()), line + "x", "my password", line + line, "\u{1b}[200~" + line] {
      #expect(["it is not base64, or not all of it arrived", "bytes are left over after it", "its end is missing"].contains(Self.read(text)), "\(text.prefix(40)): \(Self.read(text))")
    }
    #expect(Self.read(Base64.encode(Array("nothing of the kind".utf8))) == "it is not what ssh-keygen -Y sign writes")
    #expect(Self.read(Base64.encode(Array("SSHSIG".utf8))) == "its end is missing")
  }
}
