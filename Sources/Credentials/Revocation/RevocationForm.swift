/// What is published of the revocation lists, so that a login parses none: sorted tables of records of one size, searched
/// by reading a record at a time. Numbers are big endian.
///
///     offset  bytes  what
///     0       8      "SOJREVOK"
///     8       4      version of this form: 1
///     12      4      state: 0 the lists' entries; 1 a list cannot be used, and the reason (UTF-8) is all that follows the head
///     16      32     SHA-256 of the lists' names: each as 4 bytes of length and its bytes
///     48      8      bytes of the whole file
///     56      8 x 5  records of each table
///     96      8      seal: FNV-1a64 of all records without their checks, table by table; with state 1: of the reason
///     104     8      check: FNV-1a64 of bytes 0 to 103
///     112            the tables, one after the other
///
///     table  record
///     0      32  SHA-256 of a plain key's blob, of a certified key or of an authority's
///     1      32  SHA-1 of such a blob, and 12 zeros
///     2      32  SHA-256 of 32 bytes for the authority (SHA-256 of its blob; zeros: any) and the key id
///     3      48  32 bytes for the authority; the first of its records in table 4 (8); how many they are (8)
///     4      16  a first (8) and a last (8) revoked serial number
///
/// After each record stand 8 bytes: FNV-1a64 of the seal, the table's number (1), the record's index (8) and the record. So
/// a damaged, moved or foreign record is told when it is read, and the others need not be read for that. Tables 0 to 3 are
/// sorted by their first 32 bytes, each value once; an authority's records in table 4 by number, and they do not overlap.
/// The check tells accidents; against people there is the file's mode: root's only.
public enum RevocationForm {
  static let magic: StaticString = "SOJREVOK"
  static var version: UInt32 { 1 }
  static var headCount: Int { 112 }
  static var tableCount: Int { 5 }
  /// Bytes of a record, without its check.
  static func recordSize(_ table: Int) -> Int { table == 3 ? 48 : table == 4 ? 16 : 32 }

  /// The largest file that can be published, in bytes.
  public static var cap: Int { 256 << 20 }

  /// The form of entries.
  /// - Parameter lists: the paths of the lists, as they are configured.
  public static func bytes(_ entries: RevocationEntries, lists: [String]) throws(RevocationFault) -> [UInt8] {
    var entries = entries
    entries.settle()
    var authorities: [(digest: Digest32, first: UInt64, count: UInt64)] = []
    for (index, interval) in entries.serials.enumerated() {
      if let last = authorities.indices.last, authorities[last].digest == interval.authority {
        authorities[last].count += 1
      } else {
        authorities.append((interval.authority, UInt64(index), 1))
      }
    }
    let counts = [entries.keys.count, entries.oldKeys.count, entries.keyIDs.count, authorities.count, entries.serials.count]
    func record(_ table: Int, _ index: Int, into bytes: inout [UInt8]) {
      switch table {
      case 0: entries.keys[index].append(to: &bytes)
      case 1: entries.oldKeys[index].append(to: &bytes)
      case 2: entries.keyIDs[index].append(to: &bytes)
      case 3:
        authorities[index].digest.append(to: &bytes)
        bytes.appendBigEndian(authorities[index].first)
        bytes.appendBigEndian(authorities[index].count)
      default:
        bytes.appendBigEndian(entries.serials[index].first)
        bytes.appendBigEndian(entries.serials[index].last)
      }
    }
    var seal = Checksum()
    var body: [UInt8] = []
    for table in 0..<tableCount {
      for index in 0..<counts[table] {
        body.removeAll(keepingCapacity: true)
        record(table, index, into: &body)
        seal.add(body)
      }
    }
    var bytes = try head(state: 0, lists: lists, counts: counts, seal: seal.value, count: headCount + size(of: counts))
    bytes.reserveCapacity(headCount + size(of: counts))
    for table in 0..<tableCount {
      for index in 0..<counts[table] {
        body.removeAll(keepingCapacity: true)
        record(table, index, into: &body)
        bytes.append(contentsOf: body)
        bytes.appendBigEndian(check(of: body, seal: seal.value, table: table, index: UInt64(index)))
      }
    }
    return bytes
  }

  /// The form that refuses everybody, and says why.
  public static func unusable(_ reason: String, lists: [String]) throws(RevocationFault) -> [UInt8] {
    let text = Array(reason.utf8.prefix(1024))
    var seal = Checksum()
    seal.add(text)
    return try head(state: 1, lists: lists, counts: [0, 0, 0, 0, 0], seal: seal.value, count: headCount + text.count) + text
  }

  private static func size(of counts: [Int]) -> Int {
    var size = 0
    for (table, count) in counts.enumerated() { size += count * (recordSize(table) + 8) }
    return size
  }

  private static func head(state: UInt32, lists: [String], counts: [Int], seal: UInt64, count: Int) throws(RevocationFault) -> [UInt8] {
    var head = Array("\(magic)".utf8)
    head.appendBigEndian(version)
    head.appendBigEndian(state)
    try name(of: lists).append(to: &head)
    head.appendBigEndian(UInt64(count))
    for count in counts { head.appendBigEndian(UInt64(count)) }
    head.appendBigEndian(seal)
    var check = Checksum()
    check.add(head)
    head.appendBigEndian(check.value)
    return head
  }

  static func name(of lists: [String]) throws(RevocationFault) -> Digest32 {
    var text: [UInt8] = []
    for list in lists {
      text.appendBigEndian(UInt32(truncatingIfNeeded: list.utf8.count))
      text.append(contentsOf: list.utf8)
    }
    guard let digest = Digest32.sha256(text) else { throw .noDigest }
    return digest
  }

  static func check(of record: [UInt8], seal: UInt64, table: Int, index: UInt64) -> UInt64 {
    var check = Checksum()
    check.add(seal)
    check.add(UInt8(truncatingIfNeeded: table))
    check.add(index)
    check.add(record)
    return check.value
  }
}

/// FNV-1a with 64 bits (draft-eastlake-fnv): every change of a single byte changes it.
public struct Checksum {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

  mutating func add(_ number: UInt64) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  public mutating func add(_ bytes: [UInt8]) { for byte in bytes { add(byte) } }
}
