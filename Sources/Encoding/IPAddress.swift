/// An IP address out of text, strictly: what has more than one reading to other programs (`127.1`, `0x7f000001`,
/// `010.0.0.1`) is no address here.
public struct IPAddress: Sendable {
  /// 4 or 16 bytes, in network order.
  public let bytes: [UInt8]

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// Four decimal octets, or an IPv6 address (RFC 4291 section 2.2) without zone and without brackets.
  public init?(_ text: some Collection<UInt8>) {
    guard text.count <= 45 else { return nil }
    let text = Array(text)[...]
    if let octets = IPAddress.ipv4(text) {
      bytes = octets
    } else if let groups = IPAddress.ipv6(text) {
      bytes = groups.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
    } else {
      return nil
    }
  }

  public var isIPv6: Bool { bytes.count == 16 }

  /// `::ffff:a.b.c.d` as the IPv4 address that it stands for; a socket for both families names its IPv4 peers so.
  public var unmapped: IPAddress {
    guard bytes.count == 16, bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return self }
    return IPAddress(bytes: Array(bytes.suffix(4)))
  }

  private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var octets: [UInt8] = []
    for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard part.count >= 1, part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
      var value = 0
      for digit in part {
        guard digit >= 48, digit <= 57 else { return nil }
        value = value * 10 + Int(digit - 48)
      }
      guard let octet = UInt8(exactly: value) else { return nil }
      octets.append(octet)
    }
    return octets.count == 4 ? octets : nil
  }

  /// Eight groups; `::` once stands for at least one group of zeros; the last two may be written as IPv4.
  private static func ipv6(_ text: ArraySlice<UInt8>) -> [UInt16]? {
    guard text.count >= 2, text.count <= 45 else { return nil }
    let colon = UInt8(ascii: ":")
    var gap: Range<Int>?
    var at = text.startIndex
    while at + 1 < text.endIndex {
      if text[at] == colon, text[at + 1] == colon {
        guard gap == nil else { return nil }
        gap = at..<(at + 2)
        at += 1
      }
      at += 1
    }
    guard let gap else {
      let groups = groups(text)
      return groups?.count == 8 ? groups : nil
    }
    guard let head = gap.lowerBound == text.startIndex ? [] : groups(text[..<gap.lowerBound], isEnd: false),
      let tail = gap.upperBound == text.endIndex ? [] : groups(text[gap.upperBound...]), head.count + tail.count <= 7
    else { return nil }
    return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
  }

  private static func groups(_ text: ArraySlice<UInt8>, isEnd: Bool = true) -> [UInt16]? {
    var groups: [UInt16] = []
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if isEnd, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let octets = ipv4(part) else { return nil }
        groups.append(UInt16(octets[0]) << 8 | UInt16(octets[1]))
        groups.append(UInt16(octets[2]) << 8 | UInt16(octets[3]))
        continue
      }
      guard part.count >= 1, part.count <= 4 else { return nil }
      var value: UInt16 = 0
      for digit in part {
        switch digit {
        case 48...57: value = value << 4 | UInt16(digit - 48)
        case 97...102: value = value << 4 | UInt16(digit - 87)
        case 65...70: value = value << 4 | UInt16(digit - 55)
        default: return nil
        }
      }
      groups.append(value)
    }
    return groups.count <= 8 ? groups : nil
  }
}
