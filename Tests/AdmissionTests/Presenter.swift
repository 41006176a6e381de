import Foundation

@testable import Admission
import Configuration
import Encoding

/// Somebody with a key and a certificate, made by ssh-keygen, who signs challenges with ssh-keygen.
final class Presenter {
  let folder: URL
  let authority: [UInt8]

  /// - Parameter options: of the certificate (`ssh-keygen -O`).
  init(principals: String = "alice,bob", type: String = "ed25519", options: [String] = []) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("presenter-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Presenter.run(["-q", "-t", "ed25519", "-N", "", "-f", folder.path + "/ca"])
    try Presenter.run(["-q", "-t", type, "-N", "", "-f", folder.path + "/key"])
    try Presenter.run(["-q", "-s", folder.path + "/ca", "-I", "alice@example.com", "-n", principals, "-z", "42", "-V", "20260101000000Z:20260101080000Z"]
      + options.flatMap { ["-O", $0] } + [folder.path + "/key.pub"])
    authority = try Presenter.blob(folder.path + "/ca.pub")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var certificate: [UInt8] { get throws { try Presenter.blob(folder.path + "/key-cert.pub") } }

  /// Makes it an authority of that world.
  func isTrusted(in world: World) {
    world.settle { $0.certificate.trusted = [TrustedAuthority(blob: authority, file: "ca")] }
  }

  /// The line that is pasted; nothing if no challenge was shown.
  func answer(_ events: Events, key: String = "key-cert.pub", namespace: String = "sojourn", changing change: (String) -> String = { $0 }) -> [UInt8]? {
    guard let challenge = Presenter.challenge(events) else { return nil }
    return try? sign(change(challenge) + "\n", key: key, namespace: namespace)
  }

  func sign(_ text: String, key: String = "key-cert.pub", namespace: String = "sojourn") throws -> [UInt8] {
    let armoured = try Presenter.run(["-q", "-Y", "sign", "-n", namespace, "-f", folder.path + "/" + key], input: text)
    return Array(armoured.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined().utf8)
  }

  /// What is between the quotation marks of the command that is shown.
  static func challenge(_ events: Events) -> String? {
    events.infos.last { $0.contains("ssh-keygen") }.flatMap { line in line.split(separator: "'").dropFirst().first.map(String.init) }
  }

  private static func blob(_ path: String) throws -> [UInt8] {
    let base64 = Array(try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")[1].utf8)
    return Base64.decode(base64.span, 0..<base64.count) ?? []
  }

  @discardableResult
  private static func run(_ arguments: [String], input: String = "") throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = arguments
    process.environment = ["TZ": "UTC", "PATH": "/usr/bin:/bin"]
    let (stdin, stdout) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, FileHandle.nullDevice)
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let said = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return String(decoding: said, as: UTF8.self)
  }
}
