import Foundation
import Testing

/// T9: becoming somebody who has no lease, by programs that need no certificate.
@Suite struct IdentitySwitchThreatTests {
    @Test func t9KnowsNobodyWithoutALease() throws {
        let sojourn = try SojournHost { host, _ in
            try host.makeAccount("resident")
            try host.write("resident ALL=(ALL) NOPASSWD: ALL\n", to: "/etc/sudoers.d/resident", mode: "0440")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        // Before any login, and once the registry knows the name.
        for round in ["never seen", "seen before"] {
            let ways = [
                ["su", "alice", "-c", "echo got-in"], ["su", "-", "alice", "-c", "echo got-in"], ["runuser", "-u", "alice", "--", "echo", "got-in"],
                ["runuser", "-", "alice", "-c", "echo got-in"], ["sudo", "-u", "alice", "echo", "got-in"],
                ["sudo", "-i", "-u", "alice", "echo", "got-in"], ["setpriv", "--reuid", "alice", "echo", "got-in"],
                ["script", "-q", "-c", "login -f alice", "/dev/null"], ["install", "-o", "alice", "/etc/hostname", "/tmp/alices"],
            ]
            for way in ways {
                let output = try host.run(way, input: "echo got-in\n", deadline: 20)
                #expect(!output.stdout.contains("got-in\n") || way[0] == "script" && !output.stdout.contains("\r\ngot-in"), "\(round): \(way): \(output)")
                if way[0] != "script" { #expect(output.status != 0, "\(round): \(way): \(output)") }
            }
            let bySudo = try host.run(["sudo", "-n", "-u", "alice", "echo", "got-in"], as: "resident")
            #expect(bySudo.status != 0 && !bySudo.stdout.contains("got-in"), "\(round): \(bySudo)")
            // A number of ours without a lease is nobody either.
            let uid = try sojourn.registeredUID(of: "alice") ?? CollidingNames.firstProbe(of: "alice")
            #expect(try host.getent("passwd", String(uid)) == nil)
            #expect(try sojourn.traces(of: "alice").isEmpty)
            #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
            #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        }
    }

    /// T9: a process that takes the number all the same, as root can, does not stay.
    @Test func t9KillsAProcessUnderARegisteredNumberWithoutALease() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        #expect(try sojourn.login("alice", "true").succeeded, "\(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        let stray = try sojourn.host.start(["setpriv", "--reuid", String(uid), "--clear-groups", "sleep", "74.5"], input: "")
        #expect(stray.wait(seconds: 30) != nil, "a process of uid \(uid) lives without a lease\n\(sojourn.logs)")
    }
}
