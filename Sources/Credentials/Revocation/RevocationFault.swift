/// A list, or what was published of the lists, that cannot be gone by. Then nobody is let in: who is revoked cannot be told.
public struct RevocationFault: Error, Sendable {
  /// Half a sentence, fit to be shown and logged.
  public let detail: String
  public init(_ detail: String) { self.detail = detail }

  static var noDigest: RevocationFault { RevocationFault("OpenSSL computes no SHA-256") }
}

/// By what a certificate is revoked.
public enum Revocation: Sendable, Equatable, CaseIterable {
  case key
  /// The key of the authority that signed it.
  case authority
  case keyID
  case serial

  /// Half a sentence about the certificate.
  public var detail: String {
    switch self {
    case .key: "its key is revoked"
    case .authority: "the key of its authority is revoked"
    case .keyID: "its key id is revoked"
    case .serial: "its serial number is revoked"
    }
  }
}
