import Configuration
@testable import ConfigurationFile
import Encoding
import Foundation
import Testing

/// The addresses of policy endpoints: taken apart once, and held to what a login takes.
@Suite struct EndpointTests {
  @Test("endpoints that are taken", arguments: [
    ("https://policy.example.com/access/v1/evaluation", "policy.example.com", UInt16(443), false),
    ("https://Policy.Example.com:8443/x?y=z", "Policy.Example.com", 8443, false),
    ("https://10.1.2.3/", "10.1.2.3", 443, true),
    ("https://[2001:db8::1]:9/x", "2001:db8::1", 9, true),
    ("http://127.0.0.1:8181/access/v1/evaluation", "127.0.0.1", 8181, true),
    ("http://127.200.0.1/", "127.200.0.1", 80, true),
    ("http://[::1]:80/", "::1", 80, true),
    ("http://localhost:8181/x", "localhost", 8181, true),
  ])
  func isTaken(_ url: String, _ host: String, _ port: UInt16, _ literal: Bool) throws {
    let endpoint = try EndpointAddress.read(url)
    #expect(endpoint.url == url && endpoint.host == host && endpoint.port == port && endpoint.isLiteral == literal)
  }

  @Test("sockets that are taken", arguments: [
    ("unix:/run/opa/opa.sock", "/run/opa/opa.sock"), ("unix:/run/opa/opa.sock:/v0/data/sojourn/login?pretty", "/run/opa/opa.sock"), ("unix:/s:/", "/s"),
  ])
  func isTaken(_ url: String, _ socket: String) throws {
    let endpoint = try EndpointAddress.read(url)
    #expect(endpoint.url == url && endpoint.socket == socket && endpoint.isLiteral)
  }

  @Test("endpoints that are refused", arguments: [
    "unix:", "unix:/", "unix:opa.sock", "unix://run/opa.sock", "unix:/run/../opa.sock", "unix:/run/opa.sock:", "unix:/run/opa.sock:v0", "unix:/run/opa.sock:/x#y",
    "unix:/run/opa.sock::/x", "unix:/run/ opa.sock", "UNIX:/run/opa.sock", "unix:/" + String(repeating: "x", count: 107),
    "", "policy", "/access", "HTTPS://policy.example.com/", "Http://127.0.0.1/", "https://policy.example.com?x", "https://policy.example.com:443?x", "ftp://x/", "http://policy.example.com/", "http://10.0.0.1/", "http://[2001:db8::1]/", "http://127.0.0.1.example.com/",
    "http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.0.0.1@evil.example/", "https://user:pw@x.example/",
    "https://user@x.example/", "https://@x.example/", "https://x.example/#part", "https://x.example:0/", "https://x.example:65536/", "https://x.example:/",
    "https://x.example:12a/", "https://", "https:///x", "https://a b/", "https://a\\b/", "https://x%2eexample/", "https://-x.example/", "https://x..example/",
    "https://[::1/", "https://[::1%25eth0]/", "https://[1:2:3]/", "https://999.1.1.1/", "https://ünicode.example/", "http://localhost.example/", "file:///etc/passwd",
  ])
  func isRefused(_ url: String) {
    #expect(throws: EndpointAddress.Fault.self) { try EndpointAddress.read(url) }
  }

  @Test("IPv6 addresses", arguments: [("::", true), ("::1", true), ("1::", true), ("1:2:3:4:5:6:7:8", true), ("::ffff:1.2.3.4", true), ("1:2:3:4:5:6:7::", true),
    ("1:2:3:4:5:6:7", false), ("1:2:3:4:5:6:7:8:9", false), ("1::2::3", false), (":1", false), ("1:", false), ("12345::", false), ("::1.2.3", false), ("+1::", false), ("", false),
    (":::", false)])
  func readsIPv6(_ text: String, _ isAddress: Bool) { #expect((IPAddress.six(text) != nil) == isAddress) }

  @Test func holdsASocketsDirectoryToRootAndItsOwner() throws {
    let host = try WrittenHost()
    let text = WrittenHost.policy(endpoint: "unix:/srv/opa/opa.sock")
    func sentences() throws -> [String] { try host.read(text).problems.map { ($0.severity == .error ? "error: " : "warning: ") + $0.sentence } }
    #expect(try sentences().contains { $0.contains("warning: policy.endpoints: nothing is at /srv/opa/opa.sock yet") })
    #expect(try sentences().allSatisfy { !$0.contains("error: policy.endpoints") }, "a service makes its directory when it starts")
    try host.directory("/srv/opa")
    #expect(try sentences().allSatisfy { !$0.contains("error: policy.endpoints") })
    try host.write("/srv/opa/opa.sock", "")
    #expect(try sentences().contains { $0.contains("error: policy.endpoints: /srv/opa/opa.sock is no socket") })
    try host.socket("/srv/opa/opa.sock")
    #expect(try sentences().allSatisfy { !$0.contains("policy.endpoints") })
    for mode in [0o775, 0o777, 0o1777] {
      try host.mode("/srv/opa", mode)
      #expect(try sentences().contains { $0.contains("error: policy.endpoints: /srv/opa can be changed by others than root and the owner") })
    }
  }

  /// Whoever is let in is a local user, and may listen where nobody listens.
  @Test("ports that anybody may take", arguments: [("http://127.0.0.1:8181/x", true), ("http://localhost:1024/x", true), ("http://[::1]:8181/x", true),
    ("http://127.0.0.1/x", false), ("http://127.0.0.1:1023/x", false), ("https://127.0.0.1:8181/x", false)])
  func warnsOfAPortThatAnybodyMayTake(_ url: String, _ isWarned: Bool) throws {
    let read = try WrittenHost().read(WrittenHost.policy(endpoint: url))
    #expect(read.errors.isEmpty)
    #expect(read.problems.contains { $0.severity == .warning && $0.sentence.contains("may listen on port") } == isWarned)
  }

  @Test func refusesASocketWhoseMissingDirectoryAnybodyMayMake() throws {
    let host = try WrittenHost()
    try host.directory("/srv/shared")
    try host.mode("/srv/shared", 0o1777)
    let read = try host.read(WrittenHost.policy(endpoint: "unix:/srv/shared/opa/opa.sock"))
    #expect(read.errors.contains { $0.sentence.contains("/srv/shared can be changed by others") }, "\(read.problems.map(\.sentence))")
  }
}
