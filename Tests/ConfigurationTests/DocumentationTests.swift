@testable import ConfigurationFile
import Foundation
import Testing

@Suite("The documentation names every key as the program has it")
struct DocumentationTests {
  struct Row {
    let type: String
    let standard: String
  }

  static func rows() throws -> [String: Row] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/configuration.md")
    var rows: [String: Row] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 6, "\(line)")
      let key = cells[1].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      try #require(rows[key] == nil, "\(key) twice")
      rows[key] = Row(type: cells[2], standard: cells[3])
    }
    return rows
  }

  /// The tags of sojourn.toml(5): `.It Ic KEY Pq TYPE, Ql DEFAULT` below `.Ss [TABLE]`.
  static func page() throws -> [String: Row] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../packaging/man/sojourn.toml.5")
    var rows: [String: Row] = [:]
    var table = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix(".Ss [") { table = line.dropFirst(4).trimmingCharacters(in: CharacterSet(charactersIn: "[]")) }
      guard line.hasPrefix(".It Ic ") else { continue }
      let words = line.dropFirst(".It Ic ".count).split(separator: " ", maxSplits: 2)
      try #require(words.count == 3 && words[1] == "Pq", "\(line)")
      let parts = words[2].split(separator: ", ", maxSplits: 1).map(String.init)
      try #require(parts.count == 2 && rows["\(table).\(words[0])"] == nil, "\(line)")
      var standard = parts[1]
      if standard.hasPrefix("Ql ") {
        standard = "`" + standard.dropFirst(3).trimmingCharacters(in: CharacterSet(charactersIn: "\"")).replacingOccurrences(of: "\\(dq", with: "\"") + "`"
      }
      rows["\(table).\(words[0])"] = Row(type: parts[0], standard: standard)
    }
    return rows
  }

  static func written(_ node: TOMLNode) -> String {
    switch node {
    case .string(let text): "\"\(text)\""
    case .integer(let number): String(number)
    case .boolean(let flag): String(flag)
    case .list(let nodes): "[" + nodes.map { written($0) }.joined(separator: ", ") + "]"
    case .table: "{}"
    case .other(let name): name
    }
  }

  @Test func everyKeyStandsThereAndNoOther() throws {
    #expect(Set(try Self.rows().keys) == Set(Schema.keys.map { $0.path }))
    #expect(Set(try Self.page().keys) == Set(Schema.keys.map { $0.path }))
  }

  @Test("a key", arguments: Schema.keys.map { $0.path })
  func isAsTheProgramHasIt(_ path: String) throws {
    let key = try #require(Schema.keys.first { $0.path == path })
    let rows = [try #require(try Self.rows()[path]), try #require(try Self.page()[path])]
    let type: String = switch key.type {
    case .string: "string"
    case .strings: "list of strings"
    case .boolean: "true or false"
    case .duration: "duration"
    case .range: "list of two numbers"
    case .labels: "table of strings"
    }
    for row in rows {
      #expect(row.type == type)
      #expect(row.standard == (key.standard.map { "`\(Self.written($0))`" } ?? "must be written"))
    }
  }
}
