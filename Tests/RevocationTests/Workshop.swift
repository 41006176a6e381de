@testable import Credentials
import Encoding
import Foundation

/// Keys, authorities, certificates and lists made by ssh-keygen, and what it says of them.
final class Workshop {
  struct Failure: Error, CustomStringConvertible { let description: String }

  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-revocation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(name))) }

  func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: folder.appendingPathComponent(name)) }

  @discardableResult
  func keygen(_ arguments: String...) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  func must(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "ssh-keygen \(arguments): \(process.terminationStatus)") }
  }

  func makeKey(_ name: String, type: String = "ed25519") throws { try must(["-q", "-t", type, "-N", "", "-C", "", "-f", name]) }

  /// `name-cert.pub` for `name.pub`.
  func sign(_ name: String, by authority: String, serial: UInt64, keyID: String) throws {
    try must(["-q", "-s", authority, "-I", keyID, "-n", "alice", "-z", String(serial), "-V", "20200101:20991231", name + ".pub"])
  }

  /// A list from a specification (ssh-keygen(1), KEY REVOCATION LISTS) or from key and certificate files.
  func makeList(_ name: String, specification: String? = nil, files: [String] = [], authority: String? = nil) throws -> [UInt8] {
    if let specification { try write(name + ".txt", Array(specification.utf8)) }
    let by = authority.map { ["-s", $0] } ?? []
    try must(["-q", "-k", "-f", name] + by + (specification == nil ? [] : [name + ".txt"]) + files)
    return try read(name)
  }

  func blob(_ file: String) throws -> [UInt8] {
    let words = String(decoding: try read(file), as: UTF8.self).split(separator: " ")
    guard words.count >= 2, let data = Data(base64Encoded: String(words[1])) else { throw Failure(description: file) }
    return Array(data)
  }

  func subject(_ file: String) throws -> RevocationSubject { try Workshop.subject(certificate: try blob(file)) }

  /// A certificate's fields as the wire has them, read here by itself: the test's own eyes.
  static func subject(certificate blob: [UInt8]) throws -> RevocationSubject {
    let span = blob.span
    var cursor = ByteCursor(0..<blob.count)
    let name = String(decoding: span.copy(try cursor.string(span)), as: UTF8.self)
    _ = try cursor.string(span)
    let begin = cursor.offset
    let fields = name.hasPrefix("ssh-ed25519") ? 1 : name.hasPrefix("sk-ecdsa") ? 3 : 2
    for _ in 0..<fields { _ = try cursor.string(span) }
    let plain = Array(name.replacingOccurrences(of: "-cert-v01@openssh.com", with: name.hasPrefix("sk-") ? "@openssh.com" : "").utf8)
    let key = [0, 0, 0, UInt8(plain.count)] + plain + span.copy(begin..<cursor.offset)
    let serial = try cursor.uint64(span)
    _ = try cursor.uint32(span)
    let keyID = span.copy(try cursor.string(span))
    _ = try cursor.string(span)
    for _ in 0..<2 { _ = try cursor.uint64(span) }
    for _ in 0..<3 { _ = try cursor.string(span) }
    return RevocationSubject(key: key, authority: span.copy(try cursor.string(span)), serial: serial, keyID: keyID)
  }

  /// Whether each is revoked; nil: the list cannot be used, and so everybody is.
  func theirVerdicts(_ list: String, _ certificates: [String]) throws -> [Bool]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/ssh-keygen")
    process.arguments = ["-Q", "-f", list] + certificates
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus <= 1 else { return nil }
    let lines = output.split(separator: "\n")
    guard lines.count == certificates.count else { throw Failure(description: output) }
    return lines.map { $0.hasSuffix(": REVOKED") }
  }
}

/// Our verdicts, by the published form, as a login has them.
func ourVerdicts(_ lists: [[UInt8]], _ subjects: [RevocationSubject]) -> [Bool]? {
  do throws(RevocationFault) {
    let index = try RevocationIndex(RevocationMemory(try form(lists)), lists: ["a"])
    var verdicts: [Bool] = []
    for subject in subjects { verdicts.append(try index.revocation(of: subject) != nil) }
    return verdicts
  } catch { return nil }
}

func form(_ lists: [[UInt8]]) throws(RevocationFault) -> [UInt8] {
  var entries = RevocationEntries()
  for list in lists { try entries.add(list: list) }
  return try RevocationForm.bytes(entries, lists: ["a"])
}
