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
        try sojourn.host.write("UsePAM no\n", to: "/etc/ssh/sshd_config.d/05-without-pam.conf")
        try expectClosed(sojourn, "UsePAM no")
        try sojourn.host.must("rm /etc/ssh/sshd_config.d/05-without-pam.conf")
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

    @Test func t1GivesNothingOnASecondSSHDWithoutPAM() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        try host.write(
            """
            Port 2222
            HostKey /etc/ssh/ssh_test_key
            UsePAM no
            TrustedUserCAKeys \(sojourn.ca.path).pub
            Subsystem sftp internal-sftp
            """, to: "/etc/ssh/sshd_other")
        let alice = try sojourn.ca.certificate(for: "alice")
        let other = try host.startSSHD(port: 2222, configuration: "/etc/ssh/sshd_other")
        // At once, before the daemon can have seen that sshd: the gate shell stands behind whatever was answered.
        let output = try host.ssh("alice", alice, "echo got-in", flags: ["-p", "2222"])
        #expect([254, 255].contains(output.status) && !output.stdout.contains("got-in"), "\(output)\n\(other.log)")
        let sftp = try host.run(
            ["sftp", "-F", "none", "-P", "2222", "-o", "IdentityFile=\(alice.path)", "-o", "BatchMode=yes", "-o",
             "UserKnownHostsFile=/home/visitor/.ssh/known_hosts", "-b", "-", "alice@127.0.0.1"],
            as: "visitor", input: "get /etc/passwd /tmp/by-sftp\nput /etc/hostname /tmp/put-by-sftp\n", deadline: 20)
        #expect(!sftp.succeeded, "\(sftp)")
        #expect(try !host.exists("/tmp/put-by-sftp"))
        #expect(try sojourn.traces(of: "alice").isEmpty)
        // And once it has seen it, the name is nobody's on this host, on either sshd.
        try expectClosed(sojourn, "second sshd")
        other.process.kill(SIGTERM)
        try host.must("kill $(pgrep -f '[s]shd_other') || true")
        try sojourn.waitForCandidates(seconds: 20)
    }
}
