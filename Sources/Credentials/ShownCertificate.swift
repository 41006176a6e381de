internal import Encoding

/// A certificate that sshd says it has verified, before anybody here has looked into it.
public struct ShownCertificate: Sendable {
  let typeName: [UInt8]
  public let blob: [UInt8]

  /// All certificate types, also those to come, bear this in their name (PROTOCOL.certkeys).
  public static func isCertificateType(_ name: [UInt8]) -> Bool {
    let mark = Array("-cert-v".utf8)
    guard name.count >= mark.count else { return false }
    for at in 0...(name.count - mark.count) where name[at..<(at + mark.count)].elementsEqual(mark) { return true }
    return false
  }

  /// The blob of the key that is said to have signed it; nil if the type is unknown here or the bytes are no certificate,
  /// so that nobody can tell whose it is. Nothing is verified.
  public var claimedAuthority: [UInt8]? {
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    do throws(CertificateRefusal) {
      guard let type = CertificateType(span, try read.string(span, "type")) else { return nil }
      for _ in 0...type.keyFields { _ = try read.string(span, "public key") }  // the nonce, then the key's own fields
      _ = try read.uint64(span, "serial number")
      _ = try read.uint32(span, "kind")
      for _ in 0..<2 { _ = try read.string(span, "principals") }
      for _ in 0..<2 { _ = try read.uint64(span, "time") }
      for _ in 0..<3 { _ = try read.string(span, "options") }
      return span.copy(try read.string(span, "CA key"))
    } catch { return nil }
  }
}
