import Foundation
import Testing

/// Answers to a challenge at a console that let nobody in (T2, T7, T11).
@Suite struct AnswerTests {
    private static let clock = "/usr/lib/clock.so"

    /// With clocks that a test can move: there is no other way to be late without waiting.
    private func host() throws -> SojournHost {
        try SojournHost { host, _ in
            try host.installStacks()
            try host.must("cc -Wall -Wextra -Werror -shared -fPIC -o \(Self.clock) \"$1/Tests/DaemonTests/clock.c\"; echo \(Self.clock) > /etc/ld.so.preload", PrivateHost.checkout)
        }
    }

    /// Answers a challenge of `login alice`: it must be refused, with this token, and nobody is in.
    private func expectRefused(
        _ sojourn: SojournHost, _ what: String, _ token: String, sourceLocation: SourceLocation = #_sourceLocation, _ answer: (Challenge) throws -> String
    ) throws {
        let before = sojourn.refusals(of: "alice", token), asked = try sojourn.policy.exchanges().count
        let terminal = try sojourn.console("alice")
        terminal.type(try answer(Challenge(in: terminal.expect("Answer:"))))
        let shown = try terminal.expect("login: ")
        #expect(shown.contains("Sojourn: alice is not let in: "), "\(what): \(shown)", sourceLocation: sourceLocation)
        #expect(!shown.contains("Answer:"), "\(what): what is an answer and wrong is not asked for again: \(shown)", sourceLocation: sourceLocation)
        #expect(sojourn.refusals(of: "alice", token) == before + 1, "\(what)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(try sojourn.policy.exchanges().count == asked, "\(what): the policy was asked", sourceLocation: sourceLocation)
        terminal.hangUp()
        #expect(try sojourn.host.getent("passwd", "alice") == nil, "\(what)", sourceLocation: sourceLocation)
    }

    /// T11: a signature counts for one prompt, one name, one program, one host, and two minutes.
    @Test func t11RefusesAnAnswerToAnotherQuestion() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        let others = [
            ("nonce", String(repeating: "0", count: 32)), ("host", "db2"), ("user", "bob"), ("service", "su"), ("tty", "tty1"), ("until", "2099-01-01T00:00:00Z"),
        ]
        for (name, value) in others {
            try expectRefused(sojourn, "another \(name)", "answer-signature") { try host.answer(to: $0.changed(name, to: value), with: alice) }
        }
        try expectRefused(sojourn, "one more member", "answer-signature") { try host.answer(to: $0.line + " by=root", with: alice) }
        try expectRefused(sojourn, "no newline", "answer-signature") { challenge in
            let output = try host.run(["bash", "-c", "printf %s \"$1\" | ssh-keygen -q -Y sign -n sojourn -f \"$2\" | sed /^-/d | tr -d '\\n'", "bash", challenge.line, alice.path + "-cert.pub"], as: "visitor")
            return output.stdout
        }
        try expectRefused(sojourn, "another namespace", "answer-signature") { try host.answer(to: $0.line, with: alice, namespace: "file") }

        // An answer that let her in once.
        let terminal = try sojourn.console("alice")
        let answer = try host.answer(Challenge(in: terminal.expect("Answer:")), with: alice)
        terminal.type(answer)
        #expect(try terminal.run("id -un") == "alice\n", "\(sojourn.logs)")
        terminal.type("exit")
        #expect(terminal.end() != nil)
        try sojourn.expectNobody("alice", "logged out")
        try expectRefused(sojourn, "an answer that was used", "answer-signature") { _ in answer }

        // Right in every way, and too late.
        try expectRefused(sojourn, "too late", "answer-late") { challenge in
            let answer = try host.answer(challenge, with: alice)
            try host.must("echo '121 121' > /run/clock-offset.new; mv /run/clock-offset.new /run/clock-offset")
            return answer
        }
        try sojourn.expectNobody("alice", "refused")
    }

    /// T2, T7: what signs must be a certificate that the rules of an SSH login accept, and its key must have signed.
    @Test func refusesWhatIsNoCertificateOfTheirs() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host, ca = sojourn.ca
        let alice = try ca.certificate(for: "alice"), other = try ca.certificate(for: "alice", serial: 2)
        try expectRefused(sojourn, "a plain key", "plain-key") { try host.answer(to: $0.line, with: alice, file: alice.path) }
        for (what, token, credential) in [
            ("another authority", "certificate-authority", try host.makeCA("foreign").certificate(for: "alice")),
            ("somebody else's", "certificate-login-name", try ca.certificate(for: "carol")),
            ("an old one", "certificate-expired", try ca.certificate(for: "alice", validity: "-2h:-1h")),
            ("one for tomorrow", "certificate-not-yet-valid", try ca.certificate(for: "alice", validity: "+1h:+2h")),
            ("a long one", "certificate-lifetime", try ca.certificate(for: "alice", validity: "-1m:+13h")),
            ("one for a single command", "certificate-unenforced-option", try ca.issue(principals: ["alice"], keyID: "alice@example.com", options: ["force-command=/bin/true"])),
            ("one for an address", "certificate-source-address", try ca.issue(principals: ["alice"], keyID: "alice@example.com", options: ["source-address=127.0.0.1/32"])),
        ] {
            try expectRefused(sojourn, what, token) { try host.answer(to: $0.line, with: credential) }
        }
        // Her certificate in the answer, and another key's signature: an agent that lies makes it.
        let right = try host.startAgent(as: "visitor", holding: [alice]), wrong = try host.startAgent(as: "visitor", holding: [other])
        let liar = try host.startAgent(as: "visitor", that: "signs-with-another-key", insteadOf: right, wrong)
        try host.must("install -d -m 0700 -o visitor /home/visitor/only; install -m 0644 \"$1-cert.pub\" /home/visitor/only/id-cert.pub", alice.path)
        try expectRefused(sojourn, "another key's signature", "answer-signature") { challenge in
            let output = try host.run(
                ["ssh-keygen", "-q", "-Y", "sign", "-n", "sojourn", "-f", "/home/visitor/only/id-cert.pub"], as: "visitor", input: challenge.line + "\n", environment: liar.environment)
            #expect(liar.requests.contains(13), "the liar was not asked: \(output)")
            return output.stdout.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        }
        // One byte of the answer, in the certificate and in the signature.
        for place in [0.3, 0.97] {
            let before = try sojourn.policy.exchanges().count
            let terminal = try sojourn.console("alice")
            var bytes = Array(Data(base64Encoded: try host.answer(Challenge(in: terminal.expect("Answer:")), with: alice)) ?? Data())
            bytes[Int(Double(bytes.count) * place)] ^= 0x10
            terminal.type(Data(bytes).base64EncodedString())
            try terminal.expect("Sojourn: alice is not let in: ")
            #expect(try sojourn.policy.exchanges().count == before)
            terminal.hangUp()
        }
        try sojourn.expectNobody("alice", "refused")
    }

    /// Nobody can be let in by what is no answer, however it looks.
    @Test func refusesWhoGivesNoAnswer() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        let nonsense = ["", "secret", String(repeating: "A", count: 4095), String(repeating: "QUJD", count: 2000), "U1NIU0lH", "\u{1b}[2J%s%n", "-----BEGIN SSH SIGNATURE-----"]
        for start in stride(from: 0, to: nonsense.count, by: 3) {
            let terminal = try sojourn.console("alice")
            for attempt in 0..<3 {
                try terminal.expect("Answer:")
                terminal.type(nonsense[(start + attempt) % nonsense.count])
            }
            let shown = try terminal.expect("login: ")
            #expect(shown.contains("Sojourn: alice is not let in: ") && !shown.contains("Answer:"), "\(shown)")
            terminal.hangUp()
        }
        // ^C and ^D at the prompt, and a terminal that goes away.
        for way in ["^C", "^D", "gone"] {
            let terminal = try sojourn.console("alice")
            try terminal.expect("Answer:")
            switch way {
            case "^C": terminal.interrupt(); #expect(terminal.end() != nil, "^C ends login")
            case "^D": terminal.endInput(); try terminal.expect("Sojourn: alice is not let in: "); terminal.hangUp()
            default: terminal.hangUp()
            }
            #expect(try eventually(5) { try host.run("pgrep", "-x", "login").status == 1 }, "\(way)")
        }
        try sojourn.expectNobody("alice", "no answer")
        #expect(try sojourn.policy.exchanges().isEmpty)
        #expect(try sojourn.registeredUID(of: "alice") == nil)
        // Nobody is there to be asked.
        let unattended = try host.run(["setsid", "-w", "login", "alice"], input: "")
        #expect(unattended.status != 0 && !unattended.stdout.contains("Last login"), "\(unattended)")
        try sojourn.expectNobody("alice", "no terminal")
    }
}
