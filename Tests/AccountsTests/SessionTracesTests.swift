import Foundation
import Testing

import Audit
import Encoding
import HostSystem

/// Who had a uid, from lines as they come.
@Suite struct SessionTracesTests {
  static func time(_ second: UInt64) -> String { Timestamp.text(1_700_000_000 + second) }

  static func grant(_ id: String, _ second: UInt64, uid: Int = 70_001, name: String = "alice", isLocal: Bool = false) -> String {
    #"{"time":"\#(time(second))","event":"grant","session":"\#(id)","name":"\#(name)","uid":\#(uid),"local":\#(isLocal),"login":{"service":"sshd","tty":"ssh","remote":"192.0.2.1"},"credential":{"key_id":"k","serial":"7","key_fp":"SHA256:k","ca_fp":"SHA256:c"},"decision":{"request_id":"r","endpoint":"e"},"groups":["dbops"],"expires":"\#(time(second + 3600))"}"#
  }
  static func end(_ id: String, _ from: UInt64, _ second: UInt64, reason: String = "closed") -> String {
    grant(id, second).replacingOccurrences(of: #""event":"grant""#, with: #""event":"session-end","reason":"\#(reason)","since":"\#(time(from))","until":"\#(time(second))""#)
  }
  static func leaseEnd(_ second: UInt64, _ ids: [String] = []) -> String {
    #"{"time":"\#(time(second))","event":"lease-end","name":"alice","uid":70001,"sessions":[\#(ids.map { #"{"session":"\#($0)"}"# }.joined(separator: ","))]}"#
  }

  static func traces(_ lines: [String], of whose: SessionTraces.Whose = .uid(70_001)) -> (told: [SessionTrace], damaged: UInt64) {
    var traces = SessionTraces(whose)
    var told: [SessionTrace] = []
    for line in lines { traces.take(Array(line.utf8)) { told.append($0) } }
    traces.finish { told.append($0) }
    return (told, traces.damaged)
  }

  @Test func aSessionIsToldWithWhoFromWhenToWhenFromWhereAndByWhom() throws {
    let (told, damaged) = Self.traces([Self.grant("1-a", 0), Self.end("1-a", 0, 60), Self.leaseEnd(61, ["1-a"])])
    let session = try #require(told.first)
    #expect(told.count == 1 && damaged == 0)
    #expect(session.name == "alice" && session.keyID == "k" && session.serial == "7" && session.caFingerprint == "SHA256:c" && session.remote == "192.0.2.1" && session.service == "sshd")
    #expect(session.requestID == "r" && session.endpoint == "e" && session.groups == ["dbops"] && session.since == 1_700_000_000)
    #expect(session.end == .at(1_700_000_060, reason: "closed"))
    #expect(!session.mayHaveLived(at: 1_699_999_999) && session.mayHaveLived(at: 1_700_000_000) && session.mayHaveLived(at: 1_700_000_060) && !session.mayHaveLived(at: 1_700_000_061))
  }

  @Test func anEndIsEnoughWhenTheGrantIsNotKeptAnyMore() throws {
    let session = try #require(Self.traces([Self.end("1-a", 5, 60)]).told.first)
    #expect(session.since == 1_700_000_005 && session.keyID == "k" && session.end == .at(1_700_000_060, reason: "closed"))
  }

  @Test func withoutALineOfItsEndItIsNotMadeUp() throws {
    let unknown = try #require(Self.traces([Self.grant("1-a", 0)]).told.first)
    #expect(unknown.end == .unknown && unknown.mayHaveLived(at: 1_700_003_600) && !unknown.mayHaveLived(at: 1_700_003_601))
    let lost = try #require(Self.traces([Self.grant("1-a", 0), Self.leaseEnd(50)]).told.first)
    #expect(lost.end == .before(1_700_000_050))
  }

  /// The end of a lease waited in the spool while its name was opened anew.
  @Test func anEndThatComesLateEndsNothingThatCameAfterIt() {
    let told = Self.traces([Self.grant("1-a", 0), Self.grant("1-b", 70), Self.end("1-a", 0, 60), Self.leaseEnd(61, ["1-a"])]).told
    #expect(told.map(\.id) == ["1-a", "1-b"] && told[1].end == .unknown)
  }

  @Test func anEndThatIsSaidTwiceIsOne() {
    #expect(Self.traces([Self.grant("1-a", 0), Self.end("1-a", 0, 60), Self.end("1-a", 0, 61, reason: "daemon-was-away")]).told.count == 1)
  }

  @Test func refusesToTakeAKeyIDForAnotherUID() {
    let planted = Self.grant("1-x", 0, uid: 70_002, name: "mallory").replacingOccurrences(of: #""key_id":"k""#, with: #""key_id":"\"uid\":70001,\"name\":\"alice\"""#)
      .replacingOccurrences(of: #""groups":["dbops"]"#, with: #""groups":["dbops"],"nested":{"uid":70001,"name":"alice"}"#)
    #expect(Self.traces([planted, Self.grant("1-y", 0, uid: 700_011)]).told.isEmpty)
    #expect(Self.traces([planted], of: .name("alice")).told.isEmpty)
  }

  @Test func localAccountsAreFoundByNameAndDoNotEndWithALease() {
    let told = Self.traces([Self.grant("1-r", 0, uid: 0, name: "root", isLocal: true), Self.grant("1-a", 0)], of: .name("root")).told
    #expect(told.map(\.id) == ["1-r"] && told[0].isLocal)
  }

  @Test func whatIsNoEventIsCounted() {
    let (told, damaged) = Self.traces([#"{"uid":70001,}"#, #"{"uid":70001}"#, #"{"time":"2026-01-01T00:00:00Z","event":"grant","uid":70001}"#, #"{"time":"x","event":"grant","uid":70001}"#, Self.grant("1-a", 0)])
    #expect(told.count == 1 && damaged == 4)
  }

  @Test func sessionsThatNeverEndDoNotFillTheMemory() {
    var traces = SessionTraces(.uid(70_001))
    var told = 0
    for number in 0..<10_500 { traces.take(Array(Self.grant("1-\(number)", UInt64(number)).utf8)) { _ in told += 1 } }
    #expect(told == 500)
    traces.finish { _ in told += 1 }
    #expect(told == 10_500)
  }
}
