internal import Encoding

/// The public key types that are judged, by the names of RFC 8709, RFC 5656, RFC 4253 and PROTOCOL.u2f.
public enum KeyType: Sendable, CaseIterable {
  case ed25519, ecdsa256, ecdsa384, ecdsa521, rsa, securityKeyEd25519, securityKeyECDSA

  public var name: StaticString {
    switch self {
    case .ed25519: "ssh-ed25519"
    case .ecdsa256: "ecdsa-sha2-nistp256"
    case .ecdsa384: "ecdsa-sha2-nistp384"
    case .ecdsa521: "ecdsa-sha2-nistp521"
    case .rsa: "ssh-rsa"
    case .securityKeyEd25519: "sk-ssh-ed25519@openssh.com"
    case .securityKeyECDSA: "sk-ecdsa-sha2-nistp256@openssh.com"
    }
  }

  /// The key lives in a FIDO device, which alone can promise a touch or a verified user.
  public var isSecurityKey: Bool {
    switch self {
    case .securityKeyEd25519, .securityKeyECDSA: true
    default: false
    }
  }

  var curve: Curve? {
    switch self {
    case .ecdsa256, .securityKeyECDSA: .p256
    case .ecdsa384: .p384
    case .ecdsa521: .p521
    case .ed25519, .rsa, .securityKeyEd25519: nil
    }
  }

  init?(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
    for type in KeyType.allCases where bytes.holds(type.name, at: range) {
      self = type
      return
    }
    return nil
  }
}

/// The curves of RFC 5656 section 10.1 that OpenSSH has.
enum Curve: Sendable {
  case p256, p384, p521

  var name: StaticString {
    switch self {
    case .p256: "nistp256"
    case .p384: "nistp384"
    case .p521: "nistp521"
    }
  }

  var bits: Int32 {
    switch self {
    case .p256: 256
    case .p384: 384
    case .p521: 521
    }
  }

  /// Of a point without compression: 4, x, y (SEC 1 section 2.3.3).
  var pointCount: Int { 1 + 2 * ((Int(bits) + 7) / 8) }
}
