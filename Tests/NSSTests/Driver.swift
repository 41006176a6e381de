import Foundation

/// The built library, and the program that holds it against its contract (Tests/NSSDriver).
enum Driver {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Where the Makefile leaves the libraries: SOJOURN_BUILD, or `build` in the package.
  static var library: URL {
    get throws {
      let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"].map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("build")
      let file = folder.appendingPathComponent("libnss_sojourn.so.2")
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw Failure(description: "\(file.path) is not there: `make modules` builds it (or name its folder in SOJOURN_BUILD)")
      }
      return file
    }
  }

  /// It is built beside the tests.
  static var program: URL {
    get throws {
      let tests = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      let file = tests.deletingLastPathComponent().appendingPathComponent("nss-driver")
      guard FileManager.default.fileExists(atPath: file.path) else { throw Failure(description: "\(file.path) is not there: `swift build --build-tests` builds it") }
      return file
    }
  }

  struct Outcome {
    let status: Int32
    let output: String
  }

  static func run(_ arguments: [String]) throws -> Outcome {
    let process = Process()
    process.executableURL = try program
    process.arguments = [try library.path] + arguments
    process.environment = ["LD_LIBRARY_PATH": try library.deletingLastPathComponent().path, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
                   output: String(decoding: output, as: UTF8.self))
  }

  /// One requirement of the driver, with the number of checks it made: a driver that checked nothing has shown nothing.
  static func checks(_ requirement: String) throws -> (made: Int, report: String) {
    let outcome = try run([requirement])
    let last = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
    guard outcome.status == 0, last.hasSuffix(" checks, 0 failed"), let made = Int(last.prefix { $0.isNumber }) else {
      throw Failure(description: "\(requirement): status \(outcome.status)\n\(outcome.output)")
    }
    return (made, outcome.output)
  }

  /// A command in a namespace with two leases, alice 70001 (groups 990, 1234) and bob 70002, and `sojourn` in nsswitch.conf.
  static func command(_ words: String...) throws -> Outcome { try run(["run"] + words) }
}
