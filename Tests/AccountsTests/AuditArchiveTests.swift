import Foundation
import Testing

import Audit
import Encoding
import HostSystem

/// The log with what logrotate made of it, read back (T34).
@Suite struct AuditArchiveTests {
  static func line(_ number: Int, uid: Int = 70_001, event: String = "grant") -> String {
    #"{"time":"2026-01-01T00:00:\#(number < 10 ? "0" : "")\#(number)Z","event":"\#(event)","message":"m","session":"1-\#(number)","name":"alice","uid":\#(uid)}"# + "\n"
  }

  static func put(_ text: String, _ path: String) throws { try Files.replace(path, with: Array(text.utf8), mode: 0o600, durable: false) }

  static func sessions(_ archive: AuditArchive, uid: UInt32 = 70_001) -> [String] {
    var found: [String] = []
    archive.lines(with: SessionTraces.Whose.uid(uid).needle) { line in
      found.append((try? JSONValue.parse(line))?["session"]?.string ?? "?")
      return true
    }
    return found
  }

  @Test func readsNumberedDatedAndCompressedPartsOldestFirst() throws {
    let scratch = try Scratch()
    let log = scratch("audit.jsonl")
    for (number, name) in [(1, "-20250101"), (2, "-20250201"), (3, ".10"), (4, ".9"), (5, ".1"), (6, "")] { try Self.put(Self.line(number), log + name) }
    try Self.put(Self.line(7), scratch("spool"))
    shell("cd \"$1\" && gzip audit.jsonl-20250101 audit.jsonl.10 audit.jsonl.9", scratch.path)
    for name in [".1.tmp", ".x", "-", ".", ".old", ".2.gz.tmp"] { try Self.put(Self.line(50), log + name) }
    let archive = AuditArchive(log: log, spool: scratch("spool"))
    #expect(Self.sessions(archive) == (1...7).map { "1-\($0)" })
    #expect(archive.gaps.isEmpty && archive.damaged == 0)
    #expect((try JSONValue.parse(archive.beginning))["time"]?.string == "2026-01-01T00:00:01Z")
    let recent = AuditArchive(log: log, spool: scratch("spool"), isWhole: false)
    #expect(Self.sessions(recent) == ["1-5", "1-6", "1-7"])
  }

  @Test func readsWhatLogrotateLeavesAndMissesNothingThatIsWrittenMeanwhile() throws {
    let scratch = try Scratch()
    let log = AuditLog(path: scratch("audit.jsonl"), spool: scratch("spool"))
    let rules = try String(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../packaging/logrotate/sojourn"), encoding: .utf8)
    try Self.put(rules.replacingOccurrences(of: "/var/log/sojourn/audit.jsonl", with: scratch("audit.jsonl")), scratch("rules"))
    for number in 0..<20 {
      try log.record(AuditEvent(.grant, time: UInt64(1_700_000_000 + number), message: "m", facts: [.init("session", .string("1-\(number)")), .init("uid", .integer(70_001))]))
      if number % 5 == 4 { #expect(shell("/usr/sbin/logrotate -f -s \"$1\" \"$2\"", scratch("state"), scratch("rules")) == "") }
    }
    #expect(Set(try Files.names(in: scratch.path)).isSuperset(of: ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2.gz", "audit.jsonl.4.gz"]))
    #expect(try Files.facts(scratch("audit.jsonl")).permissions == 0o600)
    let archive = AuditArchive(log: scratch("audit.jsonl"), spool: scratch("spool"))
    #expect(Self.sessions(archive) == (0..<20).map { "1-\($0)" })
    #expect(archive.gaps.isEmpty && archive.damaged == 0)
  }

  @Test func aRotationBetweenOpeningAndReadingTakesNothingAwayAndDoublesNothing() throws {
    let scratch = try Scratch()
    let log = scratch("audit.jsonl")
    try Self.put(Self.line(1), log + ".1")
    try Self.put(Self.line(2), log)
    let archive = AuditArchive(log: log, spool: scratch("spool"))
    shell("cd \"$1\" && mv audit.jsonl.1 audit.jsonl.2 && gzip audit.jsonl.2 && mv audit.jsonl audit.jsonl.1", scratch.path)
    try Self.put(Self.line(3), log)
    #expect(Self.sessions(archive) == ["1-1", "1-2"])
  }

  @Test func tornAndForeignLinesAreCountedAndNeverFatal() throws {
    let scratch = try Scratch()
    let log = scratch("audit.jsonl")
    let huge = String(repeating: "x", count: 3 << 20)
    try Self.put(#"{"uid":70001,"torn"# + "\n" + Self.line(1) + "\u{0}\u{1b}garbage\n\n" + huge + "\n" + Self.line(2) + "{\"a\":\"" + huge + "\"}\n" + Self.line(3) + #"{"uid":70001,"no en"#, log)
    let archive = AuditArchive(log: log, spool: scratch("spool"))
    #expect(Self.sessions(archive) == ["1-1", "1-2", "1-3"])
    #expect(archive.damaged == 5 && archive.gaps.isEmpty)
  }

  @Test func aLineOfAnyLengthAndPlaceIsFoundWhole() throws {
    let scratch = try Scratch()
    let log = scratch("audit.jsonl")
    var text = ""
    for number in 0..<60 { text += #"{"time":"t","pad":"\#(String(repeating: "y", count: number * 3777))","session":"1-\#(number)","uid":70001}"# + "\n" }
    try Self.put(text, log)
    #expect(Self.sessions(AuditArchive(log: log, spool: scratch("spool"))) == (0..<60).map { "1-\($0)" })
  }

  @Test func whatCannotBeReadIsSaid() throws {
    let scratch = try Scratch()
    let log = scratch("audit.jsonl")
    try Self.put(Self.line(9), log)
    try Self.put(Self.line(1), log + ".5.xz")
    for number in 2...4 { try Self.put(Self.line(number), log + ".\(number)") }
    shell("cd \"$1\" && gzip audit.jsonl.4 && truncate -s -5 audit.jsonl.4.gz && chmod 666 audit.jsonl.3 && rm audit.jsonl.2 && ln -s /etc/passwd audit.jsonl.2 && echo nonsense > audit.jsonl.6.gz", scratch.path)
    let archive = AuditArchive(log: log, spool: scratch("spool"))
    #expect(Self.sessions(archive).last == "1-9")
    #expect(archive.gaps.count == 5, "\(archive.gaps)")
    for (name, why) in [("5.xz", "unpack it"), ("4.gz", "gzip: status"), ("6.gz", "gzip: status"), (".3 ", "root alone"), (".2 ", "cannot be opened")] {
      #expect(archive.gaps.contains { $0.contains(name) && $0.contains(why) }, "\(name): \(archive.gaps)")
    }
  }

  @Test func withoutALogThereIsNothingAndNoError() throws {
    let archive = AuditArchive(log: "/nonexistent/audit.jsonl", spool: "/nonexistent/spool")
    #expect(Self.sessions(archive).isEmpty && archive.beginning.isEmpty && archive.gaps.isEmpty)
  }
}
