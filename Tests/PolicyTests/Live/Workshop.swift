import Encoding
import Foundation
import HostSystem

/// Where things are, and a folder for one test's files that goes when it goes.
final class Workshop {
  let path: String

  init() throws {
    path = "/tmp/sojourn-policy-\(try Random.hex(8))"
    try Files.makeDirectory(path, mode: 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
    try Files.replace(file(name), with: text.bytes, mode: mode, durable: false)
    return file(name)
  }

  /// The package's root.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// What the build made stands beside the program that runs the tests.
  static func built(_ name: String) throws -> String {
    let own = String(decoding: try Files.linkTarget("/proc/self/exe"), as: UTF8.self)
    let path = Files.parent(of: own) + "/" + name
    guard Files.exists(path) else { throw Broken("\(path) is not built") }
    return path
  }

  static func python() throws -> String {
    let path = ProcessInfo.processInfo.environment["SOJOURN_PYTHON"] ?? root + "/.venv/bin/python"
    guard Files.exists(path) else { throw Broken("no Python at \(path): `make venv` makes it, or set SOJOURN_PYTHON") }
    return path
  }

  /// Runs a program that must succeed.
  static func run(_ path: String, _ arguments: [String], milliseconds: Int64 = 20_000) throws {
    let outcome = try ChildProcess.run(path, arguments, milliseconds: milliseconds)
    guard outcome.status == 0, !outcome.cutOff else {
      throw Broken("\(path) \(arguments.joined(separator: " ")): status \(outcome.status): \(String(decoding: outcome.errors, as: UTF8.self))")
    }
  }
}
