import Configuration
import Encoding
import Foundation
import HostSystem
import Testing

/// Answers made by hand, byte for byte: what no HTTP server would send, and what is sent to one.
@Suite(.serialized) struct WireTests {
  private static let body = #"{"decision":true}"#
  private static let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: {id}\r\nContent-Length: \(body.utf8.count)\r\n"
  private static let yes = head + "\r\n" + body

  private func outcome(_ script: String, _ route: Route, deadline: UInt64 = 2000) throws -> Probe.Outcome {
    let server = try RawServer([script])
    return try withExtendedLifetime(server) { try Probe([server.endpoint], deadline: deadline, route: route).askOnce() }
  }

  @Test(arguments: Route.allCases) func takesTheAnswerThatTheDamagedOnesAreMadeOf(_ route: Route) throws {
    #expect(try outcome(WireTests.yes, route).word == "held")
    #expect(try outcome(WireTests.yes.replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0"), route).word == "held")
    #expect(try outcome(WireTests.yes.replacingOccurrences(of: "X-Request-ID", with: "x-REQUEST-id"), route).word == "held")
  }

  /// The connection is closed after each byte of a proper yes, with and without an announced length.
  @Test(arguments: Route.allCases) func aYesThatIsCutOffAtAnyByteIsNone(_ route: Route) throws {
    for yes in [WireTests.yes, WireTests.yes.replacingOccurrences(of: "Content-Length: \(WireTests.body.utf8.count)\r\n", with: "")] {
      // The id's place is left out, so that every prefix is what it would be on the wire.
      let bytes = Array(yes.replacingOccurrences(of: "X-Request-ID: {id}\r\n", with: "").utf8)
      let scripts = (0..<bytes.count).map { String(decoding: bytes[..<$0], as: UTF8.self) }
      let server = try RawServer(scripts)
      let outcomes = try withExtendedLifetime(server) { try Probe([server.endpoint], route: route).ask(times: scripts.count) }
      let admitted = outcomes.filter { $0.word == "held" }.count
      print("policy, \(route.testDescription): cut off at \(outcomes.count) places, admitted \(admitted)")
      #expect(admitted == 0)
      for outcome in outcomes { #expect(["policy-broken", "policy-malformed"].contains(outcome.word), "\(outcome.word): \(outcome.detail)") }
    }
  }

  static let damages: [Damage] = [
    Damage("a folded header", "X-Request-ID: {id}\r\n", "X-Request-ID: {id}\r\n more\r\n", "policy-broken"),
    Damage("two equal ids", "X-Request-ID: {id}\r\n", "X-Request-ID: {id}\r\nX-Request-ID: {id}\r\n", "policy-foreign-answer"),
    Damage("two ids in one header", "X-Request-ID: {id}\r\n", "X-Request-ID: {id}, {id}\r\n", "policy-foreign-answer"),
    Damage("a longer id", "X-Request-ID: {id}\r\n", "X-Request-ID: {id}0\r\n", "policy-foreign-answer"),
    Damage("an empty id", "X-Request-ID: {id}\r\n", "X-Request-ID:\r\n", "policy-foreign-answer"),
    Damage("an id and much more", "X-Request-ID: {id}\r\n", "X-Request-ID: {id}\(String(repeating: " ", count: 300))x\r\n", "policy-foreign-answer"),
    Damage("two content types", "Content-Type: application/json\r\n", "Content-Type: text/html\r\nContent-Type: application/json\r\n", "policy-content-type"),
    Damage("a long content type", "Content-Type: application/json\r\n", "Content-Type: \(String(repeating: "x", count: 5000))\r\n", "policy-content-type"),
    Damage("HTTP/0.9", "HTTP/1.1 200 OK\r\n", "", "policy-broken"),
    Damage("a status that is none", "200 OK", "2OO OK", "policy-broken"),
    Damage("HTTP/3 in clear text", "HTTP/1.1 200", "HTTP/3.1 200", "policy-broken"),
    Damage("less than it announces", "Content-Length: 17", "Content-Length: 18", "policy-broken"),
    Damage("a negative length", "Content-Length: 17", "Content-Length: -17", "policy-broken"),
    Damage("a length beyond counting", "Content-Length: 17", "Content-Length: 99999999999999999999", "held"),  // taken as unknown: up to the end, which came
    Damage("a length beyond the cap, and nothing", "Content-Length: 17", "Content-Length: 1073741824", "policy-broken"),
    Damage("chunks that are none", "Content-Length: 17", "Transfer-Encoding: chunked", "policy-broken"),
    Damage("an encoding", "Content-Length: 17", "Content-Encoding: gzip", "held"),  // said, not done: what counts is that the bytes are JSON
  ]

  @Test(arguments: damages, Route.allCases) func damagedHeads(_ damage: Damage, _ route: Route) throws {
    let script = WireTests.yes.replacingOccurrences(of: damage.part, with: damage.other)
    #expect(script != WireTests.yes)
    let outcome = try outcome(script, route)
    #expect(outcome.word == damage.word, "\(damage.name): \(outcome.detail)")
    #expect(outcome.milliseconds < 3000)
  }

  @Test(arguments: Route.allCases) func anInterimAnswersHeadersAreNotTheAnswers(_ route: Route) throws {
    let interim = "HTTP/1.1 103 Early Hints\r\nX-Request-ID: {id}\r\nContent-Type: application/json\r\n\r\n"
    #expect(try outcome(interim + WireTests.yes, route).word == "held")
    #expect(try outcome(interim + WireTests.yes.replacingOccurrences(of: "{id}", with: "0"), route).word == "policy-foreign-answer")
    #expect(try outcome(interim + WireTests.yes.replacingOccurrences(of: "application/json", with: "text/html"), route).word == "policy-content-type")
  }

  @Test(arguments: Route.allCases) func anIDInATrailerCounts(_ route: Route) throws {
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n\(WireTests.body)\r\n0\r\n"
    #expect(try outcome(chunked + "\r\n", route).word == "held")
    #expect(try outcome(chunked + "X-Request-ID: {id}\r\n\r\n", route).word == "held")
    #expect(try outcome(chunked + "X-Request-ID: 0\r\n\r\n", route).word == "policy-foreign-answer")
  }

  @Test(arguments: Route.allCases) func aRedirectIsNotFollowed(_ route: Route) throws {
    let elsewhere = try RawServer([WireTests.yes])
    for status in [301, 302, 303, 307, 308] {
      let outcome = try outcome("HTTP/1.1 \(status) X\r\nLocation: http://127.0.0.1:\(elsewhere.port)/\r\nContent-Length: 0\r\n\r\n", route)
      #expect(outcome.word == "policy-status")
    }
    #expect(elsewhere.requests.isEmpty)
  }

  @Test(arguments: Route.allCases) func sendsJustWhatItShould(_ route: Route) throws {
    let workshop = try Workshop()
    let server = try RawServer([WireTests.yes])
    var probe = try Probe([server.endpoint], route: route)
    probe.rules.tokenFile = try workshop.write("token", "s3cret-token.~+/==\n")
    let outcome = try probe.askOnce()
    #expect(outcome.word == "held")
    let request = try #require(server.requests.first)
    let lines = request.components(separatedBy: "\r\n")
    #expect(lines[0] == "POST /x HTTP/1.1")
    func header(_ name: String) -> String? { RawServer.header(name, of: request) }
    #expect(header("Host") == "127.0.0.1:\(server.port)")
    #expect(header("Content-Type") == "application/json")
    #expect(header("Accept") == "application/json")
    #expect(header("Authorization") == "Bearer s3cret-token.~+/==")
    #expect(header("X-Request-ID") == outcome.requestID)
    #expect(header("User-Agent")?.hasPrefix("sojourn/") == true)
    for none in ["Expect", "Accept-Encoding", "Cookie", "Proxy-Authorization", "Upgrade", "Connection", "TE", "Transfer-Encoding"] { #expect(header(none) == nil) }
    let body = try #require(request.components(separatedBy: "\r\n\r\n").last)
    #expect(header("Content-Length") == "\(body.utf8.count)")
    #expect(try JSONValue.parse(body.bytes)["subject"]?["id"]?.string == "alice")
  }

  @Test(arguments: Route.allCases) func readsARotatedTokenAnew(_ route: Route) throws {
    let workshop = try Workshop()
    let server = try RawServer([WireTests.yes])
    var probe = try Probe([server.endpoint], route: route)
    for token in ["one", "two"] {
      probe.rules.tokenFile = try workshop.write("token", token)
      #expect(try probe.askOnce().word == "held")
    }
    #expect(server.requests.map { RawServer.header("Authorization", of: $0) } == ["Bearer one", "Bearer two"])
  }

  @Test(arguments: Route.allCases) func refusesATokenFileThatIsNotRootsAlone(_ route: Route) throws {
    let workshop = try Workshop()
    let server = try RawServer([WireTests.yes])
    var probe = try Probe([server.endpoint], route: route)
    func word(_ path: String) throws -> String {
      probe.rules.tokenFile = path
      let outcome = try probe.askOnce()
      #expect(!outcome.detail.contains("s3cret"), "a secret in a message")
      return outcome.word
    }
    #expect(try word(try workshop.write("good", "s3cret")) == "held")
    for mode: UInt32 in [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o666] { #expect(try word(try workshop.write("bad", "s3cret", mode: mode)) == "policy-token") }
    for text in ["", "\n", "s3cret\nmore\n", "s3cret\r\n", "s3cret x", "s3cret\u{0}", "=s3cret", "s3=cret", "sécret", "s3cret\n\n", String(repeating: "x", count: 20000)] {
      #expect(try word(try workshop.write("bad", text)) == "policy-token")
    }
    let others = try workshop.write("others", "s3cret")
    #expect(chown(others, 65534, 65534) == 0)
    #expect(try word(others) == "policy-token")
    try Files.link(workshop.file("link"), to: workshop.file("good"))
    #expect(try word(workshop.file("link")) == "policy-token")
    #expect(try word(workshop.path) == "policy-token")
    #expect(try word(workshop.file("missing")) == "policy-token")
    #expect(server.requests.count == 1, "nobody is asked without the token")
  }
}

/// A part of the proper yes, what stands in its place, and what must come of it.
struct Damage: Sendable, CustomTestStringConvertible {
  let name: String
  let part: String
  let other: String
  let word: String
  var testDescription: String { name }

  init(_ name: String, _ part: String, _ other: String, _ word: String) {
    self.name = name
    self.part = part
    self.other = other
    self.word = word
  }
}
