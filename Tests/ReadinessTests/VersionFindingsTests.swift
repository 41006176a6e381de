import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// All parts of one version, installed and running. One thing is taken away at a time.
@Suite struct VersionFindingsTests {
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
}
