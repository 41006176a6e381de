import Foundation
import Testing

/// The daemon's relay between real logins and the policy endpoint.
@Suite struct RelayTests {
    private static let pid = "pgrep -x sojourn-relay"

    /// TCP connections that the endpoint was asked over.
    private func connections(_ sojourn: SojournHost) throws -> Set<Int> {
        Set(try sojourn.policy.exchanges().compactMap { ($0["client"] as? [String: Any])?["port"] as? Int })
    }

    private func relay(_ sojourn: SojournHost) throws -> String {
        var pid = ""
        _ = try eventually(10) {
            pid = try sojourn.host.shell(Self.pid).stdout.trimmingCharacters(in: .whitespacesAndNewlines)
            return !pid.isEmpty && !pid.contains("\n")
        }
        return pid
    }

    /// Starts a login and waits until the endpoint has heard its question.
    private func beginLogin(_ sojourn: SojournHost) throws -> ChildProcess {
        let before = try sojourn.policy.exchanges().count
        let client = try sojourn.host.startSSH("alice", sojourn.ca.certificate(for: "alice"), "echo got-in", flags: [])
        guard try eventually(15, { try sojourn.policy.exchanges().count > before }) else { throw HostFailure("nobody was asked\n\(sojourn.logs)") }
        return client
    }

    @Test func asksForManyLoginsOverOneConnection() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        for _ in 0..<5 { #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)") }
        #expect(try sojourn.policy.exchanges().count == 5)
        #expect(try connections(sojourn).count == 1)
        #expect(try sojourn.host.must("stat -c '%a %U %F' /run/sojourn/policy.sock") == "600 root socket\n")
        #expect(try sojourn.host.must("/usr/sbin/sojourn status").contains("policy         asked through the relay"))
        // Neither sshd nor the daemon has libcurl in it.
        let shell = try sojourn.openShell("alice")
        #expect(try sojourn.host.must("for p in $(pgrep -x sshd) $(pgrep -x sojournd); do grep -h libcurl /proc/$p/maps || true; done") == "")
        #expect(try sojourn.host.must("grep -c libcurl /proc/$(\(Self.pid))/maps") != "0\n")
        #expect(shell.exit() == 0)
    }

    @Test func asksDirectlyWhereItIsToldTo() throws {
        let sojourn = try SojournHost(prepare: { host, _ in
            try host.write("[policy]\nvia = \"direct\"\n", to: "/etc/sojourn/sojourn.toml.d/direct.toml", mode: "0600")
        })
        defer { sojourn.stop() }
        for _ in 0..<3 { #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)") }
        #expect(try connections(sojourn).count == 3)
        #expect(try sojourn.host.must("/usr/sbin/sojourn status").contains("policy         asked by each login itself, approvals and sessions that live through the relay"))
        // The relay is there for approvals; a decision does not go through it.
        try sojourn.host.must("pkill -STOP -x sojourn-relay")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        try sojourn.host.must("pkill -CONT -x sojourn-relay")
        // Told otherwise, and back again.
        try sojourn.host.must("rm /etc/sojourn/sojourn.toml.d/direct.toml; /usr/sbin/sojourn apply")
        #expect(try !relay(sojourn).isEmpty, "\(sojourn.logs)")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        try sojourn.host.write("[policy]\nvia = \"direct\"\n", to: "/etc/sojourn/sojourn.toml.d/direct.toml", mode: "0600")
        try sojourn.host.must("/usr/sbin/sojourn apply")
        let before = try connections(sojourn)
        for _ in 0..<2 { #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)") }
        #expect(try connections(sojourn).subtracting(before).count == 2)
    }

    @Test func refusesTheLoginUnderWhichTheRelayDiesAndLetsTheNextIn() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        try sojourn.policy.misbehave("silent")
        let client = try beginLogin(sojourn)
        let first = try relay(sojourn)
        try sojourn.host.must("kill -KILL \"$1\"", first)
        #expect(client.wait(seconds: 15) == 254, "\(sojourn.logs)")
        #expect(!client.stdout.contains("got-in"))
        let reasons = try sojourn.audit(about: "alice").filter { $0["event"] as? String == "refusal" }.compactMap { $0["reason"] as? String }
        #expect(reasons == ["policy-relay"], "\(sojourn.logs)")
        try sojourn.policy.misbehave("none")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        #expect(try relay(sojourn) != first)
    }

    @Test func refusesInTimeWhileTheRelayHangs() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        try sojourn.host.must("kill -STOP \"$1\"", relay(sojourn))
        let began = ContinuousClock.now
        let output = try sojourn.login("alice", "echo got-in")
        #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(output)\n\(sojourn.logs)")
        // The deadline in this configuration is 2 s; the rest is sshd on a busy machine.
        #expect(ContinuousClock.now - began < .seconds(9))
        #expect(try sojourn.audit(about: "alice").contains { $0["reason"] as? String == "policy-relay" }, "\(sojourn.logs)")
        try sojourn.host.must("kill -CONT \"$1\"", relay(sojourn))
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    }

    @Test func finishesAQuestionDuringAReload() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let first = try relay(sojourn)
        try sojourn.policy.misbehave("slow", options: ["seconds": 1])
        let client = try beginLogin(sojourn)
        try sojourn.host.must("pkill -HUP -x sojournd")
        #expect(client.wait(seconds: 20) == 0 && client.stdout == "got-in\n", "\(client.stderr)\n\(sojourn.logs)")
        #expect(try eventually(10) { try !sojourn.host.exists("/proc/\(first)") }, "the old relay has gone")
        try sojourn.policy.misbehave("none")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        #expect(try !["", first].contains(relay(sojourn)))
    }

    @Test func tellsNoSecretInAnyLog() throws {
        let secret = "s3cr3t-t0ken-of-this-host"
        let sojourn = try SojournHost(prepare: { host, _ in
            try host.write(secret + "\n", to: "/etc/sojourn/token", mode: "0600")
            try host.write("[policy]\ntoken_file = \"/etc/sojourn/token\"\n", to: "/etc/sojourn/sojourn.toml.d/token.toml", mode: "0600")
        })
        defer { sojourn.stop() }
        for mode in ["none", "401", "close", "silent", "garbage", "none"] {
            try sojourn.policy.misbehave(mode)
            _ = try sojourn.login("alice", "echo got-in")
        }
        try sojourn.policy.stop()
        _ = try sojourn.login("alice", "echo got-in")
        try sojourn.host.must("chmod 0644 /etc/sojourn/token")
        _ = try sojourn.login("alice", "echo got-in")
        #expect(try sojourn.audit(about: "alice").contains { $0["reason"] as? String == "policy-token" }, "\(sojourn.logs)")
        let told = (sojourn.daemon.map { $0.stdout + $0.stderr } ?? "") + (sojourn.server?.log ?? "") + sojourn.host.syslog
            + (try sojourn.host.read("/var/log/sojourn/audit.jsonl") ?? "")
        #expect(told.contains("did not answer") && told.contains("alice"), "the relay's words are among them")
        #expect(!told.contains(secret))
        #expect(try sojourn.host.must("grep -rlF \"$1\" /run/sojourn /var/lib/sojourn /var/log || true", secret) == "")
    }
}
