import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// What should have gone with somebody. One thing is taken away at a time.
@Suite struct LeftoverFindingsTests {
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
}
