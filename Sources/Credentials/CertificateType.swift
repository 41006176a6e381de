internal import Encoding

/// The user certificate types of OpenSSH (PROTOCOL.certkeys, draft-miller-ssh-cert). Their public key parts differ; what
/// follows is laid out alike, so that the authority of a type that is not judged yet can still be told.
public enum CertificateType: Sendable, CaseIterable {
  case ed25519, ecdsa256, ecdsa384, ecdsa521, rsa, dsa, securityKeyEd25519, securityKeyECDSA, composite

  public var name: StaticString {
    switch self {
    case .ed25519: "ssh-ed25519-cert-v01@openssh.com"
    case .ecdsa256: "ecdsa-sha2-nistp256-cert-v01@openssh.com"
    case .ecdsa384: "ecdsa-sha2-nistp384-cert-v01@openssh.com"
    case .ecdsa521: "ecdsa-sha2-nistp521-cert-v01@openssh.com"
    case .rsa: "ssh-rsa-cert-v01@openssh.com"
    case .dsa: "ssh-dss-cert-v01@openssh.com"
    case .securityKeyEd25519: "sk-ssh-ed25519-cert-v01@openssh.com"
    case .securityKeyECDSA: "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"
    case .composite: "ssh-mldsa44-ed25519-cert-v01@openssh.com"
    }
  }

  /// How many strings the public key part has: Ed25519 and ML-DSA with Ed25519 the key; ECDSA curve and point; RSA e and n; DSA p, q, g and y;
  /// FIDO keys have the application after theirs. (An mpint is laid out as a string, RFC 4251 section 5.)
  var keyFields: Int {
    switch self {
    case .ed25519, .composite: 1
    case .ecdsa256, .ecdsa384, .ecdsa521, .rsa, .securityKeyEd25519: 2
    case .securityKeyECDSA: 3
    case .dsa: 4
    }
  }

  /// The type of the certified key; nil of those that OpenSSH took before it dropped them, or takes and we do not.
  public var keyType: KeyType? {
    switch self {
    case .ed25519: .ed25519
    case .ecdsa256: .ecdsa256
    case .ecdsa384: .ecdsa384
    case .ecdsa521: .ecdsa521
    case .rsa: .rsa
    case .securityKeyEd25519: .securityKeyEd25519
    case .securityKeyECDSA: .securityKeyECDSA
    case .dsa, .composite: nil
    }
  }

  init?(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
    for type in CertificateType.allCases where bytes.holds(type.name, at: range) {
      self = type
      return
    }
    return nil
  }
}
