import ArgumentParser
import Credentials
import Encoding
import HostSystem

struct Certificate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificate",
    abstract: "Show a certificate, or say whether this host would take it.",
    subcommands: [CertificateShow.self, CertificateCheck.self])
}

/// What is wrong with a text of public keys.
struct KeyTextFault: Error { let sentence: String }

/// Files as OpenSSH writes public keys and certificates: `type base64 comment`, a line each.
enum KeyFile {
  /// The largest that is read, in bytes.
  static let cap = 1 << 20

  /// - Throws: exit status 2, with what is wrong said.
  static func certificate(_ path: String) throws -> [UInt8] {
    let blobs = try lines(path)
    guard blobs.count == 1, let blob = blobs.first else { throw unreadable(path, "it holds \(blobs.count) keys; expected one certificate, such as id_ed25519-cert.pub") }
    guard isCertificate(blob) else {
      throw unreadable(path, "a plain public key, which is no certificate; expected the file that the authority gave for it, such as id_ed25519-cert.pub")
    }
    return blob
  }

  /// The keys of one file or more, as authorities without limits of their own.
  static func authorities(_ paths: [String]) throws -> [AuthorityLimits] {
    var authorities: [AuthorityLimits] = []
    for path in paths {
      let blobs = try lines(path)
      guard !blobs.isEmpty else { throw unreadable(path, "it holds no key") }
      for blob in blobs {
        guard !isCertificate(blob) else { throw unreadable(path, "a certificate; expected the public key of the authority that signs certificates") }
        do throws(CertificateRefusal) { _ = try PublicKey(blob: blob) } catch { throw unreadable(path, "no public key of an authority: " + error.detail) }
        authorities.append(AuthorityLimits(blob: blob))
      }
    }
    return authorities
  }

  static func unreadable(_ path: String, _ why: String) -> any Error {
    Terminal.say("sojourn: \(Escape.visible(path, limit: 256)): \(Escape.sentence(why))")
    return Exit.unreadable
  }

  private static func lines(_ path: String) throws -> [[UInt8]] {
    do throws(KeyTextFault) { return try blobs(try text(path)) } catch { throw unreadable(path, error.sentence) }
  }

  static func text(_ path: String) throws(KeyTextFault) -> [UInt8] {
    do throws(SystemError) { return try Files.read(path, cap: cap) } catch { throw KeyTextFault(sentence: error.sentence) }
  }

  /// Keys and certificates as a file has them, or an agent names them.
  static func blobs(_ text: [UInt8]) throws(KeyTextFault) -> [[UInt8]] {
    var blobs: [[UInt8]] = []
    for line in text.split(separator: 10) {
      let words = line.split { $0 == 32 || $0 == 9 || $0 == 13 }.map { Array($0) }
      guard let type = words.first, type.first != UInt8(ascii: "#") else { continue }
      if type.starts(with: "-----BEGIN".utf8) { throw KeyTextFault(sentence: "a private key, or no OpenSSH public key; expected the .pub file") }
      let base64 = words.count > 1 ? words[1] : []
      guard !base64.isEmpty, let blob = Base64.decode(base64.span, 0..<base64.count), begins(blob, with: type) else {
        throw KeyTextFault(sentence: "no OpenSSH public key or certificate")
      }
      blobs.append(blob)
    }
    return blobs
  }

  /// The type that the blob names, which is a known one's once `certificate` gave it.
  static func type(of blob: [UInt8]) -> String { String(decoding: typeName(blob), as: UTF8.self) }

  static func isCertificate(_ blob: [UInt8]) -> Bool { ShownCertificate.isCertificateType(typeName(blob)) }

  /// Is that the type that the blob itself names?
  private static func begins(_ blob: [UInt8], with type: [UInt8]) -> Bool { typeName(blob).elementsEqual(type) }

  private static func typeName(_ blob: [UInt8]) -> [UInt8] {
    var cursor = ByteCursor(0..<blob.count)
    do throws(WireError) { return blob.span.copy(try cursor.string(blob.span)) } catch { return [] }
  }
}
