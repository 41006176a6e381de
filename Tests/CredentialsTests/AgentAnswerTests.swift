import Testing

@testable import Credentials
import Encoding

/// What an agent answers is the caller's word: it is read whole or refused.
@Suite struct AgentAnswerTests {
  static let certificate = Vectors.blob("control")

  static func identities(_ blobs: [[UInt8]], count: UInt32? = nil) -> [UInt8] {
    [12] + Wire.uint32(count ?? UInt32(blobs.count)) + blobs.flatMap { Wire.string($0) + Wire.string("a comment") }
  }

  @Test func certificatesAreTakenAndPlainKeysLeftOut() throws {
    let plain = Vectors.authorities["ca"] ?? []
    let found = try AgentIdentity.list(Self.identities([plain, Self.certificate, [], plain, Self.certificate]))
    #expect(found.map(\.certificate.blob) == [Self.certificate, Self.certificate])
    #expect(try AgentIdentity.list(Self.identities([])).isEmpty)
    #expect(try AgentIdentity.list(Self.identities(Array(repeating: Self.certificate, count: 500))).count == AgentIdentity.cap)
  }

  @Test func refusesAnAnswerThatIsNotWhole() {
    let whole = Self.identities([Self.certificate])
    for count in 0..<whole.count { #expect(throws: PresentationRefusal.self) { try AgentIdentity.list(Array(whole.prefix(count))) } }
    for answer in [whole + [0], [5], [11] + Array(whole.dropFirst()), [14] + Array(whole.dropFirst()), Self.identities([Self.certificate], count: 2), Self.identities([], count: .max)] as [[UInt8]] {
      #expect(throws: PresentationRefusal.self) { try AgentIdentity.list(answer) }
    }
  }

  @Test func noByteOfItTraps() throws {
    let whole = Self.identities([Self.certificate])
    let identity = try #require(try AgentIdentity.list(whole).first)
    let signed = [14] + Wire.string(Wire.string("ssh-ed25519") + Wire.string([UInt8](repeating: 7, count: 64)))
    for at in whole.indices {
      var other = whole
      other[at] ^= 0xff
      _ = try? AgentIdentity.list(other)
    }
    for at in signed.indices {
      var other = signed
      other[at] ^= 0xff
      if let signature = try? identity.signature(other) { #expect(PresentationTests.verdict(signature.publicKey) != "presented") }
    }
  }

  /// Only what `ssh-keygen -Y sign` signs is asked to be signed, so that agents of FIDO keys sign it, and nothing else takes it.
  @Test func asksToSignWhatSSHKeygenWould() throws {
    let identity = try #require(try AgentIdentity.list(Self.identities([Self.certificate])).first)
    let frame = try #require(AgentQuestion.sign(PresentationTests.message, with: identity))
    var cursor = ByteCursor(0..<frame.count)
    #expect(try cursor.uint32(frame.span) == UInt32(frame.count - 4))
    #expect(try cursor.byte(frame.span) == 13)
    #expect(frame.span.copy(try cursor.string(frame.span)) == Self.certificate)
    let data = frame.span.copy(try cursor.string(frame.span))
    #expect(data.starts(with: Array("SSHSIG".utf8) + Wire.string("sojourn") + Wire.string("") + Wire.string("sha512") + [0, 0, 0, 64]) && data.count == 6 + 11 + 4 + 10 + 68)
    #expect(try cursor.uint32(frame.span) == 4)
    #expect(AgentQuestion.identities == [0, 0, 0, 1, 11])
  }

  @Test func refusesToTakeAFailureForASignature() throws {
    let identity = try #require(try AgentIdentity.list(Self.identities([Self.certificate])).first)
    for answer in [[], [5], [6], [14], [14, 0, 0, 0, 9], [14, 0, 0, 0, 0, 1], [12, 0, 0, 0, 0]] as [[UInt8]] { #expect(throws: PresentationRefusal.self) { try identity.signature(answer) } }
  }
}
