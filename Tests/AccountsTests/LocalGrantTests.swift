import Identity
import Testing

@testable import Accounts
import DaemonProtocol

/// What a local account's session gets of the groups that were granted, by what the other sources say of the account.
@Suite struct LocalGrantTests {
  private func grant(_ groups: [String], _ answer: String?, name: String = "carol", uid: UInt32 = 1000, held: Set<UInt32> = [], emergency: Bool = false) throws -> LocalGrant {
    let session = Sample.session()
    let request = OpenRequest(name: name, uid: uid, isLocal: true, login: session.login, credential: session.credential,
      decision: emergency ? .breakGlass(subject: "kim") : session.decision, groups: groups, shell: "/bin/bash", seconds: 60)
    return LocalGrant(request, answer.map { Array($0.utf8) }, range: try #require(UIDRange(first: 65536, last: 99999)), marker: 990, held: held)
  }

  private let account = "account 1000 100\nin 100\nin 44\n"

  @Test func grantsWhatTheAccountHasByNoOtherWay() throws {
    let answer = account + "group dbops 998\ngroup deploy 997\ngroup video 44\ngroup users 100\nno-group gone\ndone\n"
    let grant = try grant(["dbops", "deploy", "video", "users", "gone"], answer, held: [997, 5])
    #expect(grant.refusal == nil && grant.groups == [.init(name: "dbops", gid: 998)])
    for left in ["gone does not exist", "in group video anyway", "in group users anyway", "act by group deploy already"] {
      #expect(grant.notes.contains { $0.contains(left) }, "\(left): \(grant.notes)")
    }
    #expect(grant.notes.count == 4)
    let none = try self.grant([], nil)
    #expect(none.refusal == nil && none.groups.isEmpty && none.notes.isEmpty, "nobody is asked")
  }

  @Test(arguments: [0, 990, 65536, 99999]) func refusesAGidThatIsNeverGranted(_ gid: UInt32) throws {
    #expect(try grant(["dbops"], account + "group dbops \(gid)\ndone\n").refusal?.0 == .ceiling)
    let emergency = try grant(["dbops", "deploy"], account + "group dbops \(gid)\ngroup deploy 997\ndone\n", emergency: true)
    #expect(emergency.refusal == nil && emergency.groups.map(\.gid) == [997])
  }

  @Test func refusesAnAnswerThatDoesNotSayWhoseTheNameIsOrInWhichGroups() throws {
    let whole = account + "group dbops 998\ndone\n"
    #expect(try grant(["dbops"], whole).refusal == nil)
    for length in 0..<whole.utf8.count { #expect(try grant(["dbops"], String(whole.prefix(length))).refusal?.0 == .sourceFailed, "\(length)") }
    #expect(try grant(["dbops"], nil).refusal?.0 == .sourceFailed)
    for line in ["failed sss 111", "what", "in", "in x", "in 4294967296", "group dbops -1", "group x", "account 1000", "account 1001 100", "account x 100", " "] {
      #expect(try grant(["dbops"], account + line + "\ngroup dbops 998\ndone\n").refusal?.0 == .sourceFailed, "\(line)")
    }
    #expect(try grant(["dbops"], "no-account\ngroup dbops 998\ndone\n").refusal?.0 == .sourceFailed)
    #expect(try grant(["dbops"], whole, uid: 1001).refusal?.0 == .sourceFailed)
  }

  /// Who comes in to repair the host comes in: with what can be told.
  @Test func inAnEmergencyNothingOfItRefuses() throws {
    let half = try grant(["dbops"], account + "failed sss 111\ngroup dbops 998\ndone\n", emergency: true)
    #expect(half.refusal == nil && half.groups.map(\.gid) == [998] && half.notes.contains { $0.contains("sss") })
    for (answer, uid, name) in [(nil, 1000, "carol"), (account + "group dbops 998\ndone\n", 1001, "carol"), (nil, 0, "root"), (nil, 1000, "Carol.X")] as [(String?, UInt32, String)] {
      let none = try grant(["dbops"], answer, name: name, uid: uid, emergency: true)
      #expect(none.refusal == nil && none.groups.isEmpty && !none.notes.isEmpty, "\(name) \(uid)")
    }
  }

  @Test func refusesGroupsForANameThatCannotBeAFile() throws {
    for name in ["Carol", "carol.x", "../carol", "carol\n", "1carol", String(repeating: "c", count: 33)] {
      let refused = try grant(["dbops"], nil, name: name)
      #expect(refused.refusal?.0 == .ceiling && refused.refusal?.detail.contains("names of at most 32") == true, "\(name)")
      #expect(try grant([], nil, name: name).refusal == nil)
    }
    let root = try grant(["dbops"], nil, name: "root", uid: 0)
    #expect(root.refusal == nil && root.groups.isEmpty && root.notes == ["root needs no groups: dbops left out"])
  }
}
