import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// Modes, owners, room: what the host's files must be. One thing is taken away at a time.
@Suite struct StateFindingsTests {
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
}
