internal import Encoding

/// Where the published form lies: a file, or memory.
public protocol RevocationStorage {
  /// Bytes.
  var size: UInt64 { get }
  /// Exactly `count` bytes from that place on.
  func bytes(at offset: UInt64, count: Int) throws(RevocationFault) -> [UInt8]
}

/// The published form as it is asked: a few records a question, however many there are. Whatever in it is not as it was
/// written is a fault, and a fault lets nobody in.
public struct RevocationIndex<Storage: RevocationStorage> {
  private let storage: Storage
  private let tables: Tables

  private struct Tables {
    var seal: UInt64 = 0
    /// Records, and where they begin, of each table.
    var counts: [UInt64] = []
    var starts: [UInt64] = []
  }

  /// Reads the head only.
  /// - Parameter lists: what the configuration names; the form of other lists is a fault.
  public init(_ storage: Storage, lists: [String]) throws(RevocationFault) {
    let tables = try RevocationIndex.tables(storage, try RevocationForm.name(of: lists))
    self.storage = storage
    self.tables = tables
  }

  private static func tables(_ storage: Storage, _ lists: Digest32) throws(RevocationFault) -> Tables {
    guard storage.size >= UInt64(RevocationForm.headCount), storage.size <= UInt64(RevocationForm.cap) else { throw RevocationFault("it has no head") }
    let head = try exactly(storage, at: 0, RevocationForm.headCount)
    let bytes = head.span
    var check = Checksum()
    check.add(Array(head.prefix(104)))
    guard bytes.holds(RevocationForm.magic, at: 0..<8), check.value == bytes.number(at: 104) else { throw RevocationFault("its head is damaged") }
    let version = bytes.number(at: 8) >> 32
    guard version == UInt64(RevocationForm.version) else { throw RevocationFault("another version of Sojourn published it; run sojourn apply") }
    guard bytes.number(at: 48) == storage.size else { throw RevocationFault("it is not as long as it was written") }
    var tables = Tables()
    tables.seal = bytes.number(at: 96)
    guard lists == Digest32(bytes, at: 16) else { throw RevocationFault("it is of other lists than are configured; run sojourn apply") }
    let state = bytes.number(at: 8) & 0xFFFF_FFFF
    if state == 1 { try refuse(storage, tables.seal) }
    guard state == 0 else { throw RevocationFault("it is in an unknown state") }
    var end = UInt64(RevocationForm.headCount)
    for table in 0..<RevocationForm.tableCount {
      let count = bytes.number(at: 56 + 8 * table)
      tables.starts.append(end)
      tables.counts.append(count)
      let (size, isTooMuch) = count.multipliedReportingOverflow(by: UInt64(RevocationForm.recordSize(table) + 8))
      let (next, isTooLong) = end.addingReportingOverflow(size)
      guard !isTooMuch, !isTooLong, next <= storage.size else { throw RevocationFault("its tables are longer than it is") }
      end = next
    }
    guard end == storage.size else { throw RevocationFault("bytes are left over after its tables") }
    return tables
  }

  /// Throws the reason for which nobody is let in.
  private static func refuse(_ storage: Storage, _ seal: UInt64) throws(RevocationFault) {
    let text = try exactly(storage, at: UInt64(RevocationForm.headCount), Int(truncatingIfNeeded: min(storage.size, 4096)) - RevocationForm.headCount)
    var check = Checksum()
    check.add(text)
    guard check.value == seal else { throw RevocationFault("its reason is damaged") }
    throw RevocationFault(Escape.sentence(String(decoding: text, as: UTF8.self), limit: 1024))
  }

  private static func exactly(_ storage: Storage, at offset: UInt64, _ count: Int) throws(RevocationFault) -> [UInt8] {
    let bytes = try storage.bytes(at: offset, count: count)
    guard bytes.count == count else { throw RevocationFault("it ends too soon") }
    return bytes
  }

  /// Whether any certificate is revoked by its serial number.
  public var nameSerials: Bool { tables.counts[3] > 0 }

  /// By what the certificate is revoked; nil if it is not.
  public func revocation(of subject: RevocationSubject) throws(RevocationFault) -> Revocation? {
    guard let key = Digest32.sha256(subject.key), let authority = Digest32.sha256(subject.authority) else { throw .noDigest }
    if try find(key, in: 0) != nil { return .key }
    if try find(authority, in: 0) != nil { return .authority }
    if tables.counts[1] > 0 {
      guard let key = Digest32.sha1(subject.key), let authority = Digest32.sha1(subject.authority) else {
        throw RevocationFault("keys are revoked by SHA-1, and OpenSSL computes none on this host")
      }
      if try find(key, in: 1) != nil { return .key }
      if try find(authority, in: 1) != nil { return .authority }
    }
    for authority in [authority, .zero] {
      guard let mark = RevocationEntries.keyIDMark(subject.keyID, authority: authority) else { throw .noDigest }
      if try find(mark, in: 2) != nil { return .keyID }
      if try isListed(subject.serial, of: authority) { return .serial }
    }
    return nil
  }

  private func isListed(_ serial: UInt64, of authority: Digest32) throws(RevocationFault) -> Bool {
    guard let place = try find(authority, in: 3) else { return false }
    let record = try record(3, place)
    let first = record.span.number(at: 32)
    let (end, overflow) = first.addingReportingOverflow(record.span.number(at: 40))
    guard !overflow, end <= tables.counts[4] else { throw RevocationFault("an authority's serial numbers lie outside of their table") }
    var low = first
    var high = end
    while low < high {
      let middle = low + (high - low) / 2
      let interval = try self.record(4, middle)
      if serial < interval.span.number(at: 0) {
        high = middle
      } else if serial > interval.span.number(at: 8) {
        low = middle + 1
      } else {
        return true
      }
    }
    return false
  }

  /// The index of the table's record that begins with these 32 bytes.
  private func find(_ digest: Digest32, in table: Int) throws(RevocationFault) -> UInt64? {
    var low: UInt64 = 0
    var high = tables.counts[table]
    while low < high {
      let middle = low + (high - low) / 2
      let record = try record(table, middle)
      let found = Digest32(record.span, at: 0)
      if found == digest { return middle }
      if digest.isBefore(found) { high = middle } else { low = middle + 1 }
    }
    return nil
  }

  private func record(_ table: Int, _ index: UInt64) throws(RevocationFault) -> [UInt8] {
    let size = RevocationForm.recordSize(table)
    // Within the file: `init` has held counts and sizes against it.
    let place = tables.starts[table] &+ index &* UInt64(size + 8)
    var bytes = try Self.exactly(storage, at: place, size + 8)
    let check = bytes.span.number(at: size)
    bytes.removeLast(8)
    guard check == RevocationForm.check(of: bytes, seal: tables.seal, table: table, index: index) else { throw RevocationFault("one of its records is damaged") }
    return bytes
  }
}

extension RevocationIndex: Revocations {
  public func reason(_ certificate: RevocationSubject) throws(RevocationFault) -> String? {
    guard let revocation = try revocation(of: certificate) else { return nil }
    return revocation.detail
  }
}

/// The form in memory.
public struct RevocationMemory: RevocationStorage, Sendable {
  private let content: [UInt8]

  public init(_ content: [UInt8]) { self.content = content }

  public var size: UInt64 { UInt64(content.count) }

  public func bytes(at offset: UInt64, count: Int) throws(RevocationFault) -> [UInt8] {
    guard count >= 0, let start = Int(exactly: offset), start <= content.count, count <= content.count - start else { throw RevocationFault("it ends too soon") }
    return content.span.copy(start..<(start + count))
  }
}

extension Span where Element == UInt8 {
  /// Eight bytes from that place on, big endian; what lies outside counts as zeros.
  fileprivate func number(at start: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in start..<(start + 8) { value = value << 8 | (i >= 0 && i < count ? UInt64(self[i]) : 0) }
    return value
  }
}
