@testable import Approvals
import DaemonProtocol
import Encoding
import Foundation
import Policy
import Testing

/// What is remembered of requests: root's files, bounded, and believed only whole.
@Suite struct TaskStoreTests {
  @Test func filesAreRootsAndSecretsStayInThem() throws {
    let service = TaskTests.asked()
    let file = try #require(service.files.first)
    #expect(try file.wholeMatch(of: Regex("[0-9a-f]{64}\\.json")) != nil && service.files.count == 1)
    #expect(service.remembered.contains("arq_1") && !service.remembered.contains("cancel") && !service.remembered.contains("review"), "what nobody needs is not kept")
    for (path, mode) in [(service.folder, 0o700), (service.folder + "/" + file, 0o600)] {
      #expect(try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) == mode)
    }
  }

  @Test func aFileThatCannotBeBelievedIsNone() throws {
    for damage in ["", "{}", #"{"version":2}"#, "garbage"] {
      let service = TaskTests.asked()
      let path = service.folder + "/" + (try #require(service.files.first))
      try damage.write(toFile: path, atomically: false, encoding: .utf8)
      #expect(service.ask(.find).word == "nothing")
    }
    // Others could have written it.
    let service = TaskTests.approvedService()
    let path = service.folder + "/" + (try #require(service.files.first))
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    #expect(service.ask(.find).word == "nothing")
  }

  @Test func everyDamagedByteIsRefusedOrHarmless() throws {
    let whole = TaskTests.approvedService()
    let path = whole.folder + "/" + (try #require(whole.files.first))
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    for at in bytes.indices {
      try Data(bytes[..<at]).write(to: URL(fileURLWithPath: path))
      #expect(whole.ask(.find).word == "nothing")
    }
  }

  @Test func refusesMoreThanItsNumberAndMakesRoomOfWhatIsOver() throws {
    let service = Service()
    service.answers = [Service.task()]
    _ = service.ask(.submit)
    let first = service.folder + "/" + (try #require(service.files.first))
    for index in 1..<TaskStore.most {
      try FileManager.default.copyItem(atPath: first, toPath: service.folder + "/" + String(format: "%064x", index) + ".json")
    }
    let full = service.ask(.submit, Service.evaluation(host: "db2"))
    #expect(full.word == "approval-failed" && full.detail.contains("1024") && service.heard.count == 1)
    service.pass(milliseconds: 86_401_000)
    #expect(service.ask(.submit, Service.evaluation(host: "db2"), terms: Service.terms(expires: "2026-11-23T07:40:00Z")).word == "approval-pending")
    #expect(service.files.count == 1)
  }
}
