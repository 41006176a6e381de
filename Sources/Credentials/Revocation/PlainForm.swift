internal import Encoding

/// Plain public keys as bytes: what lists and fingerprints speak of, also where a certificate was shown.
enum PlainForm {
  /// The plain key within a certificate: the type's plain name and the key's own fields, as received.
  /// - Returns: nil if the bytes do not begin as a certificate of a type that is known does.
  static func ofCertificate(_ blob: [UInt8]) -> [UInt8]? {
    let span = blob.span
    var cursor = ByteCursor(0..<blob.count)
    do throws(WireError) {
      guard let type = CertificateType(span, try cursor.string(span)), let keyType = type.keyType else { return nil }
      _ = try cursor.string(span)  // the nonce
      let begin = cursor.offset
      for _ in 0..<type.keyFields { _ = try cursor.string(span) }
      return Wire.string(keyType.name) + span.copy(begin..<cursor.offset)
    } catch { return nil }
  }

  /// A whole plain key of a type that is known, such as a CA has: what sshd cannot load makes a list a fault there too.
  static func isKey(_ blob: [UInt8]) -> Bool {
    do throws(CertificateRefusal) {
      return KeyStrength.fault(of: try PublicKey(blob: blob), leastBits: 1024) == nil
    } catch { return false }
  }

  /// A key that may be listed: laid out as its type says, or of a type that is not known here; never a certificate.
  static func mayBeKey(_ blob: [UInt8]) -> Bool {
    let name = KeyBlob.typeName(blob)
    guard !name.isEmpty, name.count <= 128, name.allSatisfy({ $0 > 32 && $0 < 127 }), !ShownCertificate.isCertificateType(name) else { return false }
    guard KeyType(name.span, 0..<name.count) != nil else { return blob.count > name.count + 4 }
    do throws(CertificateRefusal) {
      _ = try PublicKey(blob: blob)
      return true
    } catch { return false }
  }
}
