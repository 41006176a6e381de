import Testing

import DaemonProtocol
import Encoding
import HostSystem

@Suite struct MessageTests {
  static let hostile = "a\"\\\n\u{1b}\u{202e}ä\u{1F600}"
  static let login = LoginFacts(service: "sshd", tty: hostile, remote: "2001:db8::1")
  static let credential = CredentialFacts(kind: "ssh-cert", keyID: hostile, serial: "18446744073709551615", keyFingerprint: "SHA256:k", caFingerprint: "SHA256:c",
    principals: ["alice", "", hostile], notBefore: 0, notAfter: UInt64(Int64.max))
  static let decision = DecisionFacts(requestID: "r", endpoint: "https://policy.example.com/", reason: hostile, milliseconds: 7, subject: hostile)

  static let subject = SubjectFacts(type: "workload", attributes: [SubjectAttribute(name: hostile, values: [hostile, ""])],
    extensions: [CertificateExtension(name: hostile, value: "")], approval: .object([.init("id", .string(hostile))]), key: [0, 255], authority: [])

  static let requests: [Request] = [
    .open(OpenRequest(name: "alice", uid: 4_294_967_295, isLocal: false, login: login, credential: credential, decision: decision, groups: ["dbops", "deploy"], shell: "/bin/bash", seconds: 3600, reevaluateSeconds: 60, until: 7, subject: subject)),
    .open(OpenRequest(name: hostile, uid: 0, isLocal: true, login: login, credential: credential, decision: decision, groups: [], shell: "", seconds: 0)),
    .closed(session: "1700000000-0badcafe"),
    .refused(RefusedLogin(name: hostile, isLocal: false, login: login, credential: credential, decision: decision, token: "t", detail: hostile)),
    .refused(RefusedLogin(name: "x", isLocal: true, login: login, credential: nil, decision: nil, token: "t", detail: "")),
    .sessions(after: ""), .sessions(after: "1700000000-0badcafe"), .end(target: "alice", reason: hostile), .endSubject(hostile), .status, .reload,
  ]

  static let replies: [Reply] = [
    .opened(Opened(session: "1700000000-0badcafe", expires: 1_700_003_600, notes: [hostile, ""])), .done,
    .sessions([SessionSummary(session: "1-2", name: "alice", uid: 70_001, isLocal: false, state: "active", pid: .max, login: login, keyID: hostile, isBreakGlass: true, groups: ["a"], opened: 1, expires: 2)], more: true),
    .sessions([], more: false), .failed(hostile),
    .status(DaemonStatus(softwareVersion: "0.1.0", pid: 1, started: 2, candidatesWithheld: nil, configurationProblem: nil, isRelayed: false, relayProblem: nil, leases: 0, sessions: 0, quarantined: [])),
    .status(DaemonStatus(softwareVersion: "0.1.0", pid: 1, started: 2, candidatesWithheld: [hostile], configurationProblem: hostile, isRelayed: true, relayProblem: hostile, revocationProblem: hostile, leases: 3, sessions: 4, breakGlassSessions: 2, quarantined: ["alice"])),
  ] + OpenRefusal.allCases.map { .refused($0, detail: hostile) }

  @Test func everyMessageIsReadAsItWasWritten() throws {
    for request in Self.requests {
      let packet = try #require(request.packet)
      #expect(packet.count <= Request.cap)
      #expect(try Request(packet: packet).packet == packet)
    }
    for reply in Self.replies {
      let packet = try #require(reply.packet)
      #expect(try Reply(packet: packet).packet == packet)
    }
    guard case .open(let read) = try Request(packet: try #require(Self.requests[0].packet)) else { return #expect(Bool(false)) }
    #expect(read.uid == .max && read.credential.keyID.isExactly(Self.hostile) && read.credential.notAfter == UInt64(Int64.max) && read.groups == ["dbops", "deploy"] && read.seconds == 3600 && read.reevaluateSeconds == 60)
    #expect(read.credential.serial == "18446744073709551615")
    #expect(OpenRefusal(token: "") == nil && OpenRefusal(token: "Draining") == nil)
  }

  /// A NUL would end the text in every C string that it came to.
  @Test func aTextWithANULIsNoMessage() throws {
    let packet = try #require(Request.end(target: "ali\u{0}ce", reason: "").packet)
    #expect(throws: MemberError.self) { try Request(packet: packet) }
  }

  /// Every byte changed, every length cut: an error or a message, never a trap.
  @Test func aDamagedMessageIsAnErrorOrAMessage() throws {
    var tried = 0, refused = 0
    for packet in try Self.requests.map({ try #require($0.packet) }) {
      for index in packet.indices {
        for value in [packet[index] ^ 1, packet[index] ^ 0x10, packet[index] ^ 0x80, 0, 0x22, 0x39, 0xff] {
          var bytes = packet
          bytes[index] = value
          tried += 1
          do throws(MemberError) { _ = try Request(packet: bytes).packet } catch {
            refused += 1
            #expect(!error.sentence.isEmpty)
          }
        }
        #expect(throws: MemberError.self) { try Request(packet: Array(packet.prefix(index))) }
      }
    }
    for packet in try Self.replies.map({ try #require($0.packet) }) {
      for index in packet.indices {
        for value in [packet[index] ^ 1, packet[index] ^ 0x80, 0x22, 0xff] {
          var bytes = packet
          bytes[index] = value
          tried += 1
          do throws(MemberError) { _ = try Reply(packet: bytes).packet } catch { refused += 1 }
        }
        #expect(throws: MemberError.self) { try Reply(packet: Array(packet.prefix(index))) }
      }
    }
    #expect(refused > tried / 3)
  }

  @Test func membersThatAreNotKnownAreIgnored() throws {
    let packet = Array(#"{"version":1,"later":{"x":[1,2]},"request":"end","target":"alice","reason":"r","more":null}"#.utf8)
    guard case .end(let target, let reason) = try Request(packet: packet) else { return #expect(Bool(false)) }
    #expect(target == "alice" && reason == "r")
  }

  @Test func anotherVersionOrKindIsSaidToBeThat() throws {
    for (text, part) in [
      (#"{"version":2,"request":"status"}"#, "version"), (#"{"version":"1","request":"status"}"#, "version"), (#"{"request":"status"}"#, "version"),
      (#"{"version":1,"request":"explode"}"#, "request: unknown"), (#"{"version":1}"#, "request: missing"), ("[]", "version"), ("", "not JSON"), ("{}{}", "not JSON"),
      (#"{"version":1,"request":"open","name":"a","uid":-1}"#, "uid"), (#"{"version":1,"request":"open","name":"a","uid":4294967296}"#, "uid"),
      (#"{"version":1,"request":"open","name":"a","uid":1.5}"#, "uid"), (#"{"version":1,"request":"closed","session":null}"#, "session"),
      (#"{"version":1,"version":1,"request":"status"}"#, "not JSON"),
    ] {
      do throws(MemberError) {
        _ = try Request(packet: Array(text.utf8))
        #expect(Bool(false), "\(text)")
      } catch { #expect(error.sentence.contains(part), "\(text): \(error.sentence)") }
    }
  }

  @Test func depthAndSizeAreBounded() throws {
    for text in [String(repeating: "[", count: 60_000), #"{"version":1,"request":"# + String(repeating: "[", count: 30_000) + String(repeating: "]", count: 30_000) + "}", "\"" + String(repeating: "x", count: 70_000)] {
      #expect(throws: MemberError.self) { try Request(packet: Array(text.utf8)) }
    }
  }

  /// A login whose facts do not fit one message is a question that cannot be asked, not one that is cut.
  @Test func aQuestionThatIsTooLargeIsNotSent() {
    var open = OpenRequest(name: "alice", uid: 70_001, isLocal: false, login: Self.login, credential: Self.credential, decision: Self.decision, groups: [], shell: "/bin/sh", seconds: 1)
    open.credential.principals = [String](repeating: String(repeating: "p", count: 1000), count: 70)
    do throws(DaemonSilence) {
      _ = try DaemonClient.ask(.open(open), milliseconds: 100)
      #expect(Bool(false))
    } catch {
      guard case .garbled = error else { return #expect(Bool(false), "\(error)") }
    }
  }
}
