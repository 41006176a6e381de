internal import Encoding

/// How the holder of a key used it, as the key's device swears in the signature (PROTOCOL.u2f). Other keys swear nothing.
public struct KeyUse: Sendable, Equatable {
  /// Somebody touched it.
  public var isTouched: Bool
  /// It knew who (a PIN, a finger).
  public var isUserVerified: Bool

  public init(isTouched: Bool, isUserVerified: Bool) {
    self.isTouched = isTouched
    self.isUserVerified = isUserVerified
  }
}

/// A signature in the SSH wire format by a plain key: an authority's under a certificate, a person's under a challenge.
///
///     string algorithm | string signature                                    (RFC 4253 6.6, RFC 8332, RFC 8709, RFC 5656)
///     string algorithm | string signature | byte flags | uint32 counter       security keys (PROTOCOL.u2f)
enum KeySignature {
  /// - Returns: what a security key says of its use; nothing of others.
  /// - Throws: `.signature`, whatever is wrong.
  static func verify(_ blob: [UInt8], over message: [UInt8], by key: PublicKey) throws(CertificateRefusal) -> KeyUse {
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    var use = KeyUse(isTouched: false, isUserVerified: false)
    do throws(CertificateRefusal) {
      let name = try read.string(span, "signature")
      let algorithm = span.copy(name)
      let isGood: Bool
      switch key.material {
      case .rsa(let exponent, let modulus):
        // Only with SHA-2 (RFC 8332): two texts of one SHA-1 digest can be made.
        let isLarge = span.holds("rsa-sha2-512", at: name)
        guard isLarge || span.holds("rsa-sha2-256", at: name) else { throw wrong(algorithm) }
        let signature = span.copy(try read.string(span, "signature"))
        isGood = SignatureVerification.rsa(signature, over: message, exponent: exponent, modulus: modulus, digestBits: isLarge ? 512 : 256)
      case .ed25519(let point):
        guard span.holds(key.type.name, at: name) else { throw wrong(algorithm) }
        let signature = span.copy(try read.string(span, "signature"))
        guard signature.count == 64 else { throw CertificateRefusal(.signature, "the signature has \(signature.count) bytes instead of 64") }
        isGood = SignatureVerification.ed25519(signature, over: try signed(message, key, span, &read, &use), by: point)
      case .ecdsa(let point):
        guard let curve = key.type.curve, span.holds(key.type.name, at: name) else { throw wrong(algorithm) }
        var pair = CertificateReader(try read.string(span, "signature"))
        let r = try pair.positiveNumber(span, "signature")
        let s = try pair.positiveNumber(span, "signature")
        try pair.finish("signature")
        isGood = SignatureVerification.ecdsa(r: r, s: s, over: try signed(message, key, span, &read, &use), by: point, on: curve)
      }
      try read.finish("signature")
      guard isGood else { throw CertificateRefusal(.signature, "the signature does not fit") }
    } catch { throw CertificateRefusal(.signature, error.detail) }
    return use
  }

  /// What a FIDO device signs instead of the message: `SHA256(application) | flags | counter | SHA256(message)`
  /// (PROTOCOL.u2f, "SSH U2F Signatures"). Flag 1: touched; flag 4: it knew its user.
  private static func signed(_ message: [UInt8], _ key: PublicKey, _ span: borrowing Span<UInt8>, _ read: inout CertificateReader, _ use: inout KeyUse)
    throws(CertificateRefusal) -> [UInt8] {
    guard key.type.isSecurityKey else { return message }
    let flags = try read.byte(span, "signature")
    let counter = try read.uint32(span, "signature")
    use = KeyUse(isTouched: flags & 1 == 1, isUserVerified: flags & 4 == 4)
    guard let application = Digest.sha256(key.application), let digest = Digest.sha256(message) else {
      throw CertificateRefusal(.signature, "OpenSSL gives no digest")
    }
    return application + [flags] + Wire.uint32(counter) + digest
  }

  private static func wrong(_ algorithm: [UInt8]) -> CertificateRefusal {
    if algorithm.elementsEqual("ssh-rsa".utf8) { return CertificateRefusal(.signature, "the signature algorithm is ssh-rsa, which is SHA-1") }
    return CertificateRefusal(.signature, "the signature algorithm is " + KeyBlob.shownType(algorithm))
  }
}
