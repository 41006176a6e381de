import Foundation
import Testing

/// sudo by a local account that must show a certificate: its agent signs, and an agent is nobody that one has to believe.
@Suite struct AgentTests {
    private func host() throws -> SojournHost {
        let sojourn = try SojournHost { host, _ in
            try host.installStacks(options: "local=require exempt=root")
            try host.must("useradd -m -s /bin/bash -p '*' resident; useradd -m -s /bin/bash -p '*' other; printf 'resident ALL=(ALL) ALL\\nDefaults passwd_tries=1\\n' > /etc/sudoers.d/resident; chmod 0440 /etc/sudoers.d/resident")
        }
        try sojourn.policy.answer(["decision": true])
        return sojourn
    }

    /// sudo's own terminal is not needed: nothing is typed.
    private func sudo(_ sojourn: SojournHost, _ agent: String?, deadline: Double = 20) throws -> Output {
        try sojourn.host.run(
            ["bash", "-c", "cd ~; exec setsid -w sudo id -u"], as: "resident", input: "", environment: agent.map { ["SSH_AUTH_SOCK": $0] } ?? [:], deadline: deadline)
    }

    private func expectRefused(_ sojourn: SojournHost, _ agent: String?, _ what: String, _ token: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let before = sojourn.refusals(of: "resident", token), asked = try sojourn.policy.exchanges().count
        let output = try sudo(sojourn, agent)
        #expect(output.status != 0 && !output.timedOut && output.stdout == "", "\(what): \(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(output.stderr.contains("Sojourn: resident is not let in: "), "\(what): \(output)", sourceLocation: sourceLocation)
        #expect(sojourn.refusals(of: "resident", token) == before + 1, "\(what)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(try sojourn.policy.exchanges().count == asked, "\(what)", sourceLocation: sourceLocation)
    }

    @Test func elevatesByTheCallersOwnAgent() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, ca = sojourn.ca
        let resident = try ca.certificate(for: "resident")
        let agent = try host.startAgent(as: "resident", holding: [resident])
        let output = try sudo(sojourn, agent.path)
        #expect(output.stdout == "0\n", "\(output)\n\(sojourn.logs)")
        let question = try #require(try sojourn.policy.exchanges().last?["request"] as? [String: Any])
        let action = question["action"] as? [String: Any], properties = action?["properties"] as? [String: Any]
        #expect(action?["name"] as? String == "sudo" && properties?["account"] as? String == "resident" && properties?["target"] as? String == "root", "\(question)")
        let lines = try sojourn.audit(about: "resident").filter { $0["event"] as? String == "elevation" }
        #expect(lines.count == 1, "\(sojourn.logs)")
        try sojourn.policy.answer(["decision": false, "context": ["reason_user": ["en": "Not this week."]]])
        let denied = try sudo(sojourn, agent.path)
        #expect(denied.status != 0 && denied.stdout == "" && denied.stderr.contains("Not this week."), "\(denied)")
        try sojourn.policy.answer(["decision": true])

        // The right one of several certificates.
        let several = try host.startAgent(as: "resident", holding: [
            try ca.certificate(for: "resident", validity: "-2h:-1h"), try ca.certificate(for: "other"), try host.makeCA("foreign").certificate(for: "resident"),
            try host.makeKey(), try ca.issue(principals: ["resident"], keyID: "resident@example.com", serial: 7), try ca.issue(principals: [], keyID: "nobody"),
        ])
        #expect(try sudo(sojourn, several.path).stdout == "0\n", "\(sojourn.logs)")
        // An ECDSA and an RSA key sign as well.
        for type in ["ecdsa", "rsa"] {
            let credential = try ca.issue(principals: ["resident"], keyID: "resident@example.com", type: type)
            #expect(try sudo(sojourn, host.startAgent(as: "resident", holding: [credential]).path).stdout == "0\n", "\(type)\n\(sojourn.logs)")
        }
        // Only certificates that will not do; keys without one; nothing at all.
        let unfit = try host.startAgent(as: "resident", holding: [try ca.certificate(for: "resident", validity: "-2h:-1h"), try ca.certificate(for: "other")])
        #expect(try sudo(sojourn, unfit.path).status != 0)
        try expectRefused(sojourn, host.startAgent(as: "resident", holding: [resident], plain: true).path, "a plain key", "agent-no-certificate")
        try expectRefused(sojourn, host.startAgent(as: "resident", holding: []).path, "an empty agent", "agent-no-certificate")
    }

    /// T12: what the variable names must be a socket of the caller's, and is opened with the caller's rights.
    @Test func t12OpensNothingThatTheCallerCouldNot() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        let resident = try sojourn.ca.certificate(for: "resident")
        let own = try host.startAgent(as: "resident", holding: [resident]), others = try host.startAgent(as: "other", holding: [resident])
        try host.must("install -d -m 0700 -o resident -g resident /tmp/mine; install -d -m 0700 /root/agents; chmod 0777 \"$1\" \"${1%/*}\"", others.path)
        let rootsAgent = try host.start(["ssh-agent", "-D", "-a", "/root/agents/agent"], input: "")
        #expect(try eventually(5) { try host.exists("/root/agents/agent") }, "\(rootsAgent.stderr)")
        try host.must(
            "cd /tmp/mine; ln -s \"$1\" link; ln -s \"$2\" others; touch file; mkfifo fifo; mkdir folder; ln -s nowhere dangling; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"dead\"); socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(\"datagrams\")'",
            own.path, others.path, as: "resident")
        #expect(try sudo(sojourn, own.path).stdout == "0\n", "\(sojourn.logs)")
        try expectRefused(sojourn, nil, "no agent", "no-agent")
        try expectRefused(sojourn, "", "an empty word", "no-agent")
        for (what, path) in [
            ("somebody else's, open to everybody", others.path), ("root's", "/root/agents/agent"), ("a link to one's own", "/tmp/mine/link"), ("a link to somebody else's", "/tmp/mine/others"),
            ("a file", "/tmp/mine/file"), ("a fifo", "/tmp/mine/fifo"), ("a directory", "/tmp/mine/folder"), ("a link to nothing", "/tmp/mine/dangling"), ("nothing", "/tmp/mine/none"),
            ("a socket where nobody listens", "/tmp/mine/dead"), ("a socket of another kind", "/tmp/mine/datagrams"), ("a device", "/dev/null"), ("sojournd's own socket", "/run/sojourn/sojournd.sock"),
            ("no absolute path", "agent"), ("a path that is too long for a socket", "/tmp/mine/" + String(repeating: "a", count: 200)),
        ] {
            try expectRefused(sojourn, path, what, "no-agent")
        }
        // What was asked of whom it does not belong to: nothing.
        let liar = try host.startAgent(as: "other", that: "refuses", insteadOf: others)
        try host.must("chmod 0777 \"$1\"", liar.path)
        try expectRefused(sojourn, liar.path, "somebody else's", "no-agent")
        #expect(liar.requests.isEmpty)
    }

    /// T11: whatever an agent answers, only a signature of this challenge by the certificate's key counts.
    @Test func t11RefusesWhatALyingAgentSays() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        let own = try host.startAgent(as: "resident", holding: [try sojourn.ca.certificate(for: "resident")])
        let other = try host.startAgent(as: "resident", holding: [try host.makeKey()])
        for (mode, token) in [
            ("refuses", "agent-failed"), ("makes-it-up", "answer-signature"), ("signs-with-another-key", "answer-signature"), ("signs-other-bytes", "answer-signature"),
            ("floods", "agent-failed"), ("lists-too-much", "agent-failed"), ("counts-wrong", "agent-failed"), ("cuts-short", "agent-failed"), ("talks-garbage", "agent-failed"),
            ("answers-another-question", "agent-failed"),
        ] {
            let agent = try host.startAgent(as: "resident", that: mode, insteadOf: own, other)
            try expectRefused(sojourn, agent.path, mode, token)
            #expect(!agent.requests.isEmpty, "\(mode): it was not asked")
        }
        // A signature that was right once.
        let parrot = try host.startAgent(as: "resident", that: "repeats-itself", insteadOf: own)
        #expect(try sudo(sojourn, parrot.path).stdout == "0\n", "\(sojourn.logs)")
        try expectRefused(sojourn, parrot.path, "the same signature again", "answer-signature")
        // Nobody is held up for ever, and a stopped sudo leaves nothing behind.
        let slow = try ["hangs", "drips"].map { mode in
            let agent = try host.startAgent(as: "resident", that: mode)
            return (mode, try host.start(["bash", "-c", "exec setsid -w sudo id -u"], as: "resident", input: "", environment: agent.environment))
        }
        for (mode, process) in slow {
            let output = process.finish(seconds: 60)
            #expect(!output.timedOut && output.status != 0 && output.stdout == "", "\(mode): \(output)")
            #expect(output.stderr.contains("Sojourn: resident is not let in: "), "\(mode): \(output)")
        }
        #expect(sojourn.refusals(of: "resident", "agent-failed") >= 2)
        #expect(try sojourn.audit().filter { $0["event"] as? String == "elevation" }.count == 1, "\(sojourn.logs)")
    }
}
