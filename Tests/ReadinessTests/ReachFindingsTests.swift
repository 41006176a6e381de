import Foundation
@testable import Readiness
import Testing

/// What `sojourn check` says of things that an end cannot reach on this host.
@Suite struct ReachFindingsTests {
  private let table = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:7 / /tmp rw,nosuid - tmpfs tmpfs rw\n3 1 0:8 / /srv/a\\040b rw - nfs4 server:/x rw\n4 1 0:9 / /mnt rw - nfs4 server:/y ro\n"

  private func host(table: String? = nil, kernel: Bool = true) throws -> ReadyHost {
    let host = try ReadyHost()
    for directory in ["/proc/self", "/sys/fs/cgroup/user.slice"] { try FileManager.default.createDirectory(atPath: host.root + directory, withIntermediateDirectories: true) }
    try host.write("/proc/self/mountinfo", table ?? self.table)
    try host.write("/proc/filesystems", "nodev\tproc\nnodev\ttmpfs\nnodev\tnfs4\n\text4\n")
    guard kernel else { return host }
    for file in ["/proc/self/loginuid", "/proc/self/sessionid", "/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/user.slice/cgroup.kill", "/sys/fs/cgroup/user.slice/cgroup.freeze"] { try host.write(file, "") }
    return host
  }

  private func warnings(_ host: ReadyHost) -> [String] {
    ReachFindings.findings(ReadyHost.configuration, host.files).filter { $0.severity != .ok }.map { "\($0.id) \($0.subject)" }
  }

  @Test func aHostOfTodayWithDisksOfItsOwnHasNothingToSay() throws {
    let host = try host(table: "1 0 254:0 / / rw - ext4 /dev/vda rw\n")
    #expect(warnings(host) == [])
    #expect(ReachFindings.findings(ReadyHost.configuration, host.files).first { $0.id == "reach-setid" }?.sentence.contains("/var/lib/sojourn/home, /tmp, /var/tmp, /dev/shm") == true)
  }

  @Test func namesFileSystemsThatOtherHostsWriteToo() throws { #expect(warnings(try host()) == ["reach-files nfs4 at /srv/a b"]) }

  @Test func namesWhatTheKernelLacks() throws {
    #expect(warnings(try host(table: "", kernel: false)) == ["reach-cgroup control groups", "reach-logins login uid"])
    for (file, needed) in [("cgroup.kill", "5.14"), ("cgroup.freeze", "5.2")] {
      let host = try host(table: "")
      try host.remove("/sys/fs/cgroup/user.slice/" + file)
      let finding = ReachFindings.findings(ReadyHost.configuration, host.files).first { $0.severity == .warning }
      #expect(finding?.sentence.contains(file) == true && finding?.remedy.contains(needed) == true)
    }
  }

  @Test func knowsWhichMountAPathIsOn() throws {
    let host = try host(table: "1 0 254:0 / / rw - ext4 a rw\n2 1 254:1 / /var rw,nosuid - ext4 b rw\n3 2 254:2 / /var/lib/sojournx rw - ext4 c rw\n4 1 0:1 / /tmp rw - tmpfs t rw\n5 1 0:2 / /tmp rw,nosuid - tmpfs t rw\n6 1 0:3 / /dev/shm rw,nosuid - tmpfs t rw\n")
    #expect(ReachFindings.findings(ReadyHost.configuration, host.files).first { $0.id == "reach-setid" }?.sentence == "have no effect where people can make them")
  }
}
