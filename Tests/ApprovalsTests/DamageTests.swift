@testable import Approvals
import Encoding
import Foundation
import Policy
import Testing
import DaemonProtocol

/// One wrong byte in what the access request service says never makes an approval out of what is none.
@Suite struct DamageTests {
  static let approved = #"{"task":{"id":"arq_1","status":"approved"},"result":{"mode":"reevaluate","approval":{"id":"apr_1","approved_until":"2026-11-21T04:40:00Z"}}}"#
  static let pending = #"{"task":{"id":"arq_1","status":"pending","expires_at":"2026-11-21T03:00:00Z"},"result":{"mode":"reevaluate","approval":{"id":"apr_1","approved_until":"2026-11-21T04:40:00Z"}}}"#

  private static func approval(_ body: [UInt8]) -> (value: JSONValue, until: UInt64)? {
    let answer = HTTPAnswer(status: 200, contentType: "application/json", requestIDCount: 0, requestID: "", retryAfter: nil, body: body)
    guard case .task(let state) = TaskAnswer.read(answer, isSubmission: false) else { return nil }
    return state.approval
  }

  @Test func noFlippedByteTurnsAPendingTaskIntoAnApproval() {
    #expect(Self.approval(Array(Self.pending.utf8)) == nil)
    let bytes = Array(Self.pending.utf8)
    for at in bytes.indices {
      for bit in 0..<8 {
        var bent = bytes
        bent[at] ^= 1 << UInt8(bit)
        #expect(Self.approval(bent) == nil, "byte \(at), bit \(bit)")
      }
    }
  }

  /// What is still an approval says so in the bytes: status, mode, an id and an end that can be read.
  @Test func anApprovalWithAFlippedByteIsOneOnlyIfTheBytesStillSaySo() throws {
    let bytes = Array(Self.approved.utf8)
    var taken = 0
    for at in bytes.indices {
      for bit in 0..<8 {
        var bent = bytes
        bent[at] ^= 1 << UInt8(bit)
        guard let (value, until) = Self.approval(bent) else { continue }
        taken += 1
        let json = try JSONValue.parse(bent)
        #expect(json["task"]?["status"]?.string == "approved" && json["result"]?["mode"]?.string == "reevaluate")
        #expect(value["id"]?.string?.isEmpty == false && value["approved_until"]?.string.flatMap { Timestamp.parse($0) } == until)
      }
    }
    #expect(taken > 0 && taken < bytes.count * 8)
  }

  @Test func aDenialWithAFlippedByteIsAnOrdinaryNoOrStillHasWhatTiesARequestToIt() throws {
    let text = #"{"evaluation_id":"eval_1","access_request":{"expires_at":"2026-11-21T00:50:00Z","binding_token":"eyJ"}}"#
    let bytes = Array(text.utf8)
    #expect(Denial(try JSONValue.parse(bytes)) != nil)
    for at in bytes.indices {
      for bit in 0..<8 {
        var bent = bytes
        bent[at] ^= 1 << UInt8(bit)
        guard let json = try? JSONValue.parse(bent), let denial = Denial(json) else { continue }
        #expect(denial.evaluationID != nil || denial.bindingToken != nil)
        #expect(Timestamp.parse(denial.expiresAt) == denial.expires)
      }
    }
  }
}
