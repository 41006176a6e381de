import Foundation
import Testing

/// `sojourn explain`: what would come of a login, asked of the real policy, and nothing of it done.
@Suite struct ExplainTests {
    private func explain(_ sojourn: SojournHost, _ name: String, _ credential: Credential, _ more: String...) throws -> (status: Int32, json: [String: Any], output: Output) {
        let output = try sojourn.host.run(["/usr/sbin/sojourn", "explain", name, "--certificate", credential.path + "-cert.pub", "--from", "127.0.0.1", "--json"] + more)
        let json = try JSONSerialization.jsonObject(with: Data(output.stdout.utf8)) as? [String: Any]
        return (output.status, json ?? [:], output)
    }

    private func expectNothingHappened(_ sojourn: SojournHost) throws {
        #expect(try sojourn.host.must("ls /run/sojourn/leases /var/lib/sojourn/uids /var/lib/sojourn/used | grep -v : || true").split(separator: "\n").isEmpty)
        #expect(try sojourn.audit().filter { ["grant", "refusal", "break-glass"].contains($0["event"] as? String ?? "") }.isEmpty, "\(sojourn.logs)")
        #expect(try sojourn.host.getent("passwd", "alice") == nil)
        #expect(!sojourn.host.syslog.contains("granted alice") && !sojourn.host.syslog.contains("refused"))
    }

    @Test func saysWhatALoginWouldSayAndOpensNothing() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")

        let allowed = try explain(sojourn, "alice", alice)
        #expect(allowed.status == 0 && allowed.json["outcome"] as? String == "allowed", "\(allowed.output)\n\(sojourn.logs)")
        #expect((allowed.json["pam"] as? [String: Any])?["name"] as? String == "PAM_SUCCESS")
        let grant = try #require(allowed.json["grant"] as? [String: Any])
        #expect(grant["groups"] as? [String] == ["dbops"] && (grant["uid"] as? Int ?? 0) >= 65536 && (grant["seconds"] as? Int ?? 0) > 0, "\(grant)")
        #expect((allowed.json["vacancy"] as? String)?.contains("nobody else") == true)
        #expect((allowed.json["person_reads"] as? [String])?.contains { $0.contains("alice is let in until") } == true)
        // What it shows as the question is what the policy was asked.
        let asked = try #require(try sojourn.policy.exchanges().last?["request"] as? [String: Any])
        let shown = try #require(allowed.json["request"] as? [String: Any])
        for member in ["subject", "action", "resource"] { #expect(shown[member] as? NSDictionary == asked[member] as? NSDictionary, "\(member)") }
        #expect((allowed.json["not_judged"] as? [String])?.contains { $0.contains("private key") } == true)

        let denied = try explain(sojourn, "bob", try sojourn.ca.certificate(for: "bob"))
        #expect(denied.status == 1 && denied.json["outcome"] as? String == "refused", "\(denied.output)")
        #expect((denied.json["refusal"] as? [String: Any])?["token"] as? String == "denied" && (denied.json["answer"] as? [String: Any])?["decision"] as? String == "no")
        #expect((denied.json["pam"] as? [String: Any])?["name"] as? String == "PAM_PERM_DENIED")
        #expect((denied.json["person_reads"] as? [String])?.contains { $0.contains("bob is not let in: the policy said no") } == true)

        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["shadow"]]]])
        let ceiling = try explain(sojourn, "alice", alice)
        #expect(ceiling.status == 1 && (ceiling.json["refusal"] as? [String: Any])?["token"] as? String == "ceiling-group", "\(ceiling.output)")
        try sojourn.policy.misbehave("none")

        // The certificate's own rules come first: nobody is asked.
        let before = try sojourn.policy.exchanges().count
        for (credential, token) in [
            (try sojourn.ca.certificate(for: "alice", validity: "-1m:+13h"), "certificate-lifetime"),
            (try sojourn.ca.certificate(for: "carol"), "certificate-login-name"),
            (try host.makeCA("foreign").certificate(for: "alice"), "certificate-authority"),
        ] {
            let refused = try explain(sojourn, "alice", credential)
            #expect(refused.status == 1 && (refused.json["refusal"] as? [String: Any])?["token"] as? String == token, "\(token): \(refused.output)")
        }
        #expect(try sojourn.policy.exchanges().count == before)
        try host.write("no certificate\n", to: "/home/visitor/.ssh/bad-cert.pub")
        #expect(try host.run("/usr/sbin/sojourn", "explain", "alice", "--certificate", "/home/visitor/.ssh/bad-cert.pub").status == 2)
        #expect(try host.run("/usr/sbin/sojourn", "explain", "alice", "--certificate", "/nowhere").status == 2)

        let people = try host.run("/usr/sbin/sojourn", "explain", "alice", "--certificate", alice.path + "-cert.pub")
        #expect(people.succeeded && people.stdout.hasPrefix("alice: would be let in\n") && people.stdout.contains("PAM          PAM_SUCCESS (0)\n"), "\(people)")
        #expect(people.stderr.contains("Nothing was opened, ended or written") && people.stderr.contains("no use is spent"))
        try expectNothingHappened(sojourn)

        try sojourn.policy.stop()
        let unreachable = try explain(sojourn, "alice", alice)
        #expect(unreachable.status == 1 && (unreachable.json["refusal"] as? [String: Any])?["token"] as? String == "policy-unreachable", "\(unreachable.output)")
        #expect((unreachable.json["answer"] as? [String: Any])?["decision"] as? String == "none")
        try expectNothingHappened(sojourn)
    }

    @Test func explainsAnEmergencyWithoutAnyEndpoint() throws {
        var authority: CertificateAuthority?
        let sojourn = try SojournHost { host, _ in
            let emergency = try host.makeCA("break_glass_ca")
            try host.must("install -m 0644 \"$1.pub\" /etc/sojourn/break_glass_ca.pub", emergency.path)
            try host.write("[break_glass]\nca = \"/etc/sojourn/break_glass_ca.pub\"\nnames = [\"alice\"]\n[certificate]\nsingle_use = true\n",
                to: "/etc/sojourn/sojourn.toml.d/break_glass.toml", mode: "0600")
            authority = emergency
        }
        defer { sojourn.stop() }
        let ca = try #require(authority)
        try sojourn.policy.stop()
        let credential = try ca.issue(principals: ["alice"], keyID: "kim INC-1", validity: "-1m:+10m")
        let allowed = try explain(sojourn, "alice", credential)
        #expect(allowed.status == 0 && allowed.json["break_glass"] as? Bool == true && allowed.json["answer"] == nil && allowed.json["request"] == nil, "\(allowed.output)")
        let refused = try explain(sojourn, "bob", try ca.issue(principals: ["bob"], keyID: "kim INC-1", validity: "-1m:+10m"))
        #expect(refused.status == 1 && (refused.json["refusal"] as? [String: Any])?["token"] as? String == "break-glass-name", "\(refused.output)")
        try expectNothingHappened(sojourn)
        // sshd was not told of the key: check says so.
        let check = try sojourn.host.run("/usr/sbin/sojourn", "check")
        #expect(check.stdout.contains("lacks the key of /etc/sojourn/break_glass_ca.pub: nobody could log in by break glass"), "\(check)")

        try sojourn.killDaemon()
        let nobody = try explain(sojourn, "alice", credential)
        #expect(nobody.status == 3 && (nobody.json["refusal"] as? [String: Any])?["token"] as? String == "no-daemon", "\(nobody.output)")
    }
}
