import Foundation
@testable import Readiness
import Testing

/// PAM around our lines, and what pam-auth-update makes of it.
@Suite struct PAMHostTests {
  private func said(_ host: ReadyHost) -> [String] { PAMHostFindings.findings(host.files).filter { $0.severity != .ok }.map { "\($0.severity.word) \($0.id)" } }
  private static let ours = "session [success=ok ignore=ignore default=die] pam_sojourn.so\n"

  /// As Debian has it: the login's number first, then the common session.
  private func host(session: String = "session required pam_loginuid.so\n@include common-session\n", account: String = "@include common-account\n") throws -> ReadyHost {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/sshd", account + session)
    return host
  }

  @Test func findsNothingInDebiansOwnStacks() throws { #expect(said(try host()) == []) }

  @Test("what stands around our line", arguments: [
    ("@include common-session\n", ["warning pam-loginuid"]), ("@include common-session\nsession required pam_loginuid.so\n", ["warning pam-loginuid"]),
    ("session required pam_loginuid.so\nsession optional pam_mkhomedir.so\n" + ours, ["warning pam-mkhomedir"]),
    ("session required pam_loginuid.so\n" + ours + "session optional pam_mkhomedir.so\n", []),
    ("session required pam_loginuid.so\nsession required pam_time.so\n" + ours, ["hint pam-access"]),
    ("session required pam_loginuid.so\n" + ours + "@include common-session\n", ["hint pam-twice"]),
    ("session required pam_loginuid.so\n" + ours.replacingOccurrences(of: ".so", with: ".so debug loud"), ["warning pam-option"]),
  ])
  func isSaid(_ session: String, _ expected: [String]) throws { #expect(said(try host(session: session)) == expected) }

  @Test func saysWhichServicesHaveSystemdBeforeUs() throws {
    let host = try host()
    try host.write("/etc/pam.d/login", "session optional pam_systemd.so\n" + Self.ours)
    try host.write("/etc/pam.d/su", "@include common-session\n")
    try host.write("/etc/pam.d/cron", "session optional pam_systemd.so\n")
    try host.write("/etc/pam.d/login.dpkg-old", "session optional pam_systemd.so\n" + Self.ours)
    let findings = PAMHostFindings.findings(host.files).filter { $0.severity != .ok }
    #expect(findings.map { "\($0.id) \($0.subject)" } == ["pam-session-order PAM service login, session lines"])
  }

  @Test func saysWhatAnUnknownWordOfAnAuthLineDoes() throws {
    let host = try host(account: "auth required pam_sojourn.so local=requires\nauth required pam_sojourn.so freshly\n@include common-account\n")
    let findings = PAMHostFindings.findings(host.files).filter { $0.id == "pam-option" }
    #expect(findings.map(\.subject) == ["/etc/pam.d/sshd:1", "/etc/pam.d/sshd:2"])
    #expect(findings.map { $0.sentence.contains("counts as local=require") } == [true, false])
  }

  @Test func saysThatPAMAccessDecidesToo() throws {
    let host = try host(account: "account required pam_access.so\n@include common-account\n")
    let finding = PAMHostFindings.findings(host.files).first { $0.id == "pam-access" }
    #expect(finding?.severity == .hint && finding?.remedy.contains("+ : (sojourn) : ALL") == true)
  }

  // MARK: pam-auth-update

  private static func common(_ inside: String) -> String {
    "# written\n# here are the per-package modules (the \"Primary\" block)\nsession [default=1] pam_permit.so\nsession requisite pam_deny.so\nsession required pam_permit.so\n"
      + "# and here are more per-package modules (the \"Additional\" block)\n" + inside + "# end of pam-auth-update config\nsession optional pam_own.so\n"
  }

  private func managed(_ inside: String, saved: String = "Module: null\n[default=1]\tpam_permit.so\nModule: sojourn\n[success=ok ignore=ignore default=die]\tpam_sojourn.so\nModule: systemd\noptional\tpam_systemd.so\n") throws -> ReadyHost {
    let host = try host()
    try host.makeDirectory("/var/lib/pam")
    try host.write("/var/lib/pam/session", saved)
    try host.write("/etc/pam.d/common-session", Self.common(inside))
    return host
  }

  @Test func takesWhatPAMAuthUpdateWroteAndOptionsThatWereChangedInIt() throws {
    #expect(said(try managed(Self.ours + "session optional pam_systemd.so \n")) == [])
    #expect(said(try managed(Self.ours + "session optional pam_systemd.so debug\n")) == [])
  }

  @Test func saysThatTheLineIsMissingAlthoughTheProfileIsEnabled() throws {
    #expect(said(try managed("session optional pam_systemd.so\n")).sorted() == ["hint pam-block", "warning pam-profile"])
    #expect(said(try managed("# " + Self.ours + "session optional pam_systemd.so\n")).sorted() == ["hint pam-block", "warning pam-profile"])
  }

  @Test func saysThatSomebodyEditedBetweenTheMarks() throws {
    let host = try managed(Self.ours + "session optional pam_systemd.so\nsession optional pam_mine.so\n")
    let finding = PAMHostFindings.findings(host.files).first { $0.id == "pam-block" }
    #expect(finding?.severity == .hint && finding?.sentence.contains("added: pam_mine.so") == true && said(host) == ["hint pam-block"])
  }

  @Test func hasNothingToSayWherePAMAuthUpdateManagesNothing() throws {
    let host = try managed("", saved: "Module: sojourn\n[default=die]\tpam_sojourn.so\n")
    try host.write("/etc/pam.d/common-session", "session required pam_loginuid.so\n" + Self.ours)
    #expect(said(host) == [])
  }
}
