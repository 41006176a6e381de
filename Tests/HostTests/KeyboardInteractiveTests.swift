import Foundation
import Testing

/// Stock sshd and ssh with keyboard-interactive: the challenge in a client's prompt, and the decision before sshd says yes.
@Suite struct KeyboardInteractiveTests {
    /// - Parameter methods: what `AuthenticationMethods` says of everybody.
    private func host(_ methods: String) throws -> SojournHost {
        try SojournHost { host, _ in
            try host.must("sed -i 's/^#auth /auth /' /etc/pam.d/sshd; grep -q '^auth.*pam_sojourn' /etc/pam.d/sshd; sed -i '/^Match/,$d' /etc/ssh/sshd_config.d/00-sojourn.conf")
            try host.write("KbdInteractiveAuthentication yes\nPasswordAuthentication no\nAuthenticationMethods \(methods)\n", to: "/etc/ssh/sshd_config.d/05-methods.conf")
        }
    }

    private func client(_ sojourn: SojournHost, _ name: String, _ command: String, _ credential: Credential? = nil, options: [String] = []) throws -> Terminal {
        let usual = ["BatchMode=no", "NumberOfPasswordPrompts=1"] + (credential == nil ? ["PubkeyAuthentication=no"] : [])
        return try Terminal(
            sojourn.host, ["ssh"] + sojourn.host.clientOptions(credential, options + usual) + ["\(name)@127.0.0.1", command], as: "visitor", logs: { sojourn.logs })
    }

    @Test func showsTheChallengeInTheClientsPrompt() throws {
        let sojourn = try host("keyboard-interactive")
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        let terminal = try client(sojourn, "alice", "id -un; id -Gn | tr ' ' '\\n' | sort; env | grep -c SOJOURN; sleep 1")
        let prompt = try terminal.expect("Answer:")
        let challenge = try Challenge(in: prompt)
        #expect(prompt.contains("to come in as alice on private-host (sshd)"), "\(prompt)")
        #expect(challenge["service"] == "sshd" && challenge["user"] == "alice" && challenge["by"] == nil && challenge["as"] == nil)
        #expect(try sojourn.policy.exchanges().isEmpty)
        terminal.type(try host.answer(challenge, with: alice))
        try terminal.expect("alice\nalice\ndbops\nsojourn\n0\n")
        #expect(try host.must("/usr/sbin/sojourn sessions").contains("alice"))
        #expect(terminal.end() == 0, "\(terminal.shown)\n\(sojourn.logs)")
        #expect(try sojourn.policy.exchanges().count == 1, "decided once")
        #expect(try sojourn.events(about: "alice").contains("grant"))
        try sojourn.expectNobody("alice", "logged out")

        // Refused: an answer to another question, the policy's no, no answer, nothing but a key.
        for (what, sentence, answer) in [
            ("another host", "Sojourn: alice is not let in: ", { try host.answer(to: $0.changed("host", to: "db2"), with: alice) }),
            ("a plain key", "Sojourn: alice is not let in: ", { try host.answer(to: $0.line, with: alice, file: alice.path) }),
            ("too long for this client", "", { _ in String(repeating: "A", count: 1500) }),
            ("nothing", "", { _ in "" }),
        ] as [(String, String, (Challenge) throws -> String)] {
            let terminal = try client(sojourn, "alice", "echo got-in")
            terminal.type(try answer(Challenge(in: terminal.expect("Answer:"))))
            if sentence.isEmpty {
                // No signature at all may be tried again.
                try terminal.expect("Answer:")
                terminal.interrupt()
            }
            #expect(terminal.end() == (sentence.isEmpty ? 130 : 255), "\(what): \(terminal.shown)")
            #expect(!terminal.shown.contains("got-in") && (sentence.isEmpty || terminal.shown.contains(sentence)), "\(what): \(terminal.shown)\n\(sojourn.logs)")
        }
        let bob = try client(sojourn, "bob", "echo got-in")
        bob.type(try host.answer(Challenge(in: bob.expect("Answer:")), with: sojourn.ca.certificate(for: "bob")))
        #expect(bob.end() == 255 && bob.shown.contains("Production database hosts are for database administrators only."), "\(bob.shown)\n\(sojourn.logs)")
        #expect(try host.ssh("alice", alice, "echo got-in").status == 255, "public keys are not asked for here")
        for name in ["alice", "bob"] { try sojourn.expectNobody(name, "refused") }
    }

    @Test func takesTheCertificateThatSSHDHasSeen() throws {
        let sojourn = try host("publickey,keyboard-interactive")
        defer { sojourn.stop() }
        let alice = try sojourn.ca.certificate(for: "alice")
        let terminal = try client(sojourn, "alice", "id -un; id -Gn | tr ' ' '\\n' | sort", alice)
        #expect(terminal.end() == 0, "\(terminal.shown)\n\(sojourn.logs)")
        #expect(terminal.shown.contains("alice\nalice\ndbops\nsojourn\n") && !terminal.shown.contains("Answer:"), "\(terminal.shown)")
        #expect(try sojourn.policy.exchanges().count == 1, "decided once\n\(sojourn.logs)")
        try sojourn.expectNobody("alice", "logged out")
        // No is no before sshd says yes.
        let bob = try client(sojourn, "bob", "echo got-in", sojourn.ca.certificate(for: "bob"))
        #expect(bob.end() == 255 && bob.shown.contains("Production database hosts are for database administrators only."), "\(bob.shown)\n\(sojourn.logs)")
        // Answered by a certificate of the same person and shown another one's: sshd's is the one, and the name's own.
        let carol = try client(sojourn, "alice", "echo got-in", sojourn.ca.certificate(for: "carol"))
        #expect(carol.end() == 255 && !carol.shown.contains("got-in"), "\(carol.shown)")
        for name in ["alice", "bob", "carol"] { try sojourn.expectNobody(name, "refused or gone") }
    }

    /// T6, T20: the reference by which a decision crosses sshd's processes is nobody's to write.
    @Test func t6BelievesNoReferenceThatAUserSends() throws {
        let sojourn = try SojournHost(started: false) { host, _ in
            // The worst place: the user's own file is read before our session line.
            try host.must("sed -i 's/^session.*pam_sojourn.*/session required pam_env.so user_readenv=1\\n& local=require/' /etc/pam.d/sshd")
            try host.write("AcceptEnv *\nPermitUserEnvironment yes\n", to: "/etc/ssh/sshd_config.d/05-variables.conf")
        }
        defer { sojourn.stop() }
        let host = sojourn.host, key = try host.makeKey()
        try host.makeAccount("resident", authorizedKey: key)
        try sojourn.startSSHDOnly()
        try sojourn.startDaemon()
        #expect(try eventually(10) { try host.exists("/run/sojourn/sojournd.sock") && host.exists("/run/sojourn/config.json") }, "\(sojourn.logs)")
        for reference in [String(repeating: "0", count: 32), String(repeating: "f", count: 64), "1", "../../leases/alice", " "] {
            try host.must(
                "printf 'SSH_AUTH_INFO_SOJOURN_REF DEFAULT=\"%s\"\\n' \"$1\" > /home/resident/.pam_environment; printf 'SSH_AUTH_INFO_SOJOURN_REF=%s\\n' \"$1\" > /home/resident/.ssh/environment; chown -R resident: /home/resident",
                reference)
            let output = try host.ssh("resident", key, "echo got-in", options: ["SetEnv SSH_AUTH_INFO_SOJOURN_REF=\"\(reference)\""])
            #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(reference): \(output)\n\(sojourn.logs)")
            #expect((output.stdout + output.stderr).contains("Sojourn: resident is not let in: "), "\(reference): \(output)")
        }
        #expect(sojourn.refusals(of: "resident", "open-no-reference") >= 3, "\(sojourn.logs)")
        #expect(try sojourn.policy.exchanges().isEmpty, "\(sojourn.logs)")
        // And while users can write such things, no name of ours is let in at all.
        #expect(try !sojourn.candidatesArePublished && host.syslog.contains("reads users' own files before pam_sojourn.so"), "\(sojourn.logs)")
        // Without the file it is a plain key, and with a certificate a question to the policy.
        try host.must("rm /home/resident/.pam_environment")
        #expect(try host.ssh("resident", key, "echo got-in").status == 254)
        #expect(sojourn.refusals(of: "resident", "certificate-required") == 1, "\(sojourn.logs)")
        try sojourn.policy.answer(["decision": true])
        let output = try host.ssh("resident", sojourn.ca.certificate(for: "resident"), "echo got-in; env | grep -c SOJOURN_REF", options: ["SetEnv SSH_AUTH_INFO_SOJOURN_REF=1"])
        #expect(output.stdout.hasPrefix("got-in\n"), "\(output)\n\(sojourn.logs)")
        #expect(try sojourn.policy.exchanges().count == 1)
    }
}
