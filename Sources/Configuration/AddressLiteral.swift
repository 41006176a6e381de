internal import Encoding

/// What endpoint addresses are to libcurl: an address, an IPv6 address, this host.
public enum AddressLiteral {
  /// As strict as `IPAddress`.
  public static func isAddress(_ text: String) -> Bool { IPAddress(text.utf8) != nil }

  public static func isIPv6(_ text: String) -> Bool { IPAddress(text.utf8)?.isIPv6 ?? false }

  /// This host and no other: 127.0.0.0/8, ::1, or the name `localhost`, which libcurl never looks up (RFC 6761).
  public static func isLoopback(_ text: String) -> Bool {
    if text.isExactly("localhost") { return true }
    guard let address = IPAddress(text.utf8) else { return false }
    guard address.isIPv6 else { return address.bytes.first == 127 }
    return address.bytes.dropLast().allSatisfy { $0 == 0 } && address.bytes.last == 1
  }
}
