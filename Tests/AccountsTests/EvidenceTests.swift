import Foundation
import Testing

@testable import Accounts
import Audit
import DaemonProtocol
import Encoding
import HostSystem
import Identity

/// What an end's evidence is made of: the lease's history and the teardown's report (T16).
@Suite struct EvidenceTests {
  static func session(_ id: String, root: [String] = []) -> Session {
    Session(id: id, process: ProcessReference(pid: 4711, start: 1), login: LoginFacts(service: "sshd", tty: "ssh", remote: "192.0.2.1"),
      credential: CredentialFacts(kind: "ssh-cert", keyID: "key \u{1b}[31m", serial: "18446744073709551615", keyFingerprint: "SHA256:k", caFingerprint: "SHA256:c",
        principals: ["alice"], notBefore: 1, notAfter: 2),
      decision: DecisionFacts(requestID: "r", endpoint: "e", reason: "", milliseconds: 3), groups: root.map { GrantedGroup(name: $0, gid: 990) }, rootEquivalentGroups: root,
      shell: "/bin/sh", opened: 1_700_000_000, deadline: Deadline(wall: 1_700_003_600_000_000_000, boot: 9))
  }

  @Test func aLeaseRemembersWhoHadItAndEveryGroupThatMakesRoot() throws {
    var lease = Lease(name: try Sample.name("alice"), uid: 70_001, home: "/h/alice")
    lease.history.add(Self.session("1-a", root: ["docker"]), until: 1_700_000_100, reason: .closed)
    lease.history.add(Self.session("1-b", root: ["docker", "lxd"]), until: 1_700_000_200, reason: .endedByAdministrator("x"))
    lease.history.add(Self.session("1-c"), until: 1_700_000_300, reason: .deadline)
    lease.history.isAccounted = true
    let read = try Lease(MemberReader(try JSONValue.parse(try #require(lease.json.text())))).history
    #expect(read.sessions.map(\.id) == ["1-a", "1-b", "1-c"] && read.sessions.map(\.reason) == ["closed", "ended-by-admin", "deadline"])
    #expect(read.sessions[1].until == 1_700_000_200 && read.sessions[1].since == 1_700_000_000)
    #expect(read.sessions[0].keyID == "key \\x1b[31m" && read.sessions[0].serial == "18446744073709551615")
    #expect(read.rootEquivalentGroups == ["docker", "lxd"] && read.count == 3 && read.isAccounted && !read.isLost)
  }

  @Test func aSessionKeepsItsGroupsThatMakeRoot() throws {
    let session = Self.session("1-a", root: ["docker"])
    #expect(try Session(MemberReader(try JSONValue.parse(try #require(session.json.text())))).rootEquivalentGroups == ["docker"])
  }

  @Test func leasesOfAnEarlierVersionAreReadWithoutHistory() throws {
    let members = try #require(try Sample.lease().json.members).filter { $0.name != "history" }
    let read = try Lease(MemberReader(.object(members)))
    #expect(read.sessions.count == 2 && read.history.count == 0 && !read.history.isAccounted)
    #expect(read.sessions.allSatisfy { $0.rootEquivalentGroups.isEmpty })
  }

  @Test func aLeaseOfVeryManySessionsStaysSmallAndCountsThemAll() throws {
    var lease = Lease(name: try Sample.name("alice"), uid: 70_001, home: "/h/alice")
    for number in 0..<1000 { lease.history.add(Self.session("1-\(number)", root: number == 0 ? ["disk"] : []), until: 1, reason: .closed) }
    #expect(lease.history.sessions.count == LeaseHistory.cap && lease.history.sessions.last?.id == "1-999")
    #expect(lease.history.count == 1000 && lease.history.rootEquivalentGroups == ["disk"])
    #expect(try #require(lease.json.text()).count < 64 << 10)
  }

  @Test func everyReasonHasATokenOfItsOwn() {
    let all: [EndReason] = [.closed, .processGone, .deadline, .endedByAdministrator(""), .policyObligation, .policyNo(nil), .policyUnreachable(seconds: 1), .revoked("x"), .daemonWasAway, .notOpened, .loginGone]
    #expect(Set(all.map(\.token)).count == all.count)
    #expect(all.allSatisfy { !$0.sentence.isEmpty && $0.token.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || $0 == 45 } })
  }

  static func report() -> TeardownReport {
    var report = TeardownReport()
    report.killed = .init(count: 70, asRoot: 1, processes: ["7 sleep"])
    report.removed = .init(home: 1, commons: 2, ipc: 3, mounts: 4, records: 5)
    report.left = ["/tmp/x: \u{1b}]0;t\u{7}"]
    report.check = .init(processes: 0, files: 0, ipc: 0, mounts: 0, logind: nil)
    report.milliseconds = .init(logind: 1, processes: 2, removal: 3, check: 4, all: 10)
    return report
  }

  @Test func aReportIsReadAsItWasWrittenAndSteersNoTerminal() throws {
    let text = try #require(Self.report().json.text())
    let read = try TeardownReport(MemberReader(try JSONValue.parse(text)))
    #expect(read.isClean && read.killed.count == 70 && read.removed == Self.report().removed && read.removed.all == 15 && read.milliseconds.all == 10)
    #expect(text.allSatisfy { $0 >= 32 && $0 < 127 })
  }

  /// What was not looked for is not clean.
  @Test func refusesAReportThatSaysCleanAndIsNot() throws {
    for change: (inout TeardownReport) -> Void in [{ $0.check.processes = 1 }, { $0.check.files = nil }, { $0.check.ipc = 2 }, { $0.remaining = ["x"] }] {
      var report = Self.report()
      change(&report)
      #expect(!report.isClean)
      let members = try #require(report.json.members).map { $0.name == "clean" ? JSONValue.Member("clean", .boolean(true)) : $0 }
      #expect(throws: MemberError.self) { try TeardownReport(MemberReader(.object(members))) }
    }
  }
}

/// docs/evidence.md is what people read who ask the log years later.
@Suite struct EvidenceDocumentationTests {
  private static func page() throws -> String {
    try String(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/evidence.md"), encoding: .utf8)
  }

  @Test func everyEventReasonAndMemberIsExplained() throws {
    let page = try Self.page()
    for kind in AuditEvent.Kind.allCases { #expect(page.contains("| `\(kind.text)` |"), "\(kind.text)") }
    for token in ["closed", "process-gone", "deadline", "ended-by-admin", "ended-by-policy", "policy-no", "policy-unreachable", "revoked", "daemon-was-away", "not-opened", "login-gone"] { #expect(page.contains("| `\(token)` |"), "\(token)") }
    func names(_ value: JSONValue) -> [String] { (value.members ?? []).flatMap { [$0.name] + names($0.value) } }
    for name in names(EvidenceTests.report().json) { #expect(page.contains("`\(name)`") || page.contains(".\(name)`"), "\(name)") }
    for name in names(PastSession(EvidenceTests.session("1-a"), until: 1, reason: .closed).json) { #expect(page.contains("`\(name)`"), "\(name)") }
  }

  @Test func theExampleIsALineAsItIsWritten() throws {
    let page = try Self.page()
    let text = try #require(page.components(separatedBy: "```json\n").last?.components(separatedBy: "```").first)
    let line = try JSONValue.parse(Array(text.utf8))
    let report = try TeardownReport(MemberReader(line).object("report"))
    #expect(report.isClean && report.removed.all == 12 && report.killed.count == 3)
    #expect(try PastSession(try #require(MemberReader(line).objects("sessions").first)).reason == "closed")
  }
}
