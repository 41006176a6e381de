import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// Numbers that others have, and rights that stand under names that nobody has. One thing is taken away at a time.
@Suite struct NumberFindingsTests {
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
}
