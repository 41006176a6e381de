internal import Encoding

/// A detached signature as `ssh-keygen -Y sign` writes it, with nothing believed yet.
///
///     "SSHSIG" | uint32 version (1) | string public key | string namespace | string reserved | string hash algorithm |
///     string signature                                                                              (PROTOCOL.sshsig)
public struct UnverifiedSSHSignature: Sendable {
  /// A plain key, or a whole certificate.
  public let publicKey: [UInt8]
  let namespace: [UInt8]
  let reserved: [UInt8]
  let hash: [UInt8]
  let signature: [UInt8]

  static var magic: [UInt8] { Array("SSHSIG".utf8) }
  /// Bytes: the largest certificate, and a signature.
  public static var cap: Int { UnverifiedCertificate.cap + 4096 }

  /// Total: whatever the bytes are, the result is a value or an error.
  public init(_ blob: [UInt8]) throws(PresentationRefusal) {
    guard blob.count <= UnverifiedSSHSignature.cap else { throw .form("it is longer than \(UnverifiedSSHSignature.cap) bytes") }
    guard blob.starts(with: UnverifiedSSHSignature.magic) else { throw .form("it is not what ssh-keygen -Y sign writes") }
    let span = blob.span
    var cursor = ByteCursor(UnverifiedSSHSignature.magic.count..<blob.count)
    do throws(WireError) {
      guard try cursor.uint32(span) == 1 else { throw WireError.badText }
      publicKey = span.copy(try cursor.string(span))
      namespace = span.copy(try cursor.string(span))
      reserved = span.copy(try cursor.string(span))
      hash = span.copy(try cursor.string(span))
      signature = span.copy(try cursor.string(span))
      try cursor.finish()
    } catch {
      switch error {
      case .truncated: throw .form("its end is missing")
      case .trailing: throw .form("bytes are left over after it")
      case .badText, .notCanonical: throw .form("it is of a version that is not known here")
      }
    }
  }

  /// From an agent's signature over `toBeSigned`.
  init(publicKey: [UInt8], signature: [UInt8]) {
    self.publicKey = publicKey
    namespace = Array("\(Presentation.namespace)".utf8)
    reserved = []
    hash = Array("sha512".utf8)
    self.signature = signature
  }

  /// What is signed for a message: `"SSHSIG" | string namespace | string reserved | string hash | string H(message)`.
  /// nil if the hash is none of the two that the format has.
  func signed(over message: [UInt8]) -> [UInt8]? {
    let digest: [UInt8]?
    if hash.elementsEqual("sha512".utf8) {
      digest = Digest.sha512(message)
    } else if hash.elementsEqual("sha256".utf8) {
      digest = Digest.sha256(message)
    } else {
      return nil
    }
    guard let digest else { return nil }
    return UnverifiedSSHSignature.magic + Wire.string(namespace) + Wire.string(reserved) + Wire.string(hash) + Wire.string(digest)
  }
}
