import DaemonProtocol
import Foundation
import Testing

/// Approvals through the built module, libpam, the real relay and a real service: who is asked, who waits, and that nothing but
/// the policy's yes lets anybody in.
@Suite(.serialized) struct ApprovalTests {
  /// Login 1 with certificate A is told the ticket; somebody approves; login 2 with a fresh certificate B gets in, and its
  /// session ends with the approval.
  @Test func theSecondLoginWithAnotherCertificateFindsTheApproval() throws {
    let service = try ApprovalService(Stage())
    let first = try service.login()
    #expect(first.value("open_session") == EntryPointTests.denied, "\(first)")
    #expect(first.texts("prompt").count == 1, "sshd's conversation cannot answer, and that is the end of it")
    let told = first.texts("error").first ?? ""
    #expect(told.contains("nobody has answered yet: Access request: Somebody has been asked to approve it. See https://tickets.example.com/") && told.contains("Log in again when it is approved."), "\(told)")
    #expect(!told.contains("127.0.0.1") && !told.contains("/review") && !told.contains("/cancel") && !told.contains("arq_"))
    #expect(service.takeTokens() == ["approval-pending"] && service.remembered == 1)
    #expect(try service.login().value("open_session") == EntryPointTests.denied)
    #expect(try service.requests().count == 1, "asked for once")
    #expect(try service.settle("approve", seconds: 300) == 1)
    _ = service.stage.daemon.takeRequests()
    let second = try service.login()
    #expect(second.value("open_session") == EntryPointTests.success, "\(second)")
    #expect(second.value("threads") == 1 && second.value("descriptors") == 0 && second.value("handlers") == 0)
    guard case .open(let open)? = service.stage.daemon.takeRequests().first else {
      Issue.record("not opened")
      return
    }
    // The policy grants two hours, the approver five minutes.
    #expect(open.seconds > 240 && open.seconds <= 300)
    // Until it is over, nobody is asked again.
    #expect(try service.login().value("open_session") == EntryPointTests.success)
    #expect(try service.requests().count == 1)
  }

  @Test func thePersonIsAskedWaitsAndComesIn() throws {
    let service = try ApprovalService(Stage(), approvalWait: 20)
    let approver = Thread {
      for _ in 0..<200 {
        if (try? service.settle("approve")) == 1 { return }
        usleep(50_000)
      }
    }
    approver.start()
    let outcome = try service.login(answers: "disk full, INC-4711")
    #expect(outcome.value("open_session") == EntryPointTests.success, "\(outcome)")
    #expect(outcome.texts("prompt") == ["Sojourn: alice: this login needs an approval: Approval needed: Somebody else has to approve this login. Reason: "], "\(outcome)")
    #expect(outcome.texts("info").first?.contains("See https://tickets.example.com/") == true && outcome.texts("info").first?.hasSuffix("Waiting for at most 20 s.") == true, "\(outcome)")
    #expect(try service.requests().first?["justification"]?.string == "disk full, INC-4711")
  }

  @Test func whoWaitsInVainIsToldAndTheNextLoginKnows() throws {
    let service = try ApprovalService(Stage(), approvalWait: 1)
    #expect(try service.login(answers: "why").value("open_session") == EntryPointTests.denied)
    #expect(service.takeTokens() == ["approval-pending"])
    try service.settle("deny")
    let next = try service.login(answers: "why")
    #expect(next.value("open_session") == EntryPointTests.denied && next.texts("prompt").isEmpty, "\(next)")
    #expect(service.takeTokens() == ["approval-denied"])
    #expect(try service.requests().count == 1)
  }

  /// scp, ansible, sshd: whatever approval_wait says.
  @Test func whoCannotBeAskedDoesNotWait() throws {
    let service = try ApprovalService(Stage(), approvalWait: 90)
    let begin = Date()
    let outcome = try service.login()
    #expect(outcome.value("open_session") == EntryPointTests.denied && outcome.texts("info").isEmpty)
    #expect(Date().timeIntervalSince(begin) < 45)
    #expect(try service.requests().first?["justification"]?.string == nil)
    let silent = try service.login(["-s"], answers: "x")
    #expect(silent.texts("prompt").isEmpty && silent.texts("error").isEmpty && silent.value("open_session") == EntryPointTests.denied)
  }

  @Test func withoutARelayNobodyIsAskedAndNobodyComesIn() throws {
    let service = try ApprovalService(Stage(), approvalWait: 5)
    service.stopRelay()
    #expect(try service.login(answers: "x").value("open_session") == EntryPointTests.denied)
    #expect(service.takeTokens() == ["approval-unavailable"])
    #expect(try service.requests().isEmpty)
  }

  /// Each does damage to an approval that would let alice in: what must come of it, and that it comes in time.
  @Test func everyTrickIsRefusedInTime() throws {
    let service = try ApprovalService(Stage(), approvalWait: 2)
    let tricks = try service.tricks()
    #expect(Set(tricks.map { $0.name }) == Set(Self.expected.map { $0.trick }), "every trick has its line here")
    // Without a trick, what is approved at once lets in: it is the trick that refuses.
    try service.play("none")
    #expect(try service.login().value("open_session") == EntryPointTests.denied)
    try service.settle("approve")
    #expect(try service.login().value("open_session") == EntryPointTests.success)
    _ = service.stage.daemon.takeRequests()
    var admitted = 0, late = 0, tried = 0
    for (trick, token) in Self.expected {
      try service.forget()
      try service.play(trick)
      // The status is looked at by those who wait, and by those who come back.
      let waits = tricks.first { $0.name == trick }?.stage == "status"
      let begin = Date()
      let outcome = try service.login(answers: waits ? "x" : nil)
      let seconds = Date().timeIntervalSince(begin)
      tried += 1
      if outcome.value("open_session") == EntryPointTests.success { admitted += 1 }
      // The wait, two calls of a second and a half, the questions, and a busy machine.
      if seconds > 20 { late += 1 }
      #expect(outcome.value("open_session") == EntryPointTests.denied, "\(trick): \(outcome)")
      #expect(outcome.texts("error").count == 1 && outcome.value("threads") == 1 && outcome.value("descriptors") == 0, "\(trick): \(outcome)")
      let tokens = service.takeTokens()
      #expect(tokens == [token], "\(trick): \(tokens) \(outcome)")
      for text in outcome.texts("error") + outcome.texts("info") { #expect(!text.contains("evil.example") && !text.contains("/access/v1/requests"), "\(trick): \(text)") }
    }
    print("approvals: tricks \(tried), admitted \(admitted), over time \(late)")
    #expect(admitted == 0 && late == 0 && tried >= 60)
  }

  static let expected: [(trick: String, token: String)] = [
    ("offer-elsewhere", "approval-failed"), ("offer-other-port", "approval-failed"), ("offer-user-name", "approval-failed"), ("offer-over", "approval-expired"),
    ("offer-without-end", "denied"), ("offer-odd-end", "denied"), ("offer-unbound", "denied"), ("offer-string", "denied"), ("offer-form", "approval-form"),
    ("offer-schema", "approval-form"), ("offer-other-token", "approval-failed"),
    ("submit-status-elsewhere", "approval-failed"), ("submit-no-status-endpoint", "approval-failed"), ("submit-no-id", "approval-failed"),
    ("submit-unknown-status", "approval-failed"), ("submit-pending-with-result", "approval-pending"), ("submit-denied-with-result", "approval-denied"),
    ("submit-no-result", "approval-failed"), ("submit-unknown-mode", "approval-failed"), ("submit-no-end", "approval-failed"), ("submit-odd-end", "approval-failed"),
    ("submit-over", "approval-expired"), ("submit-longer", "approval-not-taken"), ("submit-no-approval-id", "approval-failed"), ("submit-other-approval", "approval-not-taken"),
    ("submit-other-state", "approval-not-taken"), ("submit-bundle", "approval-failed"), ("submit-200", "approval-failed"), ("submit-204", "approval-failed"),
    ("submit-redirect", "approval-failed"), ("submit-400", "approval-failed"), ("submit-403", "approval-unavailable"), ("submit-500", "approval-unavailable"),
    ("submit-503", "approval-unavailable"), ("submit-not-requestable", "denied"), ("submit-expired-denial", "approval-expired"), ("submit-bad-binding", "approval-failed"),
    ("submit-duplicate", "approval-failed"), ("submit-html", "approval-failed"), ("submit-garbage", "approval-failed"), ("submit-array", "approval-failed"),
    ("submit-huge", "approval-unavailable"), ("submit-slow", "approval-unavailable"), ("submit-drip", "approval-unavailable"), ("submit-close", "approval-unavailable"),
    ("submit-wait-for-ever", "approval-pending"), ("submit-wait-negative", "approval-pending"),
    ("status-other-task", "approval-failed"), ("status-unknown", "approval-failed"), ("status-partial", "approval-failed"), ("status-no-result", "approval-failed"),
    ("status-unknown-mode", "approval-failed"), ("status-redirect", "approval-failed"), ("status-202", "approval-failed"), ("status-404", "denied"), ("status-410", "denied"),
    ("status-500", "approval-unavailable"), ("status-html", "approval-failed"), ("status-huge", "approval-unavailable"), ("status-slow", "approval-unavailable"),
    ("status-garbage", "approval-failed"), ("status-wait-for-ever", "approval-pending"),
    ("again-no", "approval-not-taken"), ("again-plain-no", "approval-not-taken"), ("again-request", "denied"), ("again-request-nothing", "approval-not-taken"),
    ("again-retry", "approval-not-yet"), ("again-retry-late", "approval-expired"), ("again-retry-negative", "approval-not-yet"), ("again-yes-over", "approval-over"),
    ("again-yes-without-end", "policy-grant"), ("again-yes-odd", "policy-grant"),
  ]
}
