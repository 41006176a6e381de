@testable import Approvals
import DaemonProtocol
import Encoding
import Testing

/// What module and relay say to each other about approvals.
@Suite struct MessageTests {
  @Test func requestsComeBackAsTheyWere() throws {
    for step in ApprovalRequest.Step.allCases {
      let request = ApprovalRequest(step, endpoint: "https://pdp", evaluation: Service.evaluation(), terms: Service.terms(), reason: "é \"x\"", milliseconds: 90_000, attempt: 3)
      let back = try ApprovalRequest(packet: try #require(request.packet))
      #expect(back.step == step && back.endpoint == "https://pdp" && back.evaluation.string_ == request.evaluation.string_ && back.terms.string_ == request.terms.string_)
      #expect(back.reason == request.reason && back.milliseconds == 90_000 && back.attempt == 3)
    }
  }

  @Test func repliesComeBackAsTheyWere() throws {
    for refusal in ApprovalRefusal.allCases {
      let reply = ApprovalOutcome.refused(refusal, ApprovalNotice(words: "w", link: "https://t/1", retryAfter: 7, detail: "d")).reply
      let back = try ApprovalReply(packet: try #require(reply.packet))
      #expect(back.word == refusal.token && back.happened == reply.happened && back.remedy == reply.remedy && back.detail == "d" && back.isFault == reply.isFault)
      #expect(back.approval == nil && back.until == 0)
    }
    #expect(try ApprovalReply(packet: try #require(ApprovalOutcome.nothing(words: "").reply.packet)).word == "nothing")
    let back = try ApprovalReply(packet: try #require(ApprovalOutcome.approved(Service.json(Service.approvalText), until: 1_795_253_400).reply.packet))
    #expect(back.word == "approved" && back.approvalText == Service.approvalText && back.until == 1_795_253_400)
  }

  /// As every refusal's row: half a sentence that says what happened, and a whole one that says what to do.
  @Test func everyRefusalHasATokenAndSentencesOfItsOwn() {
    var tokens: Set<String> = [], sentences: Set<String> = []
    for refusal in ApprovalRefusal.allCases {
      let plain = ApprovalOutcome.refused(refusal, ApprovalNotice()).reply, full = ApprovalOutcome.refused(refusal, ApprovalNotice(words: "Words", link: "https://t/1", retryAfter: 3000, detail: "d")).reply
      for reply in [plain, full] {
        #expect(reply.happened.hasSuffix(".") && reply.remedy.hasSuffix(".") && reply.remedy.first?.isUppercase == true, "\(refusal)")
        #expect((reply.happened + reply.remedy).utf8.count < 250 && !reply.happened.contains(": :"), "\(refusal)")
      }
      #expect(plain.isFault == (refusal == .failed || refusal == .unavailable))
      tokens.insert(plain.word)
      sentences.insert(plain.happened)
    }
    #expect(tokens.count == ApprovalRefusal.allCases.count && sentences.count == tokens.count)
    #expect(tokens.filter { !$0.hasPrefix("approval-") } == ["denied"], "only an ordinary no is none of ours")
    #expect(tokens.contains(ApprovalReply.unavailable("").word))
  }

  @Test(arguments: [
    "", "{}", #"{"version":2,"request":"approval"}"#, #"{"version":1,"request":"evaluate"}"#, #"{"version":1,"request":"approval","step":"dance"}"#,
    #"{"version":1,"request":"approval","step":"find","endpoint":"","evaluation":"x","terms":{},"reason":"","milliseconds":0,"attempt":0}"#,
    #"{"version":1,"request":"approval","step":"find","endpoint":"","evaluation":{},"terms":[],"reason":"","milliseconds":0,"attempt":0}"#,
    #"{"version":1,"request":"approval","step":"find","endpoint":"","evaluation":{},"terms":{},"reason":"","milliseconds":-1,"attempt":0}"#,
  ])
  func refusesARequestOfAnotherForm(_ text: String) { #expect(throws: MemberError.self) { try ApprovalRequest(packet: Array(text.utf8)) } }

  @Test(arguments: [
    "", "{}", #"{"version":1,"reply":"approved"}"#, #"{"version":1,"reply":7,"happened":"","remedy":"","detail":"","fault":false,"until":0}"#,
    #"{"version":1,"reply":"approved","happened":"","remedy":"","detail":"","fault":false,"until":-1}"#,
    #"{"version":2,"reply":"nothing","happened":"","remedy":"","detail":"","fault":false,"until":0}"#,
  ])
  func refusesAReplyOfAnotherForm(_ text: String) { #expect(throws: MemberError.self) { try ApprovalReply(packet: Array(text.utf8)) } }
}
