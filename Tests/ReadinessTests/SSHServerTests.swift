import Foundation
@testable import Readiness
import Testing

@Suite("Every SSH server that sees candidates is asked how it is configured")
struct SSHServerTests {
  @Test("process titles", arguments: [
    ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", [String]()),
    ("sshd: /usr/sbin/sshd -D -f /etc/ssh/other -o UsePAM=no -p 22 [listener] 3 of 10-100 startups", ["-f", "/etc/ssh/other", "-o", "UsePAM=no"]),
    ("/usr/sbin/sshd\0-D\0-f/etc/ssh/x\0-p\02222\0-e", ["-f", "/etc/ssh/x"]),
    ("/usr/sbin/sshd\0-Dep22\0-h\0/etc/key", ["-h", "/etc/key"]),
  ])
  func isAListener(_ title: String, _ options: [String]) {
    let process = RunningProgram(pid: 9, program: "/usr/sbin/sshd", commandLine: Array(title.utf8), view: .same)
    #expect(SSHListener.read(process) == .listener(SSHListener(program: "/usr/sbin/sshd", options: options, pid: 9)))
  }

  @Test("processes that do not listen", arguments: ["", "sshd: alice [priv]", "sshd: alice@pts/0", "sshd: [accepted]", "sshd: alice [net]", "sshd-session: alice [priv]",
    "/usr/sbin/sshd\0-R", "/usr/sbin/sshd\0-D\0-R", "/usr/sbin/sshd\0-i", "/usr/sbin/sshd\0-T\0-f\0/x", "/usr/sbin/sshd\0-t"])
  func isNoListener(_ title: String) {
    #expect(SSHListener.read(RunningProgram(pid: 9, program: "/usr/sbin/sshd", commandLine: Array(title.utf8), view: .same)) == .notAListener)
  }

  @Test("titles that are cut or strange", arguments: ["sshd: /usr/sbin/sshd -f /etc/ssh/sshd", "/usr/sbin/sshd\0-f", "/usr/sbin/sshd\0--new-option", "/usr/sbin/sshd\0word",
    "/usr/sbin/sshd\0-Z"])
  func isUnreadable(_ title: String) {
    #expect(SSHListener.read(RunningProgram(pid: 9, program: "/usr/sbin/sshd", commandLine: Array(title.utf8), view: .same)) == .unreadable)
  }

  @Test func asksTheServerAboutANameThatCouldBeAnAccount() throws {
    let host = try ReadyHost()
    _ = host.findings()
    #expect(host.asked == [["/usr/sbin/sshd", "-T", "-C", "user=ext-sojourn-check,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"]])
  }

  @Test func asksEveryListenerWithItsOwnOptionsOnce() throws {
    let host = try ReadyHost()
    host.settings["-f /etc/ssh/second"] = "usepam no\ntrustedusercakeys /etc/sojourn/user_ca.pub\nauthorizedkeysfile none\n"
    host.start("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", pid: 40)
    host.start("sshd: /usr/sbin/sshd -f /etc/ssh/second [listener] 0 of 10-100 startups", pid: 41)
    host.start("sshd: /usr/sbin/sshd -f /etc/ssh/second [listener] 0 of 10-100 startups", pid: 42)
    host.start("sshd: alice [priv]", pid: 43)
    #expect(host.problems == ["sshd-usepam"])
    #expect(host.asked.count == 2)
  }

  @Test func leavesServersAloneThatSeeNoCandidates() throws {
    let host = try ReadyHost()
    host.start("sshd: /opt/other/sshd -f /x [listener] 0 of 1-1 startups", program: "/opt/other/sshd")
    host.start("sshd: /usr/sbin/sshd -f /x [listener] 0 of 1-1 startups", view: .apart)
    // Somebody's own server, without root: its options are never even looked at.
    host.start("sshd: /usr/sbin/sshd -f /home/kim/x [listener] 0 of 1-1 startups", isRoot: false)
    #expect(host.problems.isEmpty && host.asked.count == 1)
  }

  @Test func withholdsWhileAServerCannotBeUnderstood() throws {
    let host = try ReadyHost()
    host.start("sshd: /usr/sbin/sshd -f /etc/ssh/unknown [listener] 0 of 1-1 startups")
    #expect(host.problems == ["sshd-configuration"])
    #expect(host.findings().problems.contains { $0.sentence.contains("Bad configuration option") })
    let cut = try ReadyHost()
    cut.start("sshd: /usr/sbin/sshd -f /etc/ss")
    #expect(cut.problems == ["sshd-options"])
    let apart = try ReadyHost()
    apart.start("sshd: /usr/sbin/sshd [listener] 0 of 1-1 startups", view: .otherConfiguration)
    #expect(apart.problems == ["sshd-apart"])
  }

  @Test func withholdsWithoutPAMAndWithoutAnyServer() throws {
    let host = try ReadyHost()
    host.settings[""] = "usepam no\n"
    #expect(host.problems == ["sshd-usepam"])
    host.settings[""] = ""
    #expect(host.problems == ["sshd-usepam"])
    let none = try ReadyHost()
    try none.remove("/usr/sbin/sshd")
    #expect(none.problems == ["sshd"])
  }

  @Test func followsThePAMServiceThatTheServerNames() throws {
    let host = try ReadyHost()
    host.settings[""] = ReadyHost.goodSettings + "pamservicename other-sshd\n"
    #expect(host.problems == ["pam-account", "pam-session"])
    try host.write("/etc/pam.d/other-sshd", "@include common-account\n@include common-session\n")
    #expect(host.problems.isEmpty)
  }

  @Test("settings that are worth a warning", arguments: [
    ("trustedusercakeys none", "sshd-authorities"), ("trustedusercakeys /etc/none", "sshd-authorities"), ("authorizedkeysfile .ssh/authorized_keys", "sshd-authorized-keys"),
    ("passwordauthentication yes", "sshd-passwords"), ("allowgroups admins wheel", "sshd-allowgroups"), ("denygroups so*rn", "sshd-denygroups"), ("allowusers kim", "sshd-allowusers"),
    ("usedns yes", "sshd-usedns"), ("pubkeyauthentication no", "sshd-publickey"), ("denyusers root ext-*", "sshd-denyusers"), ("revokedkeys /etc/none", "sshd-revoked-keys"),
    ("authorizedprincipalsfile .ssh/principals", "sshd-principals"), ("authorizedprincipalscommand /usr/bin/ask %u", "sshd-principals"), ("chrootdirectory /srv/%u", "sshd-chroot"),
  ])
  func isWorthAWarning(_ line: String, _ id: String) throws {
    let host = try ReadyHost()
    let keyword = line.prefix { $0 != " " }
    let rest = ReadyHost.goodSettings.split(separator: "\n").filter { !$0.hasPrefix(keyword + " ") }.joined(separator: "\n")
    host.settings[""] = rest + "\n" + line + "\n"
    #expect(host.problems.isEmpty && host.severity(id) == .warning, "\(host.findings().map { $0.line })")
  }

  @Test func takesAllowGroupsThatNameUs() throws {
    let host = try ReadyHost()
    host.settings[""] = ReadyHost.goodSettings + "allowgroups admins\nallowgroups sojo?rn\n"
    #expect(host.findings().allSatisfy { $0.severity == .ok })
  }

  // MARK: keyboard-interactive

  private static let auth = "auth [success=done default=die] pam_sojourn.so\n"

  /// What `sojourn check` says of a server with these settings, whose service has this before Debian's lines.
  private func interactive(_ lines: String, auth: String) throws -> (host: ReadyHost, said: [String]) {
    let host = try ReadyHost()
    let rest = ReadyHost.goodSettings.split(separator: "\n").filter { !$0.hasPrefix("kbdinteractive") }.joined(separator: "\n")
    host.settings[""] = rest + "\n" + lines + "\n"
    try host.write("/etc/pam.d/sshd", auth + "auth required pam_unix.so\n@include common-account\n@include common-session\n")
    return (host, KeyboardInteractiveFindings.findings(ReadyHost.configuration, host.view, []).map { "\($0.severity.word) \($0.id)" })
  }

  @Test func countsKeyboardInteractiveAsPasswordsUnlessOurAuthLineIsThere() throws {
    #expect(try interactive("kbdinteractiveauthentication yes", auth: "").host.severity("sshd-passwords") == .warning)
    #expect(try interactive("kbdinteractiveauthentication yes", auth: Self.auth).host.severity("sshd-passwords") == nil)
    let both = try interactive("kbdinteractiveauthentication yes\npasswordauthentication yes", auth: Self.auth).host
    both.settings[""] = both.settings[""]?.replacingOccurrences(of: "passwordauthentication no\n", with: "")
    #expect(both.findings().first { $0.id == "sshd-passwords" }?.sentence.contains("(passwordauthentication)") == true)
  }

  @Test("AuthenticationMethods that nobody can get through", arguments: [
    ("publickey,keyboard-interactive:pam", "yes", "", "problem"), ("publickey,keyboard-interactive:pam", "yes", auth, "ok"), ("keyboard-interactive", "yes", "", "problem"),
    ("keyboard-interactive:pam password,keyboard-interactive", "yes", "", "problem"), ("publickey,keyboard-interactive:pam", "no", auth, "problem"),
    ("publickey publickey,keyboard-interactive", "yes", "", ""), ("publickey", "yes", "", ""), ("any", "yes", "", ""),
  ])
  func isFound(_ methods: String, _ isOn: String, _ auth: String, _ state: String) throws {
    let (host, said) = try interactive("authenticationmethods \(methods)\nkbdinteractiveauthentication \(isOn)", auth: auth)
    #expect(said == (state.isEmpty ? [] : ["\(state) sshd-keyboard-interactive"]))
    #expect(host.problems.isEmpty, "settings under Match Group would come and go with the candidates")
  }

  @Test func looksAtTheServiceThatTheServerNames() throws {
    let (host, _) = try interactive("authenticationmethods keyboard-interactive\nkbdinteractiveauthentication yes\npamservicename other-sshd", auth: Self.auth)
    try host.write("/etc/pam.d/other-sshd", "auth required pam_unix.so\n")
    let findings = KeyboardInteractiveFindings.findings(ReadyHost.configuration, host.view, [])
    #expect(findings.map(\.severity) == [.problem] && findings.allSatisfy { $0.sentence.contains("PAM service other-sshd") })
  }

  /// T28
  @Test func hintsAtWhatCountsStrangers() throws {
    let host = try ReadyHost()
    func severity(_ line: String, _ id: String) -> Finding.Severity? {
      host.settings[""] = ReadyHost.goodSettings + line + "\n"
      return host.severity(id)
    }
    #expect(severity("persourcepenalties crash:90 authfail:5", "sshd-penalties") == .hint && severity("persourcepenalties no", "sshd-penalties") == nil)
    #expect(severity("maxstartups 10:30:100", "sshd-startups") == .ok && severity("maxstartups 3:30:10", "sshd-startups") == .hint)
  }

  @Test func warnsOfAuthoritiesThatOthersCouldAdd() throws {
    let host = try ReadyHost()
    try host.write("/etc/sojourn/user_ca.pub", "ssh-ed25519 AQID ours\n", mode: 0o666)
    #expect(host.problems.isEmpty && host.severity("sshd-authorities") == .warning)
    #expect(host.findings().contains { $0.remedy == "chown root:root '/etc/sojourn/user_ca.pub'; chmod go-w '/etc/sojourn/user_ca.pub'" })
  }

  @Test func warnsOfAuthoritiesThatTheServerTrustsAndWeDoNot() throws {
    let host = try ReadyHost()
    try host.write("/etc/sojourn/user_ca.pub", "ssh-ed25519 AQID ours\nssh-ed25519 BAUG theirs\n")
    #expect(host.severity("sshd-authorities") == .warning)
    try host.write("/etc/sojourn/user_ca.pub", "ssh-ed25519 BAUG theirs\n")
    #expect(host.severity("sshd-authorities") == .warning)
  }
}
