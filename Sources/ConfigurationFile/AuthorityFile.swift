internal import Configuration
internal import Encoding
internal import HostSystem
internal import Readiness

/// A file with the public keys of authorities, as OpenSSH writes `.pub` files (sshd(8), TrustedUserCAKeys): one key a
/// line, `type base64 comment`; empty lines and lines with `#` are passed over.
enum AuthorityFile {
  struct Fault: Error { let sentence: String }

  static func read(_ file: String, _ files: HostFiles) throws(Fault) -> [TrustedAuthority] {
    guard let found = files.resolve(file) else { throw Fault(sentence: "\(file) is missing; expected a file with public keys") }
    guard found.facts.isRegular else { throw Fault(sentence: "\(file) is no regular file") }
    guard files.isTrusted(found.facts), files.untrustedDirectory(above: found.path) == nil else {
      throw Fault(sentence: "\(file) or a directory above it can be changed by others than root: whoever can change it can log in as anybody")
    }
    let lines: [String]
    do throws(SystemError) { lines = try files.lines(file) } catch { throw Fault(sentence: "\(file): \(error.sentence)") }
    var authorities: [TrustedAuthority] = []
    for (index, line) in lines.enumerated() {
      let words = line.utf8.split { $0 == 32 || $0 == 9 || $0 == 13 }.map { String(decoding: $0, as: UTF8.self) }
      guard let type = words.first, !type.begins(with: "#") else { continue }
      let place = "\(file), line \(index + 1)"
      let blob = try key(type, words.count > 1 ? words[1] : nil, place)
      guard !authorities.contains(where: { $0.blob.elementsEqual(blob) }) else { throw Fault(sentence: "\(place): the same key again") }
      authorities.append(TrustedAuthority(blob: blob, file: file))
    }
    guard !authorities.isEmpty else { throw Fault(sentence: "\(file) holds no key; expected a line such as 'ssh-ed25519 AAAA…'") }
    return authorities
  }

  private static func key(_ type: String, _ base64: String?, _ place: String) throws(Fault) -> [UInt8] {
    if type.begins(with: "-----BEGIN") {
      throw Fault(sentence: "\(place): a private key, or no OpenSSH public key; it must not lie on this host, expected the .pub file")
    }
    if type.ends(with: "-cert-v01@openssh.com") {
      throw Fault(sentence: "\(place): a certificate; expected the public key of the authority that signs certificates")
    }
    let others = ["ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
      "sk-ecdsa-sha2-nistp256@openssh.com"]
    if others.contains(where: { type.isExactly($0) }) {
      throw Fault(sentence: "\(place): authorities with \(type) keys are not in this version; expected ssh-ed25519 (ssh-keygen -t ed25519)")
    }
    guard type.isExactly("ssh-ed25519") else {
      throw Fault(sentence: "\(place): no OpenSSH public key; expected 'ssh-ed25519 AAAA… comment', without options before it")
    }
    let text = Array((base64 ?? "").utf8)
    guard !text.isEmpty, let blob = Base64.decode(text.span, 0..<text.count), isEd25519(blob) else {
      throw Fault(sentence: "\(place): a damaged ssh-ed25519 key")
    }
    return blob
  }

  /// `string "ssh-ed25519"`, `string` of 32 bytes, nothing more (RFC 8709 section 4).
  private static func isEd25519(_ blob: [UInt8]) -> Bool {
    let bytes = blob.span
    var cursor = ByteCursor(0..<blob.count)
    do throws(WireError) {
      let name = try cursor.string(bytes)
      guard bytes.holds("ssh-ed25519", at: name) else { return false }
      let key = try cursor.string(bytes)
      try cursor.finish()
      return key.count == 32
    } catch { return false }
  }
}
