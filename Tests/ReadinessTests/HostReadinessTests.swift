import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing

/// What `sojourn check` alone looks at: one thing taken away at a time.
@Suite struct HostReadinessTests {
  private func unready(_ findings: [Finding]) -> [String] { findings.filter { $0.severity != .ok }.map { "\($0.severity.word) \($0.id) \($0.subject)" } }

  // MARK: Files

  private func stateHost() throws -> ReadyHost {
    let host = try ReadyHost()
    for directory in ["passwd", "passwd-uid", "group", "group-gid", "member", "shell"] { try host.makeDirectory("/run/sojourn/nss/" + directory) }
    try host.makeDirectory("/run/sojourn/leases", mode: 0o700)
    for directory in ["/var/lib/sojourn", "/var/lib/sojourn/uids"] { try host.makeDirectory(directory) }
    try host.makeDirectory("/var/log/sojourn", mode: 0o750)
    try host.write("/var/log/sojourn/audit.jsonl", "", mode: 0o600)
    try host.write("/run/sojourn/config.json", "{}", mode: 0o600)
    return host
  }

  @Test func findsNothingInAHostAsTheDaemonMakesIt() throws { #expect(unready(StateFindings.state(try stateHost().files)) == []) }

  @Test("modes that tell secrets, hide names or let others in", arguments: [
    ("/run/sojourn/config.json", 0o644, "600"), ("/run/sojourn/nss", 0o700, "755"), ("/run/sojourn/nss/passwd", 0o777, "755"), ("/run/sojourn/leases", 0o755, "700"),
    ("/var/lib/sojourn/uids", 0o700, "755"), ("/var/log/sojourn", 0o755, "750"), ("/var/log/sojourn/audit.jsonl", 0o640, "600"), ("/run/sojourn", 0o1777, "755"),
  ])
  func tellsAWrongMode(_ path: String, _ mode: Int, _ right: String) throws {
    let host = try stateHost()
    try host.makeDirectory("/run/sojourn/nss/x")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: host.root + path)
    let finding = try #require(StateFindings.state(host.files).first { $0.subject == path })
    #expect(finding.severity == .problem && finding.id == "state" && finding.remedy == "chown root:root '\(path)'; chmod \(right) '\(path)'", "\(finding)")
  }

  @Test func tellsWhatIsNoFileAndADirectoryAboveThatOthersCanChange() throws {
    let host = try stateHost()
    try host.write("/run/sojourn/nss/passwd/ext-a", "x", mode: 0o666)
    try host.remove("/run/sojourn/config.json")
    try host.makeDirectory("/run/sojourn/config.json")
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: host.root + "/var/log")
    #expect(unready(StateFindings.state(host.files)) == ["problem state /run/sojourn/config.json", "problem state /run/sojourn/nss/passwd/ext-a", "problem state /var/log/sojourn/audit.jsonl"])
  }

  @Test func wantsConfigurationAndKeysFromRootOnly() throws {
    let host = try ReadyHost()
    var configuration = ReadyHost.configuration
    configuration.policy.clientKey = "/etc/sojourn/host.key"
    try host.write("/etc/sojourn/host.key", "", mode: 0o600)
    try host.write("/etc/sojourn/sojourn.toml", "", mode: 0o644)
    #expect(unready(StateFindings.written(configuration, host.files)) == [])
    try host.write("/etc/sojourn/host.key", "", mode: 0o640)
    try host.write("/etc/sojourn/user_ca.pub", "", mode: 0o666)
    let findings = StateFindings.written(configuration, host.files)
    #expect(unready(findings) == ["problem configuration-file /etc/sojourn/user_ca.pub", "problem configuration-file /etc/sojourn/host.key"])
    #expect(findings.map(\.remedy) == ["chown root:root '/etc/sojourn/user_ca.pub'; chmod go-w '/etc/sojourn/user_ca.pub'", "chown root:root '/etc/sojourn/host.key'; chmod go= '/etc/sojourn/host.key'"])
  }

  @Test func tellsFullFileSystems() {
    func room(_ free: UInt64, files: UInt64 = 100_000, freeFiles: UInt64 = 90_000) -> [String] {
      unready(StateFindings.room { $0 == "/var/lib/sojourn" ? FileSystemSpace(size: 1 << 40, free: free, files: files, freeFiles: freeFiles) : nil })
    }
    #expect(room(1 << 30) == [] && room(1 << 30, files: 0, freeFiles: 0) == [])
    #expect(room(1 << 20) == ["warning space /var/lib/sojourn"] && room(1 << 30, freeFiles: 10) == ["warning space /var/lib/sojourn"])
    #expect(room(0) == ["problem space /var/lib/sojourn"] && room(1 << 30, freeFiles: 0) == ["problem space /var/lib/sojourn"])
  }

  @Test func tellsAHomeRootThatIsNotOurs() throws {
    let host = try ReadyHost()
    func severity() -> [Finding.Severity] { HostReadiness.homeRoot(ReadyHost.configuration, host.files).map { $0.severity } }
    #expect(severity() == [.ok])
    try host.makeDirectory("/var/lib/sojourn/home", mode: 0o711)
    #expect(severity() == [.problem])
    try host.write("/var/lib/sojourn/home/.sojourn-home-root", "")
    #expect(severity() == [.ok])
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: host.root + "/var/lib/sojourn/home")
    #expect(severity() == [.problem])
  }

  // MARK: Clock

  private func moment(_ seconds: Int64) -> Moment { Moment(wall: seconds * 1_000_000_000, boot: 1) }

  @Test func tellsAClockThatIsPastOrFarAheadOrWasSetBack() throws {
    let host = try ReadyHost()
    func clock(_ seconds: Int64) -> [String] { unready(ClockFindings.findings(host.files, [], moment(seconds), isSynchronised: true)) }
    #expect(clock(1_000_000_000) == ["problem clock clock"] && clock(8_000_000_000) == ["problem clock clock"] && clock(1_800_000_000) == [])
    try host.makeDirectory("/var/lib/sojourn")
    try host.write("/var/lib/sojourn/config.json", "{}")
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1_800_000_100)], ofItemAtPath: host.root + "/var/lib/sojourn/config.json")
    #expect(clock(1_800_000_000) == ["warning clock clock"])
  }

  @Test func warnsOfAClockThatNobodyKeepsRightAndNotOfOneThatSomebodyDoes() throws {
    let host = try ReadyHost()
    func said(_ isSynchronised: Bool?) -> [String] { unready(ClockFindings.findings(host.files, host.processes, moment(1_800_000_000), isSynchronised: isSynchronised)) }
    #expect(said(true) == [] && said(nil) == [])
    #expect(said(false) == ["warning clock-synchronised clock"])
    host.start("chronyd", program: "/usr/sbin/chronyd", isRoot: false)
    #expect(said(false) == ["hint clock-synchronised clock"])
  }

  @Test func warnsOfAHardwareClockThatIsDaysOff() throws {
    let host = try ReadyHost()
    try host.makeDirectory("/sys/class/rtc/rtc0")
    for (text, said) in [("1800040000\n", []), ("1799960000\n", []), ("946684800\n", ["warning clock-hardware hardware clock"]), ("x\n", [])] {
      try host.write("/sys/class/rtc/rtc0/since_epoch", text)
      #expect(unready(ClockFindings.findings(host.files, [], moment(1_800_000_000), isSynchronised: true)) == said, "\(text)")
    }
  }

  // MARK: Versions

  private func note(_ version: String, cut: Int = 0) -> [UInt8] {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
    let text = Array(version.utf8) + [0]
    let padded = text + [UInt8](repeating: 0, count: (4 - text.count % 4) % 4)
    let foreign = little(4, 4) + little(3, 4) + little(3, 4) + Array("GNU\0".utf8) + [1, 2, 3, 0]
    let notes = foreign + little(8, 4) + little(UInt64(text.count), 4) + little(1, 4) + Array("Sojourn\0".utf8) + padded
    let head: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1] + [UInt8](repeating: 0, count: 26) + little(64, 8) + [UInt8](repeating: 0, count: 14) + little(56, 2) + little(1, 2) + [UInt8](repeating: 0, count: 6)
    let header = little(4, 4) + little(0, 4) + little(120, 8) + little(0, 16) + little(UInt64(notes.count), 8) + little(0, 16)
    return Array((head + header + notes).dropLast(cut))
  }

  @Test func readsTheVersionOfABuiltFileAndOfNothingElse() {
    #expect(BuildNote.version(note("1.2.3")) == "1.2.3")
    #expect(BuildNote.version([]) == nil && BuildNote.version(Array("#!/bin/sh\n".utf8)) == nil)
    // Cut or changed anywhere: an answer or none, never a crash.
    let whole = note("1.2.3")
    for length in 0..<whole.count { #expect(BuildNote.version(Array(whole.prefix(length))) == nil) }
    for at in whole.indices {
      for value in [UInt8(0), 0x7F, 0xFF] {
        var other = whole
        other[at] = value
        _ = BuildNote.version(other)
      }
    }
  }

  private func installed(_ version: String, daemon: String = "1.0") throws -> ReadyHost {
    let host = try ReadyHost()
    for path in ["/usr/libexec/sojourn/shell", "/usr/libexec/sojourn/vacancy", "/usr/libexec/sojourn/reaper", "/usr/sbin/sojournd"] { try host.write(path, "", mode: 0o755) }
    for path in [InstallationFindings.module(host.files), InstallationFindings.library(host.files), "/usr/libexec/sojourn/shell", "/usr/libexec/sojourn/vacancy", "/usr/libexec/sojourn/reaper"] {
      try Data(note(version)).write(to: URL(fileURLWithPath: host.root + (path ?? "")))
    }
    host.programs["/usr/sbin/sojournd"] = ReadyHost.outcome("sojournd \(daemon)\n")
    host.programs["/proc/self/exe"] = ReadyHost.outcome("")
    return host
  }

  @Test func wantsAllPartsOfOneVersion() throws {
    let host = try installed("1.0")
    #expect(unready(VersionFindings.findings(host.view, version: "1.0")) == [])
    #expect(Set(unready(VersionFindings.findings(host.view, version: "2.0")).map { $0.split(separator: " ")[1] }) == ["version"])
    #expect(unready(VersionFindings.findings(host.view, version: "2.0")).count == 6)
    #expect(unready(VersionFindings.findings(try installed("1.0", daemon: "0.9").view, version: "1.0")) == ["problem version /usr/sbin/sojournd"])
    try host.write("/usr/libexec/sojourn/shell", "of another time", mode: 0o755)
    #expect(unready(VersionFindings.findings(host.view, version: "1.0")) == ["problem version /usr/libexec/sojourn/shell"])
  }

  @Test func tellsHelpersThatAreMissingAndModulesThatCannotBeLoaded() throws {
    let host = try installed("1.0")
    try host.remove("/usr/libexec/sojourn/vacancy")
    try host.write("/usr/libexec/sojourn/reaper", "", mode: 0o644)
    host.programs["/proc/self/exe"] = ReadyHost.outcome("", errors: "libcurl.so.4: cannot open shared object file\n", status: 1)
    let findings = VersionFindings.findings(host.view, version: "1.0")
    #expect(findings.filter { $0.id == "helper" }.map(\.subject) == ["/usr/libexec/sojourn/vacancy", "/usr/libexec/sojourn/reaper"])
    #expect(findings.filter { $0.id == "module-load" && $0.severity == .problem && $0.sentence.contains("libcurl.so.4") }.count == 2)
    #expect(host.asked.contains { $0.prefix(2) == ["/proc/self/exe", "load-library"] && $0.last == "pam_sm_chauthtok" })
  }

  @Test func saysThatAnotherDaemonRunsThanIsInstalled() throws {
    let host = try installed("1.0")
    func said(_ version: String) -> [String] { unready(VersionFindings.running(version: version, pid: 77, host.view)) }
    #expect(said("1.0") == [] && said("0.9") == ["warning version-daemon sojournd (process 77)"])
    try host.makeDirectory("/proc/77")
    try FileManager.default.createSymbolicLink(atPath: host.root + "/proc/77/exe", withDestinationPath: "/usr/sbin/sojournd (deleted)")
    #expect(said("1.0") == ["warning version-daemon sojournd (process 77)"])
  }

  @Test func hintsAtProcessesWithAModuleThatWasReplaced() throws {
    let host = try installed("1.0")
    for (pid, maps) in [("12", "7f0 r-xp 0 0:1 5 /usr/lib/libnss_sojourn.so.2 (deleted)\n"), ("13", "7f0 r-xp 0 0:1 5 /usr/lib/libnss_sojourn.so.2\n"), ("14", "7f0 r-xp 0 0:1 5 /usr/lib/other.so (deleted)\n")] {
      try host.makeDirectory("/proc/" + pid)
      try host.write("/proc/\(pid)/maps", maps)
      try FileManager.default.createSymbolicLink(atPath: host.root + "/proc/\(pid)/exe", withDestinationPath: "/usr/sbin/cron")
    }
    let findings = VersionFindings.findings(host.view, version: "1.0").filter { $0.severity != .ok }
    #expect(findings.map(\.id) == ["version-mapped"] && findings.first?.severity == .hint && findings.first?.sentence == "1: cron 12")
  }

  // MARK: Numbers and rights

  @Test func tellsContainersThatHaveTheNumbersAndARangeThatIsNotThere() throws {
    let host = try ReadyHost()
    for name in ["self", "10", "11", "12"] { try host.makeDirectory("/proc/" + name) }
    let all = "         0          0 4294967295\n"
    for name in ["self", "10", "11"] { try host.write("/proc/\(name)/uid_map", all) }
    func said() -> [String] { unready(NumberFindings.maps(ReadyHost.configuration.accounts.range, host.files)) }
    // A browser's sandbox, a container elsewhere, one that ends where the range begins: none of them is in the way.
    for map in [all, "0 70000 1\n", "0 100000 65536\n", "0 524288 65536\n", "0 1000 64536\n", "0 0 1\n1 1 4294967294\n", ""] {
      try host.write("/proc/12/uid_map", map)
      #expect(said() == [], "\(map)")
    }
    for map in ["0 90000 65536\n", "0 0 1\n1 99999 2\n", "0 65536 65536\n", "0 1000 64537\n"] {
      try host.write("/proc/12/uid_map", map)
      #expect(said() == ["problem uid-map uid_range 65536 to 99999"], "\(map)")
    }
    for name in ["self", "10", "11", "12"] { try host.write("/proc/\(name)/uid_map", "0 200000 65536\n") }
    #expect(said() == ["problem uid-map uid_range 65536 to 99999"])
  }

  /// T4
  @Test func tellsRightsThatStandUnderNamesThatNobodyHas() throws {
    let host = try ReadyHost()
    func said() -> [String] { unready(NumberFindings.rights(ReadyHost.configuration, host.files)) }
    try host.write("/etc/group", "root:x:0:\nadm:x:4:kim,other\n")
    try host.makeDirectory("/etc/sudoers.d")
    try host.write("/etc/sudoers", "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\nkim ALL=ALL\n@includedir /etc/sudoers.d\n")
    #expect(said() == [])
    try host.write("/etc/group", "adm:x:4:kim,ext-ann\n")
    try host.write("/etc/sudoers.d/x", "# ext-comment\next-bob,kim ALL=ALL\n")
    try host.write("/etc/sudoers.d/x.bak", "ext-bob ALL=ALL\n")
    #expect(said() == ["warning standing-rights group adm in /etc/group", "hint standing-rights /etc/sudoers.d/x"])
    // Where names come from elsewhere too, somebody may well have it.
    try host.write("/etc/nsswitch.conf", "passwd: files sss sojourn\ngroup: files sss sojourn\n")
    #expect(said().first == "hint standing-rights group adm in /etc/group")
  }

  // MARK: Left over

  private func leftovers(_ host: ReadyHost, daemonAnswers: Bool = true) -> [String] {
    unready(LeftoverFindings.findings(ReadyHost.configuration, daemonAnswers: daemonAnswers, host.files))
  }

  @Test func tellsNamesHomesAndLinesThatAreLeftOver() throws {
    let host = try stateHost()
    #expect(leftovers(host) == [] && leftovers(host, daemonAnswers: false) == [])
    try host.makeDirectory("/var/lib/sojourn/home/ext-home")
    try host.makeDirectory("/var/lib/sojourn/home/.trash-1")
    for name in ["ext-here", "ext-left"] { try host.write("/run/sojourn/nss/passwd/" + name, "x") }
    try host.write("/run/sojourn/leases/ext-here.json", "{}")
    try host.write("/run/sojourn/audit-spool.jsonl", "{}\n")
    #expect(leftovers(host, daemonAnswers: false) == ["problem leftover-lease /run/sojourn/leases", "warning leftover-name /run/sojourn/nss", "warning leftover-home /var/lib/sojourn/home",
      "warning audit-spool /run/sojourn/audit-spool.jsonl"])
    let said = LeftoverFindings.findings(ReadyHost.configuration, daemonAnswers: true, host.files)
    #expect(said.contains { $0.sentence == "shows 1 name without a lease: ext-left" })
  }

  @Test func tellsARegistryWithOthersThingsInIt() throws {
    let host = try stateHost()
    for (uid, name) in [("65536", "ext-a"), ("65537", "!taken")] { try FileManager.default.createSymbolicLink(atPath: host.root + "/var/lib/sojourn/uids/" + uid, withDestinationPath: name) }
    #expect(leftovers(host) == [])
    try host.write("/var/lib/sojourn/uids/65538", "")
    #expect(leftovers(host) == ["warning uid-registry /var/lib/sojourn/uids"])
    try FileManager.default.removeItem(atPath: host.root + "/var/lib/sojourn/uids")
    try host.write("/var/lib/sojourn/uids", "")
    #expect(leftovers(host) == ["problem uid-registry /var/lib/sojourn/uids"])
  }

  @Test func saysWhoIsStillLookedFor() throws {
    let host = try stateHost()
    try host.makeDirectory("/var/lib/sojourn/strays", mode: 0o700)
    try host.write("/var/lib/sojourn/strays/65536", "")
    #expect(LeftoverFindings.findings(ReadyHost.configuration, daemonAnswers: true, host.files).contains { $0.id == "strays" && $0.severity == .ok })
  }

  // MARK: Authorities

  @Test func tellsAPrivateKeyThatLiesBesideThePublicOne() throws {
    let host = try ReadyHost()
    func said() -> [String] { unready(AuthorityFindings.findings(ReadyHost.configuration, host.files, now: 1_800_000_000)) }
    #expect(said() == [])
    try host.write("/etc/sojourn/user_ca", "-----BEGIN OPENSSH PRIVATE KEY-----\n", mode: 0o600)
    #expect(said() == ["warning authority-key /etc/sojourn/user_ca"])
    try host.write("/etc/sojourn/user_ca", "a note\n")
    #expect(said() == [])
  }

  @Test func tellsListsThatAreOldCutOrOfTheFuture() throws {
    let host = try ReadyHost()
    var configuration = ReadyHost.configuration
    configuration.certificate.revoked = ["/etc/sojourn/revoked"]
    func said() -> [String] { unready(AuthorityFindings.findings(configuration, host.files, now: 1_800_000_000)) }
    #expect(said() == ["problem revocation-list /etc/sojourn/revoked"])
    try host.write("/etc/sojourn/revoked", "ssh-ed25519 AAAA x\n")
    #expect(said() == [])
    func krl(_ made: UInt64) -> [UInt8] { Array("SSHKRL\n\0".utf8) + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 9] + (0..<8).map { UInt8(truncatingIfNeeded: made >> (56 - 8 * UInt64($0))) } + [0, 0, 0, 0] }
    for (made, expected) in [(UInt64(1_799_990_000), []), (1_700_000_000, ["hint"]), (1_800_200_000, ["warning"]), (.max, ["warning"]), (0, [])] {
      try Data(krl(made)).write(to: URL(fileURLWithPath: host.root + "/etc/sojourn/revoked"))
      #expect(said() == expected.map { "\($0) revocation-list /etc/sojourn/revoked" }, "\(made)")
    }
    try Data(krl(1).prefix(20)).write(to: URL(fileURLWithPath: host.root + "/etc/sojourn/revoked"))
    #expect(said() == ["problem revocation-list /etc/sojourn/revoked"])
  }

  // MARK: systemd

  private let unit = "LoadState=loaded\nUnitFileState=enabled\nNeedDaemonReload=no\nRestart=always\nUser=\nDropInPaths=\nProtectHome=no\nProtectSystem=no\nPrivateTmp=no\nPrivateUsers=no\nProtectProc=default\nProcSubset=all\nProtectControlGroups=no\nRestrictSUIDSGID=no\nPrivateNetwork=no\nRootDirectory=\nCapabilityBoundingSet=cap_chown cap_dac_override cap_dac_read_search cap_fowner cap_kill cap_setgid cap_setuid cap_sys_ptrace cap_sys_admin\n"

  private func unit(_ change: (String, String)? = nil) throws -> [String] {
    let host = try ReadyHost()
    try host.makeDirectory("/run/systemd/system")
    host.programs["/usr/bin/systemctl"] = ReadyHost.outcome(change.map { unit.replacingOccurrences(of: $0.0, with: $0.1) } ?? unit)
    return unready(UnitFindings.findings(host.view)).map { String($0.dropLast(" sojournd.service".count)) }
  }

  @Test func tellsAUnitThatDropInsBroke() throws {
    #expect(try unit() == [])
    #expect(try unit(("LoadState=loaded", "LoadState=not-found")) == ["warning unit"])
    #expect(try unit(("UnitFileState=enabled", "UnitFileState=disabled")) == ["warning unit-enabled"])
    #expect(try unit(("NeedDaemonReload=no", "NeedDaemonReload=yes")) == ["hint unit"])
    #expect(try unit(("Restart=always", "Restart=no")) == ["warning unit-restart"])
    #expect(try unit(("User=", "User=nobody")) == ["problem unit-sandbox"])
    #expect(try unit(("cap_kill ", "")) == ["warning unit-sandbox"])
    for setting in ["ProtectHome=no/read-only", "ProtectSystem=no/strict", "PrivateTmp=no/yes", "PrivateUsers=no/yes", "ProtectProc=default/invisible", "ProcSubset=all/pid",
      "ProtectControlGroups=no/yes", "RestrictSUIDSGID=no/yes", "PrivateNetwork=no/yes", "RootDirectory=//srv/x"] {
      let parts = setting.split(separator: "=", maxSplits: 1), values = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      #expect(try unit(("\(parts[0])=\(values[0])", "\(parts[0])=\(values[1])")) == ["warning unit-sandbox"], "\(setting)")
    }
    let host = try ReadyHost()
    #expect(unready(UnitFindings.findings(host.view)) == [], "without systemd nothing is asked")
  }

  // MARK: AppArmor, fail2ban

  /// T33
  @Test func tellsConfinedProgramsThatCannotReadNames() throws {
    let host = try ReadyHost()
    func said() -> [String] { unready(ConfinementFindings.findings(host.view, [])) }
    #expect(said() == [])
    try host.makeDirectory("/sys/kernel/security/apparmor")
    try host.makeDirectory("/etc/apparmor.d/abstractions/nameservice.d")
    try host.write("/etc/apparmor.d/abstractions/nameservice", "")
    try host.write("/sys/kernel/security/apparmor/profiles", "man (complain)\n")
    #expect(said() == [], "nothing is enforced")
    try host.write("/sys/kernel/security/apparmor/profiles", "/usr/sbin/cupsd (enforce)\n")
    host.programs["/usr/bin/dmesg"] = ReadyHost.outcome("[1] audit: apparmor=\"DENIED\" operation=\"open\" profile=\"/usr/sbin/cupsd\" name=\"/etc/shadow\"\n")
    #expect(said() == ["warning apparmor /etc/apparmor.d/abstractions/nameservice.d/sojourn"])
    try host.write("/etc/apparmor.d/abstractions/nameservice.d/sojourn", "")
    #expect(said() == [])
    host.programs["/usr/bin/dmesg"] = ReadyHost.outcome("[1] audit: apparmor=\"DENIED\" operation=\"open\" profile=\"/usr/sbin/cupsd\" name=\"/run/sojourn/nss/passwd/alice\"\n")
    #expect(said() == ["warning apparmor-denied AppArmor"])
  }

  /// T28
  @Test func saysWhatFail2banSeesNow() throws {
    let host = try ReadyHost()
    try host.makeDirectory("/etc/fail2ban")
    try host.makeDirectory("/run/fail2ban")
    func said() -> [Finding.Severity] { ConfinementFindings.findings(host.view, []).filter { $0.id == "fail2ban" }.map(\.severity) }
    #expect(said() == [.ok])
    try host.write("/run/fail2ban/fail2ban.sock", "")
    #expect(said() == [.hint])
  }
}
