@testable import Admission
import Credentials
import DaemonProtocol
import Testing

@Suite("A revoked certificate opens nothing")
struct RevocationTests {
  func refusal(_ answer: Result<String?, RevocationFault>) -> (events: Events, result: Int32) {
    let world = World()
    world.settle { $0.certificate.revoked = ["/etc/sojourn/revoked.krl"] }
    world.lists.answer = answer
    let result = SessionOpening.run(login(), world, Voice(world.events))
    return (world.events, result.code)
  }

  @Test func isRefusedWithoutAskingPolicyOrDaemonToOpen() {
    let (events, code) = refusal(.success("its serial number is revoked"))
    #expect(code == Code.denied && events.questions.isEmpty && events.opened.isEmpty)
    #expect(events.refused.map { $0.token } == ["certificate-revoked"])
    #expect(events.refused.first?.detail == "its serial number is revoked by /etc/sojourn/revoked.krl")
    #expect(events.errors.first?.contains("the certificate was revoked.") == true)
  }

  @Test func aListThatCannotBeUsedRefusesEverybody() {
    let (events, code) = refusal(.failure(RevocationFault("/etc/sojourn/revoked.krl: it is signed")))
    #expect(code == Code.denied && events.questions.isEmpty && events.opened.isEmpty)
    #expect(events.refused.map { $0.token } == ["revocation-lists-unusable"])
    #expect(events.errors.first?.contains("so it lets nobody in") == true)
  }

  @Test func whoIsOnNoListIsLetIn() {
    let (events, code) = refusal(.success(nil))
    #expect(code == Code.success && events.opened.count == 1)
  }

  @Test func aCertificateThatWasUsedIsRefusedInItsOwnWords() {
    let world = World()
    world.opening = .success(.refused(.alreadyUsed, detail: "serial 7"))
    #expect(SessionOpening.run(login(), world, Voice(world.events)).code == Code.denied)
    #expect(world.events.refused.map { $0.token } == ["open-already-used"])
    #expect(world.events.errors.first?.contains("takes each one only once. Get a new certificate") == true)
  }
}
