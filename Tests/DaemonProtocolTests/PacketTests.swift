import DaemonProtocol
import Encoding
import Testing

@Suite struct PacketTests {
  static let login = LoginFacts(service: "sshd", tty: "ssh", remote: "192.0.2.7")
  static let credential = CredentialFacts(kind: "ssh-cert", keyID: "alice@example.com", serial: "18446744073709551615", keyFingerprint: "SHA256:a",
    caFingerprint: "SHA256:b", principals: ["alice", "al,ice"], notBefore: 1, notAfter: 2)
  static let decision = DecisionFacts(requestID: "ab", endpoint: "https://policy.example.com", reason: "line\nbreak \u{1b}[31m", milliseconds: 3, microseconds: 3141)
  static let requests: [Request] = [
    .open(OpenRequest(name: "alice", uid: 70_000, isLocal: false, login: login, credential: credential, decision: decision, groups: ["dbops"],
      shell: "/bin/bash", seconds: 3600)),
    .closed(session: "1795248296-32e96014"),
    .refused(RefusedLogin(name: "bob", isLocal: true, login: login, credential: credential, decision: decision, token: "denied", detail: "no")),
    .refused(RefusedLogin(name: "", isLocal: false, login: login, credential: nil, decision: nil, token: "plain-key", detail: "")),
    .sessions(after: ""), .end(target: "alice", reason: "gone"), .endSubject("alice@example.com"), .status, .reload, .expect(name: "alice", uid: 70_000),
    .standing(name: "alice", uid: 70_000), .credential(name: "alice", uid: 70_000), .redeem(reference: String(repeating: "0a", count: 16), name: "alice"),
  ]
  static let summary = SessionSummary(session: "1-a", name: "alice", uid: 70_000, isLocal: false, state: "active", pid: 7, login: login,
    keyID: "alice@example.com", groups: ["dbops"], opened: 1, expires: 2)
  static let replies: [Reply] = [
    .opened(Opened(session: "1-a", expires: 2, notes: ["group x is missing"])), .done, .refused(.draining, detail: "soon"),
    .sessions([summary], more: true), .failed("why"),
    .status(DaemonStatus(softwareVersion: "0", pid: 1, started: 2, candidatesWithheld: ["why"], configurationProblem: nil, isRelayed: false, relayProblem: nil, leases: 3, sessions: 4,
      quarantined: ["alice"])),
  ]

  @Test func everyRequestSurvivesItsPacket() throws {
    for request in PacketTests.requests {
      let packet = try #require(request.packet)
      #expect(packet.count <= Request.cap)
      #expect(try Request(packet: packet).packet == packet)
    }
  }

  @Test func everyReplySurvivesItsPacket() throws {
    for reply in PacketTests.replies {
      let packet = try #require(reply.packet)
      #expect(try Reply(packet: packet).packet == packet)
    }
  }

  @Test func everyRefusalHasATokenOfItsOwn() {
    #expect(Set(OpenRefusal.allCases.map(\.token)).count == OpenRefusal.allCases.count)
    for refusal in OpenRefusal.allCases { #expect(OpenRefusal(token: refusal.token) == refusal) }
    #expect(OpenRefusal(token: "yes") == nil)
  }

  @Test func keepsA64BitSerialExactly() throws {
    guard case .open(let open) = try Request(packet: try #require(PacketTests.requests[0].packet)) else {
      Issue.record("not an opening any more")
      return
    }
    #expect(open.credential.serial == "18446744073709551615")
  }

  /// Any damage gives an error or a message, and never a trap; a damaged refusal never becomes an opening.
  @Test func survivesEveryDamagedByte() throws {
    for packet in PacketTests.requests.compactMap(\.packet) + PacketTests.replies.compactMap(\.packet) {
      for at in packet.indices {
        for value in [0, 0x22, 0x2c, 0x7b, packet[at] ^ 1, packet[at] ^ 0x80, 0xff] {
          var damaged = packet
          damaged[at] = value
          _ = try? Request(packet: damaged)
          _ = try? Reply(packet: damaged)
        }
        _ = try? Request(packet: Array(packet.prefix(at)))
      }
    }
    let refused = try #require(Reply.refused(.ceiling, detail: "no").packet)
    for at in refused.indices {
      for bit in 0..<8 {
        var damaged = refused
        damaged[at] ^= UInt8(1 << bit)
        if case .opened = try? Reply(packet: damaged) { Issue.record("byte \(at) makes an opening of a refusal") }
      }
    }
  }

  @Test func refusesAnotherVersionAndMissingMembers() throws {
    for text in [
      #"{"version":2,"request":"status"}"#, #"{"request":"status"}"#, #"{"version":1}"#, #"{"version":1,"request":"open"}"#, "[]", "null", "",
      #"{"version":1,"request":"open","request":"status"}"#, #"{"version":1,"request":"give-me-root"}"#,
      #"{"version":1,"request":"closed","session":7}"#,
    ] {
      #expect(throws: MemberError.self) { try Request(packet: Array(text.utf8)) }
    }
  }

  @Test func ignoresWhatANewerPeerSaysMore() throws {
    guard case .status = try Request(packet: Array(#"{"version":1,"request":"status","colour":"blue"}"#.utf8)) else {
      Issue.record("not the status request")
      return
    }
  }

  @Test func refusesIdsThatDoNotFit() throws {
    let packet = try #require(PacketTests.requests[0].packet)
    for uid in ["-1", "4294967296", "1.5", "\"70000\"", "null", "true"] {
      let text = String(decoding: packet, as: UTF8.self).replacing("\"uid\":70000", with: "\"uid\":\(uid)")
      #expect(throws: MemberError.self) { try Request(packet: Array(text.utf8)) }
    }
  }
}
