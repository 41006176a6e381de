import Accounts
import Credentials
import Foundation
import HostSystem
import Testing

/// T11: a certificate for one use opens one session.
@Suite("Certificates for one use")
struct UsedCertificatesTests {
  final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("sojourn-used-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  func use(_ authority: String = "SHA256:abc", _ serial: String = "7", _ keyID: String = "alice@example.com") throws -> CertificateUse {
    try #require(CertificateUse(authority: authority, serial: serial, keyID: keyID))
  }

  @Test func isTakenOnceAndRememberedByWhoeverComesNext() throws {
    let folder = try Folder()
    #expect(try UsedCertificates(directory: folder.path).take(use(), end: 1000))
    #expect(try !UsedCertificates(directory: folder.path).take(use(), end: 1000))
    #expect(try !UsedCertificates(directory: folder.path).take(use(), end: 5000), "another validity is another certificate's, the same one's use")
  }

  @Test func isKnownByAuthoritySerialAndKeyID() throws {
    let folder = try Folder()
    let used = UsedCertificates(directory: folder.path)
    for other in [try use(), try use("SHA256:abd"), try use("SHA256:abc", "8"), try use("SHA256:abc", "7", "bob"), try use("SHA256:abc", "7", ""), try use("SHA256:", "7", "abc")] {
      #expect(try used.take(other, end: 1000))
      #expect(try !used.take(other, end: 1000))
    }
    // The same number, and parts that only together are the same text.
    #expect(try use("SHA256:abc", "007").name == use().name)
    #expect(try use("SHA256:abc7", "1", "x").name != use("SHA256:abc", "71", "x").name)
  }

  @Test func whatCannotBeNamedHasNoUse() {
    #expect(CertificateUse(authority: "SHA256:unknown", serial: "1", keyID: "a") == nil)
    #expect(CertificateUse(authority: "abc", serial: "1", keyID: "a") == nil)
    for serial in ["", "-1", "x", "18446744073709551616"] { #expect(CertificateUse(authority: "SHA256:abc", serial: serial, keyID: "a") == nil) }
  }

  /// However many arrive together, whoever of them, one has it.
  @Test func ofManyAtOnceOneHasIt() async throws {
    let folder = try Folder()
    let path = folder.path
    for round in 0..<20 {
      let use = try use("SHA256:abc", String(round))
      let winners = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<16 { group.addTask { (try? UsedCertificates(directory: path).take(use, end: 1000)) ?? false } }
        var count = 0
        for await won in group where won { count += 1 }
        return count
      }
      #expect(winners == 1)
    }
  }

  @Test func isForgottenADayAfterTheEndAndNotBefore() throws {
    let folder = try Folder()
    let used = UsedCertificates(directory: folder.path)
    let end: UInt64 = 1_767_240_000
    #expect(try used.take(use("SHA256:abc", "1"), end: end))
    #expect(try used.take(use("SHA256:abc", "2"), end: .max))
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/damaged", withDestinationPath: "x")
    #expect(try used.forget(before: end) == 0)
    #expect(try used.forget(before: end + UsedCertificates.margin) == 0)
    #expect(try !used.take(use("SHA256:abc", "1"), end: end))
    #expect(try used.forget(before: end + UsedCertificates.margin + 1) == 1)
    #expect(try used.forget(before: .max) == 0, "what never ends, and what cannot be read, stays")
  }

  @Test func aPlaceThatTakesNothingIsAnErrorAndNoUse() throws {
    #expect(throws: SystemError.self) { try UsedCertificates(directory: "/proc/self").take(use(), end: 1) }
    #expect(throws: SystemError.self) { try UsedCertificates(directory: "/var/empty/not-there").take(use(), end: 1) }
  }
}
