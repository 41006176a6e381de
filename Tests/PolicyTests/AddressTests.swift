import Configuration
import Encoding
import HostSystem
import Testing

/// Published addresses: what is an address, what is loopback, and that a damaged file gives nobody an address.
@Suite struct AddressTests {
  @Test(arguments: ["0.0.0.0", "127.0.0.1", "255.255.255.255", "192.0.2.7", "::", "::1", "2001:db8::7", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.7", "FE80::1", "1::8", "1:2:3:4:5:6:7::", "64:ff9b::192.0.2.33"])
  func takesAddresses(_ text: String) { #expect(AddressLiteral.isAddress(text)) }

  @Test(arguments: [
    "", "1", "127.1", "127.0.0", "127.0.0.1.", "127.0.0.1.1", "127.0.0.256", "127.0.0.01", "0x7f.0.0.1", "127.0.0.1 ", " 127.0.0.1", "+1.2.3.4", "-1.2.3.4",
    "1.2.3.4:80", "localhost", ":", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "::12345", "::g", "[::1]", "::1%lo", "1:2:3:4:5:6:7:8::",
    "::1.2.3", "1.2.3.4::", ":1:2:3:4:5:6:7:8", "127.0.0.1,192.0.2.1", "::\u{0}",
  ])
  func takesNothingElse(_ text: String) { #expect(!AddressLiteral.isAddress(text)) }

  @Test func knowsLoopback() {
    for text in ["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "localhost"] { #expect(AddressLiteral.isLoopback(text)) }
    for text in ["128.0.0.1", "0.0.0.0", "::", "::2", "1::1", "::ffff:127.0.0.1", "localhost.", "Localhost", "localhost.example.com", ""] {
      #expect(!AddressLiteral.isLoopback(text))
    }
  }

  private let published = EndpointAddresses([
    .init(host: "policy.example.com", port: 443, addresses: ["192.0.2.7", "2001:db8::7"]), .init(host: "policy.example.com", port: 8443, addresses: ["192.0.2.8"]),
  ])

  @Test func comesBackAsItWasWritten() throws {
    let workshop = try Workshop()
    let path = try workshop.write("addresses.json", String(decoding: try #require(published.json.text()), as: UTF8.self))
    let read = EndpointAddresses.published(at: path)
    #expect(read.addresses(of: "policy.example.com", port: 443) == ["192.0.2.7", "2001:db8::7"])
    #expect(read.addresses(of: "policy.example.com", port: 8443) == ["192.0.2.8"])
    #expect(read.addresses(of: "policy.example.com", port: 80).isEmpty)
    #expect(read.addresses(of: "Policy.example.com", port: 443).isEmpty)
  }

  @Test func believesNoFileThatOthersCanWrite() throws {
    let workshop = try Workshop()
    let text = String(decoding: try #require(published.json.text()), as: UTF8.self)
    for mode: UInt32 in [0o620, 0o602, 0o666] {
      #expect(EndpointAddresses.published(at: try workshop.write("addresses.json", text, mode: mode)).entries.isEmpty)
    }
    #expect(EndpointAddresses.published(at: workshop.file("missing")).entries.isEmpty)
  }

  /// Each byte of the file becomes every other: nothing traps, and what is read are addresses or nothing.
  @Test func survivesEveryDamagedByte() throws {
    let bytes = try #require(published.json.text())
    var tried = 0
    for at in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = bytes
        damaged[at] = value
        tried += 1
        guard let json = try? JSONValue.parse(damaged), let read = try? EndpointAddresses(json: json) else { continue }
        #expect(read.entries.allSatisfy { $0.addresses.allSatisfy { AddressLiteral.isAddress($0) } })
      }
      #expect((try? JSONValue.parse(Array(bytes[..<at]))) == nil)
    }
    #expect(tried == bytes.count * 256)
  }

  @Test(arguments: [
    "[]", "{}", #"{"version":2,"addresses":[]}"#, #"{"version":1}"#, #"{"version":1,"addresses":{}}"#, #"{"version":1,"addresses":[1]}"#,
    #"{"version":1,"addresses":[{"host":"h","port":65536,"addresses":[]}]}"#, #"{"version":1,"addresses":[{"host":"h","port":-1,"addresses":[]}]}"#,
    #"{"version":1,"addresses":[{"host":"h","port":1,"addresses":["evil.example.com"]}]}"#, #"{"version":1,"addresses":[{"host":"h","port":1,"addresses":["192.0.2.1,192.0.2.2"]}]}"#,
    #"{"version":1,"addresses":[{"host":1,"port":1,"addresses":[]}]}"#,
  ])
  func refusesOtherForms(_ text: String) throws {
    let json = try JSONValue.parse(text.bytes)
    #expect(throws: MemberError.self) { try EndpointAddresses(json: json) }
  }
}
