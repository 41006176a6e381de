import Testing

@testable import Admission
import Configuration
import Policy

/// What the certificate's authority may say, on its way to the policy.
@Suite struct CredentialTests {
  static func question(_ info: String, _ change: @escaping (inout TrustedAuthority) -> Void) throws -> Question {
    let events = SessionOpeningTests.run(login(info: info)) { $0.settle { $0.limit(change) } }.events
    return try #require(events.questions.first)
  }

  @Test func tellsAttributesOfTheAuthoritiesThatAreListedForThem() throws {
    let question = try Self.question(Vectors.line("teleport")) {
      $0.attributes = [.init(name: "roles", source: "extension:teleport-roles:json:.roles"), .init(name: "groups", source: "extension:teleport-traits:json:.groups"),
        .init(name: "mfa", source: "extension:mfa-verified:flag")]
    }
    #expect(question.attributes.map { $0.name } == ["roles", "groups"])
    #expect(question.attributes.map { $0.values } == [["dba", "sre"], ["db", "web"]])
    #expect(try Self.question(Vectors.line("teleport")) { _ in }.attributes.isEmpty)
  }

  /// DESIGN 7: some extensions are bearer tokens.
  @Test func tellsOtherExtensionsByTheirDigestOnly() throws {
    let question = try Self.question(Vectors.line("teleport")) { _ in }
    for one in question.extensions {
      let isFlag = ["permit-agent-forwarding", "permit-port-forwarding", "permit-pty"].contains(one.name)
      #expect(isFlag ? one.value.isEmpty : one.value.hasPrefix("SHA256:"), "\(one.name)")
    }
    #expect(question.extensions.count == 7)
  }

  @Test func tellsWhatTheAuthorityCertifies() throws {
    #expect(try Self.question(Vectors.line("workload")) { $0.kind = .workload }.subjectType == "workload")
    #expect(try Self.question(Vectors.line("control")) { _ in }.subjectType == "user")
  }

  @Test func tellsNoPrincipalThatTheAuthorityMayNotSay() throws {
    #expect(try Self.question(Vectors.line("workload")) { $0.principals = ["ali*"] }.credential.principals == ["alice"])
    #expect(try Self.question(Vectors.line("workload")) { _ in }.credential.principals == ["alice", "root"])
  }
}

extension PublishedConfiguration {
  /// Changes the limits of the first authority, which signed most vectors.
  mutating func limit(_ change: (inout TrustedAuthority) -> Void) {
    guard !certificate.trusted.isEmpty else { return }
    change(&certificate.trusted[0])
  }
}
