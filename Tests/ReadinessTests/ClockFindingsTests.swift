import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// A clock that is wrong decides wrongly. One thing is taken away at a time.
@Suite struct ClockFindingsTests {
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
}
