import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// Programs around us that are confined, or count names. One thing is taken away at a time.
@Suite struct ConfinementFindingsTests {
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
