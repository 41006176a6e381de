import DaemonProtocol
import Encoding
import Testing

/// What module and relay say to each other.
@Suite struct RelayMessageTests {
  private static let hostile = "\u{1}\u{1b}[2J\n\"\\é\u{202e}"

  @Test(arguments: ["", "{}", hostile, String(repeating: "x", count: 60_000)])
  func aQuestionComesThroughWhole(_ body: String) throws {
    let question = RelayedQuestion(requestID: "0123456789abcdef", milliseconds: 4750, body: Array(body.utf8))
    guard let packet = RelayRequest.evaluate(question).packet, case .evaluate(let read) = try RelayRequest(packet: packet) else {
      Issue.record("no packet")
      return
    }
    #expect(read.requestID == question.requestID && read.milliseconds == 4750 && read.body == question.body)
  }

  @Test func aQuestionThatIsTooLargeOrNoTextHasNoPacket() {
    #expect(RelayRequest.evaluate(RelayedQuestion(requestID: "a", milliseconds: 1, body: [0xff])).packet == nil)
    #expect(RelayRequest.evaluate(RelayedQuestion(requestID: "a", milliseconds: 1, body: Array(repeating: 65, count: RelayRequest.cap))).packet == nil)
  }

  @Test(arguments: [nil, "", "application/json", hostile] as [String?], [nil, 0, 3] as [Int64?])
  func anAnswerComesThroughAsItCame(_ type: String?, _ retryAfter: Int64?) throws {
    let answer = HTTPAnswer(status: 200, contentType: type, requestIDCount: 2, requestID: RelayMessageTests.hostile, retryAfter: retryAfter,
      body: [UInt8](0...255) + Array(repeating: 0xff, count: 65_000))
    guard let packet = RelayReply.answered(answer, endpoint: "unix:/run/x").packet, case .answered(let read, let endpoint) = try RelayReply(packet: packet) else {
      Issue.record("no packet")
      return
    }
    #expect(read.status == 200 && read.contentType == type && read.requestIDCount == 2 && read.requestID == answer.requestID)
    #expect(read.retryAfter == retryAfter && read.body == answer.body && endpoint == "unix:/run/x")
  }

  @Test func aFailureComesThrough() throws {
    guard let packet = RelayReply.failed(token: "policy-tls", detail: RelayMessageTests.hostile, endpoint: "").packet,
      case .failed(let token, let detail, let endpoint) = try RelayReply(packet: packet)
    else {
      Issue.record("no packet")
      return
    }
    #expect(token == "policy-tls" && detail == RelayMessageTests.hostile && endpoint == "")
  }

  @Test(arguments: [
    "", "x", "{}", "[]", #"{"version":2,"reply":"failed","token":"a","detail":"b","endpoint":"c"}"#, #"{"version":1,"reply":"other","endpoint":""}"#,
    #"{"version":1,"reply":"failed","token":"a","detail":"b"}"#, #"{"version":1,"reply":"answered","endpoint":"","status":"200"}"#,
    #"{"version":1,"reply":"answered","endpoint":"","status":200,"request_id_count":0,"request_id":"","body":"e30"}"#,
    #"{"version":1,"reply":"answered","endpoint":"","status":200,"request_id_count":0,"request_id":"","body":"****"}"#,
    #"{"version":1,"reply":"answered","endpoint":"","status":200,"request_id_count":0,"request_id":"","retry_after":"1","body":"e30="}"#,
    #"{"version":1,"reply":"answered","endpoint":"","status":200,"content_type":null,"request_id_count":0,"request_id":"","body":"e30="}"#,
  ])
  func refusesAReplyThatIsNone(_ text: String) {
    #expect(throws: MemberError.self) { try RelayReply(packet: Array(text.utf8)) }
  }
}
