import Foundation
@testable import Readiness
import Testing

/// Where login(1) shows challenges: the order of the lines, and the time that there is.
@Suite struct ConsoleFindingsTests {
  static let auth = "auth [success=done user_unknown=ignore ignore=ignore default=die] pam_sojourn.so\n"
  static let account = "account [success=ok user_unknown=ignore ignore=ignore default=die] pam_sojourn.so\n"
  static let session = "session [success=ok ignore=ignore default=die] pam_sojourn.so\n"
  static let unix = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"

  /// What is said, without what is fine.
  static func found(_ login: String, defs: String? = "LOGIN_TIMEOUT 240\n") throws -> [String] {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/common-auth", unix)
    try host.write("/etc/pam.d/login", login)
    if let defs { try host.write("/etc/login.defs", defs) }
    return ConsoleFindings.findings(host.files).filter { $0.severity != .ok }.map { "\($0.severity.word) \($0.id) \($0.subject)" }
  }

  @Test func theShippedStackIsRight() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../pam.d/login")
    let host = try ReadyHost()
    try host.write("/etc/pam.d/common-auth", Self.unix)
    try host.write("/etc/pam.d/common-password", "")
    try host.write("/etc/pam.d/login", try String(contentsOf: file, encoding: .utf8))
    try host.write("/etc/login.defs", "LOGIN_TIMEOUT\t240\n")
    #expect(ConsoleFindings.findings(host.files).map { "\($0.severity.word) \($0.id)" } == ["ok login-lines", "ok login-timeout"])
  }

  @Test func aLoginWithoutOurAuthLineHasNothingToBeFound() throws {
    #expect(try Self.found("@include common-auth\n@include common-account\n@include common-session\n", defs: nil) == [])
    #expect(try Self.found("# \(Self.auth)@include common-auth\n@include common-account\n", defs: nil) == [])
  }

  @Test func anAccountLineThatIsMissingOrTooLateIsFound() throws {
    let place = ["warning login-lines PAM service login, account lines"]
    #expect(try Self.found(Self.auth + "@include common-auth\naccount required pam_unix.so\n") == place)
    #expect(try Self.found(Self.auth + "@include common-auth\n@include common-account\n") == place, "the profile's line is too late")
    #expect(try Self.found(Self.auth + "@include common-auth\n@include common-account\n" + Self.account) == place)
    #expect(try Self.found(Self.auth + "@include common-auth\n" + Self.account + "@include common-account\n") == [])
  }

  @Test func anAuthLineAfterPasswordsIsFoundAndOfLocalAccountsItIsAHint() throws {
    let late = "@include common-auth\n" + Self.auth, rest = Self.account + "@include common-account\n"
    #expect(try Self.found(late + rest) == ["warning login-lines PAM service login, auth lines"])
    #expect(try Self.found(late.replacingOccurrences(of: ".so\n", with: ".so local=require\n") + rest) == ["hint login-lines PAM service login, auth lines"])
  }

  @Test("seconds that login(1) waits", arguments: [
    (nil, false), ("", false), ("#LOGIN_TIMEOUT 240\n", false), ("LOGIN_TIMEOUT 60\n", false), ("LOGIN_TIMEOUT\t179\n", false), ("  LOGIN_TIMEOUT 180\n", true), ("LOGIN_TIMEOUT \"240\"\n", true),
    ("LOGIN_TIMEOUT 0\n", true), ("LOGIN_TIMEOUT 240\nLOGIN_TIMEOUT 30\n", false), ("LOGIN_TIMEOUT many\n", false), ("LOGIN_TIMEOUTS 240\n", false),
  ])
  func areEnoughOrNot(_ defs: String?, _ isEnough: Bool) throws {
    let login = Self.auth + "@include common-auth\n" + Self.account + "@include common-account\n"
    #expect(try Self.found(login, defs: defs) == (isEnough ? [] : ["warning login-timeout LOGIN_TIMEOUT in /etc/login.defs"]))
  }
}
