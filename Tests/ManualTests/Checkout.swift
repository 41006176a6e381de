import Foundation

/// The checkout, and programs run from it.
enum Checkout {
  struct Failure: Error, CustomStringConvertible { let description: String }

  static let path = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

  static let pages = ["pam_sojourn.8", "libnss_sojourn.8", "sojournd.8", "sojourn.8", "sojourn.toml.5"]

  /// What the Makefile leaves in SOJOURN_BUILD, or `build`.
  static func built(_ name: String) throws -> String {
    let file = (ProcessInfo.processInfo.environment["SOJOURN_BUILD"] ?? path + "/build") + "/" + name
    guard FileManager.default.fileExists(atPath: file) else { throw Failure(description: "\(file) is not there: `make programs` builds it") }
    return file
  }

  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  static func run(_ command: [String], environment: [String: String] = [:]) throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-manual-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: a page is longer than a pipe holds.
    let files = ["out", "err"].map { folder.appendingPathComponent($0) }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8), errors: try String(contentsOf: files[1], encoding: .utf8))
  }
}
