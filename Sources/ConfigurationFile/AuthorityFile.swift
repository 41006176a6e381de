internal import Configuration
internal import Credentials
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
    guard KeyType.allCases.contains(where: { type.isExactly("\($0.name)") }) else {
      throw Fault(sentence: "\(place): no public key of a type that may sign certificates; expected 'ssh-ed25519 AAAA… comment', or another type that"
        + " ssh-keygen makes, without options before it")
    }
    let text = Array((base64 ?? "").utf8)
    guard !text.isEmpty, let blob = Base64.decode(text.span, 0..<text.count) else { throw Fault(sentence: "\(place): a damaged \(type) key") }
    let key: PublicKey
    do throws(CertificateRefusal) { key = try PublicKey(blob: blob) } catch { throw Fault(sentence: "\(place): a damaged \(type) key: \(error.detail)") }
    guard type.isExactly("\(key.type.name)") else { throw Fault(sentence: "\(place): a damaged \(type) key: it is of the type \(key.type.name)") }
    if let fault = KeyStrength.fault(of: key, leastBits: KeyStrength.authorityBits) { throw Fault(sentence: "\(place): the key \(fault)") }
    return blob
  }
}
