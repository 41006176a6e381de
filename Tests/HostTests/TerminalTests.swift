import Foundation
import Testing

/// The terminal that other tests sit at, and Debian's own programs on it without anything of Sojourn's.
@Suite struct TerminalTests {
    @Test func takesLinesInterruptsAndGoesAway() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        try host.must("useradd -m -s /bin/bash resident; echo 'resident:right' | chpasswd; sed -i 's/pam_faildelay[.]so.*/pam_faildelay.so delay=0/' /etc/pam.d/login; sed -i 's/^FAIL_DELAY.*/FAIL_DELAY 0/' /etc/login.defs")
        // Nothing is typed before it is asked for, and a wrong answer is one.
        let console = try Terminal(host, ["login"])
        try console.expect("login: ")
        console.type("resident")
        try console.expect("Password: ")
        console.type("wrong")
        try console.expect("Login incorrect")
        try console.expect("login: ")
        console.type("resident")
        try console.expect("Password: ")
        console.type("right")
        #expect(try console.run("id -un; stat -c %U $(tty)") == "resident\nresident\n")
        // ^C ends what runs in the foreground, and ^D the shell.
        console.type("echo beg''un; sleep 60; echo not in''terrupted")
        try console.expect("begun\n")
        console.interrupt()
        #expect(try console.run("echo and on") == "and on\n")
        #expect(!console.shown.contains("not interrupted"))
        console.endInput()
        #expect(console.end() == 0)

        let status = try Terminal(host, ["bash", "-c", "tty; read -r line; echo \"got ${#line}\"; exit 7"], as: "resident")
        try status.expect("/dev/pts/")
        // The longest line that a terminal takes.
        status.type(String(repeating: "A", count: 4095))
        try status.expect("got 4095\n")
        #expect(status.end() == 7)
        let killed = try Terminal(host, ["bash", "-c", "kill -9 $$"])
        #expect(killed.end() == 137)
        let away = try Terminal(host, ["bash", "--norc"])
        _ = try away.run("true")
        away.hangUp()
        #expect(try eventually(5) { try host.run("pgrep", "-f", "bash --norc").status == 1 })
        #expect(throws: HostFailure.self) { _ = try Terminal(host, ["true"]).expect("never shown", seconds: 3) }
    }

    /// What the other tests hold against Sojourn is made by stock OpenSSH and taken by its own verifier.
    @Test func signsAsStockOpenSSHDoes() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let ca = try host.makeCA(), alice = try ca.certificate(for: "alice")
        let line = "sojourn-1 host=db1 user=alice service=login tty=tty1 until=2026-11-22T01:40:00Z nonce=0123456789abcdef0123456789abcdef"
        let shown = "Sojourn: to come in as alice on db1 (login), run this:\n  echo '\(line)' | ssh-keygen -Y sign -n sojourn -f ~/.ssh/id_ed25519-cert.pub | sed /^-/d | tr -d '\\n'; echo\nor:  sojourn sign '\(line)'\nAnswer: "
        let challenge = try Challenge(in: shown)
        #expect(challenge.line == line && challenge["tty"] == "tty1" && challenge["by"] == nil)
        #expect(challenge.changed("host", to: "db2") == line.replacingOccurrences(of: "host=db1", with: "host=db2"))
        let answer = try host.answer(challenge, with: alice)
        #expect(answer.hasPrefix("U1NIU0lH") && answer.count > 600)
        try host.write("-----BEGIN SSH SIGNATURE-----\n\(answer)\n-----END SSH SIGNATURE-----\n", to: "/tmp/signature")
        let verify = "printf 'alice cert-authority '; cat \"$1.pub\""
        try host.write(try host.must(verify, ca.path), to: "/tmp/signers")
        for (signed, right) in [(line, true), (challenge.changed("user", to: "bob"), false)] {
            let output = try host.run(["ssh-keygen", "-Y", "verify", "-f", "/tmp/signers", "-I", "alice", "-n", "sojourn", "-s", "/tmp/signature"], input: signed + "\n")
            #expect(output.succeeded == right, "\(output)")
        }
        // Through an agent, and by one that lies.
        let own = try host.startAgent(as: "visitor", holding: [alice]), other = try host.startAgent(as: "visitor", holding: [try host.makeKey()])
        let listed = try host.run(["ssh-add", "-l"], as: "visitor", environment: own.environment).stdout
        #expect(listed.contains("ED25519-CERT"), "\(listed)")
        let liar = try host.startAgent(as: "visitor", that: "signs-with-another-key", insteadOf: own, other)
        #expect(try host.run(["ssh-add", "-l"], as: "visitor", environment: liar.environment).stdout == listed)
        #expect(try host.run(["ssh-add", "-T", alice.path + ".pub"], as: "visitor", environment: own.environment).succeeded)
        #expect(try !host.run(["ssh-add", "-T", alice.path + ".pub"], as: "visitor", environment: liar.environment).succeeded)
        #expect(liar.requests.contains(13))
    }
}
