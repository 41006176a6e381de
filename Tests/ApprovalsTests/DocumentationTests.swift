@testable import Approvals
import Foundation
import Testing

/// docs/refusals.md tells of every way in which an approval is not had; AdmissionTests compare the other rows.
@Suite struct DocumentationTests {
  @Test func everyTokenStandsThereAndNoOther() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/refusals.md")
    var written: Set<String> = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("| `") {
      written.insert(String(line.dropFirst(3).prefix { $0 != "`" }))
    }
    let ours = Set(ApprovalRefusal.allCases.map { $0.token })
    #expect(ours.subtracting(written).sorted() == [])
    // The module's own: its yes rests on an approval that is over by then.
    #expect(written.filter { $0.hasPrefix("approval-") }.subtracting(ours).sorted() == ["approval-over"])
  }
}
