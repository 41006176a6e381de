import Configuration
import Foundation
@testable import HostSystem
import Identity
@testable import Readiness
import Testing
/// Keys that sign, and lists of what is revoked. One thing is taken away at a time.
@Suite struct AuthorityFindingsTests {
  @Test func tellsAPrivateKeyThatLiesBesideThePublicOne() throws {
    let host = try ReadyHost()
    func said() -> [String] { unready(AuthorityFindings.findings(ReadyHost.configuration, host.files, now: 1_800_000_000)) }
    #expect(said() == [])
    try host.write("/etc/sojourn/user_ca", "-----BEGIN OPENSSH PRIVATE KEY-----\n", mode: 0o600)
    #expect(said() == ["warning authority-key /etc/sojourn/user_ca"])
    try host.write("/etc/sojourn/user_ca", "a note\n")
    #expect(said() == [])
  }

  @Test func tellsListsThatAreOldCutOrOfTheFuture() throws {
    let host = try ReadyHost()
    var configuration = ReadyHost.configuration
    configuration.certificate.revoked = ["/etc/sojourn/revoked"]
    func said() -> [String] { unready(AuthorityFindings.findings(configuration, host.files, now: 1_800_000_000)) }
    #expect(said() == ["problem revocation-list /etc/sojourn/revoked"])
    try host.write("/etc/sojourn/revoked", "ssh-ed25519 AAAA x\n")
    #expect(said() == [])
    func krl(_ made: UInt64) -> [UInt8] { Array("SSHKRL\n\0".utf8) + [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 9] + (0..<8).map { UInt8(truncatingIfNeeded: made >> (56 - 8 * UInt64($0))) } + [0, 0, 0, 0] }
    for (made, expected) in [(UInt64(1_799_990_000), []), (1_700_000_000, ["hint"]), (1_800_200_000, ["warning"]), (.max, ["warning"]), (0, [])] {
      try Data(krl(made)).write(to: URL(fileURLWithPath: host.root + "/etc/sojourn/revoked"))
      #expect(said() == expected.map { "\($0) revocation-list /etc/sojourn/revoked" }, "\(made)")
    }
    try Data(krl(1).prefix(20)).write(to: URL(fileURLWithPath: host.root + "/etc/sojourn/revoked"))
    #expect(said() == ["problem revocation-list /etc/sojourn/revoked"])
  }
}
