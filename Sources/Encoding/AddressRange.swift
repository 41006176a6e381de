/// Addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`; an address alone is itself only.
public struct AddressRange: Sendable {
  public let network: IPAddress
  /// How many bits all have in common.
  public let length: Int

  /// As strict as sshd reads `source-address` (addrmatch.c:addr_match_cidr_list): no bit may stand after the prefix.
  public init?(_ text: some Collection<UInt8>) {
    let parts = Array(text).split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    let bits = address.bytes.count * 8
    if parts.count > 1 {
      guard let last = parts.last, last.count >= 1, last.count <= 3, last.count == 1 || last.first != UInt8(ascii: "0") else { return nil }
      var value = 0
      for digit in last {
        guard digit >= 48, digit <= 57 else { return nil }
        value = value * 10 + Int(digit - 48)
      }
      guard value <= bits else { return nil }
      length = value
    } else {
      length = bits
    }
    network = address
    for bit in length..<bits where AddressRange.bit(address, bit) { return nil }
  }

  private static func bit(_ address: IPAddress, _ index: Int) -> Bool { address.bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0 }

  /// Is it of the same family, and does it begin alike?
  public func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == network.bytes.count else { return false }
    for bit in 0..<length where AddressRange.bit(address, bit) != AddressRange.bit(network, bit) { return false }
    return true
  }

  /// Ranges with commas between them; nil if any of them is none, or there is none.
  public static func list(_ text: some Collection<UInt8>) -> [AddressRange]? {
    var ranges: [AddressRange] = []
    for part in Array(text).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let range = AddressRange(part) else { return nil }
      ranges.append(range)
    }
    return ranges.isEmpty ? nil : ranges
  }
}
