public import Encoding
internal import HostSystem
internal import Identity

/// The addresses of the policy endpoints, looked up by the daemon: `/run/sojourn/addresses.json`, root only.
/// Modules never look a name up: Debian's libcurl would start a thread for it, in sshd.
///
///     {"version":1,"addresses":[{"host":"policy.example.com","port":443,"addresses":["192.0.2.7","2001:db8::7"]}]}
public struct EndpointAddresses: Sendable {
  public var entries: [Entry]

  public struct Entry: Sendable {
    /// As it stands in the endpoint's URL.
    public var host: String
    public var port: UInt16
    /// IPv4 and IPv6 literals, without brackets, in the order in which they are to be tried.
    public var addresses: [String]

    public init(host: String, port: UInt16, addresses: [String]) {
      self.host = host
      self.port = port
      self.addresses = addresses
    }
  }

  public init(_ entries: [Entry]) { self.entries = entries }

  public static var version: Int64 { 1 }
  /// The largest file that is believed, in bytes.
  public static var cap: Int { 64 * 1024 }

  /// The literals published for that host and port; empty if there are none.
  public func addresses(of host: String, port: UInt16) -> [String] {
    for entry in entries where entry.port == port && entry.host.isExactly(host) { return entry.addresses }
    return []
  }
}

extension EndpointAddresses {
  public var json: JSONValue {
    .object([
      .init("version", .integer(EndpointAddresses.version)),
      .init("addresses", .array(entries.map {
        .object([.init("host", .string($0.host)), .init("port", .integer(Int64($0.port))), .init("addresses", .strings($0.addresses))])
      })),
    ])
  }

  /// Refuses what is not of this form, and any text in the place of an address that is not one.
  public init(json root: JSONValue) throws(MemberError) {
    let read = MemberReader(root)
    guard try read.integer("version") == EndpointAddresses.version else { throw read.wrong("version", "another version of Sojourn published it") }
    var entries: [Entry] = []
    for member in try read.objects("addresses") {
      guard let port = UInt16(exactly: try member.unsigned("port")) else { throw member.wrong("port", "out of range") }
      let addresses = try member.strings("addresses")
      for address in addresses where !AddressLiteral.isAddress(address) {
        throw member.wrong("addresses", "not an address: " + Escape.visible(address, limit: 64))
      }
      entries.append(Entry(host: try member.string("host"), port: port, addresses: addresses))
    }
    self.entries = entries
  }

  /// What the daemon published in this boot. Empty if it published nothing, or nothing that can be believed: then no
  /// name has an address, and a question that needs one is refused.
  public static func current() -> EndpointAddresses { published(at: Places.endpointAddresses) }

  /// The same from a file of that path.
  public static func published(at path: String) -> EndpointAddresses {
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.readTrusted(path, cap: cap) } catch { return EndpointAddresses([]) }
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue.parse(bytes, depth: 8) } catch { return EndpointAddresses([]) }
    do throws(MemberError) { return try EndpointAddresses(json: json) } catch { return EndpointAddresses([]) }
  }
}
