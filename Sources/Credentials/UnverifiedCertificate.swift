internal import Encoding

/// A certificate's fields as they were received, with nothing believed yet.
///
///     string type | string nonce | string public key | uint64 serial | uint32 kind (1 user, 2 host) | string key id |
///     string principals | uint64 valid after | uint64 valid before | string critical options | string extensions |
///     string reserved | string CA public key | string signature          (PROTOCOL.certkeys)
public struct UnverifiedCertificate: Sendable {
  let bytes: [UInt8]
  public let type: CertificateType
  let nonceCount: Int
  public let publicKey: PublicKey
  /// The certified key as a plain key: what its fingerprint is of, and what lists of revoked keys hold.
  public let plainKeyBlob: [UInt8]
  public let serial: UInt64
  /// 1 for a user's certificate, 2 for a host's.
  public let kind: UInt32
  /// Without NUL; may be any other bytes.
  public let keyID: [UInt8]
  public let principals: [[UInt8]]
  /// Seconds since 1970; "for ever" is 2^64 - 1.
  public let validAfter: UInt64
  public let validBefore: UInt64
  public let criticalOptions: [CertificateOption]
  public let extensions: [CertificateOption]
  let reservedCount: Int
  /// The blob of the key that is said to have signed.
  public let authority: [UInt8]
  /// What the authority signed: everything up to here.
  let signedCount: Int
  let signature: [UInt8]

  /// The largest certificate that is believed, in bytes.
  public static var cap: Int { 32 * 1024 }
  /// As sshd's (SSHKEY_CERT_MAX_PRINCIPALS).
  static var principalsCap: Int { 256 }

  /// Takes the bytes apart. Total: whatever they are, the result is a value or a refusal.
  public init(_ blob: [UInt8]) throws(CertificateRefusal) {
    guard blob.count <= UnverifiedCertificate.cap else {
      throw CertificateRefusal(.size, "it has \(blob.count) bytes, and \(UnverifiedCertificate.cap) are the most")
    }
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    let name = try read.string(span, "type")
    guard let type = CertificateType(span, name), let keyType = type.keyType else {
      throw CertificateRefusal(.type, KeyBlob.shownType(span.copy(name)))
    }
    self.type = type
    nonceCount = try read.string(span, "nonce").count
    let keyStart = read.offset
    publicKey = try PublicKey(keyType, span, &read, "public key")
    plainKeyBlob = Wire.string(keyType.name) + span.copy(keyStart..<read.offset)
    serial = try read.uint64(span, "serial number")
    kind = try read.uint32(span, "kind")
    keyID = try read.text(span, "key id")
    principals = try UnverifiedCertificate.principals(span, try read.string(span, "principals"))
    validAfter = try read.uint64(span, "begin of its time")
    validBefore = try read.uint64(span, "end of its time")
    criticalOptions = try CertificateOption.list(span, try read.string(span, "critical options"), "critical options")
    extensions = try CertificateOption.list(span, try read.string(span, "extensions"), "extensions")
    reservedCount = try read.string(span, "reserved field").count
    authority = span.copy(try read.string(span, "CA key"))
    signedCount = read.offset
    signature = span.copy(try read.string(span, "signature"))
    try read.finish("signature")
    bytes = blob
  }

  private static func principals(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(CertificateRefusal) -> [[UInt8]] {
    var names: [[UInt8]] = []
    var read = CertificateReader(range)
    while !read.isAtEnd {
      guard names.count < principalsCap else { throw CertificateRefusal(.size, "it has more than \(principalsCap) principals") }
      names.append(try read.text(bytes, "principals"))
    }
    return names
  }

  public var shownKeyID: String { Escape.visible(keyID, limit: KeyIDRule.cap) }
  public var shownPrincipals: [String] { principals.map { Escape.visible($0, limit: 64) } }
  public var keyFingerprint: String { Fingerprint.text(of: plainKeyBlob) }
  public var authorityFingerprint: String { Fingerprint.text(of: authority) }
  /// The name of the CA key's type, escaped.
  public var shownAuthorityType: String { KeyBlob.shownType(KeyBlob.typeName(authority)) }
  /// The name of the signature algorithm, escaped.
  public var shownSignatureAlgorithm: String { KeyBlob.shownType(KeyBlob.typeName(signature)) }
  public var subject: RevocationSubject { RevocationSubject(key: plainKeyBlob, authority: authority, serial: serial, keyID: keyID) }
}
