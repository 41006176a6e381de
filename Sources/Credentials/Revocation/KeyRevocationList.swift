internal import Encoding

/// OpenSSH's binary key revocation list (PROTOCOL.krl, krl.c).
///
///     "SSHKRL\n\0" | uint32 1 | uint64 number | uint64 made | uint64 flags | string reserved | string comment |
///     sections: byte type | string data
///
/// Whatever is odd makes the whole list a fault: a list that is understood in part revokes in part.
enum KeyRevocationList {
  private static let magic: StaticString = "SSHKRL\n\0"

  static func isOne(_ bytes: borrowing Span<UInt8>) -> Bool { bytes.count >= 8 && bytes.holds(magic, at: 0..<8) }

  static func read(_ bytes: borrowing Span<UInt8>, into entries: inout RevocationEntries) throws(RevocationFault) {
    guard isOne(bytes) else { throw RevocationFault("it is no key revocation list") }
    var read = ListReader(8..<bytes.count)
    let version = try read.uint32(bytes, "format's version")
    guard version == 1 else { throw RevocationFault("its format has the unknown version \(version)") }
    _ = try read.uint64(bytes, "list's number")
    _ = try read.uint64(bytes, "list's time")
    guard try read.uint64(bytes, "flags") == 0 else { throw RevocationFault("it has flags, of which none is known") }
    try read.empty(bytes, "reserved field of the head")
    _ = try read.string(bytes, "comment")
    while !read.isAtEnd {
      let type = try read.byte(bytes, "section's type")
      let section = try read.string(bytes, "section")
      switch type {
      case 1: try certificates(bytes, section, &entries)
      case 2: try keys(bytes, section, &entries)
      case 3: try fingerprints(bytes, section, count: 20, &entries)
      case 5: try fingerprints(bytes, section, count: 32, &entries)
      case 4: throw RevocationFault("it is signed, and signed lists are not understood: OpenSSH dropped them too")
      case 255: try passExtension(bytes, section)
      default: throw RevocationFault("it has a section of the unknown type \(type)")
      }
    }
  }

  /// `string CA key ("": any) | string reserved`, then `byte type | string data`.
  private static func certificates(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ entries: inout RevocationEntries) throws(RevocationFault) {
    var read = ListReader(range)
    let key = bytes.copy(try read.string(bytes, "CA key"))
    try read.empty(bytes, "reserved field of a section of certificates")
    var authority = Digest32.zero
    if !key.isEmpty {
      guard PlainForm.isKey(key) else { throw RevocationFault("the CA key of a section of certificates is no plain public key") }
      guard let digest = Digest32.sha256(key) else { throw .noDigest }
      authority = digest
    }
    while !read.isAtEnd {
      let type = try read.byte(bytes, "type of a part of certificates")
      let part = try read.string(bytes, "part of certificates")
      switch type {
      case 0x20: try serialList(bytes, part, authority, &entries)
      case 0x21: try serialRange(bytes, part, authority, &entries)
      case 0x22: try SerialBitmap.read(bytes, part, authority, &entries)
      case 0x23: try keyIDs(bytes, part, authority, &entries)
      case 0x39: try passExtension(bytes, part)
      default: throw RevocationFault("it has a part of certificates of the unknown type \(type)")
      }
    }
  }

  private static func serialList(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ authority: Digest32, _ entries: inout RevocationEntries)
    throws(RevocationFault) {
    var read = ListReader(range)
    while !read.isAtEnd {
      let serial = try read.uint64(bytes, "serial number")
      try entries.add(serials: serial, through: serial, authority: authority)
    }
  }

  private static func serialRange(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ authority: Digest32, _ entries: inout RevocationEntries)
    throws(RevocationFault) {
    var read = ListReader(range)
    let first = try read.uint64(bytes, "range of serial numbers")
    let last = try read.uint64(bytes, "range of serial numbers")
    try read.finish("range of serial numbers")
    try entries.add(serials: first, through: last, authority: authority)
  }

  /// Compared as C strings by sshd, so that one with a NUL would revoke something else there.
  private static func keyIDs(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ authority: Digest32, _ entries: inout RevocationEntries)
    throws(RevocationFault) {
    var read = ListReader(range)
    while !read.isAtEnd {
      let keyID = bytes.copy(try read.string(bytes, "key id"))
      guard !keyID.contains(0) else { throw RevocationFault("there is a NUL in a key id") }
      try entries.add(keyID: keyID, authority: authority)
    }
  }

  private static func keys(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ entries: inout RevocationEntries) throws(RevocationFault) {
    var read = ListReader(range)
    while !read.isAtEnd {
      let blob = bytes.copy(try read.string(bytes, "key"))
      // What no key is ever equal to would be listed in vain.
      guard PlainForm.mayBeKey(blob) else { throw RevocationFault("one of its keys is no plain public key") }
      try entries.add(key: blob)
    }
  }

  private static func fingerprints(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, count: Int, _ entries: inout RevocationEntries)
    throws(RevocationFault) {
    var read = ListReader(range)
    while !read.isAtEnd {
      let digest = try read.string(bytes, "fingerprint")
      guard digest.count == count else { throw RevocationFault("a fingerprint has \(digest.count) bytes instead of \(count)") }
      if count == 20 {
        try entries.add(keySHA1: Digest32(bytes, at: digest.lowerBound, count: 20))
      } else {
        try entries.add(keySHA256: Digest32(bytes, at: digest.lowerBound))
      }
    }
  }

  /// `string name | byte critical | string data` (OpenSSH 9.4 and later; before, any of them made a list invalid).
  private static func passExtension(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(RevocationFault) {
    var read = ListReader(range)
    let name = bytes.copy(try read.string(bytes, "extension's name"))
    let isCritical = try read.byte(bytes, "extension")
    _ = try read.string(bytes, "extension")
    try read.finish("extension")
    guard isCritical == 0 else { throw RevocationFault("it has the critical extension \"\(Escape.visible(name, limit: 64))\", which is not known") }
  }
}
