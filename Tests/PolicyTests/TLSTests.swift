import Configuration
import Foundation
import HostSystem
import Testing

/// Who we speak to over TLS, and that nobody else is spoken to.
@Suite(.serialized) struct TLSTests {
  private static let name = "policy.test"

  /// A question to that endpoint, whose name is published with an address.
  private func probe(_ endpoint: EndpointProcess, _ route: Route, host: String = name, ca: String?, deadline: UInt64 = 3000) throws -> Probe {
    var probe = try Probe([endpoint.endpoint(scheme: "https", host: host)], deadline: deadline, route: route)
    probe.rules.caFile = ca
    probe.addresses = EndpointAddresses([.init(host: host, port: endpoint.port, addresses: ["127.0.0.1"])])
    return probe
  }

  @Test(arguments: Route.allCases) func speaksToTheCertifiedNameAndAddress(_ route: Route) throws {
    let authority = try Authority()
    let endpoint = try EndpointProcess(try authority.issue("good", names: "DNS:\(TLSTests.name),IP:127.0.0.1"))
    #expect(try probe(endpoint, route, ca: authority.certificate).askOnce().word == "held")
    #expect(try probe(endpoint, route, host: "127.0.0.1", ca: authority.certificate).askOnce().word == "held")

    // An address where nobody listens comes first.
    var two = try probe(endpoint, route, ca: authority.certificate)
    two.addresses = EndpointAddresses([.init(host: TLSTests.name, port: endpoint.port, addresses: ["127.0.0.77", "::1", "127.0.0.1"])])
    #expect(try two.askOnce().word == "held")

    // The same endpoint, and everything that must not be accepted about it.
    let stranger = try Authority("Another CA")
    #expect(try probe(endpoint, route, ca: stranger.certificate).askOnce().word == "policy-tls", "another authority")
    #expect(try probe(endpoint, route, ca: nil).askOnce().word == "policy-tls", "the system's authorities")
    #expect(try probe(endpoint, route, host: "other.test", ca: authority.certificate).askOnce().word == "policy-tls", "another name")
    #expect(try probe(endpoint, route, ca: authority.workshop.file("missing.pem")).askOnce().word == "policy-tls", "no CA file")
    #expect(try probe(endpoint, route, ca: try authority.workshop.write("empty.pem", "")).askOnce().word == "policy-tls", "an empty CA file")
    #expect(try probe(endpoint, route, ca: try authority.workshop.write("garbage.pem", "garbage")).askOnce().word == "policy-tls", "a CA file that is none")
    var unpublished = try probe(endpoint, route, ca: authority.certificate)
    unpublished.addresses = EndpointAddresses([])
    #expect(try unpublished.askOnce().word == "policy-not-resolved")
  }

  @Test(arguments: Route.allCases) func refusesCertificatesThatDoNotHold(_ route: Route) throws {
    let authority = try Authority()
    let now = DateFormatter()
    now.dateFormat = "yyyyMMddHHmmss'Z'"
    now.timeZone = TimeZone(secondsFromGMT: 0)
    func day(_ offset: Double) -> String { now.string(from: Date().addingTimeInterval(offset * 86400)) }
    let names = "DNS:\(TLSTests.name),IP:127.0.0.1"
    let pairs = [
      ("expired", try authority.issue("expired", names: names, validity: (day(-3), day(-1)))),
      ("not valid yet", try authority.issue("early", names: names, validity: (day(1), day(3)))),
      ("another name", try authority.issue("other", names: "DNS:other.test")),
      ("the name as part of another", try authority.issue("part", names: "DNS:\(TLSTests.name).example.com")),
      ("self-signed", try authority.selfSigned("self", names: names)),
    ]
    for (what, pair) in pairs {
      let endpoint = try EndpointProcess(pair)
      let outcome = try probe(endpoint, route, ca: authority.certificate).askOnce()
      #expect(outcome.word == "policy-tls", "\(what): \(outcome.detail)")
    }
  }

  @Test(arguments: Route.allCases) func showsItsOwnCertificateWhereOneIsAskedFor(_ route: Route) throws {
    let authority = try Authority()
    let endpoint = try EndpointProcess(try authority.issue("good", names: "DNS:\(TLSTests.name)"), clients: authority)
    let host = try authority.issue("host", names: "DNS:db1")
    let other = try authority.issue("other", names: "DNS:db2")
    let stranger = try Authority("Another CA").issue("host", names: "DNS:db1")
    func outcome(_ certificate: String?, _ key: String?) throws -> Probe.Outcome {
      var probe = try probe(endpoint, route, ca: authority.certificate)
      probe.rules.clientCertificate = certificate
      probe.rules.clientKey = key
      return try probe.askOnce()
    }
    #expect(try outcome(host.certificate, host.key).word == "held")
    // With TLS 1.3 the endpoint refuses after the handshake: the connection breaks while the answer is awaited.
    for (certificate, key, what) in [
      (nil, nil, "none"), (stranger.certificate, stranger.key, "of another authority"), (host.certificate, other.key, "another's key"),
      (host.certificate, authority.workshop.file("missing"), "no key file"), (authority.workshop.file("missing"), host.key, "no certificate file"),
      (host.certificate, try authority.locked(host), "a key with a passphrase"),
    ] as [(String?, String?, String)] {
      let outcome = try outcome(certificate, key)
      #expect(["policy-tls", "policy-broken"].contains(outcome.word), "\(what): \(outcome.word) \(outcome.detail)")
      #expect(outcome.milliseconds < 3000, "\(what): nobody is asked for a passphrase")
    }
  }

  @Test(arguments: Route.allCases) func refusesOldTLSAndNoTLS(_ route: Route) throws {
    let authority = try Authority()
    let pair = try authority.issue("good", names: "DNS:\(TLSTests.name)")
    for (version, isRefused) in [("-tls1_1", true), ("-tls1_2", false)] {
      let (fd, port) = try Loopback.bound()
      close(fd)
      // Speaks TLS and never HTTP: who gets through the handshake fails later, and otherwise.
      let server = try ChildProcess.start("/usr/bin/openssl", ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", pair.certificate, "-key", pair.key, version,
        "-cipher", "DEFAULT:@SECLEVEL=0", "-quiet"])
      defer {
        server.signal(.kill)
        while server.exitStatus() == nil { Pause.milliseconds(10) }
      }
      var probe = try Probe([PolicyEndpoint(url: "https://\(TLSTests.name):\(port)/", host: TLSTests.name, port: port, isLiteral: false)], deadline: 1000, route: route)
      probe.rules.caFile = authority.certificate
      probe.addresses = EndpointAddresses([.init(host: TLSTests.name, port: port, addresses: ["127.0.0.1"])])
      var outcome = try probe.askOnce()
      for _ in 0..<50 where outcome.word == "policy-unreachable" {
        Pause.milliseconds(100)
        outcome = try probe.askOnce()
      }
      #expect((outcome.word == "policy-tls") == isRefused, "\(version): \(outcome.word) \(outcome.detail)")
      #expect(outcome.word != "held")
    }
    let plain = try RawServer(["HTTP/1.1 200 OK\r\n\r\n"])
    var probe = try Probe([PolicyEndpoint(url: "https://127.0.0.1:\(plain.port)/", host: "127.0.0.1", port: plain.port, isLiteral: true)], deadline: 2000, route: route)
    probe.rules.caFile = authority.certificate
    #expect(try withExtendedLifetime(plain) { try probe.askOnce().word != "held" })
  }
}
