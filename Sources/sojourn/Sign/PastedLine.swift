import Encoding

/// What is pasted at the prompt: the signature that ssh-keygen made (PROTOCOL.sshsig), without its armour, in one line.
///
///     "SSHSIG" | uint32 1 | string public key | string namespace | string reserved | string hash | string signature
struct PastedLine {
  let line: String

  /// Of a challenge's signature, and of nothing else's.
  static let namespace = "sojourn"
  /// The most that an OpenSSH client sends at a prompt, and that a terminal takes in one line, in bytes.
  static let clientCap = 1023, terminalCap = 4095

  /// - Parameter text: what `ssh-keygen -Y sign` printed.
  /// - Parameter certificate: which must be the signature's key.
  init(_ text: [UInt8], by certificate: [UInt8]) throws(PastedLineFault) {
    var lines = text.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
    guard lines.popLast() == [], lines.count > 2, lines.removeFirst().elementsEqual("-----BEGIN SSH SIGNATURE-----".utf8),
      lines.removeLast().elementsEqual("-----END SSH SIGNATURE-----".utf8)
    else { throw PastedLineFault("it is no armoured SSH signature") }
    let base64 = lines.flatMap { $0 }
    guard let blob = Base64.decode(base64.span, 0..<base64.count) else { throw PastedLineFault("it is not base64") }
    try PastedLine.examine(blob, certificate)
    line = Base64.encode(blob)
  }

  private static func examine(_ blob: [UInt8], _ certificate: [UInt8]) throws(PastedLineFault) {
    let magic = Array("SSHSIG".utf8)
    guard blob.starts(with: magic) else { throw PastedLineFault("it is no SSH signature") }
    let span = blob.span
    let version: UInt32, key: [UInt8], purpose: [UInt8], signature: [UInt8]
    do throws(WireError) {
      var cursor = ByteCursor(magic.count..<blob.count)
      version = try cursor.uint32(span)
      key = span.copy(try cursor.string(span))
      purpose = span.copy(try cursor.string(span))
      for _ in 0..<2 { _ = try cursor.string(span) }  // reserved, and the name of the hash
      signature = span.copy(try cursor.string(span))
      try cursor.finish()
    } catch { throw PastedLineFault("it ends too early, or too late") }
    guard version == 1 else { throw PastedLineFault("it is of another version") }
    guard key == certificate else { throw PastedLineFault("it is by another key than the certificate's") }
    guard purpose.elementsEqual(namespace.utf8) else { throw PastedLineFault("it is for another purpose") }
    guard !signature.isEmpty else { throw PastedLineFault("it holds no signature") }
  }

  /// What may be too long for it; nil if nothing is.
  var warning: String? {
    guard line.utf8.count > PastedLine.clientCap else { return nil }
    let way = line.utf8.count > PastedLine.terminalCap
      ? "no prompt takes more than \(PastedLine.terminalCap)" : "the ssh client cannot send more than \(PastedLine.clientCap) at a prompt of sshd; login and su at a terminal take \(PastedLine.terminalCap)"
    return "The line has \(line.utf8.count) bytes: \(way). Ed25519 and ECDSA keys, of the person and of the authority, make it short; RSA never does."
  }
}

/// Why what ssh-keygen printed is no answer.
struct PastedLineFault: Error {
  let sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}
