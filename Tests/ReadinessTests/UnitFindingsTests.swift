import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// The daemon's unit, and what drop-ins make of it. One thing is taken away at a time.
@Suite struct UnitFindingsTests {
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
}
