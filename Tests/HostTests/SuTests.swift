import Foundation
import Testing

/// Debian's su on a terminal: becoming somebody who is here, with that person's certificate.
@Suite struct SuTests {
    private func host() throws -> SojournHost {
        try SojournHost { host, _ in
            try host.installStacks()
            try host.must("useradd -m -s /bin/bash resident; echo 'resident:right' | chpasswd; useradd -m -s /bin/bash other; echo 'other:secret' | chpasswd; echo 'root:toor' | chpasswd")
        }
    }

    private func sessions(_ sojourn: SojournHost, of name: String) throws -> Int {
        let lease = try sojourn.host.read("/run/sojourn/leases/\(name).json") ?? "{}"
        return ((try JSONSerialization.jsonObject(with: Data(lease.utf8)) as? [String: Any])?["sessions"] as? [Any])?.count ?? 0
    }

    /// T9: whoever has a lease, and nobody else, can be become, with a certificate of theirs and a decision.
    @Test func t9AsksForTheCertificateOfWhoItBecomes() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        // Nobody of that name is here: su looks before it asks.
        let terminal = try sojourn.shell(of: "resident")
        #expect(try terminal.run("su alice -c 'echo got-in'").contains("user alice does not exist"))
        let session = try sojourn.openShell("alice")
        let asked = try sojourn.policy.exchanges().count

        for command in ["su alice", "su - alice"] {
            terminal.type(command)
            let prompt = try terminal.expect("Answer:")
            let challenge = try Challenge(in: prompt)
            #expect(prompt.contains("to come in as alice on private-host (\(command == "su alice" ? "su" : "su-l"))"), "\(prompt)")
            #expect(challenge.members.map(\.name) == ["host", "user", "service", "by", "tty", "until", "nonce"] && challenge["by"] == "resident" && challenge["user"] == "alice", "\(challenge.line)")
            terminal.type(try host.answer(challenge, with: alice))
            #expect(try terminal.run("id -un; id -Gn | tr ' ' '\\n' | sort") == "alice\nalice\ndbops\nsojourn\n", "\(command)\n\(sojourn.logs)")
            #expect(try sessions(sojourn, of: "alice") == 2)
            #expect(try host.must("/usr/sbin/sojourn sessions").contains("su"))
            terminal.type("exit")
            #expect(try terminal.run("id -un") == "resident\n")
            #expect(try eventually(10) { try sessions(sojourn, of: "alice") == 1 }, "\(sojourn.logs)")
        }
        let questions = try sojourn.policy.exchanges().dropFirst(asked).compactMap { $0["request"] as? [String: Any] }
        #expect(questions.compactMap { (($0["action"] as? [String: Any])?["properties"] as? [String: Any])?["service"] as? String } == ["su", "su-l"])

        // Somebody else's certificate, an answer for another program, the policy's no.
        let carol = try sojourn.ca.certificate(for: "carol")
        for (what, token, answer) in [
            ("somebody else's", "certificate-login-name", { try host.answer(to: $0.line, with: carol) }),
            ("for login", "answer-signature", { try host.answer(to: $0.changed("service", to: "login"), with: alice) }),
            ("for another caller", "answer-signature", { try host.answer(to: $0.changed("by", to: "other"), with: alice) }),
        ] as [(String, String, (Challenge) throws -> String)] {
            let refused = sojourn.refusals(of: "alice", token)
            terminal.type("su alice -c 'echo got''-in'; echo en''d")
            terminal.type(try answer(Challenge(in: terminal.expect("Answer:"))))
            let shown = try terminal.expect("end\n")
            #expect(shown.contains("Sojourn: alice is not let in: ") && !shown.contains("got-in"), "\(what): \(shown)")
            #expect(sojourn.refusals(of: "alice", token) == refused + 1, "\(what)\n\(sojourn.logs)")
        }
        try sojourn.policy.answer(["decision": false, "context": ["reason_user": ["en": "Not at night."]]])
        terminal.type("su alice -c 'echo got''-in'; echo en''d")
        terminal.type(try host.answer(Challenge(in: terminal.expect("Answer:")), with: alice))
        let denied = try terminal.expect("end\n")
        #expect(denied.contains("Not at night.") && !denied.contains("got-in"), "\(denied)")
        try sojourn.policy.misbehave("none")
        #expect(try sessions(sojourn, of: "alice") == 1, "\(sojourn.logs)")

        // ^C at the prompt, and nobody to be asked.
        terminal.type("su alice -c 'echo got''-in'; echo en''d")
        try terminal.expect("Answer:")
        terminal.interrupt()
        #expect(try terminal.run("echo still here").contains("still here\n"))
        let unattended = try host.run(["setsid", "-w", "su", "alice", "-c", "echo got-in"], as: "resident", input: "")
        #expect(unattended.status != 0 && !unattended.stdout.contains("got-in"), "\(unattended)")
        #expect(unattended.stderr.contains("Sojourn: alice is not let in: "), "\(unattended)")
        // An agent of the caller's is not the target's, whatever it holds.
        let agent = try host.startAgent(as: "resident", holding: [alice])
        let held = try host.run(["setsid", "-w", "su", "alice", "-c", "echo got-in"], as: "resident", input: "", environment: agent.environment)
        #expect(held.status != 0 && !held.stdout.contains("got-in"), "\(held)")

        // What su started ends with her own session, and nobody becomes her afterwards.
        terminal.type("su alice")
        terminal.type(try host.answer(Challenge(in: terminal.expect("Answer:")), with: alice))
        try terminal.run("(setsid sleep 97.1 > /dev/null 2>&1 < /dev/null &)")
        #expect(try host.run("/usr/sbin/sojourn", "end", "--yes", "alice").succeeded)
        #expect(session.client.wait(seconds: 20) != nil)
        try sojourn.expectNobody("alice", "ended")
        #expect(try !host.must("ps -e -o args=").contains("sleep 97"))
        #expect(try terminal.run("id -un; su alice -c 'echo got''-in'").contains("user alice does not exist"), "\(sojourn.logs)")
    }

    /// Root, local accounts, and oneself.
    @Test func asksOnlyWhereItMust() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        let held = try host.startAgent(as: "visitor", holding: [alice])
        let session = try RemoteShell(
            host.startSSH("alice", alice, flags: ["-A", "-tt"], environment: held.environment), name: "alice", logs: { sojourn.logs })
        // Root is asked nothing, and joins what is there.
        let asked = try sojourn.policy.exchanges().count
        #expect(try host.run(["su", "alice", "-c", "id -un"], input: "").stdout == "alice\n", "\(sojourn.logs)")
        #expect(try host.run(["su", "-", "alice", "-c", "id -un; pwd"], input: "").stdout == "alice\n/var/lib/sojourn/home/alice\n")
        // Local accounts by their passwords, as ever.
        let terminal = try sojourn.shell(of: "resident")
        for (command, password, name) in [("su other -c 'id -un'", "secret", "other"), ("su -c 'id -un'", "toor", "root")] {
            terminal.type(command)
            try terminal.expect("Password: ")
            terminal.type(password)
            try terminal.expect("\(name)\n")
            terminal.type(command + "; echo en''d")
            try terminal.expect("Password: ")
            terminal.type("wrong")
            #expect(try terminal.expect("end\n").contains("Authentication failure"))
        }
        #expect(try sojourn.policy.exchanges().count == asked)
        // She is in, and may not become them without it either.
        #expect(try session.run("setsid -w su resident -c 'echo got-in' < /dev/null 2>&1; echo done").contains("got-in") == false)

        // To oneself: the agent that came with the connection signs, and nothing is typed.
        #expect(try session.run("setsid -w su alice -c 'id -un; tty' < /dev/null").hasSuffix("\nalice\nnot a tty\n"), "\(sojourn.logs)")
        #expect(try sojourn.policy.exchanges().count == asked + 1, "a decision of its own")
        #expect(try session.run("SSH_AUTH_SOCK= setsid -w su alice -c 'echo got-in' < /dev/null 2>&1").contains("Sojourn: alice is not let in: "), "\(sojourn.logs)")
        // Without an agent the same person is shown the challenge.
        let before = session.client.stdout.count
        session.client.send("unset SSH_AUTH_SOCK; su alice\n")
        #expect(eventually(15) { session.client.stdout.dropFirst(before).contains("Answer:") }, "\(session.client.stdout)")
        let challenge = try Challenge(in: session.client.stdout.replacingOccurrences(of: "\r", with: ""))
        #expect(challenge["by"] == "alice" && challenge["user"] == "alice")
        session.client.send(try host.answer(challenge, with: alice) + "\n")
        #expect(eventually(15) { session.client.stdout.dropFirst(before).contains("is let in until") }, "\(session.client.stdout)\n\(sojourn.logs)")
        #expect(try session.run("ps -o comm= $PPID; id -un").contains("su\nalice\n"), "\(sojourn.logs)")
        session.client.send("exit\n")
        #expect(session.exit() == 0)
        try sojourn.expectNobody("alice", "logged out")
    }
}
