internal import Encoding

/// A certificate that was shown by who holds its key: the key signed this message, now. Whether the certificate is one that
/// lets anybody in is what the rules say next.
public struct Presentation: Sendable {
  public let certificate: ShownCertificate
  public let use: KeyUse

  /// What all our signatures are made for (PROTOCOL.sshsig, "namespace"): no other software takes them, and we take no others.
  public static var namespace: StaticString { "sojourn" }

  private init(_ certificate: ShownCertificate, _ use: KeyUse) {
    self.certificate = certificate
    self.use = use
  }

  /// - Parameter message: every byte that was to be signed.
  public static func prove(_ signature: UnverifiedSSHSignature, message: [UInt8]) throws(PresentationRefusal) -> Presentation {
    let type = KeyBlob.typeName(signature.publicKey)
    guard signature.namespace.span.holds(namespace, at: 0..<signature.namespace.count) else {
      throw .signature("it was made for \"" + Escape.visible(signature.namespace, limit: 64) + "\" and not for \"\(namespace)\"")
    }
    guard ShownCertificate.isCertificateType(type) else { throw .plainKey(type: KeyBlob.shownType(type)) }
    guard let signed = signature.signed(over: message) else { throw .signature("its hash is " + Escape.visible(signature.hash, limit: 32)) }
    do throws(CertificateRefusal) {
      let fields = try UnverifiedCertificate(signature.publicKey)
      // Before anything is computed with it: a key of any size may be presented.
      try PublicKeyRule.judge(fields)
      let use = try KeySignature.verify(signature.signature, over: signed, by: fields.publicKey)
      let needsNoTouch = fields.extensions.contains { $0.isNamed("no-touch-required") }
      guard !fields.publicKey.type.isSecurityKey || use.isTouched || needsNoTouch else { throw CertificateRefusal(.signature, "the security key signed without being touched") }
      return Presentation(ShownCertificate(typeName: type, blob: signature.publicKey), use)
    } catch { throw .signature(error.detail) }
  }
}
