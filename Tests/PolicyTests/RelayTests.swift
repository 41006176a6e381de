import Configuration
import DaemonProtocol
import Encoding
import Foundation
import HostSystem
import Testing

/// The relay, as a process of its own, with real endpoints behind it.
@Suite(.serialized) struct RelayTests {
  private static let name = "policy.test"

  /// TCP connections that the endpoint was asked over.
  func connections(_ endpoint: EndpointProcess) throws -> Set<Int64> {
    Set(try endpoint.questions().compactMap { $0["client"]?["port"]?.integer })
  }

  func all(_ outcomes: [Probe.Outcome], are word: String, _ house: RelayHouse) {
    for outcome in outcomes { #expect(outcome.word == word, "\(outcome.detail)\n\(house.log)") }
  }

  // MARK: connections

  @Test func asksManyQuestionsOverOneConnection() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain])
    let house = try probe.moveIn()
    all(try probe.ask(times: 20), are: "held", house)
    all(try probe.ask(times: 5), are: "held", house)
    #expect(try endpoint.questions().count == 25)
    #expect(try connections(endpoint).count == 1)
  }

  @Test func keepsItsConnectionWithTheHostsCertificate() throws {
    let authority = try Authority()
    let endpoint = try EndpointProcess(try authority.issue("good", names: "DNS:\(RelayTests.name)"), clients: authority)
    let host = try authority.issue("host", names: "DNS:db1")
    var probe = try named(endpoint.endpoint(scheme: "https", host: RelayTests.name), endpoint.port, authority)
    (probe.rules.clientCertificate, probe.rules.clientKey) = (host.certificate, host.key)
    let house = try probe.moveIn()
    all(try probe.ask(times: 10), are: "held", house)
    #expect(try connections(endpoint).count == 1)
    #expect(try endpoint.questions().allSatisfy { $0["client"]?["certificate"]?.string == "commonName=host" })
    try noSecret(house, [try String(contentsOfFile: host.key, encoding: .utf8)])
  }

  @Test func asksManyAtOnceOverOneHTTP2Connection() throws {
    let authority = try Authority()
    let endpoint = try EndpointProcess()
    let host = try authority.issue("host", names: "DNS:db1")
    let door = try FrontDoor(before: endpoint, try authority.issue("good", names: "DNS:\(RelayTests.name)"), clients: authority)
    var probe = try named(door.endpoint(host: RelayTests.name), door.port, authority)
    (probe.rules.clientCertificate, probe.rules.clientKey) = (host.certificate, host.key)
    let house = try probe.moveIn()
    all(try probe.ask(times: 3), are: "held", house)
    let replies = try askAtOnce(50, house)
    #expect(replies.count { $0 == 200 } == 50, "\(house.log)")
    let requests = try door.requests()
    #expect(requests.count == 53)
    #expect(requests.allSatisfy { $0[1] == "h2" && $0[2] == "200" })
    #expect(Set(requests.map { $0[0] }).count == 1, "one connection")
  }

  @Test func speaksToAUnixSocketBothWays() throws {
    let endpoint = try EndpointProcess()
    let door = try FrontDoor(before: endpoint)
    for (url, word) in [("unix:\(door.socket)", "held"), ("unix:\(door.socket):/access/v1/evaluation", "held"), ("unix:\(door.socket):/nowhere", "policy-status")] {
      for route in Route.allCases {
        let outcome = try Probe([PolicyEndpoint(url: url, host: "localhost", port: 80, isLiteral: true, socket: door.socket)], route: route).askOnce()
        #expect(outcome.word == word, "\(route.testDescription): \(outcome.detail)")
        #expect(outcome.endpoint == url)
      }
    }
    for (url, socket) in [("unix:/run/other.sock", door.socket), ("https://127.0.0.1/", door.socket), ("unix:\(door.socket)x", door.socket)] {
      for route in Route.allCases {
        let outcome = try Probe([PolicyEndpoint(url: url, host: "127.0.0.1", port: 443, isLiteral: true, socket: socket)], route: route).askOnce()
        #expect(outcome.word == "policy-misconfigured", "\(url): \(outcome.detail)")
      }
    }
    let missing = try Probe([PolicyEndpoint(url: "unix:/nonexistent/x", host: "localhost", port: 80, isLiteral: true, socket: "/nonexistent/x")], route: .relay)
    #expect(try missing.askOnce().word == "policy-unreachable")
  }

  /// Between two logins the endpoint has closed the connection that the relay kept.
  @Test func asksAnewWhenItsConnectionWasClosed() throws {
    let body = #"{"decision":true}"#
    let server = try RawServer(["HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-ID: {id}\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"])
    try withExtendedLifetime(server) {
      var probe = try Probe([server.endpoint])
      let house = try probe.moveIn()
      all(try probe.ask(times: 10), are: "held", house)
      #expect(server.requests.count == 10, "each was heard once")
    }
  }

  /// What an endpoint still has to say to one question is no answer to the next (T8).
  @Test func takesNoLateAnswerForAnothersQuestion() throws {
    let yes = #"{"decision":true}"#
    let no = #"{"decision":false}"#
    func answer(_ body: String, _ id: String) -> String { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(id)Content-Length: \(body.utf8.count)\r\n\r\n\(body)" }
    for id in ["", "X-Request-ID: {id}\r\n"] {
      let server = try LateServer(first: answer(no, id), late: answer(yes, id))
      try withExtendedLifetime(server) {
        var probe = try Probe([server.endpoint])
        let house = try probe.moveIn()
        for _ in 0..<5 {
          all(try probe.ask(), are: "denied", house)
          Pause.milliseconds(150)
        }
      }
    }
  }

  // MARK: endpoints

  @Test func asksADeadEndpointLastForAWhile() throws {
    let (first, second) = (try EndpointProcess(), try EndpointProcess())
    var probe = try Probe([first.plain, second.plain], deadline: 2000)
    let house = try probe.moveIn()
    try first.misbehave("silent")
    all(try probe.ask(times: 4), are: "held", house)
    #expect(try first.questions().count == 1, "it was asked once, and then the other first")
    #expect(try second.questions().count == 4)
    #expect(house.log.contains("did not answer") && house.log.contains("are asked first for 5 s"), "\(house.log)")
    // Never left out: when the other one does not answer either, it is asked.
    try first.misbehave("none")
    try second.misbehave("close")
    let outcome = try probe.askOnce()
    #expect(outcome.word == "held" && outcome.endpoint == first.plain.url, "\(outcome.detail)")
    #expect(house.log.contains("answers again"), "\(house.log)")
  }

  @Test func asksTheOnlyEndpointHoweverOftenItFails() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain])
    let house = try probe.moveIn()
    try endpoint.misbehave("close")
    all(try probe.ask(times: 3), are: "policy-broken", house)
    try endpoint.misbehave("none")
    all(try probe.ask(), are: "held", house)
  }

  @Test func readsARotatedTokenForTheNextQuestion() throws {
    let workshop = try Workshop()
    let endpoint = try RawServer(["HTTP/1.1 200 OK\r\nX-Request-ID: {id}\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"decision\":true}"])
    try withExtendedLifetime(endpoint) {
      var probe = try Probe([endpoint.endpoint])
      probe.rules.tokenFile = try workshop.write("token", "first-s3cret\n")
      let house = try probe.moveIn()
      all(try probe.ask(), are: "held", house)
      try workshop.write("token", "second-s3cret\n")
      all(try probe.ask(), are: "held", house)
      try workshop.write("token", "third-s3cret\n", mode: 0o644)
      all(try probe.ask(), are: "policy-token", house)
      #expect(endpoint.requests.map { RawServer.header("Authorization", of: $0) } == ["Bearer first-s3cret", "Bearer second-s3cret"])
      try noSecret(house, ["s3cret"])
    }
  }

  // MARK: many

  @Test func answersTwoHundredAtOnce() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain], deadline: 20_000)
    let house = try probe.moveIn()
    let replies = try askAtOnce(200, house)
    #expect(replies.count { $0 == 200 } == 200, "\(house.log)")
    all(try probe.ask(), are: "held", house)
  }

  /// As at a reload: it takes nobody more, ends what it has under way, and goes.
  @Test func finishesWhatIsUnderWayBeforeItGoes() throws {
    let endpoint = try EndpointProcess()
    try endpoint.misbehave("slow", [.init("seconds", .integer(1))])
    var probe = try Probe([endpoint.plain])
    let house = try probe.moveIn()
    let question = try begin(house, milliseconds: 5000)
    for _ in 0..<500 where try endpoint.questions().isEmpty { Pause.milliseconds(10) }
    #expect(kill(house.pid, SIGTERM) == 0)
    guard case .answered(let answer, _) = try RelayReply(packet: try question.receive(cap: RelayReply.cap)) else { throw Broken("no answer: \(house.log)") }
    #expect(answer.status == 200)
    #expect(house.finish() == 0)
  }

  // MARK: help

  func named(_ endpoint: PolicyEndpoint, _ port: UInt16, _ authority: Authority) throws -> Probe {
    var probe = try Probe([endpoint])
    probe.rules.caFile = authority.certificate
    probe.addresses = EndpointAddresses([.init(host: RelayTests.name, port: port, addresses: ["127.0.0.1"])])
    return probe
  }

  static let question = #"{"subject":{"type":"user","id":"alice"},"action":{"name":"login"},"resource":{"type":"host","id":"db1"}}"#

  func begin(_ house: RelayHouse, milliseconds: Int64) throws -> SeqpacketSocket {
    let request = RelayRequest.evaluate(RelayedQuestion(requestID: try Random.hex(16), milliseconds: milliseconds, body: RelayTests.question.bytes))
    let socket = try SeqpacketSocket.connect(toRootAt: house.socket, milliseconds: 20_000)
    try socket.send(request.packet ?? [])
    return socket
  }

  /// nil: the connection ended.
  func received(_ socket: borrowing SeqpacketSocket) -> [UInt8]? { try? socket.receive(cap: RelayReply.cap) }

  /// The statuses of that many questions, all asked before the first answer is taken.
  func askAtOnce(_ count: Int, _ house: RelayHouse) throws -> [Int] {
    var sockets: [Int32] = []
    for _ in 0..<count {
      let socket = try begin(house, milliseconds: 20_000)
      sockets.append(dup(socket.descriptor.raw))
    }
    return try sockets.map { number in
      let socket = SeqpacketSocket(FileDescriptor(owning: number))
      guard case .answered(let answer, _) = try RelayReply(packet: try socket.receive(cap: RelayReply.cap)) else { return -1 }
      return answer.status
    }
  }

  /// No secret is in what the relay said; each text is looked for line by line.
  func noSecret(_ house: RelayHouse, _ texts: [String]) throws {
    for line in texts.flatMap({ $0.split(separator: "\n") }) where !line.hasPrefix("-----") { #expect(!house.log.contains(line), "a secret in the log") }
  }
}
