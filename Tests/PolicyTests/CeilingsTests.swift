import Configuration
import Encoding
import HostSystem
import Testing

@testable import Policy

/// The host's ceilings beat the policy (DESIGN 2, invariant 9; T8): the table in `Ceilings`, line by line.
@Suite struct CeilingsTests {
  private let shells = ListedShells(["/bin/bash", "/bin/sh", "/usr/libexec/sojourn/shell", "/no/such/shell", "/bin", "/etc/passwd"])

  private func hold(_ grant: Grant, groups: [String] = ["dbops", "deploy"], rootEquivalent: [String] = [], maxDuration: UInt64 = 43200) throws -> HeldGrant {
    try Ceilings.hold(grant, uid: 70000, accounts: try Fixtures.accounts(groups: groups, rootEquivalent: rootEquivalent),
      session: SessionRules(maxDuration: maxDuration, endWithCertificate: false), shells: shells)
  }

  private func breach(_ grant: Grant, groups: [String] = ["dbops", "deploy"], rootEquivalent: [String] = [], maxDuration: UInt64 = 43200) -> String {
    do {
      _ = try hold(grant, groups: groups, rootEquivalent: rootEquivalent, maxDuration: maxDuration)
      return "held"
    } catch let breach as CeilingBreach {
      return breach.token
    } catch {
      return "\(error)"
    }
  }

  @Test func anEmptyGrantGetsTheHostsOwnLimits() throws {
    let held = try hold(Grant())
    #expect(held.groups.isEmpty && held.rootEquivalentGroups.isEmpty && held.shell == "/bin/bash" && held.seconds == 43200 && held.notes.isEmpty)
  }

  @Test func holdsAGrantWithinTheCeilings() throws {
    let held = try hold(Grant(uid: 70000, groups: ["deploy", "dbops"], shell: "/bin/sh", maxSessionSeconds: 60))
    #expect(held.groups == ["deploy", "dbops"])
    #expect(held.shell == "/bin/sh")
    #expect(held.seconds == 60)
    #expect(held.notes.isEmpty)
  }

  @Test func refusesAnotherUid() throws {
    for uid: UInt32 in [0, 69999, 70001, .max] { #expect(breach(Grant(uid: uid)) == "ceiling-uid") }
    #expect(throws: CeilingBreach.self) {
      try Ceilings.hold(Grant(uid: 0), uid: 0, accounts: try Fixtures.accounts(), session: Fixtures.session, shells: ListedShells([]))
    }
  }

  @Test func refusesAGroupThatIsNotListed() {
    for name in ["wheel", "Dbops", "dbops ", "dbops\u{0}", "dbops,root", "0", "", "*", "dbop", "dbopss", "bob", "sojourn"] {
      #expect(breach(Grant(groups: ["dbops", name])) == "ceiling-group")
    }
    #expect(breach(Grant(groups: ["dbops"]), groups: []) == "ceiling-group")
  }

  @Test func refusesRootEquivalentGroupsThatAreNotNamedTwice() throws {
    for name in ["sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow", "adm", "kmem", "libvirt", "staff", "netdev"] {
      #expect(RootEquivalence.reason(name)?.isEmpty == false)
      #expect(breach(Grant(groups: [name]), groups: [name]) == "ceiling-root-equivalent-group")
      #expect(breach(Grant(groups: [name]), rootEquivalent: [name]) == "ceiling-group", "one line alone is not enough")
      let held = try hold(Grant(groups: ["dbops", name]), groups: ["dbops", name], rootEquivalent: [name])
      #expect(held.groups == ["dbops", name])
      #expect(held.rootEquivalentGroups == [name])
    }
  }

  @Test func marksTheSitesOwnRootEquivalentGroups() throws {
    #expect(try hold(Grant(groups: ["dbops"]), rootEquivalent: ["dbops"]).rootEquivalentGroups == ["dbops"])
  }

  @Test func neverGrantsGroupRootNorOurOwnMark() {
    for name in ["root", "sojourn"] { #expect(breach(Grant(groups: [name]), groups: [name], rootEquivalent: [name]) == "ceiling-group") }
  }

  @Test func takesAGroupOnce() throws {
    let held = try hold(Grant(groups: ["dbops", "dbops", "deploy", "dbops"]))
    #expect(held.groups == ["dbops", "deploy"])
    #expect(held.notes.count == 2)
  }

  @Test func refusesMoreGroupsThanItTakes() {
    let names = (0..<65).map { "g\($0)" }
    #expect(breach(Grant(groups: Array(names.prefix(64))), groups: names) == "held")
    #expect(breach(Grant(groups: names), groups: names) == "ceiling-too-many-groups")
    let long = String(repeating: "g", count: 33)
    #expect(breach(Grant(groups: [long]), groups: [long]) == "ceiling-group")
  }

  @Test func refusesAShellThatIsNoListedProgram() {
    for shell in [
      "/bin/zsh", "bash", "", "/", "/bin", "/etc/passwd", "/no/such/shell", "/bin/../bin/bash", "/bin/bash ", "/bin/bash\n", "/bin/bash\u{0}",
      "//bin/bash", "/usr/libexec/sojourn/shell", "./bin/bash",
    ] {
      #expect(breach(Grant(shell: shell)) == "ceiling-shell")
    }
  }

  @Test func refusesAProgramThatCannotRun() throws {
    let path = "/tmp/sojourn-shell-\(try Random.hex(8))"
    try Files.replace(path, with: [], mode: 0o644, durable: false)
    defer { try? Files.remove(path) }
    #expect(!ListedShells([path]).admits(path))
    try Files.link(path + ".link", to: path + ".nowhere")
    defer { try? Files.remove(path + ".link") }
    #expect(!ListedShells([path + ".link"]).admits(path + ".link"))
    try Files.link(path + ".loop", to: path + ".loop")
    defer { try? Files.remove(path + ".loop") }
    #expect(!ListedShells([path + ".loop"]).admits(path + ".loop"))
  }

  @Test func readsEtcShells() {
    let listed = ListedShells(lines: "# /bin/zsh\n/bin/sh\n  /bin/bash  # the usual\nbin/dash\n/bin/sh /bin/ksh\n\n/bin/rbash".bytes)
    #expect(listed.admits("/bin/sh") && listed.admits("/bin/bash"))
    #expect(!listed.admits("/bin/zsh") && !listed.admits("bin/dash") && !listed.admits("/bin/ksh"))
  }

  @Test func theShellsOfThisHostAreRead() { #expect(ListedShells.current().admits("/bin/sh")) }

  @Test func cutsALongerSession() throws {
    for granted: UInt64 in [43201, .max] {
      let held = try hold(Grant(maxSessionSeconds: granted))
      #expect(held.seconds == 43200)
      #expect(held.notes.count == 1)
    }
    #expect(try hold(Grant(maxSessionSeconds: 43200)).notes.isEmpty)
    #expect(try hold(Grant(maxSessionSeconds: 1)).seconds == 1)
  }

  @Test func refusesASessionOfNoLength() {
    #expect(breach(Grant(maxSessionSeconds: 0)) == "ceiling-no-duration")
    #expect(breach(Grant(), maxDuration: 0) == "ceiling-no-duration")
  }

  @Test func keepsHowOftenThePolicyWantsToBeAskedAgain() throws {
    #expect(try hold(Grant(reevaluateSeconds: 60)).reevaluateSeconds == 60)
    #expect(try hold(Grant()).reevaluateSeconds == nil)
  }

  @Test func refusesAGrantThatMustBeRecorded() throws {
    #expect(breach(Grant(isRecorded: true)) == "ceiling-recording")
    #expect(breach(Grant(isRecorded: false)) == "held")
  }

  @Test func knowsTheGroupsOfDebianThatMakeRoot() {
    for name in ["sudo", "adm", "disk", "kmem", "shadow", "staff", "src", "tty", "backup", "tape", "mail", "input", "systemd-journal", "crontab", "sbuild"] {
      #expect(RootEquivalence.holds(name), "\(name)")
    }
    for name in ["users", "audio", "video", "cdrom", "dialout", "plugdev", "games", "nogroup", "Sudo", "sudo "] { #expect(!RootEquivalence.holds(name), "\(name)") }
  }

  @Test func saysWhatWasBrokenWithoutControlCharacters() {
    for breach: CeilingBreach in [.uid(granted: 0), .group("\u{1B}[2J"), .rootEquivalentGroup("\n"), .tooManyGroups(65), .shell("/\u{7}"), .noDuration, .recording] {
      #expect(!breach.detail.isEmpty && breach.detail.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
    }
  }
}
