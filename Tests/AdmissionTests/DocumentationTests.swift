@testable import Admission
import Credentials
import Foundation
import Testing

/// docs/refusals.md is where an admin looks a token up. The approval service's are compared in ApprovalsTests.
@Suite struct DocumentationTests {
  /// The rows of its tables, without heads.
  static func rows() throws -> [[String]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/refusals.md")
    var rows: [[String]] = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(cells.count == 5, "\(line)")
      rows.append(Array(cells[1...3]))
    }
    return rows
  }

  /// The tokens of certificates have a page of their own, which CredentialsTests compare.
  @Test func everyTokenStandsThereAndNoOther() throws {
    let ofCertificates = Set(CertificateRule.allCases.map { $0.token })
    let ours = Set(RefusalTests.all.map { $0.token }).subtracting(ofCertificates)
    let written = Set(try Self.rows().map { $0[0].replacingOccurrences(of: "`", with: "") })
    #expect(ours.subtracting(written).sorted() == [])
    #expect(written.subtracting(ours).filter { !$0.hasPrefix("approval-") }.sorted() == [])
  }

  @Test func everyTokenStandsThereOnceAndSaysWhatHappenedAndWhatToDo() throws {
    let rows = try Self.rows()
    #expect(Set(rows.map { $0[0] }).count == rows.count)
    for row in rows { #expect(!row[1].isEmpty && !row[2].isEmpty, "\(row[0])") }
  }
}
