internal import Encoding

/// The authority's signature, over the received bytes up to it; nothing is serialised anew (sshkey.c:cert_parse).
enum SignatureRule {
  static func judge(_ certificate: UnverifiedCertificate, _ key: PublicKey) throws(CertificateRefusal) -> AttestedCertificate {
    let blob = certificate.signature
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    do throws(CertificateRefusal) {
      let name = try read.string(span, "signature")
      let algorithm = span.copy(name)
      let message = Array(certificate.bytes.prefix(certificate.signedCount))
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
        isGood = SignatureVerification.ed25519(signature, over: try signed(message, key, span, &read), by: point)
      case .ecdsa(let point):
        guard let curve = key.type.curve, span.holds(key.type.name, at: name) else { throw wrong(algorithm) }
        var pair = CertificateReader(try read.string(span, "signature"))
        let r = try pair.positiveNumber(span, "signature")
        let s = try pair.positiveNumber(span, "signature")
        try pair.finish("signature")
        isGood = SignatureVerification.ecdsa(r: r, s: s, over: try signed(message, key, span, &read), by: point, on: curve)
      }
      try read.finish("signature")
      guard isGood else { throw CertificateRefusal(.signature, "the signature does not fit the certificate") }
    } catch { throw CertificateRefusal(.signature, error.detail) }
    return AttestedCertificate(certificate)
  }

  /// What a FIDO device signs instead of the message: `SHA256(application) | flags | counter | SHA256(message)`
  /// (PROTOCOL.u2f, "SSH U2F Signatures"). As sshd by default of people, we demand that somebody touched it.
  private static func signed(_ message: [UInt8], _ key: PublicKey, _ span: borrowing Span<UInt8>, _ read: inout CertificateReader) throws(CertificateRefusal) -> [UInt8] {
    guard key.type.isSecurityKey else { return message }
    let flags = try read.byte(span, "signature")
    let counter = try read.uint32(span, "signature")
    guard flags & 1 == 1 else { throw CertificateRefusal(.signature, "the CA's security key signed without being touched") }
    guard let application = Digest.sha256(key.application), let digest = Digest.sha256(message) else {
      throw CertificateRefusal(.signature, "OpenSSL gives no digest")
    }
    return application + [flags, UInt8(truncatingIfNeeded: counter >> 24), UInt8(truncatingIfNeeded: counter >> 16), UInt8(truncatingIfNeeded: counter >> 8),
      UInt8(truncatingIfNeeded: counter)] + digest
  }

  private static func wrong(_ algorithm: [UInt8]) -> CertificateRefusal {
    if algorithm.elementsEqual("ssh-rsa".utf8) { return CertificateRefusal(.signature, "the signature algorithm is ssh-rsa, which is SHA-1") }
    return CertificateRefusal(.signature, "the signature algorithm is " + KeyBlob.shownType(algorithm))
  }
}
