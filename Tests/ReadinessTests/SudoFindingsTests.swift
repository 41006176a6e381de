import Testing

@testable import Readiness

/// The rule that lets everybody ask who is in, and the lines that decide.
@Suite struct SudoFindingsTests {
  static let lines = """
    auth [success=done new_authtok_reqd=done ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so
    auth required pam_unix.so
    account required pam_unix.so
    account [success=ok new_authtok_reqd=ok ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so
    session required pam_unix.so

    """
  static let rule = "%sojourn ALL=(ALL:ALL) ALL\nDefaults:%sojourn timestamp_timeout=0\n"

  /// "id state place", sorted.
  static func found(sudoers: String?, sudo: String = lines, sudoI: String = lines, file: String = "/etc/sudoers.d/sojourn") throws -> [String] {
    let host = try ReadyHost()
    try host.makeDirectory("/etc/sudoers.d")
    if let sudoers { try host.write(file, sudoers) }
    try host.write("/etc/pam.d/sudo", sudo)
    try host.write("/etc/pam.d/sudo-i", sudoI)
    return SudoFindings.findings(host.files).map { "\($0.kind.rawValue) \($0.severity.word) \($0.subject)" }.sorted()
  }

  @Test func aHostWithoutARuleHasNothingToBeFound() throws {
    #expect(try Self.found(sudoers: nil, sudo: "") == [])
    #expect(try Self.found(sudoers: "root ALL=(ALL) ALL\n# %sojourn ALL=(ALL) NOPASSWD: ALL\n") == [])
    #expect(try Self.found(sudoers: Self.rule, file: "/etc/sudoers.d/sojourn.dpkg-old") == [], "sudo does not read it")
  }

  @Test func theShippedRuleAndStacksAreRight() throws {
    #expect(try Self.found(sudoers: Self.rule) == ["sudo-undecided ok PAM service sudo", "sudo-undecided ok PAM service sudo-i"])
  }

  @Test func aStackWithoutTheLinesIsFoundAndWithAFreeRuleItIsAProblem() throws {
    let without = "auth required pam_unix.so\naccount required pam_unix.so\n"
    #expect(try Self.found(sudoers: Self.rule, sudoI: without) == ["sudo-undecided ok PAM service sudo", "sudo-undecided warning PAM service sudo-i"])
    #expect(try Self.found(sudoers: "%sojourn ALL=(ALL) \\\n  NOPASSWD: ALL\n", sudo: without) == ["sudo-rule warning /etc/sudoers.d/sojourn:1", "sudo-undecided ok PAM service sudo-i", "sudo-undecided problem PAM service sudo"])
    let account = Self.lines.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
    #expect(try Self.found(sudoers: Self.rule, sudo: account).contains("sudo-undecided warning PAM service sudo"), "nobody has a password")
  }

  @Test(arguments: ["[success=ok user_unknown=ignore perm_denied=ignore default=die]", "[success=ok default=ignore]", "optional", "sufficient"])
  func anAccountLineWhoseNoIsNoneIsFound(_ control: String) throws {
    let weak = "auth required pam_sojourn.so\naccount required pam_unix.so\naccount \(control) pam_sojourn.so\n"
    #expect(try Self.found(sudoers: Self.rule, sudo: weak).contains("sudo-undecided warning PAM service sudo"))
  }

  @Test(arguments: [("Defaults !pam_acct_mgmt", "problem"), ("Defaults:%sojourn !pam_session", "warning"), ("Defaults targetpw", "warning"), ("Defaults env_reset, rootpw", "warning"), ("Defaults !targetpw", "")])
  func settingsThatGoPastUsAreFound(_ line: String, _ state: String) throws {
    let found = try Self.found(sudoers: "\(line)\n\(Self.rule)", file: "/etc/sudoers").filter { $0.hasPrefix("sudo-rule") }
    #expect(found == (state.isEmpty ? [] : ["sudo-rule \(state) /etc/sudoers:1"]), "\(found)")
  }
}
