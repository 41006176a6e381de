import Foundation

/// A file that `make modules` left, as readelf(1) and nm(1) show it.
struct BuiltFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
  let path: String

  /// In SOJOURN_BUILD, or in `build` of the package. A file that is not there is a failure: nothing was tested.
  init(_ name: String) throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = ProcessInfo.processInfo.environment["SOJOURN_BUILD"].map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("build")
    path = folder.appendingPathComponent(name).path
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(description: "\(path) is not there: `make modules` builds it (or name its folder in SOJOURN_BUILD)")
    }
  }

  /// What a binutils program prints of a file.
  static func tool(_ words: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(words.joined(separator: " ")): status \(process.terminationStatus)") }
    return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Values of one kind in the dynamic section: `[libc.so.6]` gives "libc.so.6".
  func dynamic(_ tag: String) throws -> [String] {
    try BuiltFile.tool(["readelf", "-dW", path]).filter { $0.contains("(\(tag))") }.map { line in
      if let open = line.firstIndex(of: "["), let close = line.lastIndex(of: "]") { return String(line[line.index(after: open)..<close]) }
      return line.split(separator: ")", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    }
  }

  /// Kinds of the program headers: LOAD, TLS, GNU_RELRO …
  var segments: [(kind: String, line: String)] {
    get throws {
      try BuiltFile.tool(["readelf", "-lW", path]).compactMap { line in
        let words = line.split(separator: " ")
        guard words.count >= 6, words[1].hasPrefix("0x") else { return nil }
        return (String(words[0]), line)
      }
    }
  }

  /// Names of the dynamic symbols that are defined here.
  var exported: [String] {
    get throws { try BuiltFile.tool(["nm", "-D", "--defined-only", path]).compactMap { $0.split(separator: " ").last.map(String.init) }.sorted() }
  }

  /// Dynamic symbols that others must have, without their versions; weak ones may be missing.
  var required: [(name: String, version: String)] {
    get throws {
      try BuiltFile.tool(["nm", "-D", "--undefined-only", path]).compactMap { line in
        let words = line.split(separator: " ")
        guard words.count == 2, words[0] == "U" else { return nil }
        let parts = words[1].split(separator: "@")
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      }
    }
  }

  /// Bytes after strip(1).
  var strippedSize: Int {
    get throws {
      let copy = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: copy) }
      _ = try BuiltFile.tool(["strip", "-o", copy, path])
      guard let size = try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int else { throw Failure(description: "no size of \(copy)") }
      return size
    }
  }
}
