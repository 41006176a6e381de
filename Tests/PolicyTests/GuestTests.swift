import Configuration
import Encoding
import Foundation
import HostSystem
import Testing

/// A guest in sshd, su and sudo: it leaves no thread, no descriptor, no handler behind, and nobody's environment steers it (T12).
@Suite(.serialized) struct GuestTests {
  private static let yes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"decision\":true}"
  /// A pid namespace of its own: a thread that came and went has left a gap in the numbers.
  private static let alone = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc"]

  private func leavesNothing(_ probe: Probe, _ word: String, times: Int = 3) throws {
    var probe = probe
    probe.through = GuestTests.alone
    for outcome in try probe.ask(times: times) {
      #expect(outcome.word == word, "\(outcome.detail)")
      for what in ["threads", "descriptors", "last_pid", "signals", "environment"] {
        let (before, after) = outcome.left(what)
        #expect(before?.text() != nil && before?.text() == after?.text(), "\(what) after \(outcome.word)")
      }
      #expect(outcome.left("threads").after?.integer == 1)
      #expect(outcome.left("environment").after?.boolean == true)
    }
  }

  @Test func leavesNoThreadDescriptorOrHandler() throws {
    let server = try RawServer([GuestTests.yes])
    try withExtendedLifetime(server) {
      try leavesNothing(try Probe([server.endpoint]), "held")
      // `localhost` is a name, and so is one that was published: neither may be looked up.
      try leavesNothing(try Probe([PolicyEndpoint(url: "http://localhost:\(server.port)/", host: "localhost", port: server.port, isLiteral: true)]), "held")
    }
    let authority = try Authority()
    let endpoint = try EndpointProcess(try authority.issue("good", names: "DNS:policy.test"))
    var named = try Probe([endpoint.endpoint(scheme: "https", host: "policy.test")], deadline: 1000)
    named.rules.caFile = authority.certificate
    named.addresses = EndpointAddresses([.init(host: "policy.test", port: endpoint.port, addresses: ["127.0.0.1"])])
    try leavesNothing(named, "held")
    try endpoint.misbehave("silent")
    try leavesNothing(named, "policy-timeout", times: 2)
    try endpoint.misbehave("reset")
    try leavesNothing(named, "policy-broken")
    named.addresses = EndpointAddresses([])
    try leavesNothing(named, "policy-not-resolved")
    named.rules.caFile = "/nonexistent"
    named.addresses = EndpointAddresses([.init(host: "policy.test", port: endpoint.port, addresses: ["127.0.0.1"])])
    try leavesNothing(named, "policy-tls")
  }

  /// T12, as in sshd (root's environment) and as in su (a setuid program, a user's environment); the relay has the same one.
  @Test(arguments: [false, true], Route.allCases) func noEnvironmentSteersIt(isSetuid: Bool, _ route: Route) throws {
    let authority = try Authority()
    let stranger = try Authority("Another CA")
    let endpoint = try EndpointProcess(try authority.issue("good", names: "DNS:policy.test"))
    let trap = try RawServer([GuestTests.yes])
    let workshop = try Workshop()
    #expect(chmod(workshop.path, 0o777) == 0)
    let proxy = "http://127.0.0.1:\(trap.port)"
    try workshop.write(".netrc", "machine policy.test login root password secret\ndefault login root password secret\n", mode: 0o644)
    try workshop.write(".curlrc", "proxy = \(proxy)\ninsecure\n", mode: 0o644)
    // Were it read, only ciphers that the endpoint does not have would be offered.
    let openssl = try workshop.write("openssl.cnf", """
      openssl_conf = all
      [all]
      ssl_conf = ssl
      [ssl]
      system_default = odd
      [odd]
      CipherString = ECDHE-ECDSA-AES128-CCM8
      Ciphersuites = TLS_AES_128_CCM_8_SHA256
      """, mode: 0o644)

    func ask(ca: String, pointingAt other: String) throws -> Probe.Outcome {
      var probe = try Probe([endpoint.endpoint(scheme: "https", host: "policy.test")], deadline: 3000, route: route)
      probe.rules.caFile = ca
      probe.addresses = EndpointAddresses([.init(host: "policy.test", port: endpoint.port, addresses: ["127.0.0.1"])])
      probe.environment = [
        "PATH=/usr/bin:/bin", "HOME=\(workshop.path)", "SSLKEYLOGFILE=\(workshop.file("keys"))", "OPENSSL_CONF=\(openssl)", "OPENSSL_CONF_INCLUDE=\(workshop.path)",
        "OPENSSL_MODULES=\(workshop.path)", "OPENSSL_ENGINES=\(workshop.path)", "SSL_CERT_FILE=\(other)", "SSL_CERT_DIR=\(workshop.path)", "CURL_CA_BUNDLE=\(other)",
        "CURL_SSL_BACKEND=nonsense", "CURL_HOME=\(workshop.path)", "NETRC=\(workshop.file(".netrc"))", "RES_OPTIONS=debug", "HOSTALIASES=\(workshop.file("aliases"))",
        "LOCALDOMAIN=example.com", "CTLOG_FILE=/nonexistent", "TZ=:/nonexistent", "no_proxy=", "NO_PROXY=",
      ] + ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map { "\($0)=\(proxy)" }
      if isSetuid {
        let copy = workshop.file("probe")
        if !Files.exists(copy) {
          try FileManager.default.copyItem(atPath: try Workshop.built("PolicyProbe"), toPath: copy)
          #expect(chmod(copy, 0o4755) == 0)
        }
        probe.program = copy
        probe.through = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
      }
      let outcome = try probe.askOnce()
      #expect(outcome.isSetuid == isSetuid)
      return outcome
    }

    let good = try ask(ca: authority.certificate, pointingAt: stranger.certificate)
    #expect(good.word == "held", "\(good.detail)")
    #expect(try ask(ca: stranger.certificate, pointingAt: authority.certificate).word == "policy-tls")
    #expect(trap.requests.isEmpty, "a proxy of the environment was asked")
    #expect(!Files.exists(workshop.file("keys")), "TLS secrets were written to a file of the environment's choice")
  }
}
