import Foundation
@testable import Readiness
import Testing

@Suite("No way through PAM passes our line by, and our no is a no")
struct PAMPathsTests {
  static let ours = "session [success=ok ignore=ignore default=die] pam_sojourn.so\n"

  enum Verdict { case safe, passedBy, overruled }

  static let stacks: [(String, Verdict)] = [
    (ours, .safe),
    ("session required pam_sojourn.so\n", .safe),
    ("session requisite pam_sojourn.so\nsession optional pam_x.so\n", .safe),
    ("session required /usr/lib/security/pam_sojourn.so debug\n", .safe),
    // A module that is not there says nothing; that it is not there is told elsewhere.
    ("session [success=ok ignore=ignore module_unknown=ignore default=die] pam_sojourn.so\nsession required pam_permit.so\n", .safe),
    ("session [success=ok new_authtok_reqd=ok ignore=ignore default=bad] pam_sojourn.so\nsession sufficient pam_x.so\n", .safe),
    ("session optional pam_x.so\nsession required pam_y.so\n" + ours, .safe),
    ("session [success=1 default=ignore] pam_unix.so\nsession requisite pam_deny.so\nsession required pam_permit.so\n" + ours, .safe),
    ("session [default=1] pam_permit.so\nsession requisite pam_deny.so\nsession required pam_permit.so\n" + ours, .safe),
    ("session requisite \\\n  pam_sojourn.so\n", .safe),
    ("SESSION REQUISITE pam_sojourn.so # comment\n", .safe),
    // A failure of the module that would die before us is a failure, not a way to success.
    ("session [success=ok default=die] pam_x.so\n" + ours, .safe),
    ("session [success=die default=ignore] pam_x.so\n" + ours, .safe),
    ("session substack inner-good\n" + ours, .safe),
    ("session substack ours-inside\n", .safe),
    ("session include ours-inside\nsession sufficient pam_x.so\n", .safe),
    ("session [success=1 default=ignore] pam_x.so\nsession substack inner-good\n" + ours, .safe),
    // `done` ends only the substack it stands in.
    ("session substack done-inside\n" + ours, .safe),
    // A module that says "not mine" under `ok` makes that the result (libpam: PAM_IGNORE), which is no success.
    ("session [default=ok] pam_x.so\n" + ours, .safe),
    ("session [success=2] pam_deny.so\nsession required pam_permit.so\n" + ours, .safe),

    ("session sufficient pam_x.so\n" + ours, .passedBy),
    ("session sufficient pam_permit.so\n" + ours, .passedBy),
    ("session [success=done default=ignore] pam_x.so\n" + ours, .passedBy),
    ("session [default=done] pam_x.so\n" + ours, .passedBy),
    ("session [success=1 default=ignore] pam_x.so\n" + ours + "session required pam_permit.so\n", .passedBy),
    ("session [user_unknown=1 default=ignore] pam_x.so\n" + ours + "session required pam_permit.so\n", .passedBy),
    ("session [ignore=1 default=ignore] pam_x.so\n" + ours + "session required pam_permit.so\n", .passedBy),
    ("session include done-inside\n" + ours, .passedBy),
    ("@include done-inside\n" + ours, .passedBy),
    ("session [success=2 default=ignore] pam_x.so\nsession substack inner-good\n" + ours + "session required pam_permit.so\n", .passedBy),
    ("session required pam_x.so\nsession substack skips-ours\n", .passedBy),

    ("session optional pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    ("session sufficient pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    ("session [success=ok default=ignore] pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    ("session [default=ok] pam_sojourn.so\nsession required pam_permit.so\n", .safe),
    ("session [success=ok ignore=ignore perm_denied=ignore default=die] pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    ("session [success=ok ignore=ignore service_err=ignore default=die] pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    ("session [success=ok default=1] pam_sojourn.so\nsession required pam_x.so\nsession required pam_permit.so\n", .overruled),
    ("session [success=ok default=bad] pam_sojourn.so\nsession [default=reset] pam_x.so\nsession required pam_permit.so\n", .overruled),
    ("-session required pam_sojourn.so\nsession required pam_permit.so\n", .overruled),
    // A no inside a substack holds outside of it as well, unless reset takes it back there.
    ("session substack ours-bad-then-reset\nsession required pam_permit.so\n", .overruled),
  ]

  @Test("a stack", arguments: stacks)
  func verdict(_ text: String, _ expected: Verdict) throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/inner-good", "session required pam_y.so\nsession optional pam_z.so\n")
    try host.write("/etc/pam.d/ours-inside", Self.ours)
    try host.write("/etc/pam.d/done-inside", "session sufficient pam_x.so\n")
    try host.write("/etc/pam.d/skips-ours", "session [success=1 default=ignore] pam_x.so\n" + Self.ours + "session required pam_permit.so\n")
    try host.write("/etc/pam.d/ours-bad-then-reset", "session [success=ok default=bad] pam_sojourn.so\nsession [default=reset] pam_x.so\n")
    try host.write("/etc/pam.d/test", text)
    let stack = try PAMStack(service: "test", phase: .session, host.files)
    switch (PAMPaths.gap(stack), expected) {
    case (nil, .safe), (.passedBy, .passedBy), (.overruled, .overruled): break
    case (let gap, _): Issue.record("\(text): \(String(describing: gap))")
    }
  }

  @Test func aFailureThatIsTreatedAsOkIsStillNoSuccess() throws {
    // `default=ok` carries our own return code to the end: the phase fails with it.
    let host = try ReadyHost()
    try host.write("/etc/pam.d/test", "session [default=ok] pam_sojourn.so\n")
    #expect(PAMPaths.gap(try PAMStack(service: "test", phase: .session, host.files)) == nil)
  }

  @Test("services that cannot be read", arguments: [
    "session required\n", "session [success=maybe] pam_x.so\n", "session [success] pam_x.so\n", "session sometimes pam_x.so\n", "sesion required pam_x.so\n",
    "session include nowhere\n", "@include nowhere\n", "@include\n", "session include test\n", "session [success=99999] pam_x.so\n",
  ])
  func cannotBeRead(_ text: String) throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/test", text)
    #expect(throws: PAMStack.Unreadable.self) { try PAMStack(service: "test", phase: .session, host.files) }
  }

  @Test func refusesAServiceThatOthersCanWrite() throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/common-session", Self.ours, mode: 0o666)
    #expect(host.problems == ["pam-session"])
  }

  @Test func aServiceWithoutLinesOfAPhaseHasThoseOfOther() throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/test", "auth required pam_unix.so\n")
    try host.write("/etc/pam.d/other", Self.ours)
    #expect(try PAMStack(service: "test", phase: .session, host.files).lines.count == 1)
    #expect(try PAMStack(service: "missing", phase: .session, host.files).lines.count == 1)
  }

  @Test func findsAServiceInTheVendorsDirectory() throws {
    let host = try ReadyHost()
    try FileManager.default.createDirectory(atPath: host.root + "/usr/lib/pam.d", withIntermediateDirectories: true)
    try host.write("/usr/lib/pam.d/test", Self.ours)
    #expect(try PAMStack(service: "TEST", phase: .session, host.files).lines.map { $0.place } == ["/usr/lib/pam.d/test:1"])
  }

  @Test func wantsOurSessionLineBeforeSystemd() throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/common-session", "session optional pam_systemd.so\n" + Self.ours)
    #expect(host.problems == ["pam-session-order"])
  }

  /// T6: ~/.pam_environment replaces variables that sshd set.
  @Test func wantsOurSessionLineBeforeUsersOwnEnvironment() throws {
    let host = try ReadyHost()
    for line in ["session required pam_env.so user_readenv=1", "session optional /lib/security/pam_env.so envfile=/x [user_readenv=1]"] {
      try host.write("/etc/pam.d/common-session", line + "\n" + Self.ours)
      #expect(host.problems == ["pam-env-order"], "\(line)")
      try host.write("/etc/pam.d/common-session", Self.ours + "\n" + line + "\n")
      #expect(host.problems.isEmpty, "\(line)")
    }
    for line in ["session required pam_env.so", "session required pam_env.so user_readenv=0 envfile=/etc/default/locale"] {
      try host.write("/etc/pam.d/common-session", line + "\n" + Self.ours)
      #expect(host.problems.isEmpty, "\(line)")
    }
  }

  @Test func saysThatOurLineIsMissing() throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/common-session", "session required pam_permit.so\n# session required pam_sojourn.so\n")
    #expect(host.problems == ["pam-session"])
    try host.write("/etc/pam.d/common-account", "account required pam_permit.so\n")
    #expect(host.problems == ["pam-account", "pam-session"])
  }

  @Test func warnsOfFaillock() throws {
    let host = try ReadyHost()
    try host.write("/etc/pam.d/sshd", "account required pam_faillock.so\n@include common-account\n@include common-session\n")
    #expect(host.problems.isEmpty && host.severity("pam-faillock") == .warning)
  }
}
