import Foundation
import Testing

/// The daemon sees to it that the published form is of the lists as they are.
@Suite struct RevocationTests {
    private static let list = "/etc/sojourn/revoked.krl"
    private static let form = "/run/sojourn/revoked"

    private func host() throws -> DaemonHost {
        try DaemonHost { host in
            try host.must("ssh-keygen -q -k -f \"$1\" < /dev/null; sed -i '/^\\[certificate\\]/a revoked = [\"'\"$1\"'\"]' /etc/sojourn/sojourn.toml", Self.list)
        }
    }

    private func sum(_ host: DaemonHost) throws -> String { try host.host.shell("sha256sum \"$1\"", Self.form).stdout }

    /// Waits until the form is of the lists as they are, and tells its sum.
    private func settled(_ host: DaemonHost, after earlier: String) throws -> String {
        #expect(try eventually(15) { try !sum(host).isEmpty && sum(host) != earlier }, "\(host.logs)")
        return try sum(host)
    }

    private func revoke(_ serial: Int, _ host: DaemonHost) throws {
        try host.host.must("printf 'serial: %s\\n' \"$1\" > /root/spec; ssh-keygen -q -k -f \"$2.new\" -s /root/ca.pub /root/spec; mv \"$2.new\" \"$2\"", "\(serial)", Self.list)
    }

    /// An older form that somebody puts in the place of the newer one does not stay.
    @Test func publishesAgainWhatIsReplacedBehindItsBack() throws {
        let host = try host()
        let nothing = try settled(host, after: "")
        try host.host.must("cp \"$1\" /root/old", Self.form)
        try revoke(42, host)
        let revoked = try settled(host, after: nothing)
        for replace in ["cp -p /root/old \"$1.x\"; mv \"$1.x\" \"$1\"", "cat /root/old > \"$1\"", "rm \"$1\""] {
            try host.host.must(replace, Self.form)
            #expect(try eventually(15) { try sum(host) == revoked }, "\(replace): \(host.logs)")
        }
    }

    /// Of the same size and with the same times as before: only the kernel's own time tells.
    @Test func takesUpAListThatWasWrittenInPlaceWithItsOldTimes() throws {
        let host = try host()
        let nothing = try settled(host, after: "")
        try revoke(41, host)
        let before = try settled(host, after: nothing)
        try host.host.must("cp -p \"$1\" /root/before", Self.list)
        let first = try settled(host, after: "")
        try host.host.must(
            "printf 'serial: 43\\n' > /root/spec; ssh-keygen -q -k -f /root/other -s /root/ca.pub /root/spec; cat /root/other > \"$1\"; touch -r /root/before \"$1\""
                + "; [ \"$(stat -c '%s %Y %i' \"$1\")\" = \"$(stat -c '%s %Y' /root/before) $(stat -c %i \"$1\")\" ]", Self.list)
        #expect(first == before)
        _ = try settled(host, after: before)
    }

    @Test func saysInItsStatusWhyNobodyIsLetIn() throws {
        let host = try host()
        _ = try settled(host, after: "")
        #expect(try host.status()["revocation_problem"] == nil)
        try host.host.must("printf x >> \"$1\"", Self.list)
        #expect(try eventually(15) { try (host.status()["revocation_problem"] as? String)?.hasPrefix(Self.list + ": ") == true }, "\(host.logs)")
        let status = try host.host.run("/usr/sbin/sojourn", "status")
        #expect(status.stdout.contains("revocation     unusable, so nobody is let in: \(Self.list): "), "\(status)")
        let check = try host.host.run("/usr/sbin/sojourn", "check")
        #expect(check.stdout.contains("problem sojournd: lets nobody in, because a revocation list cannot be used: \(Self.list): "), "\(check)")
        try revoke(42, host)
        #expect(try eventually(15) { try host.status()["revocation_problem"] == nil }, "\(host.logs)")
    }
}
