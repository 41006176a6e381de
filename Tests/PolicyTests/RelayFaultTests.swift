import Configuration
import DaemonProtocol
import Encoding
import Foundation
import HostSystem
import Testing

/// A relay that is not well, and askers who are not who they should be.
extension RelayTests {
  @Test func refusesWhenTheRelayDiesUnderTheQuestion() throws {
    let endpoint = try EndpointProcess()
    try endpoint.misbehave("silent")
    var probe = try Probe([endpoint.plain], deadline: 4000)
    let house = try probe.moveIn()
    let question = try begin(house, milliseconds: 4000)
    for _ in 0..<200 where try endpoint.questions().isEmpty { Pause.milliseconds(10) }
    house.kill()
    #expect(received(question) == nil)
    let outcome = try probe.askOnce()
    #expect(outcome.word == "policy-relay")
    #expect(outcome.milliseconds < 4000, "the relay was waited for no longer than for one that restarts")
    try endpoint.misbehave("none")
    probe.house = nil
    #expect(try probe.askOnce().word == "held")
  }

  @Test func refusesWithinTheDeadlineWhenTheRelayHangs() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain], deadline: 1500)
    let house = try probe.moveIn()
    all(try probe.ask(), are: "held", house)
    #expect(kill(house.pid, SIGSTOP) == 0)
    let outcome = try probe.askOnce()
    #expect(outcome.word == "policy-relay" && outcome.detail == "the relay did not answer in time", "\(outcome.detail)")
    #expect(outcome.milliseconds < 1500 + BehaviourTests.slack)
    #expect(kill(house.pid, SIGCONT) == 0)
    all(try probe.ask(), are: "held", house)
  }

  @Test func refusesWhereNobodyListens() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain], deadline: 1000)
    let house = try probe.moveIn()
    house.kill()
    let outcome = try probe.askOnce()
    #expect(outcome.word == "policy-relay")
    #expect(outcome.milliseconds < 1000 + BehaviourTests.slack)
    #expect(try endpoint.questions().isEmpty)
  }

  /// The configuration changed, and the relay has not heard of it yet.
  @Test func refusesTheYesOfAnEndpointThatIsNotConfiguredAnyMore() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain])
    let house = try probe.moveIn()
    all(try probe.ask(), are: "held", house)
    probe.rules.endpoints = [PolicyEndpoint(url: "https://192.0.2.1/access/v1/evaluation", host: "192.0.2.1", port: 443, isLiteral: true)]
    let outcome = try probe.askOnce()
    #expect(outcome.word == "policy-relay" && outcome.detail.hasPrefix("the answer is of an endpoint that is not configured any more: "), "\(outcome.detail)")
  }

  // MARK: who asks

  @Test func refusesAPeerThatIsNotRoot() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain], deadline: 1500)
    let house = try probe.moveIn()
    #expect(chmod(Files.parent(of: house.socket), 0o755) == 0 && chmod(house.socket, 0o666) == 0)
    probe.through = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    #expect(try probe.askOnce().word == "policy-relay")
    #expect(house.log.contains("not root"), "\(house.log)")
    #expect(try endpoint.questions().isEmpty)
    // And the other way: what listens there is not root's.
    let workshop = try Workshop()
    #expect(chmod(workshop.path, 0o777) == 0)
    let other = try ChildProcess.start("/usr/bin/setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", try Workshop.python(), "-c", """
      import socket, time
      s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
      s.bind("\(workshop.file("policy.sock"))")
      s.listen(5)
      time.sleep(60)
      """])
    defer {
      other.signal(.kill)
      while other.exitStatus() == nil { Pause.milliseconds(5) }
    }
    for _ in 0..<500 where !Files.exists(workshop.file("policy.sock")) { Pause.milliseconds(10) }
    Pause.milliseconds(100)
    #expect(throws: RelaySilence.self) { try RelayClient.ask([123], at: workshop.file("policy.sock"), until: Moment.now().boot / 1_000_000 + 1000) }
  }

  @Test func dropsWhoDoesNotSpeakItsLanguage() throws {
    let endpoint = try EndpointProcess()
    var probe = try Probe([endpoint.plain])
    let house = try probe.moveIn()
    var mute: [Int32] = []
    for _ in 0..<50 {
      let socket = try SeqpacketSocket.connect(toRootAt: house.socket, milliseconds: 1000)
      mute.append(dup(socket.descriptor.raw))
    }
    var answers = 0
    for text in [
      "", "x", "{}", "[]", "null", #"{"version":1}"#, #"{"version":2,"request":"evaluate"}"#, #"{"version":1,"request":"other"}"#, #"{"version":1,"request":"evaluate"}"#,
      #"{"version":1,"request":"evaluate","request_id":"","milliseconds":1000,"body":"{}"}"#, #"{"version":1,"request":"evaluate","request_id":"a b","milliseconds":1000,"body":"{}"}"#,
      #"{"version":1,"request":"evaluate","request_id":"a\r\nX: y","milliseconds":1000,"body":"{}"}"#, #"{"version":1,"request":"evaluate","request_id":"a","milliseconds":0,"body":"{}"}"#,
      #"{"version":1,"request":"evaluate","request_id":"a","milliseconds":-5,"body":"{}"}"#, #"{"version":1,"request":"evaluate","request_id":"a","milliseconds":9223372036854775807,"body":"{}"}"#,
      #"{"version":1,"request":"evaluate","request_id":"a","milliseconds":1000,"body":{}}"#, String(repeating: "[", count: 60000), String(repeating: "x", count: 140_000),
    ] {
      let socket = try SeqpacketSocket.connect(toRootAt: house.socket, milliseconds: 3000)
      if text.isEmpty { continue }
      try socket.send(text.bytes)
      guard let packet = try? socket.receive(cap: RelayReply.cap) else { continue }
      guard case .failed(let token, let detail, _) = try RelayReply(packet: packet) else { throw Broken("an answer to \(text.prefix(80))") }
      #expect(token == "policy-relay" && detail.utf8.count < 300)
      answers += 1
    }
    #expect(answers >= 14)
    // A second request on a connection, and going away in the middle.
    try endpoint.misbehave("silent")
    for isTwice in [true, false] {
      let socket = try begin(house, milliseconds: 5000)
      if isTwice {
        try socket.send("{}".bytes)
        #expect(received(socket) == nil)
      }
    }
    try endpoint.misbehave("none")
    all(try probe.ask(times: 3), are: "held", house)
    for number in mute { close(number) }
  }
}
