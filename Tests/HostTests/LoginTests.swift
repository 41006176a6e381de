import Foundation
import Testing

/// A person with a certificate and a yes, and no account, on a host with stock sshd.
@Suite struct LoginTests {
    @Test func givesAPersonWithoutAnAccountAShellAndLeavesNothing() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        #expect(try host.getent("passwd", "alice") == nil)
        #expect(try host.getent("group", "alice") == nil)

        let shell = try sojourn.openShell("alice")
        let uid = try #require(try Int(shell.run("id -u").trimmingCharacters(in: .newlines)))
        #expect((65536...99999).contains(uid))
        #expect(try shell.run("id -un; id -gn; id -g") == "alice\nalice\n\(uid)\n")
        #expect(try shell.run("id -Gn | tr ' ' '\\n' | sort") == "alice\ndbops\nsojourn\n")
        #expect(try shell.run("pwd; echo $HOME; stat -c '%U %G %a' .") == "/var/lib/sojourn/home/alice\n/var/lib/sojourn/home/alice\nalice alice 700\n")
        #expect(try shell.run("tty; readlink /proc/$$/exe").contains("/dev/pts/"))
        #expect(try shell.run("readlink /proc/$$/exe") == "/usr/bin/bash\n")
        #expect(try shell.run("env").contains("SSH_AUTH_INFO") == false)
        #expect(try shell.run("cat /proc/self/loginuid; echo") == "\(uid)\n")
        // The line that everybody with a terminal reads: until when, and what becomes of the home.
        #expect(shell.client.stdout.contains("The home directory is removed at the end."), "\(shell.client.stdout)")

        // The account as the host has it meanwhile.
        let line = try host.getent("passwd", "alice")
        #expect(line?.hasPrefix("alice:*:\(uid):\(uid):") == true, "\(line ?? "")")
        #expect(line?.hasSuffix(":/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell") == true, "\(line ?? "")")
        #expect(try host.getent("passwd", String(uid)) == line)
        #expect(try host.getent("group", "alice")?.hasPrefix("alice:*:\(uid):") == true)
        #expect(try host.must("id -Gn alice | tr ' ' '\\n' | sort") == "alice\ndbops\nsojourn\n")
        #expect(try host.must("/usr/sbin/sojourn sessions").contains("alice"))
        #expect(try sojourn.registeredUID(of: "alice") == uid)
        let mode = try host.must("stat -c '%a %U' /run/sojourn/leases/alice.json /run/sojourn/leases")
        #expect(mode == "600 root\n700 root\n")

        // sshd's own process is as it was: no thread of ours, no descriptor to anybody.
        let monitor = try #require(try host.must("pgrep -f '^sshd.*: alice \\[priv\\]'").split(separator: "\n").first)
        #expect(try host.must("grep Threads: /proc/$1/status", String(monitor)) == "Threads:\t1\n")

        // What was asked.
        let exchange = try #require(try sojourn.policy.exchanges().last)
        let request = try #require(exchange["request"] as? [String: Any])
        #expect((request["subject"] as? [String: Any])?["id"] as? String == "alice@example.com")
        let action = request["action"] as? [String: Any]
        #expect(action?["name"] as? String == "login")
        #expect((action?["properties"] as? [String: Any])?["account"] as? String == "alice")
        let context = request["context"] as? [String: Any]
        #expect(context?["source_ip"] as? String == "127.0.0.1")
        #expect((context?["credential"] as? [String: Any])?["principals"] as? [String] == ["alice"])

        #expect(shell.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left) \(sojourn.logs)")
        #expect(try sojourn.registeredUID(of: "alice") == uid, "a uid is its name's for ever")
        #expect(try !host.must("/usr/sbin/sojourn sessions").contains("alice"))
        let events = try sojourn.events(about: "alice")
        #expect(events.first == "grant" && events.suffix(2) == ["lease-end", "gone"] && events.contains("session-end"), "\(sojourn.logs)")
        #expect(try host.must("stat -c '%a %U' /var/log/sojourn/audit.jsonl") == "600 root\n")
        let authpriv = try Regex("<8[0-7]>.*sojourn.*alice") // facility 10, RFC 5424 table 1
        #expect(eventually(5) { host.syslog.contains(authpriv) }, "\(host.syslog)")

        // Back again: the same number.
        #expect(try sojourn.login("alice", "id -u").stdout == "\(uid)\n")
    }

    @Test func findsNothingToSayAboutAHostThatIsSetUp() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let check = try sojourn.host.run("/usr/sbin/sojourn", "check")
        #expect(check.succeeded, "\(check)\n\(sojourn.logs)")
        #expect(try sojourn.host.run("/usr/sbin/sojourn", "status").succeeded)
        #expect(try sojourn.applyConfiguration().succeeded)
        let sessions = try sojourn.host.run("/usr/sbin/sojourn", "sessions", "--json")
        #expect(sessions.succeeded && (try? JSONSerialization.jsonObject(with: Data(sessions.stdout.utf8))) != nil, "\(sessions)")
        try sojourn.killDaemon()
        #expect(try sojourn.host.run("/usr/sbin/sojourn", "status").status == 3, "the daemon does not answer")
    }

    @Test func runsOneCommandWithItsStreamsAndStatus() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let output = try sojourn.login("alice", "tr a-z A-Z; echo told >&2; exit 7", input: "lines\nof input\n")
        #expect(output.status == 7, "\(output) \(sojourn.logs)")
        #expect(output.stdout == "LINES\nOF INPUT\n", "nothing of ours on the standard output of a command")
        #expect(output.stderr == "told\n")
        // A megabyte each way.
        let long = String(repeating: "0123456789abcde\n", count: 65536)
        #expect(try sojourn.login("alice", "cat", input: long).stdout == long)
        // Without a command and without a terminal, the shell reads its commands from the stream.
        #expect(try sojourn.login("alice", input: "id -un\n").stdout.contains("alice\n"))
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    @Test func copiesFilesWithScpAndSftp() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")
        // A session that stays, so that the home lives from one copy to the next.
        let shell = try sojourn.openShell("alice")
        try host.write("some text\n", to: "/home/visitor/file")
        let sent = try host.scp(alice, from: "/home/visitor/file", to: "alice@127.0.0.1:by-scp")
        #expect(sent.succeeded, "\(sent) \(sojourn.logs)")
        #expect(try host.scp(alice, from: "/home/visitor/file", to: "alice@127.0.0.1:by-old-scp", flags: ["-O"]).succeeded)
        let sftp = try host.sftp("alice", alice, batch: "put /home/visitor/file by-sftp\nget by-scp /tmp/back\n")
        #expect(sftp.succeeded, "\(sftp)")
        #expect(try host.read("/tmp/back") == "some text\n")
        #expect(try shell.run("cat by-scp by-old-scp by-sftp; stat -c %U by-*") == "some text\nsome text\nsome text\nalice\nalice\nalice\n")
        #expect(shell.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    @Test func countsAControlMasterWithTwoCommandsAsOneSession() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")
        let path = "/home/visitor/.ssh/master"
        let master = try host.startSSH("alice", alice, flags: ["-M", "-S", path, "-N"])
        #expect(try eventually(15) { try host.exists(path) }, "\(master.stderr) \(sojourn.logs)")
        let sharing = { (command: String) in try host.ssh("alice", nil, command, flags: ["-S", path]) }
        #expect(try sharing("echo mine > note; id -un").stdout == "alice\n")
        #expect(try sharing("cat note").stdout == "mine\n")
        #expect(try sojourn.policy.exchanges().count == 1, "one connection is one decision")
        let lease = try #require(try host.read("/run/sojourn/leases/alice.json"))
        let sessions = (try JSONSerialization.jsonObject(with: Data(lease.utf8)) as? [String: Any])?["sessions"] as? [Any]
        #expect(sessions?.count == 1, "\(lease)")
        _ = try host.ssh("alice", nil, flags: ["-S", path, "-O", "exit"])
        #expect(master.wait(seconds: 10) != nil)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty, "\(sojourn.logs)")
    }

    @Test func keepsTheAccountForAConnectionWithoutCommands() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let forwarder = try host.startSSH("alice", sojourn.ca.certificate(for: "alice"), flags: ["-N", "-L", "7000:127.0.0.1:22"])
        #expect(try eventually(15) { try host.getent("passwd", "alice") != nil }, "\(forwarder.stderr) \(sojourn.logs)")
        #expect(try eventually(5) { try host.shell("exec 3<> /dev/tcp/127.0.0.1/7000; head -c 4 <&3").stdout == "SSH-" })
        forwarder.kill(SIGTERM)
        #expect(forwarder.wait(seconds: 10) != nil)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty, "\(sojourn.logs)")
    }

    @Test func forwardsTheAgent() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice"), key = try host.makeKey()
        let agent = ["SSH_AUTH_SOCK": "/home/visitor/.ssh/agent"]
        _ = try host.start(["ssh-agent", "-D", "-a", "/home/visitor/.ssh/agent"], as: "visitor", input: "")
        #expect(try eventually(5) { try host.exists("/home/visitor/.ssh/agent") })
        #expect(try host.run(["ssh-add", "-q", key.path], as: "visitor", environment: agent).succeeded)
        let fingerprint = try host.must("ssh-keygen -l -f \"$1.pub\" | cut -d ' ' -f 2", key.path)
        let shell = try RemoteShell(
            host.startSSH("alice", alice, flags: ["-A", "-tt"], environment: agent), name: "alice", logs: { sojourn.logs })
        #expect(try shell.run("ssh-add -l | cut -d ' ' -f 2") == fingerprint)
        #expect(try shell.run("stat -c %U \"$SSH_AUTH_SOCK\"") == "alice\n")
        #expect(shell.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty, "\(sojourn.logs)")
        #expect(try host.must("find /tmp -name 'ssh-*'") == "")
    }
}
