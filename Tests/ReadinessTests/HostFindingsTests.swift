import Encoding
import Foundation
import HostSystem
@testable import Readiness
import Testing

@Suite("Candidates are published only on a host that is ready")
struct HostFindingsTests {
  @Test func aReadyHostHasNoProblemAndNoWarning() throws {
    let findings = try ReadyHost().findings()
    #expect(findings.allSatisfy { $0.severity == .ok }, "\(findings.filter { $0.severity != .ok }.map { $0.line })")
    #expect(findings.count >= 11)
  }

  // MARK: nsswitch

  @Test("lines of nsswitch.conf that are a problem", arguments: [
    "passwd: files\ngroup: files sojourn\n", "group: files sojourn\n", "passwd: sojourn files\ngroup: files sojourn\n", "passwd: files sojourn systemd\ngroup: files sojourn\n",
    "passwd: files [NOTFOUND=return] sojourn\ngroup: files sojourn\n", "passwd: files systemd [!UNAVAIL=return] sojourn\ngroup: files sojourn\n",
    "passwd: files [ notfound = return ] sojourn\ngroup: files sojourn\n".replacingOccurrences(of: " = ", with: "="),
    "passwd: files [SUCCESS=continue] sojourn\ngroup: files sojourn\n", "passwd: files sojourn sojourn\ngroup: files sojourn\n",
    "passwd: files # sojourn\ngroup: files sojourn\n", "passwd: files sojourn\ngroup: files\n", "passwd: files sojourn\ngroup: files sojourn\ninitgroups: files\n",
    "passwd: files sojourn\ngroup: files sojourn\ninitgroups: files [NOTFOUND=return] sojourn\n", "",
  ])
  func isAProblem(_ text: String) throws {
    let host = try ReadyHost()
    try host.write("/etc/nsswitch.conf", text)
    #expect(host.problems.contains { $0.hasPrefix("nsswitch") }, "\(host.findings().map { $0.line })")
  }

  @Test("lines of nsswitch.conf that are right", arguments: [
    "passwd:files sojourn\ngroup:\tfiles\tsojourn\n", "passwd: files [SUCCESS=return] sojourn\ngroup: files [success=merge] sojourn\n",
    "passwd: files [UNAVAIL=continue] sojourn\ngroup: files sojourn\ninitgroups: files [SUCCESS=continue] sojourn\n",
  ])
  func isRight(_ text: String) throws {
    let host = try ReadyHost()
    try host.write("/etc/nsswitch.conf", text)
    #expect(host.problems.isEmpty, "\(host.findings().problems.map { $0.line })")
  }

  @Test func saysThatNsswitchIsMissing() throws {
    let host = try ReadyHost()
    try host.remove("/etc/nsswitch.conf")
    #expect(host.problems == ["nsswitch"])
  }

  // MARK: Setup

  @Test("A setup that is at work, or was killed at it, is a problem: no candidates until it has come to its end (T35)")
  func setupUnderWay() throws {
    let host = try ReadyHost()
    #expect(host.problems == [])
    try FileManager.default.createDirectory(atPath: host.root + "/var/lib/sojourn", withIntermediateDirectories: true)
    try host.write("/var/lib/sojourn/setup-under-way", "")
    #expect(host.problems == ["setup"])
  }

  // MARK: nscd

  @Test func withholdsWhileACacheCachesUsersOrGroups() throws {
    let host = try ReadyHost()
    try host.startCache("/usr/sbin/nscd")
    #expect(host.problems == ["nscd"])
    try host.write("/etc/nscd.conf", "enable-cache passwd yes\nenable-cache group no\n")
    #expect(host.problems == ["nscd-passwd"])
    try host.write("/etc/nscd.conf", "enable-cache\t\tpasswd\tno\n enable-cache group yes # really\n")
    #expect(host.problems == ["nscd-group"])
    try host.write("/etc/nscd.conf", "#enable-cache passwd yes\nenable-cache hosts yes\n")
    #expect(host.problems.isEmpty)
  }

  @Test func aProgramOfAUserThatIsCalledLikeACacheIsNone() throws {
    let host = try ReadyHost()
    try host.startCache("/home/kim/nscd")
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: host.root + "/home/kim")
    #expect(host.problems.isEmpty)
    try host.startCache("/usr/sbin/unscd")
    #expect(host.problems == ["nscd"])
    try host.remove("/run/nscd/socket")
    #expect(host.problems.isEmpty)
  }

  @Test func withholdsWhileSomethingHidesWhoAsks() throws {
    let host = try ReadyHost()
    try host.startCache("/usr/bin/nsncd")
    #expect(host.problems == ["nscd"])
  }

  // MARK: installation

  @Test func wantsModulesAndGateShellFromRootOnly() throws {
    let host = try ReadyHost()
    try host.write("/usr/libexec/sojourn/shell", "", mode: 0o777)
    #expect(host.problems == ["gate-shell"])
    try host.write("/usr/libexec/sojourn/shell", "", mode: 0o644)
    #expect(host.problems == ["gate-shell"])
    try host.write("/usr/libexec/sojourn/shell", "", mode: 0o755)
    try host.write("/etc/shells", "/bin/bash\n")
    #expect(host.problems.isEmpty && host.severity("gate-shell") == .warning)
    try FileManager.default.removeItem(atPath: host.root + "/usr/lib")
    #expect(host.problems == ["module-pam", "module-nss"])
  }

  @Test("groups sojourn that are a problem", arguments: ["root:x:0:\n", "sojourn:x:0:\n", "sojourn:x:70000:\n", "sojourn:x:992:\nsojourn:x:993:\n", "sojourn:x:992:\nother:x:992:\n"])
  func isNoGroup(_ text: String) throws {
    let host = try ReadyHost()
    try host.write("/etc/group", text)
    #expect(host.problems == ["group"])
  }

  @Test func warnsOfLocalMembersOfTheGroup() throws {
    let host = try ReadyHost()
    try host.write("/etc/group", "sojourn:x:992:kim\n")
    #expect(host.problems.isEmpty && host.severity("group") == .warning)
    try host.write("/etc/group", "sojourn:x:1000:\n")
    #expect(host.severity("group") == .warning)
  }

  @Test func findingsSurviveJSON() throws {
    let host = try ReadyHost()
    try host.write("/etc/group", "")
    let findings = host.findings()
    let text = try #require(findings.json.text())
    let back = try #require([Finding](json: try JSONValue.parse(text)))
    #expect(back.map { $0.line } == findings.map { $0.line } && back.map { $0.severity } == findings.map { $0.severity })
    #expect([Finding](json: .array([.string("x")])) == nil)
  }

  @Test func escapesWhatItFinds() {
    let finding = Finding(.host, .problem, "a\u{1B}b", "c\nd")
    #expect(finding.line == "a\\x1bb: c\\x0ad")
  }
}
