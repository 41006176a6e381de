internal import Encoding

/// One certificate as a use of it is remembered: by its authority, its serial number and its key id. Never by its bytes, of
/// which one signature may have two spellings, and which an authority may sign anew.
public struct CertificateUse: Sendable {
  /// Decimal digits.
  public let serial: String
  /// 64 hexadecimal digits, fit for a file's name.
  public let name: String

  /// - Parameters:
  ///   - authority: the fingerprint, `SHA256:…`.
  ///   - serial: decimal digits.
  /// - Returns: nil if the serial is no number, the fingerprint none, or OpenSSL gives no digest.
  public init?(authority: String, serial: String, keyID: String) {
    guard let number = UInt64(serial), authority.begins(with: "SHA256:"), !authority.isExactly("SHA256:unknown") else { return nil }
    self.serial = String(number)
    var text: [UInt8] = []
    for part in [authority, self.serial, keyID] {
      text.appendBigEndian(UInt32(truncatingIfNeeded: part.utf8.count))
      text.append(contentsOf: part.utf8)
    }
    guard let digest = Digest.sha256(text) else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    var hex: [UInt8] = []
    for byte in digest {
      hex.append(digits[Int(byte >> 4)])
      hex.append(digits[Int(byte & 15)])
    }
    name = String(decoding: hex, as: UTF8.self)
  }
}
