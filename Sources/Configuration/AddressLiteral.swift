/// IP addresses as text, strictly: what has more than one reading to other programs (`127.1`, `0x7f000001`, `010.0.0.1`)
/// is no address here.
public enum AddressLiteral {
  /// Four decimal octets, or an IPv6 address (RFC 4291 section 2.2) without zone and without brackets.
  public static func isAddress(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return ipv4(bytes[...]) != nil || ipv6(bytes[...]) != nil
  }

  public static func isIPv6(_ text: String) -> Bool { ipv6(Array(text.utf8)[...]) != nil }

  /// This host and no other: 127.0.0.0/8, ::1, or the name `localhost`, which libcurl never looks up (RFC 6761).
  public static func isLoopback(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    if bytes.elementsEqual("localhost".utf8) { return true }
    if let octets = ipv4(bytes[...]) { return octets[0] == 127 }
    guard let groups = ipv6(bytes[...]) else { return false }
    return groups.dropLast().allSatisfy { $0 == 0 } && groups.last == 1
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
