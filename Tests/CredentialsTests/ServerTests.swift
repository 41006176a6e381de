import Foundation
import Testing

@testable import Credentials
import Encoding

/// Whatever we accept, a real sshd accepts, shown the same bytes by a client that sends them as they are.
@Suite struct ServerTests {
  struct Failure: Error, CustomStringConvertible { let description: String }

  static let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()

  /// Python with what requirements.txt names: as `make` says, else the checkout's own.
  static var python: String {
    ProcessInfo.processInfo.environment["SOJOURN_PYTHON"]
      ?? here.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".venv/bin/python").path
  }

  static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SOJOURN_PYTHON": python, "LC_ALL": "C.UTF-8"]
    let output = Pipe(), errors = Pipe()
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(program): \(String(decoding: said, as: UTF8.self))") }
    return String(decoding: text, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(20))) func neverAcceptsWhatSshdRefuses() throws {
    guard getuid() == 0 else { throw Failure(description: "needs root: it runs sshd in namespaces of its own") }
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-sshd-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    try FileManager.default.createDirectory(at: directory.appendingPathComponent("keys"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    // The moment of our verdict: before sshd's, so that what begins while sshd works through them is valid to sshd at most.
    // (None ends in that time.)
    let now = UInt64(Date().timeIntervalSince1970)
    let begin = now - 4 * 3600
    _ = try Self.run(Self.here.appendingPathComponent("Vectors/regenerate").path, [directory.path, String(begin), directory.appendingPathComponent("keys").path])
    let output = try Self.run(Self.here.appendingPathComponent("RealServer/serve.sh").path, [directory.path, Self.python, String(begin)])

    var said: [String: Bool] = [:]
    var entered = 0
    for words in output.split(separator: "\n").map({ $0.split(separator: " ") }) where words.count == 2 {
      if words[1] == "entered" { entered += 1 } else { said[String(words[0])] = words[1] == "yes" }
    }
    let vectors = Vectors.vectors("issued.txt", in: directory) + Vectors.vectors("hostile.txt", in: directory)
    // sshd knows no skew, and so here nor do we.
    let demands = CertificateDemands(authorities: Vectors.ours(Vectors.authorities(in: directory)), loginName: "alice", now: now,
      maxLifetime: 12 * 3600, clockSkew: 0, enforcer: .sshd, client: Vectors.client)
    var laxer: [String] = [], stricter = 0, both = 0
    for vector in vectors {
      let sshd = try #require(said[vector.name] as Bool?, "sshd was not shown \(vector.name)")
      let isOurs = Vectors.verdict(vector.blob, demands) == "accepted"
      if isOurs, !sshd { laxer.append(vector.name) }
      if isOurs, sshd { both += 1 }
      if !isOurs, sshd { stricter += 1 }
    }
    print("certificates \(vectors.count), laxer \(laxer.count) (both accept \(both), stricter \(stricter))")
    #expect(laxer == [])
    #expect(vectors.count >= 150)
    // The comparison says something only if sshd does accept certificates, of every type, and logs people in by them.
    #expect(both >= 100)
    #expect(entered == KeyType.allCases.count)
  }
}
