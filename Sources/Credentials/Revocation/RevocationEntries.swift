/// All that the lists revoke, as it is put together for publication.
public struct RevocationEntries: Sendable {
  /// SHA-256 of plain key blobs.
  private(set) var keys: [Digest32] = []
  /// SHA-1 of plain key blobs.
  private(set) var oldKeys: [Digest32] = []
  /// See `keyIDMark`.
  private(set) var keyIDs: [Digest32] = []
  private(set) var serials: [SerialInterval] = []

  /// The most entries of all kinds together; neighbouring serial numbers are one.
  public static var cap: Int { 2_000_000 }

  public init() {}

  public var count: Int { keys.count + oldKeys.count + keyIDs.count + serials.count }

  /// Serial numbers from `first` to `last`, both included, of one authority.
  struct SerialInterval: Sendable {
    /// SHA-256 of the authority's key blob; zero: of any authority.
    let authority: Digest32
    let first: UInt64
    var last: UInt64
  }

  private func makeRoom() throws(RevocationFault) {
    guard count < RevocationEntries.cap else { throw RevocationFault("there are more than \(RevocationEntries.cap) entries") }
  }

  mutating func add(key blob: [UInt8]) throws(RevocationFault) {
    guard let digest = Digest32.sha256(blob) else { throw .noDigest }
    try add(keySHA256: digest)
  }

  mutating func add(keySHA256 digest: Digest32) throws(RevocationFault) {
    try makeRoom()
    keys.append(digest)
  }

  mutating func add(keySHA1 digest: Digest32) throws(RevocationFault) {
    try makeRoom()
    oldKeys.append(digest)
  }

  mutating func add(keyID: [UInt8], authority: Digest32) throws(RevocationFault) {
    try makeRoom()
    guard let mark = RevocationEntries.keyIDMark(keyID, authority: authority) else { throw .noDigest }
    keyIDs.append(mark)
  }

  /// A key id as one authority's: SHA-256 of the authority's digest (32 bytes, zero for any) and the key id's bytes.
  static func keyIDMark(_ keyID: [UInt8], authority: Digest32) -> Digest32? {
    var text: [UInt8] = []
    authority.append(to: &text)
    text.append(contentsOf: keyID)
    return Digest32.sha256(text)
  }

  mutating func add(serials first: UInt64, through last: UInt64, authority: Digest32) throws(RevocationFault) {
    // sshd refuses such a list too (krl.c:ssh_krl_revoke_cert_by_serial_range).
    guard first > 0 else { throw RevocationFault("it revokes the serial number 0") }
    guard first <= last else { throw RevocationFault("a range of serial numbers ends before it begins") }
    if let end = serials.indices.last, serials[end].authority == authority, serials[end].last < UInt64.max, serials[end].last + 1 == first {
      serials[end].last = last
      return
    }
    try makeRoom()
    serials.append(SerialInterval(authority: authority, first: first, last: last))
  }

  /// Sorted, each once, and no two intervals of one authority that touch.
  mutating func settle() {
    RevocationEntries.settle(&keys)
    RevocationEntries.settle(&oldKeys)
    RevocationEntries.settle(&keyIDs)
    serials.sort { x, y in x.authority == y.authority ? x.first < y.first : x.authority.isBefore(y.authority) }
    var settled: [SerialInterval] = []
    for next in serials {
      if let end = settled.indices.last, settled[end].authority == next.authority, next.first == 0 || next.first - 1 <= settled[end].last {
        settled[end].last = max(settled[end].last, next.last)
      } else {
        settled.append(next)
      }
    }
    serials = settled
  }

  private static func settle(_ digests: inout [Digest32]) {
    digests.sort { $0.isBefore($1) }
    var settled: [Digest32] = []
    for digest in digests where settled.last != digest { settled.append(digest) }
    digests = settled
  }
}
