import Foundation
import Testing

/// People are told of an end before it comes, and why it came, at every terminal of the session and nowhere else.
@Suite struct EndWarningTests {
    private func host(_ session: String) throws -> SojournHost {
        try SojournHost(people: ["pia"]) { host, _ in
            try host.write("[session]\n" + session, to: "/etc/sojourn/sojourn.toml.d/session.toml", mode: "0600")
        }
    }

    /// Two terminals of one connection are one session: both are told; another person's is not.
    @Test func tellsEveryTerminalOfTheSessionBeforeItsEndAndAtIt() throws {
        let sojourn = try host("warn_before = \"8s\"\n")
        defer { sojourn.stop() }
        let other = try sojourn.openShell("pia")
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["max_session_seconds": 20]]])
        let alice = try sojourn.ca.certificate(for: "alice")
        let control = ["ControlPath=/tmp/control-%C"]
        let first = try RemoteShell(sojourn.host.startSSH("alice", alice, flags: ["-tt"], options: control + ["ControlMaster=yes"]), name: "alice", logs: { sojourn.logs })
        let second = try sojourn.host.startSSH("alice", alice, "tty; exec cat", flags: ["-tt"], options: control)
        #expect(eventually(10) { second.stdout.contains("/dev/pts/") }, "\(second.stderr)")
        let table = try sojourn.host.must("/usr/sbin/sojourn sessions")
        #expect(table.split(separator: "\n").filter { $0.contains("alice") }.count == 1, "\(table)")
        #expect(first.client.wait(seconds: 30) != nil && second.wait(seconds: 5) != nil, "T32: all that goes through it ends: \(sojourn.logs)")
        for text in [first.client.stdout, second.stdout] {
            #expect(text.components(separatedBy: "Sojourn: this session ends in ").count == 2, "one warning: \(text)")
            #expect(text.contains("your home directory on this host go: copy what you need.") && text.contains("Sojourn: this session ends now: its time was over."), "\(text)")
        }
        #expect(try other.run("id -un") == "pia\n")
        #expect(!other.client.stdout.contains("ends in") && !other.client.stdout.contains("ends now"), "\(other.client.stdout)")
        #expect(other.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    /// T30: a terminal that was stopped takes nothing; nobody waits for it, and the session ends in time.
    @Test func t30AStoppedTerminalHoldsNothingUp() throws {
        let sojourn = try host("warn_before = \"5s\"\n")
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["max_session_seconds": 10]]])
        let shell = try sojourn.openShell("alice")
        let free = try sojourn.openShell("pia")
        shell.client.send("stty ixon; yes\n")
        Thread.sleep(forTimeInterval: 1)
        shell.client.send("\u{13}")
        #expect(free.client.wait(seconds: 30) != nil && shell.client.wait(seconds: 10) != nil, "\(sojourn.logs)")
        #expect(free.client.stdout.contains("Sojourn: this session ends in "), "\(free.client.stdout)")
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty && sojourn.tracesLeft(of: "pia").isEmpty)
    }

    /// An administrator's words reach the person, escaped.
    @Test func t30TellsTheAdministratorsReason() throws {
        let sojourn = try host("warn_before = \"0s\"\n")
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        #expect(try sojourn.host.run("/usr/sbin/sojourn", "end", "--yes", "alice", "--reason", "incident \u{9b}2J 4711").status == 0)
        #expect(shell.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        #expect(shell.client.stdout.contains("Sojourn: this session ends now: ended by an administrator: incident") && shell.client.stdout.contains("4711"), "\(shell.client.stdout)")
        #expect(!shell.client.stdout.contains("\u{9b}2J"))
    }
}
