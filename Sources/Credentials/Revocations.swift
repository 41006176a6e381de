/// What a certificate is looked for with in lists of what is revoked.
public struct RevocationSubject: Sendable {
  /// The certified key's blob as a plain key, which is what lists hold and hash; never the certificate's own bytes, of
  /// which one signature may have two spellings.
  public let key: [UInt8]
  /// The blob of the key that signed, which may be revoked itself.
  public let authority: [UInt8]
  public let serial: UInt64
  /// As it stands in the certificate, without NUL.
  public let keyID: [UInt8]

  public init(key: [UInt8], authority: [UInt8], serial: UInt64, keyID: [UInt8]) {
    self.key = key
    self.authority = authority
    self.serial = serial
    self.keyID = keyID
  }
}

/// What is revoked. The rules ask it last, once, for every certificate.
public protocol Revocations {
  /// Certificates are revoked by their serial numbers: then one without (serial 0, which no list can name) is refused.
  var nameSerials: Bool { get }
  /// How it is revoked, as half a sentence ("its serial number is revoked"); nil if it is not.
  /// - Throws: why nobody can tell, because a list cannot be used; then nobody is let in.
  func reason(_ certificate: RevocationSubject) throws(RevocationFault) -> String?
}

/// Nothing is revoked: no list is configured.
public struct NoRevocations: Revocations {
  public init() {}
  public var nameSerials: Bool { false }
  public func reason(_ certificate: RevocationSubject) -> String? { nil }
}
