internal import Encoding

/// A plain Ed25519 public key: `string "ssh-ed25519" | string key` of 32 bytes (RFC 8709 section 4).
struct PlainKey: Sendable {
  let point: [UInt8]

  init(point: [UInt8]) { self.point = point }

  /// Refuses everything but exactly that: another type, a certificate, bytes left over.
  init(blob: [UInt8]) throws(CertificateRefusal) {
    let span = blob.span
    var read = CertificateReader(0..<blob.count)
    let name = try read.string(span, "CA key")
    guard span.holds("ssh-ed25519", at: name) else { throw CertificateRefusal(.authorityType, KeyBlob.shownType(span.copy(name))) }
    point = span.copy(try read.string(span, "CA key"))
    try read.finish("CA key")
    guard point.count == 32 else { throw CertificateRefusal(.form, "its CA key has \(point.count) bytes instead of 32") }
  }

  var blob: [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 11]
    bytes.append(contentsOf: "ssh-ed25519".utf8)
    bytes.append(contentsOf: [0, 0, 0, 32])
    bytes.append(contentsOf: point)
    return bytes
  }
}
