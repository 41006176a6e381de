internal import Encoding

/// A plain public key: its parts are of the right layout and length. Whether it is strong enough, and a point of its curve,
/// the rules say.
public struct PublicKey: Sendable {
  public let type: KeyType
  let material: Material
  /// What a FIDO key was made for ("ssh:"); empty of other keys.
  let application: [UInt8]

  enum Material: Sendable {
    /// 32 bytes.
    case ed25519([UInt8])
    /// SEC 1, without compression.
    case ecdsa([UInt8])
    /// Big endian, without leading zeros.
    case rsa(exponent: [UInt8], modulus: [UInt8])
  }

  /// The fields that follow the type, alike in a plain key and in a certificate.
  init(_ type: KeyType, _ bytes: borrowing Span<UInt8>, _ read: inout CertificateReader, _ field: StaticString) throws(CertificateRefusal) {
    self.type = type
    switch type {
    case .ed25519, .securityKeyEd25519:
      let point = bytes.copy(try read.string(bytes, field))
      guard point.count == 32 else { throw CertificateRefusal(.form, "its Ed25519 key has \(point.count) bytes instead of 32") }
      material = .ed25519(point)
    case .ecdsa256, .ecdsa384, .ecdsa521, .securityKeyECDSA:
      guard let curve = type.curve else { throw CertificateRefusal(.form, "the \(field) has no curve") }
      let name = try read.string(bytes, field)
      guard bytes.holds(curve.name, at: name) else {
        throw CertificateRefusal(.form, "the \(field) is for the curve \(KeyBlob.shownType(bytes.copy(name))) instead of \(curve.name)")
      }
      let point = bytes.copy(try read.string(bytes, field))
      guard point.count == curve.pointCount, point.first == 4 else {
        throw CertificateRefusal(.form, "the \(field) is no point of \(curve.name) without compression")
      }
      material = .ecdsa(point)
    case .rsa:
      let exponent = try read.positiveNumber(bytes, field)
      material = .rsa(exponent: exponent, modulus: try read.positiveNumber(bytes, field))
    }
    application = type.isSecurityKey ? try read.text(bytes, field) : []
  }

  /// A whole plain key, and nothing after it.
  /// - Throws: `.authorityType` for every other type, certificates among them; `.form`.
  public init(blob: [UInt8], field: StaticString = "CA key") throws(CertificateRefusal) {
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    let name = try read.string(span, field)
    guard let type = KeyType(span, name) else { throw CertificateRefusal(.authorityType, KeyBlob.shownType(span.copy(name))) }
    try self.init(type, span, &read, field)
    try read.finish(field)
  }

  /// Do these bytes say which key they are, to every reader? sshd also takes superfluous zeros, a NUL after a text and other
  /// names of the types ("rsa-sha2-512") for the same key (sshkey.c, sshbuf-getput-basic.c), and then two blobs that differ
  /// are one key. Types that OpenSSH has or had, and that are none of ours, are never a key of ours.
  public static func hasOneSpelling(_ blob: [UInt8]) -> Bool {
    let name = KeyBlob.typeName(blob)
    let others: [StaticString] = ["ssh-mldsa44-ed25519@openssh.com", "ssh-dss"]
    if others.contains(where: { name.span.holds($0, at: 0..<name.count) }) { return true }
    do throws(CertificateRefusal) {
      _ = try PublicKey(blob: blob)
      return true
    } catch { return false }
  }
}
