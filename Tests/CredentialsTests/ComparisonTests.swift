import Foundation
import Testing

@testable import Credentials
import Encoding

/// What ssh-keygen(1) reads out of a certificate is what we read out of it.
@Suite struct ComparisonTests {
  static func keygen(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = arguments
    process.environment = ["TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  static func listing(_ blob: [UInt8]) throws -> (status: Int32, lines: [String]) {
    let type = String(decoding: KeyBlob.typeName(blob), as: UTF8.self)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-\(UUID().uuidString).pub")
    defer { try? FileManager.default.removeItem(at: file) }
    try "\(type) \(Base64.encode(blob)) test\n".write(to: file, atomically: true, encoding: .utf8)
    let (status, output) = try keygen(["-L", "-f", file.path])
    return (status, output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) })
  }

  /// sshkey.c, keyimpl: shortname.
  static func shortName(_ type: KeyType) -> String {
    switch type {
    case .ed25519: "ED25519"
    case .ecdsa256, .ecdsa384, .ecdsa521: "ECDSA"
    case .rsa: "RSA"
    case .securityKeyEd25519: "ED25519-SK"
    case .securityKeyECDSA: "ECDSA-SK"
    }
  }

  static func after(_ prefix: String, in lines: [String]) -> String? {
    lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  static func section(_ title: String, in lines: [String]) -> [String] {
    guard let start = lines.firstIndex(where: { $0.hasPrefix(title) }) else { return [] }
    let titles = ["Principals:", "Critical Options:", "Extensions:"]
    return Array(lines[(start + 1)...].prefix { line in !titles.contains { line.hasPrefix($0) } })
  }

  @Test(arguments: Vectors.issued.filter { $0.verdict == "accepted" }) func readsWhatSSHKeygenReads(_ vector: Vectors.Vector) throws {
    let (status, lines) = try Self.listing(vector.blob)
    #expect(status == 0)
    let certificate = try Vectors.verified(vector.name)
    let attested = certificate.attested
    let key = Self.shortName(attested.fields.publicKey.type), authority = Self.shortName(try PublicKey(blob: attested.fields.authority).type)
    #expect(Self.after("Type: ", in: lines) == "\(attested.fields.type.name) user certificate")
    #expect(Self.after("Public key: ", in: lines) == "\(key)-CERT \(attested.keyFingerprint)")
    #expect(Self.after("Signing CA: ", in: lines) == "\(authority) \(attested.authorityFingerprint) (using \(attested.fields.shownSignatureAlgorithm))")
    #expect(Self.after("Serial: ", in: lines) == String(attested.serial))
    if certificate.keyID.utf8.allSatisfy({ $0 >= 32 && $0 < 127 && $0 != 92 }) {  // ssh-keygen has an escape of its own
      #expect(Self.after("Key ID: ", in: lines) == "\"" + certificate.keyID + "\"")
    }
    #expect(Self.section("Principals:", in: lines) == certificate.principals)
    let from = Timestamp.text(attested.validAfter).dropLast(), to = Timestamp.text(attested.validBefore).dropLast()
    #expect(Self.after("Valid: ", in: lines) == "from \(from) to \(to)")
    let flags = certificate.extensions.filter { $0.data.isEmpty }.map { $0.name }
    #expect(Self.section("Extensions:", in: lines).filter { !$0.contains("UNKNOWN") } == flags)
    let options = attested.fields.criticalOptions.map { $0.data.isEmpty ? $0.name : $0.name + " " + ($0.text ?? "") }
    #expect(Self.section("Critical Options:", in: lines) == options)
  }

  /// Whatever ssh-keygen cannot read, we do not accept.
  @Test func acceptsNothingThatSSHKeygenCannotRead() throws {
    var unreadable = 0
    for vector in Vectors.hostile where vector.blob.count > 4 {
      guard try Self.listing(vector.blob).status != 0 else { continue }
      unreadable += 1
      #expect(Vectors.verdict(vector.blob) != "accepted", "\(vector.name)")
    }
    #expect(unreadable > 30)
  }

  @Test func fingerprintsAreThoseOfSSHKeygen() throws {
    let (status, output) = try Self.keygen(["-l", "-f", Vectors.folder.appendingPathComponent("authorities.txt").path])
    #expect(status == 0)
    for (name, blob) in Vectors.authorities {
      #expect(output.contains(" " + Fingerprint.text(of: blob) + " " + name + " "), "\(name)")
    }
  }
}
