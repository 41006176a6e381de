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
  }

  @Test("a key", arguments: Schema.keys.map { $0.path })
  func isAsTheProgramHasIt(_ path: String) throws {
    let key = try #require(Schema.keys.first { $0.path == path })
    let row = try #require(try Self.rows()[path])
    let type: String = switch key.type {
    case .string: "string"
    case .strings: "list of strings"
    case .boolean: "true or false"
    case .duration: "duration"
    case .range: "list of two numbers"
    case .labels: "table of strings"
    }
    #expect(row.type == type)
    #expect(row.standard == (key.standard.map { "`\(Self.written($0))`" } ?? "must be written"))
  }
}
