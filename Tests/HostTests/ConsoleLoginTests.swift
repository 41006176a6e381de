import Foundation
import Testing

/// Debian 12's own `login` on a terminal: a person without an account comes in with a certificate that is somewhere else.
@Suite struct ConsoleLoginTests {
    private func host(_ prepare: (PrivateHost) throws -> Void = { _ in }) throws -> SojournHost {
        try SojournHost { host, _ in
            try host.installStacks()
            try prepare(host)
        }
    }

    private func session(_ terminal: Terminal, _ sojourn: SojournHost, answering credential: Credential) throws {
        let challenge = try Challenge(in: terminal.expect("Answer:"))
        terminal.type(try sojourn.host.answer(challenge, with: credential))
    }

    @Test func lastsAsLongAsThePersonSitsThere() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        let terminal = try sojourn.console()
        try terminal.expect("login: ")
        terminal.type("alice")
        let prompt = try terminal.expect("Answer:")
        #expect(prompt.contains("Sojourn: to come in as alice on private-host (login), run this where your certificate is"), "\(prompt)")
        let challenge = try Challenge(in: prompt)
        #expect(challenge.members.map(\.name) == ["host", "user", "service", "tty", "until", "nonce"], "\(challenge.line)")
        #expect(challenge["host"] == "private-host" && challenge["user"] == "alice" && challenge["service"] == "login")
        #expect(challenge["tty"]?.hasPrefix("/dev/pts/") == true && challenge["nonce"]?.count == 32)
        #expect(prompt.contains("sojourn sign '\(challenge.line)'"), "\(prompt)")
        // Nothing is made, and nothing is asked, for somebody who has shown nothing.
        #expect(try host.getent("passwd", "alice") == nil)
        #expect(try sojourn.registeredUID(of: "alice") == nil)
        #expect(try sojourn.policy.exchanges().isEmpty)

        // With the very command that stands there.
        terminal.type(try host.answer(challenge, with: alice))
        let uid = try #require(try Int(terminal.run("id -u").trimmingCharacters(in: .newlines)))
        #expect((65536...99999).contains(uid))
        let place = "\(uid)\n\(challenge["tty"] ?? "")\n"
        #expect(try terminal.run("id -un; id -Gn | tr ' ' '\\n' | sort; pwd; cat /proc/self/loginuid; echo; tty") == "alice\nalice\ndbops\nsojourn\n/var/lib/sojourn/home/alice\n" + place)
        #expect(try !terminal.run("env").contains("SOJOURN"))
        // As the host sees it.
        #expect(try host.getent("passwd", "alice")?.hasPrefix("alice:*:\(uid):") == true)
        let table = try host.must("/usr/sbin/sojourn sessions")
        #expect(table.contains("alice") && table.contains("login"), "\(table)")
        #expect(try sojourn.events(about: "alice").contains("grant"))
        let questions = try sojourn.questions(sojourn.policy, "login")
        let context = questions.last?["context"] as? [String: Any], action = questions.last?["action"] as? [String: Any]
        #expect(questions.count == 1 && (action?["properties"] as? [String: Any])?["service"] as? String == "login", "\(sojourn.policy.log)")
        #expect((context?["credential"] as? [String: Any])?["principals"] as? [String] == ["alice"] && context?["source_ip"] == nil)

        terminal.type("exit")
        #expect(terminal.end() != nil)
        try sojourn.expectNobody("alice", "after logout")
        let events = try sojourn.events(about: "alice")
        #expect(events.contains("session-end") && events.suffix(2) == ["lease-end", "gone"], "\(events)")

        // Whatever takes the terminal or the program away ends it too, and so does an order.
        for end in ["line", "program", "order"] {
            let terminal = try sojourn.console("alice")
            try session(terminal, sojourn, answering: alice)
            #expect(try terminal.run("id -u") == "\(uid)\n", "\(end)")
            try terminal.run("(setsid nohup sleep 96.1 > /dev/null 2>&1 < /dev/null &)")
            switch end {
            case "line": terminal.hangUp()
            case "program": try host.must("pkill -KILL -x login")
            default: try host.must("/usr/sbin/sojourn end --yes alice")
            }
            try sojourn.expectNobody("alice", end)
            #expect(try !host.must("ps -e -o args=").contains("sleep 96"))
        }
    }

    /// Who is shown a challenge may answer it in ways that a person's terminal and clipboard make of it.
    @Test func takesAnAnswerAsItIsPasted() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        func expectIn(_ terminal: Terminal, _ what: String) throws {
            #expect(try terminal.run("id -un") == "alice\n", "\(what)")
            terminal.type("exit")
            #expect(terminal.end() != nil)
            try sojourn.expectNobody("alice", what)
        }
        // Armour in one line, with blanks between.
        var terminal = try sojourn.console("alice")
        var challenge = try Challenge(in: terminal.expect("Answer:"))
        terminal.type("  " + (try host.signature(of: challenge.line, with: alice)).replacingOccurrences(of: "\n", with: " ") + " ")
        try expectIn(terminal, "armour in one line")
        // Armour in many lines: a terminal throws all but the first away, and the person is asked again.
        terminal = try sojourn.console("alice")
        challenge = try Challenge(in: terminal.expect("Answer:"))
        terminal.process.send(try host.signature(of: challenge.line, with: alice))
        try terminal.expect("Answer:")
        terminal.type(try host.answer(to: challenge.line, with: alice))
        try expectIn(terminal, "one line after armour")
        // An empty line and a word first.
        terminal = try sojourn.console("alice")
        challenge = try Challenge(in: terminal.expect("Answer:"))
        terminal.type("yes")
        try terminal.expect("Answer:")
        terminal.type(String(repeating: "A", count: 4094))
        try terminal.expect("Answer:")
        terminal.type(try host.answer(to: challenge.line, with: alice))
        try expectIn(terminal, "the third answer")
        // The agent makes the signature, and the file holds the certificate alone.
        let agent = try host.startAgent(as: "visitor", holding: [alice])
        try host.must("install -d -m 0700 -o visitor /home/visitor/only; install -m 0644 \"$1-cert.pub\" /home/visitor/only/id-cert.pub", alice.path)
        terminal = try sojourn.console("alice")
        challenge = try Challenge(in: terminal.expect("Answer:"))
        let command = challenge.command.replacingOccurrences(of: "~/.ssh/id_ed25519-cert.pub", with: "/home/visitor/only/id-cert.pub")
        terminal.type(try host.run(["bash", "-c", command], as: "visitor", environment: agent.environment).stdout.trimmingCharacters(in: .newlines))
        try expectIn(terminal, "by an agent")
    }

    /// Three names at one `login`, and only the last one is who comes in.
    @Test func mixesNothingUpWhenSeveralNamesAreTried() throws {
        let sojourn = try host { try $0.must("useradd -m -s /bin/bash resident; echo 'resident:right' | chpasswd") }
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice"), dave = try sojourn.ca.certificate(for: "dave")
        let terminal = try sojourn.console("dave")
        // Somebody else's certificate; the policy's no; a local account's wrong password; and then the right one.
        try session(terminal, sojourn, answering: alice)
        try terminal.expect("Sojourn: dave is not let in")
        try terminal.expect("login: ")
        terminal.type("bob")
        try session(terminal, sojourn, answering: try sojourn.ca.certificate(for: "bob"))
        try terminal.expect("Production database hosts are for database administrators only.")
        try terminal.expect("login: ")
        terminal.type("resident")
        try terminal.expect("Password: ")
        terminal.type("wrong")
        try terminal.expect("login: ")
        terminal.type("dave")
        try session(terminal, sojourn, answering: dave)
        #expect(try terminal.run("id -un; id -Gn | tr ' ' '\\n' | sort") == "dave\ndave\nsojourn\n", "\(sojourn.logs)")
        for name in ["alice", "bob"] { try sojourn.expectNobody(name, "tried and refused") }
        #expect(try host.must("/usr/sbin/sojourn sessions --json").components(separatedBy: "\"dave\"").count == 2)
        terminal.type("exit")
        #expect(terminal.end() != nil)
        try sojourn.expectNobody("dave", "after logout")

        // After two who were in nobody's name, a local account with its password, and nothing of Sojourn's.
        let other = try sojourn.console("alice")
        try other.expect("Answer:")
        other.type("no")
        try other.expect("Answer:")
        other.type("no")
        try other.expect("Answer:")
        other.type("no")
        try other.expect("Sojourn: alice is not let in")
        try other.expect("login: ")
        other.type("resident")
        try other.expect("Password: ")
        other.type("right")
        #expect(try other.run("id -un; id -Gn") == "resident\nresident\n")
        #expect(try host.must("/usr/sbin/sojourn sessions --json").contains("resident") == false)
        try sojourn.expectNobody("alice", "gave up")
    }

    /// Whoever sits there can be asked for a reason, and can wait for somebody's yes.
    @Test func asksForAReasonAndWaitsForAnApproval() throws {
        let sojourn = try host { try $0.must("sed -i 's/role = \"database\"/role = \"web\"/; s/^deadline = .*/&\\napproval_wait = \"50s\"/' /etc/sojourn/sojourn.toml") }
        defer { sojourn.stop() }
        let bob = try sojourn.ca.certificate(for: "bob")
        let terminal = try sojourn.console("bob")
        try session(terminal, sojourn, answering: bob)
        try terminal.expect("Reason: ")
        terminal.type("disk full, INC-4711")
        try terminal.expect("https://tickets.example.com/")
        try terminal.expect("Waiting for at most")
        #expect(try sojourn.host.getent("passwd", "bob") == nil)
        #expect(try sojourn.policy.settle("approve", seconds: 600) == 1)
        #expect(try terminal.run("id -un", seconds: 30) == "bob\n", "\(sojourn.logs)")
        #expect(sojourn.policy.log.contains("INC-4711"))
        terminal.type("exit")
        #expect(terminal.end() != nil)
        try sojourn.expectNobody("bob", "logged out")
    }
}
