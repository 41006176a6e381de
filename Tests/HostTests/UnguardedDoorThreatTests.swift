import Foundation
import Testing

/// T1: our session line is missing on some way in. Then no name of ours may resolve there, and nobody gets a shell.
@Suite struct UnguardedDoorThreatTests {
    private func expectClosed(_ sojourn: SojournHost, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let withdrawn = try eventually(20) { try !sojourn.candidatesArePublished }
        #expect(withdrawn, "\(what): candidates stay published\n\(sojourn.logs)", sourceLocation: sourceLocation)
        let output = try sojourn.login("alice", "echo got-in")
        #expect(output.status == 255 && !output.stdout.contains("got-in"), "\(what): \(output)", sourceLocation: sourceLocation)
        #expect(try sojourn.registeredUID(of: "alice") == nil, sourceLocation: sourceLocation)
        let check = try sojourn.host.run("/usr/sbin/sojourn", "check")
        #expect(check.status == 1, "\(what): check finds it: \(check)", sourceLocation: sourceLocation)
    }

    @Test func t1WithdrawsCandidatesWhenSSHDStopsUsingPAM() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        try sojourn.host.write("UsePAM no\n", to: "/etc/ssh/sshd_config.d/00-a-without-pam.conf")
        try expectClosed(sojourn, "UsePAM no")
        try sojourn.host.must("rm /etc/ssh/sshd_config.d/00-a-without-pam.conf")
        try sojourn.waitForCandidates(seconds: 20)
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    }

    @Test func t1WithdrawsCandidatesWhenTheStackHasOurAccountLineOnly() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        try sojourn.host.must("sed -i '/^[[:space:]]*session.*pam_sojourn/d' /etc/pam.d/sshd; ! grep -q '^session.*pam_sojourn' /etc/pam.d/*")
        try expectClosed(sojourn, "no session line")
    }

    @Test func t1PublishesNothingWherePackagesAreInstalledAndNothingIsSetUp() throws {
        let sojourn = try SojournHost(started: false) { host, ca in
            // The configuration alone, as an installation without `setup` might have it.
            try host.must("rm /etc/ssh/sshd_config.d/00-sojourn.conf; sed -i /pam_sojourn/d /etc/pam.d/*")
            try host.write("TrustedUserCAKeys \(ca.path).pub\n", to: "/etc/ssh/sshd_config.d/20-ca.conf")
        }
        defer { sojourn.stop() }
        try sojourn.startSSHDOnly()
        try sojourn.startDaemon()
        #expect(try !eventually(3) { try sojourn.candidatesArePublished })
        try expectClosed(sojourn, "not set up")
    }

    private func otherSSHD(_ sojourn: SojournHost, port: Int, sftp: String) throws -> SSHServer {
        try sojourn.host.write(
            "HostKey /etc/ssh/ssh_test_key\nUsePAM no\nTrustedUserCAKeys \(sojourn.ca.path).pub\nSubsystem sftp \(sftp)\n",
            to: "/etc/ssh/sshd_other")
        return try sojourn.host.startSSHD(port: port, configuration: "/etc/ssh/sshd_other")
    }

    @Test func t1GivesNothingOnASecondSSHDWithoutPAM() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")
        let other = try otherSSHD(sojourn, port: 2222, sftp: "/usr/lib/openssh/sftp-server")
        // At once, before the daemon can have seen that sshd: the gate shell stands behind whatever was answered.
        let output = try host.ssh("alice", alice, "echo got-in", flags: ["-p", "2222"])
        #expect([254, 255].contains(output.status) && !output.stdout.contains("got-in"), "\(output)\n\(other.log)")
        let sftp = try host.sftp("alice", alice, batch: "get /etc/passwd /tmp/by-sftp\nput /etc/hostname /tmp/put\n", port: 2222)
        #expect(!sftp.succeeded, "\(sftp)")
        #expect(try !host.exists("/tmp/put") && !host.exists("/tmp/by-sftp"))
        #expect(try sojourn.traces(of: "alice").isEmpty)
        // And once it has seen it, the name is nobody's on this host, on either sshd.
        try expectClosed(sojourn, "second sshd")
        other.process.kill(SIGTERM)
        #expect(other.process.wait(seconds: 5) != nil)
        try sojourn.waitForCandidates(seconds: 20)
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    }

    /// `internal-sftp` runs no shell, so no gate shell stands there: such a process is found, and killed.
    @Test func t1KillsAProcessThatNeededNoShell() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        // A daemon that sees nothing for a while, so that its candidates outlive what they promise.
        try sojourn.freezeDaemon()
        let other = try otherSSHD(sojourn, port: 2222, sftp: "internal-sftp")
        let client = try host.startSSH("alice", sojourn.ca.certificate(for: "alice"), "sftp", flags: ["-s", "-p", "2222"])
        let uid = CollidingNames.firstProbe(of: "alice")
        #expect(try eventually(10) { try !host.processes(of: uid).isEmpty }, "\(client.stderr)\n\(other.log)")
        try sojourn.thawDaemon()
        #expect(client.wait(seconds: 20) != nil, "still connected\n\(sojourn.logs)")
        #expect(try eventually(5) { try host.processes(of: uid).isEmpty })
        #expect(try sojourn.audit().contains { $0["event"] as? String == "intruder" }, "\(sojourn.logs)")
    }
}
