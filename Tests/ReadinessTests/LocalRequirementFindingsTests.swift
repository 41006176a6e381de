import Foundation
@testable import Readiness
import Testing

/// `local=require`: nobody is to find out only when the daemon is down that the way in has no password.
@Suite struct LocalRequirementFindingsTests {
  /// Our three lines, with these options.
  static func lines(_ options: String) -> String {
    ["auth [success=done default=die]", "account [success=ok default=die]", "session [success=ok default=die]"].map { "\($0) pam_sojourn.so \(options)\n" }.joined()
  }
  static let shadow = "root:!:20000:0:99999:7:::\nkim:$y$j9T$salt$hash:20000:0:99999:7:::\nlee:!$y$j9T$salt$hash:20000::::::\nsam::20000::::::\nava:*:20000::::::\n"

  /// "state id subject" of a host whose other services are as Debian has them.
  static func found(_ services: [String: String], shadow: String? = shadow, passwd: String? = nil) throws -> [String] {
    let host = try ReadyHost()
    if let shadow { try host.write("/etc/shadow", shadow) }
    if let passwd { try host.write("/etc/passwd", passwd) }
    for (name, text) in services { try host.write("/etc/pam.d/" + name, text) }
    return LocalRequirementFindings.findings(host.files).map { "\($0.severity.word) \($0.id) \($0.subject)" }
  }

  @Test func aHostWithoutTheWordHasNothingToBeFound() throws {
    #expect(try Self.found(["login": Self.lines("exempt=root"), "su": Self.lines("")], shadow: nil) == [])
  }

  // MARK: Who is exempt

  @Test("at the console", arguments: [
    ("local=require", "problem"), ("local=require exempt=root", "problem"), ("local=require exempt=root,kim", "ok"), ("local=require exempt=lee", "problem"), ("local=require exempt=sam", "problem"),
    ("local=require exempt=ava,lee,root", "problem"), ("local=require exempt=nobody-here", "problem"), ("local=require exempt=", "problem"), ("local=require exempt= kim", "problem"),
    ("local=require exempt=lee exempt=kim", "ok"), ("local=requier", "problem"),
  ])
  func somebodyWithAPasswordMustBeExempt(_ options: String, _ state: String) throws {
    #expect(try Self.found(["login": Self.lines(options)]) == ["\(state) pam-local-exempt PAM service login"])
  }

  @Test func rootWithAPasswordIsEnoughAtTheConsoleOnly() throws {
    let shadow = "root:$y$j9T$salt$hash:20000:0:99999:7:::\n"
    #expect(try Self.found(["login": Self.lines("local=require")], shadow: shadow) == ["ok pam-local-exempt PAM service login"])
    #expect(try Self.found(["su": Self.lines("local=require")], shadow: shadow) == ["warning pam-local-exempt PAM service su"])
    #expect(try Self.found(["sudo": Self.lines("local=require exempt=kim")], shadow: shadow) == ["problem pam-local-exempt PAM service sudo"])
  }

  @Test func aPasswordThatStandsInPasswdCounts() throws {
    let passwd = "root:$6$salt$hash:0:0:root:/root:/bin/bash\n"
    #expect(try Self.found(["login": Self.lines("local=require")], shadow: "", passwd: passwd) == ["ok pam-local-exempt PAM service login"])
  }

  @Test func saysThatPasswordsCannotBeRead() throws {
    #expect(try Self.found(["login": Self.lines("local=require")], shadow: nil) == ["warning pam-local-exempt PAM service login"])
  }

  @Test func sshdWithoutAnExemptionIsAWarningAndAKeyIsEnoughForWhoIsExempt() throws {
    #expect(try Self.found(["sshd": Self.lines("local=require")]) == ["warning pam-local-exempt PAM service sshd"])
    #expect(try Self.found(["sshd": Self.lines("local=require exempt=")]) == ["warning pam-local-exempt PAM service sshd"])
    #expect(try Self.found(["sshd": Self.lines("local=require exempt=root")]) == ["ok pam-local-exempt PAM service sshd"])
  }

  @Test func aServiceThatIncludesAnotherIsSaidOnce() throws {
    #expect(try Self.found(["su": Self.lines("local=require"), "su-l": "@include su\n"]) == ["warning pam-local-exempt PAM service su"])
  }

  @Test func jobsAreAskedForNothing() throws {
    #expect(try Self.found(["cron": Self.lines("local=require"), "systemd-user": Self.lines("local=require")]) == [])
  }

  // MARK: Its lines

  @Test func linesThatDemandDifferentThingsAreFound() throws {
    func login(_ options: [String]) -> String { zip(["auth", "account", "session"], options).map { "\($0) required pam_sojourn.so \($1)\n" }.joined() }
    func said(_ options: [String], _ service: String = "login") throws -> Bool { try Self.found([service: login(options)]).contains("warning pam-local-lines PAM service \(service)") }
    #expect(try said(["local=require exempt=kim", "local=require exempt=kim", "local=require"]))
    #expect(try said(["local=require exempt=kim", "local=require exempt=kim", "exempt=kim"]))
    #expect(try said(["", "local=require exempt=kim", "local=require exempt=kim"]))
    #expect(try !said(["local=require exempt=kim,root", "local=require exempt=root,kim debug", "local=require exempt=root exempt=kim"]))
    #expect(try !said(["local=require", "local=require exempt=root", "local=require"]), "root is exempt there without the word")
    #expect(try !said(["local=require exempt=kim", "local=require exempt=kim", ""], "sudo"), "its session is the target's")
    #expect(try said(["local=require exempt=kim", "", "local=require exempt=kim"], "sudo"))
  }

  @Test func theSameSlipInTwoServicesIsSaidOfBoth() throws {
    let slip = "auth required pam_sojourn.so local=require exempt=kim\naccount required pam_sojourn.so\n"
    let found = try Self.found(["login": slip, "su": slip, "su-l": "@include su\n"]).filter { $0.contains("pam-local-lines") }
    #expect(found == ["warning pam-local-lines PAM service login", "warning pam-local-lines PAM service su"])
  }

  @Test func theLineOfTheProfileBesideOneWithTheWordIsNoDifference() throws {
    let sshd = Self.lines("local=require exempt=kim") + "@include common-account\n@include common-session\n"
    #expect(try Self.found(["sshd": sshd]) == ["ok pam-local-exempt PAM service sshd"])
  }

  @Test func whoPassesOneLineAndNotTheNextIsNotExempt() throws {
    let login = "auth required pam_sojourn.so local=require exempt=kim\naccount required pam_sojourn.so local=require exempt=root,kim\n"
    #expect(try Self.found(["login": login]).first == "ok pam-local-exempt PAM service login")
    #expect(try Self.found(["login": login.replacingOccurrences(of: "root,kim", with: "root")]) == ["problem pam-local-exempt PAM service login", "warning pam-local-lines PAM service login"])
  }

  // MARK: Common files

  @Test func theWordInACommonFileIsFoundOnce() throws {
    let common = "account required pam_unix.so\naccount required pam_sojourn.so local=require exempt=kim\n"
    let found = try Self.found(["common-account": common, "vsftpd": "@include common-account\n", "cups": "@include common-account\n"])
    #expect(found == ["warning pam-local-common /etc/pam.d/common-account:2"])
  }
}
