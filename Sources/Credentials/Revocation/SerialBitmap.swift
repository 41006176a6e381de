internal import Encoding

/// Near neighbours among revoked serial numbers: `uint64 offset | mpint bits`; bit n set revokes offset + n.
enum SerialBitmap {
  /// The longest, in bytes, as sshd's (SSHBUF_MAX_BIGNUM): who writes the list chooses it, we walk it.
  static var cap: Int { 16384 / 8 }

  static func read(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ authority: Digest32, _ entries: inout RevocationEntries) throws(RevocationFault) {
    var read = ListReader(range)
    let offset = try read.uint64(bytes, "bitmap of serial numbers")
    var number = try read.string(bytes, "bitmap of serial numbers")
    try read.finish("bitmap of serial numbers")
    if let first = number.first {
      // An mpint is signed (RFC 4251 section 5): a zero stands before a first bit that is set, and nowhere else.
      guard bytes[first] & 0x80 == 0 else { throw RevocationFault("a bitmap of serial numbers is negative") }
      if bytes[first] == 0 {
        guard number.count > 1, bytes[first + 1] & 0x80 != 0 else { throw RevocationFault("a bitmap of serial numbers is not written in its one form") }
        number = number.dropFirst()
      }
    }
    guard number.count <= cap else { throw RevocationFault("a bitmap of serial numbers has \(number.count) bytes, and \(cap) are the most") }
    for index in 0..<(number.count * 8) {
      let byte = bytes[number.upperBound - 1 - index / 8]
      guard byte >> UInt8(truncatingIfNeeded: index % 8) & 1 == 1 else { continue }
      let (serial, overflow) = offset.addingReportingOverflow(UInt64(index))
      guard !overflow else { throw RevocationFault("a bitmap of serial numbers goes beyond the last number") }
      try entries.add(serials: serial, through: serial, authority: authority)
    }
  }
}
