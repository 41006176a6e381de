import Foundation
import Testing

/// Emergencies at real logins: endpoint and network are gone.
@Suite struct BreakGlassTests {
    /// A host with an emergency authority that sshd knows too.
    private func host(_ settings: String, prepare: (PrivateHost) throws -> Void = { _ in }) throws -> (SojournHost, CertificateAuthority) {
        var authority: CertificateAuthority?
        let sojourn = try SojournHost { host, _ in
            let emergency = try host.makeCA("break_glass_ca")
            try host.must("install -m 0644 \"$1.pub\" /etc/sojourn/break_glass_ca.pub; cat /etc/sojourn/user_ca.pub \"$1.pub\" > /etc/ssh/authorities", emergency.path)
            try host.must("sed -i 's#^TrustedUserCAKeys.*#TrustedUserCAKeys /etc/ssh/authorities#' /etc/ssh/sshd_config.d/00-sojourn.conf")
            try host.write(settings, to: "/etc/sojourn/sojourn.toml.d/break_glass.toml", mode: "0600")
            try prepare(host)
            authority = emergency
        }
        return (sojourn, try #require(authority))
    }

    private static let on = "[break_glass]\nca = \"/etc/sojourn/break_glass_ca.pub\"\nnames = [\"alice\", \"resident\"]\ngroups = [\"dbops\"]\nmax_duration = \"10m\"\n"

    private func emergency(_ ca: CertificateAuthority, for name: String, serial: UInt64 = 17, validity: String = "-1m:+8m") throws -> Credential {
        try ca.issue(principals: [name], keyID: "kim INC-4711", serial: serial, validity: validity)
    }

    private func cutOff(_ sojourn: SojournHost) throws {
        try sojourn.policy.stop()
        // All that is left is the loopback that the test's own client uses.
        try sojourn.host.must("for link in $(ls /sys/class/net); do [ \"$link\" = lo ] || ip link set \"$link\" down; done")
    }

    /// Who came in because the policy fails, or is somebody else's, is not thrown out by it.
    @Test func isNotEndedByThePolicyThatItStandsInFor() throws {
        let (sojourn, ca) = try host(Self.on)
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true])
        let shell = try RemoteShell(sojourn.host.startSSH("alice", emergency(ca, for: "alice"), flags: ["-tt"]), name: "alice", logs: { sojourn.logs })
        // The same subject, let in by the policy: the order is carried out, and reaches only this one.
        let usual = try RemoteShell(
            sojourn.host.startSSH("pia", sojourn.ca.issue(principals: ["pia"], keyID: "kim INC-4711"), flags: ["-tt"]), name: "pia", logs: { sojourn.logs })
        let demanded: [String: Any] = ["id": "1", "type": "session_termination", "properties": ["subject": "kim INC-4711"]]
        try sojourn.policy.answer(["decision": false, "context": ["obligations": [demanded]]])
        #expect(try sojourn.login("bob", "true").status == 254)
        #expect(usual.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        #expect(try shell.run("id -un") == "alice\n", "\(sojourn.logs)")
        #expect(shell.exit() == 0)
    }

    @Test func letsListedNamesInLoudlyWhenEndpointAndNetworkAreGone() throws {
        let (sojourn, ca) = try host(Self.on) { try $0.makeAccount("resident") }
        defer { sojourn.stop() }
        let host = sojourn.host
        try cutOff(sojourn)

        let credential = try emergency(ca, for: "alice")
        let shell = try RemoteShell(host.startSSH("alice", credential, flags: ["-tt"]), name: "alice", logs: { sojourn.logs })
        #expect(try shell.run("id -Gn").contains("dbops"), "\(sojourn.logs)")
        #expect(shell.client.stdout.contains("BREAK GLASS") || shell.client.stderr.contains("BREAK GLASS"), "\(shell.client.stdout)")
        let table = try host.must("/usr/sbin/sojourn sessions")
        #expect(table.contains("BREAK-GLASS"), "\(table)")
        #expect(try host.must("/usr/sbin/sojourn sessions --json").contains("\"break_glass\":true"))
        #expect(try host.must("/usr/sbin/sojourn status").contains("1 of these sessions without a decision"))
        let events = try sojourn.audit(about: "alice")
        let kinds = events.compactMap { $0["event"] as? String }
        #expect(kinds.contains("grant") && kinds.contains("break-glass"), "\(kinds)")
        let loud = try #require(events.first { $0["event"] as? String == "break-glass" })
        #expect(loud["outcome"] as? String == "granted")
        #expect((loud["credential"] as? [String: Any])?["serial"] as? String == "17" && (loud["credential"] as? [String: Any])?["key_id"] as? String == "kim INC-4711")
        #expect((loud["login"] as? [String: Any])?["remote"] as? String == "127.0.0.1" && loud["expires"] is String)
        let lines = host.syslog.split(separator: "\n").filter { $0.contains("BREAK GLASS") }
        for wanted in ["granted alice", "opened a session as alice"] {
            #expect(lines.contains { $0.contains(wanted) && $0.contains("17") && $0.contains("127.0.0.1") && $0.contains("kim INC-4711") }, "\(wanted): \(host.syslog)")
        }
        #expect(shell.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)

        let resident = try host.ssh("resident", try emergency(ca, for: "resident", serial: 18), "id -un; id -Gn")
        #expect(resident.stdout == "resident\nresident dbops\n", "\(resident)\n\(sojourn.logs)")
        // A normal certificate is not let in by it, for the same names.
        for name in ["alice", "resident"] {
            let normal = try host.ssh(name, try sojourn.ca.certificate(for: name), "echo got-in")
            #expect(normal.status == 254 && !normal.stdout.contains("got-in"), "\(normal)")
        }
        #expect(host.syslog.contains("refused alice: policy-unreachable") && host.syslog.contains("refused resident: policy-unreachable"), "\(host.syslog)")
    }

    @Test func refusesWhatIsNoEmergencyOfThisHost() throws {
        let (sojourn, ca) = try host(Self.on + "[certificate]\nrevoked = [\"/etc/sojourn/revoked.krl\"]\n") { host in
            try host.must("printf 'id: stolen\\n' > /root/spec; ssh-keygen -q -k -f /etc/sojourn/revoked.krl -s /etc/sojourn/break_glass_ca.pub /root/spec")
            try host.makeAccount("other")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        try cutOff(sojourn)
        for (name, credential, token) in [
            ("bob", try emergency(ca, for: "bob"), "break-glass-name"),
            ("other", try emergency(ca, for: "other"), "break-glass-name"),
            ("alice", try emergency(ca, for: "alice", validity: "-1m:+11m"), "certificate-lifetime"),
            ("alice", try ca.issue(principals: ["alice"], keyID: "stolen", serial: 19, validity: "-1m:+5m"), "certificate-revoked"),
        ] {
            let output = try host.ssh(name, credential, "echo got-in")
            #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(token): \(output)\n\(sojourn.logs)")
            #expect(host.syslog.contains("BREAK GLASS: refused \(name): \(token)"), "\(host.syslog)")
            let loud = try sojourn.audit(about: name).filter { $0["event"] as? String == "break-glass" && $0["reason"] as? String == token }
            #expect(loud.count == 1 && loud.first?["outcome"] as? String == "refused", "\(token): \(sojourn.logs)")
        }
    }

    @Test func refusesTheCertificateWhereItIsOff() throws {
        let (sojourn, ca) = try host("")
        defer { sojourn.stop() }
        let output = try sojourn.host.ssh("alice", try emergency(ca, for: "alice"), "echo got-in")
        #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(output)\n\(sojourn.logs)")
        #expect(sojourn.host.syslog.contains("refused alice: certificate-authority"))
        #expect(try sojourn.policy.exchanges().isEmpty)
    }
}
