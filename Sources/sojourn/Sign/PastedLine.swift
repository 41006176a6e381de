import Credentials
import Encoding

/// What is pasted at the prompt: the signature that ssh-keygen made (PROTOCOL.sshsig), without its armour, in one line.
struct PastedLine {
  let line: String

  /// The most that an OpenSSH client sends at a prompt, and that a terminal takes in one line, in bytes.
  static let clientCap = 1023, terminalCap = 4095

  /// - Parameter text: what `ssh-keygen -Y sign` printed.
  /// - Parameter certificate: which must be the signature's key.
  /// - Parameter message: every byte that was to be signed. It is verified here as the host will do it.
  init(_ text: [UInt8], by certificate: [UInt8], over message: [UInt8]) throws(PastedLineFault) {
    var lines = text.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
    guard lines.popLast() == [], lines.count > 2, lines.removeFirst().elementsEqual("-----BEGIN SSH SIGNATURE-----".utf8),
      lines.removeLast().elementsEqual("-----END SSH SIGNATURE-----".utf8)
    else { throw PastedLineFault("it is no armoured SSH signature") }
    let base64 = lines.flatMap { $0 }
    guard let blob = Base64.decode(base64.span, 0..<base64.count) else { throw PastedLineFault("it is not base64") }
    do throws(PresentationRefusal) {
      let signature = try UnverifiedSSHSignature(blob)
      guard signature.publicKey == certificate else { throw PresentationRefusal.signature("it is by another key than the certificate's") }
      _ = try Presentation.prove(signature, message: message)
    } catch { throw PastedLineFault(error) }
    line = Base64.encode(blob)
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

  init(_ refusal: PresentationRefusal) {
    switch refusal {
    case .form(let detail), .signature(let detail), .agent(let detail): sentence = detail
    case .plainKey(let type): sentence = "it is by a plain key (\(type)) and not by a certificate"
    }
  }
}
