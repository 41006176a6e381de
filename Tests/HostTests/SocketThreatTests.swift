import Foundation
import Testing

/// T20: local users, also such as got into the group `sojourn`, at our sockets and files.
@Suite struct SocketThreatTests {
    @Test func t20GivesLocalUsersNoSocketNoLeaseAndNoReference() throws {
        let sojourn = try SojournHost { host, _ in
            try host.makeAccount("mallory")
            try host.must("usermod -a -G sojourn mallory")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        let secrets = [
            "/run/sojourn/leases/alice.json", "/run/sojourn/config.json", "/run/sojourn/addresses.json", "/var/log/sojourn/audit.jsonl",
            "/var/lib/sojourn/config.json", "/etc/sojourn/sojourn.toml",
        ]
        for path in secrets where try host.exists(path) {
            #expect(try !host.run(["cat", path], as: "mallory").succeeded, "mallory reads \(path)")
        }
        #expect(try host.exists("/run/sojourn/leases/alice.json"))
        #expect(try !host.run(["ls", "/run/sojourn/leases"], as: "mallory").succeeded)
        #expect(try !host.run(["ls", "/var/lib/sojourn/home"], as: "mallory").succeeded)
        let knock = """
            perl -MSocket -e '
                socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die;
                connect($s, sockaddr_un("/run/sojourn/sojournd.sock")) or do { print "closed: $!\\n"; exit };
                $SIG{ALRM} = sub { print "silence\\n"; exit }; alarm 5; $SIG{PIPE} = "IGNORE";
                send($s, $ARGV[0], 0); recv($s, my $answer, 65536, 0); print "answer: $answer\\n";' "$1"
            """
        let messages = [
            #"{"version":1,"request":"end","target":"alice","reason":"mallory"}"#, #"{"version":1,"request":"sessions","after":""}"#,
            #"{"version":1,"request":"status"}"#, #"{"version":1,"request":"reload"}"#, "garbage", String(repeating: "x", count: 60000),
        ]
        for message in messages {
            let output = try host.shell(knock, message, as: "mallory")
            #expect(output.stdout.hasPrefix("closed:") || output.stdout == "answer: \n", "\(output)")
        }
        // Another way in: a socket whose path is open to all, by an admin's mistake. The peer's uid still says no.
        try host.must("chmod 0666 /run/sojourn/sojournd.sock")
        for message in messages {
            let output = try host.shell(knock, message, as: "mallory")
            #expect(output.stdout.hasPrefix("closed:") || output.stdout == "answer: \n", "\(output)")
        }
        // Connections that say nothing do not keep anybody waiting.
        for _ in 1...20 {
            _ = try host.start(
                ["perl", "-MSocket", "-e", "socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0); connect($s, sockaddr_un('/run/sojourn/sojournd.sock')); sleep 60"],
                as: "mallory", input: "")
        }
        let began = ContinuousClock.now
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        #expect(ContinuousClock.now - began < .seconds(10))
        #expect(try shell.run("id -un") == "alice\n", "no message of mallory's had an effect")
        #expect(try !host.run(["/usr/sbin/sojourn", "end", "--yes", "alice"], as: "mallory").succeeded)
        #expect(try shell.run("id -un") == "alice\n")
        // Nor may the person herself end, read or rewrite her lease.
        #expect(try shell.run("cat /run/sojourn/leases/alice.json; echo x > /run/sojourn/nss/member/alice; rm -f /run/sojourn/nss/passwd/alice; ls /run/sojourn/nss/passwd").contains("alice\n"))
        #expect(try shell.run("cat /run/sojourn/leases/alice.json 2>&1").contains("denied"))
        #expect(shell.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    /// T20: membership of the marker group by hand makes nobody one of ours.
    @Test func t20TreatsALocalMemberOfTheGroupAsALocalAccount() throws {
        let sojourn = try SojournHost { host, _ in
            try host.makeAccount("mallory")
            try host.must("usermod -a -G sojourn mallory")
        }
        defer { sojourn.stop() }
        let before = try sojourn.host.getent("passwd", "mallory")
        let output = try sojourn.login("mallory", "echo got-in")
        #expect(output.status != 0 && !output.stdout.contains("got-in"), "\(output)")
        #expect(try sojourn.host.getent("passwd", "mallory") == before)
        #expect(try sojourn.host.exists("/home/mallory"))
        #expect(try !sojourn.host.exists("/run/sojourn/leases/mallory.json"))
    }
}
