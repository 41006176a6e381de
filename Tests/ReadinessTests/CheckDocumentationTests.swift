import Foundation
@testable import Readiness
import Testing

/// docs/check.md is where an admin looks a finding up.
@Suite struct CheckDocumentationTests {
  /// The rows of its tables: heading above, id, what is looked at, what to do.
  static func rows() throws -> [(area: String, cells: [String])] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/check.md")
    var rows: [(String, [String])] = []
    var heading = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      guard line.hasPrefix("| `") else { continue }
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 5, "\(line)")
      rows.append((heading, Array(cells[1...3])))
    }
    return rows
  }

  @Test func everyIdStandsThereOnceUnderItsAreaAndNoOther() throws {
    let rows = try Self.rows()
    let written = rows.map { $0.cells[0].replacingOccurrences(of: "`", with: "") }
    let ours = Finding.Kind.allCases.map(\.rawValue)
    #expect(Set(ours).subtracting(written).sorted() == [])
    #expect(Set(written).subtracting(ours).sorted() == [])
    #expect(Set(written).count == written.count)
    for (row, id) in zip(rows, written) {
      #expect(Finding.Kind(rawValue: id)?.area.heading == row.area, "\(id)")
      #expect(!row.cells[1].isEmpty && !row.cells[2].isEmpty, "\(id)")
    }
  }

  @Test func everyIdIsOneThatSomethingSays() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources")
    var text = ""
    for folder in ["Readiness", "sojourn"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: sources.path + "/" + folder) where file.hasSuffix(".swift") && file != "FindingKind.swift" {
        text += try String(contentsOfFile: sources.path + "/" + folder + "/" + file, encoding: .utf8)
      }
    }
    for kind in Finding.Kind.allCases {
      let name = "." + String(describing: kind)
      #expect(text.contains(try Regex("\\\(name)\\b")), "\(kind.rawValue) is said by nobody")
    }
  }
}
