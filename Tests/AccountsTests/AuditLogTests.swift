import Foundation
import Testing

import Audit
import Encoding
import HostSystem

/// T29, T34
@Suite struct AuditLogTests {
  static func event(_ text: String) -> AuditEvent { AuditEvent(.grant, time: 1_700_000_000, message: text, facts: [.init("name", .string("alice"))]) }

  static func lines(_ path: String) throws -> [String] {
    let bytes = try Files.readTrusted(path, cap: 64 << 20)
    #expect(bytes.isEmpty || bytes.last == 10)
    return try bytes.split(separator: 10).map { line in
      _ = try JSONValue.parse(Array(line))
      return String(decoding: line, as: UTF8.self)
    }
  }

  @Test func oneEventIsOneWholeLine() throws {
    let scratch = try Scratch()
    let log = AuditLog(path: scratch("log"), spool: scratch("spool"))
    try log.record(Self.event("a\nb\u{1b}c\u{2028}\"\\"))
    try log.record(Self.event("second"))
    let lines = try Self.lines(scratch("log"))
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix(#"{"time":"2023-11-14T22:13:20Z","event":"grant","message":"a\nb\u001Bc"#), "\(lines[0])")
    #expect(try Files.facts(scratch("log")).permissions == 0o600)
  }

  @Test func aTailThatAPowerCutToreIsClosedFirst() throws {
    let scratch = try Scratch()
    let log = AuditLog(path: scratch("log"), spool: scratch("spool"))
    try Files.replace(scratch("log"), with: Array("{\"torn".utf8), mode: 0o600, durable: false)
    try log.record(Self.event("next"))
    let text = String(decoding: try Files.readTrusted(scratch("log"), cap: 1 << 20), as: UTF8.self)
    #expect(text.hasPrefix("{\"torn\n{\"time\"") && text.hasSuffix("}\n"))
  }

  @Test func nothingOfALineIsWrittenWhenTheDiskIsFullAndEndsAreSpooled() throws {
    let scratch = try Scratch()
    try Files.makeDirectory(scratch("small"), mode: 0o755)
    shell("mount -t tmpfs -o size=16k tmpfs \"$1\"", scratch("small"))
    defer { shell("umount -l \"$1\"", scratch("small")) }
    let log = AuditLog(path: scratch("small/log"), spool: scratch("spool"))
    let padding = String(repeating: "x", count: 700)
    var written = 0
    do throws(SystemError) {
      for _ in 0..<100 {
        try log.record(Self.event(padding))
        written += 1
      }
      #expect(Bool(false), "the small disk took everything")
    } catch { #expect(error.isFull) }
    #expect(written > 5)
    #expect(try Self.lines(scratch("small/log")).count == written)
    #expect(log.recordSomehow(Self.event("an end" + padding)) && log.recordSomehow(Self.event("another end" + padding)))
    #expect(try Self.lines(scratch("spool")).count == 2)
    #expect(try Self.lines(scratch("small/log")).count == written)
    // There is room again: the spool goes to the log, in its order, and is gone.
    shell("mount -o remount,size=64k \"$1\"", scratch("small"))
    try log.record(Self.event("room"))
    let lines = try Self.lines(scratch("small/log"))
    #expect(lines.count == written + 3 && lines[written + 1].contains("an end") && lines[written + 2].contains("another end"))
    #expect(!Files.exists(scratch("spool")))
  }

  @Test func theSpoolHasABound() throws {
    let scratch = try Scratch()
    let log = AuditLog(path: scratch("none/log"), spool: scratch("spool"))
    let big = Self.event(String(repeating: "y", count: 400_000))
    var taken = 0
    while taken < 100, log.recordSomehow(big) { taken += 1 }
    #expect(taken > 10 && taken < 30)
    #expect(try Self.lines(scratch("spool")).count == taken)
  }

  @Test func whatIsNoFileOfRootsIsNotWrittenTo() throws {
    let scratch = try Scratch()
    try Files.replace(scratch("target"), with: [], mode: 0o600, durable: false)
    try Files.link(scratch("log"), to: scratch("target"))
    let log = AuditLog(path: scratch("log"), spool: scratch("spool"))
    #expect(throws: SystemError.self) { try log.record(Self.event("x")) }
    try Files.remove(scratch("log"))
    try Files.replace(scratch("log"), with: [], mode: 0o666, durable: false)
    chown(scratch("log"), 1234, 1234)
    #expect(throws: SystemError.self) { try log.record(Self.event("x")) }
    #expect(try Files.facts(scratch("target")).size == 0)
  }
}
