public import HostSystem

/// The audit log: a file of whole lines with one writer (the daemon), and a spool in memory-backed /run for the ends of
/// leases that happen while the disk takes nothing.
public struct AuditLog: Sendable {
  private let path: String
  private let spool: String
  /// Bytes.
  static let spoolCap: UInt64 = 8 << 20

  public init(path: String, spool: String) {
    self.path = path
    self.spool = spool
  }

  /// Writes the event and has it on the disk before returning. After an error nothing of it is in the file.
  public func record(_ event: AuditEvent) throws(SystemError) {
    try append(event)
    flushSpool()
  }

  /// Writes the event if that is possible at all: to the file, or else to the spool, from where it is taken when the file
  /// can be written again. False if it is in neither (then syslog alone has it).
  public func recordSomehow(_ event: AuditEvent) -> Bool {
    if (try? record(event)) != nil { return true }
    guard let line = event.line else { return false }
    // /run is memory, and leases live there too: what a full disk holds up for days may not fill it.
    if let facts = try? Files.facts(spool), facts.size + UInt64(line.count) > AuditLog.spoolCap { return false }
    return (try? AuditLog.append(line, to: spool, durable: false)) != nil
  }

  private func append(_ event: AuditEvent) throws(SystemError) {
    guard let line = event.line else { throw SystemError("write", code: 22) }
    try AuditLog.append(line, to: path, durable: true)
  }

  /// What the spool holds goes to the file, in its order; what does not fit stays for the next time.
  public func flushSpool() {
    guard let bytes = try? Files.readTrusted(spool, cap: Int(AuditLog.spoolCap)), !bytes.isEmpty else { return }
    guard (try? AuditLog.append(bytes, to: path, durable: true)) != nil else { return }
    try? Files.remove(spool)
  }

  /// One append of whole lines. A write that is cut off (full disk) is taken back, so that the next line begins a line;
  /// a tail without newline, left by a power cut, is closed first. Whatever is renamed meanwhile (logrotate), it is one file.
  private static func append(_ lines: [UInt8], to path: String, durable: Bool) throws(SystemError) {
    let file = try FileDescriptor.open(path, .append(0o600))
    let facts = try file.facts()
    guard facts.isRegular, facts.uid == 0 else { throw SystemError("open", code: 1) }
    do throws(SystemError) {
      if facts.size > 0, try file.lastByte(size: facts.size) != 10 { try file.writeAll([10]) }
      try file.writeAll(lines)
      if durable {
        try file.synchronize()
        // A file that has just come to be (after a rotation) must be found again as well.
        if facts.size == 0 { try Files.synchronizeDirectory(of: path) }
      }
    } catch {
      try? file.truncate(to: facts.size)
      throw error
    }
  }
}
