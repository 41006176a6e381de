import Testing

@testable import Credentials
import Encoding

/// SSH_AUTH_INFO_0: what sshd says, and what somebody else could have written there (T6, T7).
@Suite struct AuthenticationInfoTests {
  static func parse(_ text: String) throws(AuthenticationInfoError) -> AuthenticationInfo { try parse(Array(text.utf8)) }
  static func parse(_ bytes: [UInt8]) throws(AuthenticationInfoError) -> AuthenticationInfo { try AuthenticationInfo(bytes.span) }

  static let certificateType = "ssh-ed25519-cert-v01@openssh.com"
  static func line(_ name: String = "control") -> String { "publickey \(certificateType) \(Base64.encode(Vectors.blob(name)))\n" }
  static var plainLine: String { "publickey ssh-ed25519 \(Base64.encode(Vectors.authorities["ca"] ?? []))\n" }

  @Test func readsOneCertificate() throws {
    let info = try Self.parse(Self.line())
    #expect(info.certificates.map { $0.blob } == [Vectors.blob("control")])
    #expect(info.plainKeys.isEmpty)
    #expect(info.certificates.first?.claimedAuthority == Vectors.authorities["ca"])
  }

  @Test func tellsPlainKeysCertificatesAndOtherMethodsApart() throws {
    let info = try Self.parse("none\npassword\n" + Self.plainLine + Self.line() + "keyboard-interactive/pam\ngssapi-with-mic alice@EXAMPLE.COM\n" + Self.line("foreign-authority"))
    #expect(info.certificates.count == 2)
    #expect(info.plainKeys == ["ssh-ed25519"])
    #expect(info.otherMethods == ["none", "password", "keyboard-interactive/pam", "gssapi-with-mic"])
  }

  @Test func anEmptyTextIsNoMethodYet() throws {
    let info = try Self.parse("")
    #expect(info.certificates.isEmpty && info.plainKeys.isEmpty && info.otherMethods.isEmpty)
  }

  @Test func aHostKeyIsNotThePersons() throws {
    let info = try Self.parse("hostbased " + Self.line().dropFirst("publickey ".count).dropLast() + " client user \"u\", client host \"h\"\n")
    #expect(info.certificates.isEmpty)
    #expect(info.otherMethods == ["hostbased"])
  }

  @Test func takesWhatFollowsTheKeyAsInformation() throws {
    #expect(try Self.parse(Self.line().dropLast() + " signature count = 3\n").certificates.count == 1)
  }

  @Test(arguments: [
    "publickey\n", "publickey \n", "publickey ssh-ed25519\n", "publickey ssh-ed25519 \n", "\n", " \n", " publickey x y\n", "publickey  AAAA\n",
    "publickey ssh-ed25519 AAAA\n", "publickey ssh-ed25519 !!!!\n", "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5=\n", "password", "pass\u{1b}word\n", "p\u{fc}\n",
    "publickey\tssh-ed25519\tAAAA\n", "password\r\n",
  ]) func refusesWhatSshdNeverWrites(_ text: String) {
    #expect(throws: AuthenticationInfoError.self) { try Self.parse(text) }
  }

  @Test func refusesAKeyUnderTheNameOfAnotherType() {
    let certificate = Base64.encode(Vectors.blob("control"))
    #expect(throws: AuthenticationInfoError.self) { try Self.parse("publickey ssh-ed25519 \(certificate)\n") }
    #expect(throws: AuthenticationInfoError.self) { try Self.parse("publickey \(Self.certificateType) \(Base64.encode(Vectors.authorities["ca"] ?? []))\n") }
  }

  @Test func refusesTooMuch() throws {
    #expect(throws: AuthenticationInfoError.self) { try Self.parse([UInt8](repeating: 10, count: AuthenticationInfo.cap + 1)) }
    #expect(throws: AuthenticationInfoError.self) { try Self.parse(String(repeating: "password\n", count: 33)) }
    #expect(try Self.parse(String(repeating: "password\n", count: 32)).otherMethods.count == 32)
  }

  @Test func everyChangedByteIsRefusedHereOrByVerification() throws {
    let good = Array(Self.line().utf8)
    for at in good.indices {
      for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
        var bad = good
        bad[at] ^= mask
        guard let info = try? Self.parse(bad) else { continue }
        #expect(!info.certificates.contains { Vectors.verdict($0.blob) == "accepted" }, "byte \(at) ^ \(mask)")
      }
    }
  }

  @Test func everyCutIsRefused() throws {
    let good = Array(Self.line().utf8)
    for count in 1..<good.count { #expect(throws: AuthenticationInfoError.self, "\(count) bytes") { try Self.parse(Array(good.prefix(count))) } }
  }

  @Test func tellsTheAuthorityOfEveryTypeThatItKnows() {
    let names = ["p256-key", "p384-key", "p521-key", "rsa-key", "sk-by-ed25519", "sk-ecdsa-by-ed25519", "type-dsa", "type-composite"]
    for name in names {
      let shown = ShownCertificate(typeName: KeyBlob.typeName(Vectors.blob(name)), blob: Vectors.blob(name))
      #expect(shown.claimedAuthority == Vectors.authorities["ca"], "\(name)")
    }
    for name in ["type-ed448", "type-of-version-2", "garbage", "cut-to-60"] {
      #expect(ShownCertificate(typeName: [], blob: Vectors.blob(name)).claimedAuthority == nil, "\(name)")
    }
  }

  @Test func recognisesTypesToComeAsCertificates() {
    for name in ["ssh-ed25519-cert-v01@openssh.com", "ssh-mldsa44-ed25519-cert-v01@openssh.com", "ssh-x-cert-v02@example.com"] {
      #expect(ShownCertificate.isCertificateType(Array(name.utf8)))
    }
    for name in ["ssh-ed25519", "", "-cert-", "ssh-rsa"] { #expect(!ShownCertificate.isCertificateType(Array(name.utf8))) }
  }
}
