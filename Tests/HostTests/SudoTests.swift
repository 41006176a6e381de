import Foundation
import Testing

/// Debian's sudo, used by somebody who came in with a certificate: the policy decides each time.
@Suite struct SudoTests {
    private func host(_ prepare: (PrivateHost) throws -> Void = { _ in }) throws -> SojournHost {
        try SojournHost { host, _ in
            try host.installStacks()
            // What this machine's root has in its profile is nothing for a test to wait for.
            try host.must("useradd -m -s /bin/bash -p '*' resident; rm -f /root/.profile /root/.bashrc")
            try prepare(host)
        }
    }

    private func elevations(_ sojourn: SojournHost) throws -> Int { try sojourn.audit().filter { $0["event"] as? String == "elevation" }.count }

    private func command(_ question: [String: Any]?) -> [String: Any] {
        (question?["context"] as? [String: Any])?["command"] as? [String: Any] ?? [:]
    }

    /// What sudo reads in its command line and what we read must be one: sudo cuts lists up in place, knows its own name only, and
    /// takes a value of `--` for the end of its options.
    @Test func refusesACommandLineThatSudoReadsOtherwise() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.answer(["decision": true])
        #expect(try shell.run("sudo -n /usr/bin/id -u") == "0\n", "\(sojourn.logs)")
        let before = try sojourn.questions(sojourn.policy, "sudo").count
        let ways = [
            "sudo -n --preserve-env=X,/usr/bin/id /bin/sh -c 'id -u'", "sudo -n --preserve-env=X,-uresident,/usr/bin/id /bin/sh -c 'id -u'", "sudo -n --preserve-e=X id -u",
            "(exec -a xedit sudo -n /usr/bin/id -u)", "(exec -a sudoedit2 sudo -n /usr/bin/id -u)", "cd; mkdir -p X=; ln -sf /usr/bin/id X=/sh; sudo -n -p -- X=/sh /usr/bin/id -u",
        ]
        for way in ways {
            let said = try shell.run("\(way) 2>&1 < /dev/null; echo \"status $?\"")
            #expect(said.contains("what sudo is asked to do is not clear") && !said.contains("status 0") && !said.hasPrefix("0\n") && !said.contains("uid="), "\(way): \(said)\n\(sojourn.logs)")
        }
        #expect(try sojourn.questions(sojourn.policy, "sudo").count == before, "the policy is not even asked")
        // What would run beside the command is the caller's choice nowhere.
        let loaded = try shell.run("sudo -n LD_PRELOAD=/tmp/none.so /usr/bin/id -u 2>&1 < /dev/null; echo \"status $?\"")
        #expect(loaded.contains("LD_PRELOAD") && !loaded.contains("status 0"), "\(loaded)")
    }

    @Test func isDecidedEachTimeAndNeedsNoPassword() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.answer(["decision": true])
        let ways: [(command: String, prints: String, service: String, target: String, kind: String, program: String?)] = [
            ("sudo id -u", "0\n", "sudo", "root", "command", nil),
            ("sudo -n /usr/bin/id -u", "0\n", "sudo", "root", "command", "/usr/bin/id"),
            ("sudo -n -u resident /usr/bin/id -un", "resident\n", "sudo", "resident", "command", "/usr/bin/id"),
            ("sudo -n -i id -u", "0\n", "sudo-i", "root", "shell", nil),
            ("echo 'id -u; exit' | sudo -n -s", "0\n", "sudo", "root", "shell", nil),
            ("sudo -n -l > /dev/null && echo listed", "listed\n", "sudo", "root", "list", nil),
            ("sudo -n -v && echo valid", "valid\n", "sudo", "root", "validate", nil),
            ("echo one | sudo -n tee /tmp/two > /dev/null; sudo -n /usr/bin/cat /tmp/two", "one\n", "sudo", "root", "command", "/usr/bin/cat"),
        ]
        var count = try elevations(sojourn)
        for way in ways {
            let before = try sojourn.questions(sojourn.policy, "sudo").count
            #expect(try shell.run(way.command) == way.prints, "\(way.command)\n\(sojourn.logs)")
            let questions = try sojourn.questions(sojourn.policy, "sudo").dropFirst(before)
            let question = questions.last
            let properties = (question?["action"] as? [String: Any])?["properties"] as? [String: Any]
            #expect(properties?["service"] as? String == way.service && properties?["account"] as? String == "alice" && properties?["target"] as? String == way.target, "\(way.command): \(questions)")
            #expect(command(question)["kind"] as? String == way.kind, "\(way.command): \(questions)")
            // A name without a path is looked for by sudo, later: what it will find is not certain.
            if way.program == nil { #expect(command(question)["certain"] as? Bool == false, "\(way.command): \(questions)") }
            if let program = way.program { #expect(command(question)["program"] as? String == program && command(question)["certain"] as? Bool == true, "\(way.command): \(questions)") }
            #expect(command(question)["argv"] == nil, "arguments may be secrets")
            #expect((question?["subject"] as? [String: Any])?["id"] as? String == "alice@example.com")
            let now = try elevations(sojourn)
            #expect(now == count + questions.count && !questions.isEmpty, "a line for each: \(way.command)\n\(sojourn.logs)")
            count = now
        }
        // What an editor is for is told as such.
        let before = try sojourn.questions(sojourn.policy, "sudo").count
        #expect(try shell.run("EDITOR=/usr/bin/true sudo -n -e /etc/hostname 2>&1; echo done").contains("done"))
        #expect(try command(sojourn.questions(sojourn.policy, "sudo").dropFirst(before).last)["kind"] as? String == "edit")

        // No, with the reason; and no way to be asked for a password.
        try sojourn.policy.answer(["decision": false, "context": ["reason_user": ["en": "Not on a Friday."]]])
        for way in ["sudo -n id -u", "sudo id -u", "sudo -n -i id -u", "sudo -n -u resident id -u", "sudo -n -l", "sudo -n -v"] {
            let refused = try shell.run("\(way) 2>&1 < /dev/null; echo \"status $?\"")
            #expect(refused.contains("Sojourn: alice is not let in: ") && refused.contains("Not on a Friday."), "\(way): \(refused)\n\(sojourn.logs)")
            #expect(refused.components(separatedBy: "is not let in").count == 2, "told once: \(way): \(refused)")
            #expect(!refused.contains("\n0\n") && !refused.contains("status 0") && !refused.hasPrefix("0\n"), "\(way): \(refused)")
        }
        #expect(try elevations(sojourn) == count + 1, "only the editor since: \(sojourn.logs)")
        // A yes that grants something is no yes to this.
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["dbops"]]]])
        #expect(try shell.run("sudo -n id -u 2>&1; echo done").contains("Sojourn: alice is not let in: "))
        #expect(sojourn.refusals(of: "alice", "elevation-grant") == 1, "\(sojourn.logs)")
        // No answer, no root.
        for mode in ["silent", "garbage", "500"] {
            try sojourn.policy.misbehave(mode)
            #expect(try shell.run("sudo -n id -u 2>&1; echo done").contains("Sojourn: alice is not let in: "), "\(mode)\n\(sojourn.logs)")
        }
        try sojourn.policy.answer(["decision": true])
        try sojourn.freezeDaemon()
        let unwatched = try shell.run("sudo -n id -u; echo done", seconds: 40)
        #expect(!unwatched.contains("0\n") && unwatched.hasSuffix("done\n"), "\(unwatched)")
        try sojourn.thawDaemon()
        #expect(try shell.run("sudo -n id -u") == "0\n", "\(sojourn.logs)")
        #expect(shell.exit() == 0)
        try sojourn.expectNobody("alice", "logged out")
    }

    /// T16: whatever sudoers lets pass without authentication is decided all the same, and nothing works or lives when the lease is over.
    @Test func t16NothingOutlivesTheLeaseOrGoesAroundTheDecision() throws {
        let sojourn = try host { host in
            // A ticket that lasts, and a rule without a password, as an administrator might write them.
            try host.must("echo 'Defaults:carol timestamp_timeout=15, timestamp_type=global' > /etc/sudoers.d/zz-ticket; printf '%%sojourn ALL=(ALL) NOPASSWD: /usr/bin/id\\nresident ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/zz-rule; chmod 0440 /etc/sudoers.d/zz-*; sed -i 's/timestamp_timeout=0, //' /etc/sudoers.d/sojourn; visudo -q -c")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.answer(["decision": true])
        #expect(try shell.run("sudo -n id -u; sudo -n whoami; sudo -n whoami") == "0\nroot\nroot\n", "\(sojourn.logs)")
        let questions = try sojourn.questions(sojourn.policy, "sudo").count
        #expect(questions >= 3, "by the rule, by the decision, by the ticket: \(sojourn.policy.log)")
        #expect(try elevations(sojourn) == questions)
        try sojourn.policy.answer(["decision": false])
        for way in ["sudo -n id -u", "sudo -n whoami", "sudo -n -u resident id -un"] {
            let refused = try shell.run("\(way); echo done")
            #expect(refused.contains("Sojourn: alice is not let in: ") && refused.hasSuffix("\ndone\n") && !refused.contains("0\n") && !refused.contains("root\n") && !refused.contains("resident\n"), "\(way): \(refused)\n\(sojourn.logs)")
        }
        // Local accounts are sudoers' business: as caller, and with somebody who is here as target.
        let asked = try sojourn.policy.exchanges().count
        #expect(try host.run(["sudo", "-n", "id", "-u"], as: "resident").stdout == "0\n")
        #expect(try host.run(["sudo", "-n", "-u", "alice", "id", "-un"], as: "resident").stdout == "alice\n", "\(sojourn.logs)")
        #expect(try host.run(["sudo", "-n", "-u", "bob", "id", "-un"], as: "resident").status != 0)
        #expect(try host.run(["sudo", "-u", "alice", "id", "-un"]).stdout == "alice\n")
        #expect(try sojourn.policy.exchanges().count == asked)

        // A root shell that ignores everything, a copy of it in the background, and a ticket: all gone with the session.
        try sojourn.policy.answer(["decision": true])
        try shell.run("sudo -n sh -c 'trap \"\" HUP TERM INT; setsid sleep 98.1 > /dev/null 2>&1 < /dev/null & echo $$ > /tmp/root-shell'; (sudo -n sh -c 'trap \"\" HUP TERM INT; sleep 98.2; sleep 98.3' > /dev/null 2>&1 < /dev/null &) ; sleep 0.3")
        #expect(try eventually(10) { try host.must("pgrep -x -a sleep || true").components(separatedBy: "sleep 98").count == 3 }, "\((try? host.must("ps -ef")) ?? "")")
        shell.client.send("sudo -s\n")
        #expect(eventually(15) { (try? host.must("pgrep -x -a bash -u root || true; pgrep -x sudo || true").isEmpty) == false })
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try host.run("/usr/sbin/sojourn", "end", "--yes", "alice").succeeded)
        #expect(shell.client.wait(seconds: 20) != nil)
        try sojourn.expectNobody("alice", "ended")
        #expect(try !host.must("ps -e -o args=").contains("sleep 98"), "\((try? host.must("ps -ef")) ?? "")\n\(sojourn.logs)")
        #expect(try host.run("pgrep", "-x", "sudo").status == 1)
        #expect(try host.must("find /run/sudo/ts -name alice -o -name \(uid) 2> /dev/null || true") == "", "a ticket is left")
        // A process of hers that was missed could do nothing with sudo: there is no such user.
        let stray = try host.run(["setpriv", "--reuid", String(uid), "--regid", String(uid), "--clear-groups", "sudo", "-n", "id", "-u"])
        #expect(stray.status != 0 && stray.stdout == "", "\(stray)")
        #expect(try host.run(["sudo", "-n", "-u", "alice", "id", "-un"], as: "resident").status != 0)
        let evidence = try sojourn.audit(about: "alice")
        #expect(evidence.contains { $0["event"] as? String == "elevation" } && evidence.contains { $0["event"] as? String == "gone" }, "\(sojourn.logs)")
    }

    /// T12: sudo and su are setuid, and their caller writes the environment.
    @Test func t12NoVariableOfTheCallerSteersAnything() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        let agent = try host.startAgent(as: "visitor", holding: [sojourn.ca.certificate(for: "alice")])
        let shell = try RemoteShell(
            host.startSSH("alice", sojourn.ca.certificate(for: "alice"), flags: ["-A", "-tt"], environment: agent.environment), name: "alice", logs: { sojourn.logs })
        // Loaded by whoever believes the caller: it says so in a file.
        try host.write(
            "#include <fcntl.h>\n#include <unistd.h>\n__attribute__((constructor)) static void begin(void) { if (geteuid() == 0) close(open(\"/tmp/steered\", O_CREAT | O_WRONLY, 0666)); else close(open(\"/tmp/loaded\", O_CREAT | O_WRONLY, 0666)); }\n",
            to: "/tmp/steer.c")
        try host.must("cc -shared -fPIC -o /tmp/steer.so /tmp/steer.c; cp /tmp/steer.so /tmp/libcurl.so.4; cp /tmp/steer.so /tmp/libnss_steer.so.2")
        try host.write(
            "openssl_conf = all\n[all]\nproviders = list\nengines = old\n[list]\nsteer = one\n[one]\nmodule = /tmp/steer.so\nactivate = 1\n[old]\nsteer = two\n[two]\ndynamic_path = /tmp/steer.so\ninit = 1\n",
            to: "/tmp/openssl.cnf")
        let hostile = [
            "OPENSSL_CONF=/tmp/openssl.cnf", "OPENSSL_MODULES=/tmp", "OPENSSL_ENGINES=/tmp", "LD_PRELOAD=/tmp/steer.so", "LD_LIBRARY_PATH=/tmp", "LD_AUDIT=/tmp/steer.so",
            "SSL_CERT_FILE=/tmp/none", "SSL_CERT_DIR=/tmp", "CURL_HOME=/tmp", "CURL_SSL_BACKEND=none", "SSLKEYLOGFILE=/tmp/steered", "http_proxy=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1",
            "https_proxy=http://127.0.0.1:1", "all_proxy=http://127.0.0.1:1", "ALL_PROXY=socks5://127.0.0.1:1", "NETRC=/tmp/steer.c", "GCONV_PATH=/tmp", "HOSTALIASES=/tmp/steer.c", "RES_OPTIONS=attempts:0",
            "LOCALDOMAIN=evil", "TZ=:/tmp/steer.c", "SWIFT_DEBUG=1", "MALLOC_TRACE=/tmp/steered", "NSS_PATH=/tmp", "SOJOURN_SOCKET=/tmp/none", "SSH_AUTH_INFO_0=none",
            "SSH_AUTH_INFO_SOJOURN_REF=\(String(repeating: "0", count: 32))", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "PAM_USER=root", "PATH=/tmp:$PATH", "LANG=/tmp", "LC_ALL=C",
        ].map { "'\($0)'" }.joined(separator: " ").replacingOccurrences(of: ":$PATH'", with: ":'$PATH")
        try sojourn.policy.answer(["decision": true])
        // That these would do something where they are believed.
        try shell.run("env OPENSSL_CONF=/tmp/openssl.cnf openssl version > /dev/null 2>&1; LD_PRELOAD=/tmp/steer.so /bin/true")
        #expect(try host.exists("/tmp/loaded"))
        for command in ["sudo -n id -u", "setsid -w su alice -c 'id -u' < /dev/null"] {
            let asked = try sojourn.policy.exchanges().count
            // What su says of the time is another minute's.
            let plain = try shell.run("\(command) 2> /dev/null | grep -x '[0-9]*'"), steered = try shell.run("env \(hostile) \(command) 2> /dev/null | grep -x '[0-9]*'")
            #expect(steered == plain && !plain.isEmpty, "\(command): \(steered)\n\(sojourn.logs)")
            #expect(try sojourn.policy.exchanges().count == asked + 2, "\(command)")
        }
        #expect(try !host.exists("/tmp/steered"), "something of root's believed the caller")
        try sojourn.policy.answer(["decision": false])
        for command in ["sudo -n id -u", "setsid -w su alice -c 'id -u' < /dev/null"] {
            let refused = try shell.run("env \(hostile) \(command); echo done")
            #expect(refused.contains("Sojourn: alice is not let in: ") && refused.hasSuffix("\ndone\n") && !refused.contains("\n0\n"), "\(command): \(refused)")
        }
        // What the policy is told about the connection is the daemon's knowledge, not the caller's.
        for question in try sojourn.questions(sojourn.policy, "sudo") {
            #expect(!String(describing: question).contains("192.0.2"), "\(question)")
        }
        #expect(shell.exit() == 0)
    }
}
