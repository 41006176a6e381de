import Foundation
import Testing

/// Where README and documents point to is there: files, headings in them, and the pages that are installed.
@Suite struct LinkTests {
  static func documents() throws -> [String] {
    let docs = try FileManager.default.contentsOfDirectory(atPath: Checkout.path + "/docs").filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
    return docs.sorted() + ["README.md", "CHANGELOG.md", "SECURITY.md", "Tests/PolicyEndpoint/README.md", "packaging/examples/policies/README.md"]
  }

  /// As forges make it of a heading.
  static func anchor(_ heading: Substring) -> String {
    heading.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }.replacingOccurrences(of: " ", with: "-")
  }

  /// Text without blocks of code, in which brackets are no links.
  static func prose(_ text: String) -> [Substring] {
    var isCode = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return !isCode && !line.hasPrefix("```")
    }
  }

  @Test("its links lead somewhere", arguments: try documents())
  func resolves(_ document: String) throws {
    let link = try Regex("\\]\\(([^)\\s]+)\\)")
    var checked = 0
    for line in Self.prose(try Checkout.text(document)) {
      for match in line.matches(of: link) {
        let target = String(line[match.output[1].range!])
        if target.hasPrefix("https://") || target.hasPrefix("http://") { continue }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = URL(fileURLWithPath: "/" + document).deletingLastPathComponent()
        let file = parts[0].isEmpty ? document : String(folder.appendingPathComponent(String(parts[0])).standardizedFileURL.path.dropFirst())
        #expect(FileManager.default.fileExists(atPath: Checkout.path + "/" + file), "\(document): \(target)")
        checked += 1
        guard parts.count == 2, file.hasSuffix(".md") else { continue }
        let anchors = Self.prose(try Checkout.text(file)).filter { $0.hasPrefix("#") }.map { Self.anchor($0.drop { $0 == "#" }.dropFirst()) }
        #expect(anchors.contains(String(parts[1])), "\(document): there is no heading \(parts[1]) in \(file): \(anchors)")
      }
    }
    if document == "README.md" { #expect(checked > 5) }
  }

  /// A page that others point to must be on the host as well.
  @Test func everyDocumentIsInstalled() throws {
    let install = try Checkout.text("packaging/install.sh")
    let line = try #require(install.split(separator: "\n").first { $0.hasPrefix("for page in ") && $0.contains("docs/") })
    let listed = Set(line.dropFirst("for page in ".count).prefix { $0 != ";" }.split(separator: " ").map { "docs/\($0).md" })
    #expect(Set(try Self.documents().filter { $0.hasPrefix("docs/") }).subtracting(listed).sorted() == [], "not installed")
    #expect(listed.subtracting(try Self.documents()).sorted() == [], "listed and not there")
  }

  /// Manual pages name documents by where the package puts them.
  @Test("the documents that it names are there", arguments: Checkout.pages)
  func namesDocuments(_ page: String) throws {
    for match in try Checkout.text("packaging/man/" + page).matches(of: try Regex("/usr/share/doc/sojourn/([a-z-]+\\.md)")) {
      let file = "docs/" + String(match.output[1].substring!)
      #expect(FileManager.default.fileExists(atPath: Checkout.path + "/" + file), "\(page): \(file)")
    }
  }

  /// Pieces of code in a text: what stands between backticks, and whole lines of blocks.
  static func code(_ text: String) -> [String] {
    var isBlock = false
    return text.split(separator: "\n").flatMap { line -> [String] in
      if line.hasPrefix("```") {
        isBlock.toggle()
        return []
      }
      if isBlock { return [String(line)] }
      return line.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
  }

  /// A command that somebody copies must be one. sojourn(8) is compared with the program by another test.
  @Test("its commands are the program's", arguments: try documents())
  func printsCommandsThatThereAre(_ document: String) throws {
    let page = try CommandManualTests.page()
    let call = try Regex("(?:^|sudo |[$#;] )sojourn ([a-z]+)(?: (show|check)\\b)?(.*)$")
    for piece in Self.code(try Checkout.text(document)) {
      guard let match = try call.firstMatch(in: piece.split(separator: "#", maxSplits: 1).first.map(String.init) ?? "") else { continue }
      let words = [match.output[1].substring!] + (match.output[2].substring.map { [$0] } ?? [])
      guard let command = page[words.joined(separator: " ")] else {
        #expect(words.joined(separator: " ") == "certificate", "\(document): \(piece)")
        continue
      }
      for option in String(match.output[3].substring!).matches(of: try Regex("(?:^| )(--[a-z-]+)")) {
        let name = String(option.output[1].substring!)
        #expect(command.arguments.contains(name) || command.arguments.contains(name + " ="), "\(document): \(piece)")
      }
    }
  }
}
