import Foundation
import Testing

@Suite struct PrivateHostTests {
    @Test func startsWellWithinASecondAndKnowsTheMachinesPrograms() throws {
        let began = ContinuousClock.now
        let host = try PrivateHost()
        let took = ContinuousClock.now - began
        defer { host.stop() }
        #expect(took < .seconds(5), "took \(took)") // generous: other tests run at the same time
        #expect(try host.run("sshd", "-V").stderr.contains("OpenSSH"))
        #expect(try host.must("hostname") == "private-host\n")
        #expect(try host.must("ps -e -o pid= | sort -n | head -n 1").trimmingCharacters(in: .whitespaces) == "1\n")
    }

    @Test func changesNothingOnTheMachine() throws {
        let name = "private-\(UInt32.random(in: 0 ... .max))"
        let directories = ["etc", "usr", "usr/bin", "var", "var/lib", "var/log", "run", "tmp", "dev", "dev/shm", "root", "home", "opt"]
        let host = try PrivateHost()
        defer { host.stop() }
        for directory in directories {
            _ = try host.run("touch", "/\(directory)/\(name)")
        }
        try host.must("useradd -M \(name)")
        try host.must("hostname \(name); mount -t tmpfs tmpfs /mnt")
        #expect(try host.exists("/etc/\(name)"))
        #expect(try host.getent("passwd", name) != nil)
        #expect(try !host.shell("cat /proc/sys/kernel/panic > /proc/sys/kernel/panic").succeeded)
        #expect(try !host.run("touch", PrivateHost.checkout + "/" + name).succeeded)
        for directory in directories {
            #expect(!FileManager.default.fileExists(atPath: "/\(directory)/\(name)"), "/\(directory)/\(name) is on the machine")
        }
        #expect(try !String(contentsOfFile: "/etc/passwd", encoding: .utf8).contains(name))
        #expect(ProcessInfo.processInfo.hostName != name)
        host.stop()
        for directory in directories {
            #expect(!FileManager.default.fileExists(atPath: "/\(directory)/\(name)"), "/\(directory)/\(name) is on the machine")
        }
    }

    @Test func givesEveryHostItsOwnNetworkProcessesAndLogs() throws {
        let one = try PrivateHost(), other = try PrivateHost()
        defer { one.stop(); other.stop() }
        try one.must("logger -t one 'for the first'")
        #expect(eventually(5) { one.syslog.contains("for the first") })
        #expect(!other.syslog.contains("for the first"))
        let listener = try one.start(["perl", "-MIO::Socket::INET", "-e", """
            my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:7777") or die; print STDERR "up\\n"; sleep 60
            """])
        #expect(eventually(5) { listener.stderr.contains("up") })
        let connect = "exec 3<>/dev/tcp/127.0.0.1/7777"
        #expect(try one.shell(connect).succeeded)
        #expect(try !other.shell(connect).succeeded)
        #expect(try !other.must("ps -e -o args=").contains("7777"))
    }

    @Test func killsWhatRunsPastItsDeadlineAndEndsEverythingWithTheHost() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let output = try host.run(["sleep", "60"], deadline: 0.3)
        #expect(output.timedOut)
        // Away from its parent, its session and every signal that can be ignored.
        try host.must("setsid nohup bash -c 'trap \"\" TERM HUP INT; while :; do sleep 61.5; done' > /dev/null 2>&1 < /dev/null & disown")
        let survivors = { try processesOutside(containing: "sleep\u{0}61.5") }
        #expect(try eventually(5) { try !survivors().isEmpty })
        host.stop()
        #expect(try eventually(5) { try survivors().isEmpty })
    }

    @Test func runsThePolicyEndpointAndMakesItMisbehave() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let policy = try PolicyEndpoint(host, people: ["pia"])
        let ask = { (account: String) in
            let question = """
                {"subject":{"type":"user","id":"\(account)@example.com"},"action":{"name":"login","properties":{"service":"sshd","account":"\(account)"}},
                "resource":{"type":"host","id":"h","properties":{"labels":{"environment":"production","role":"database"}}},"context":{}}
                """
            return try host.shell("""
                exec 3<> /dev/tcp/127.0.0.1/8181
                printf 'POST /access/v1/evaluation HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' "${#1}" "$1" >&3
                cat <&3
                """, question).stdout
        }
        #expect(try ask("pia").contains(#""decision": true"#))
        #expect(try ask("bob").contains("database administrators only"))
        try policy.misbehave("500")
        #expect(try ask("pia").hasPrefix("HTTP/1.1 500"))
        try policy.answer(["decision": "perhaps"])
        #expect(try ask("pia").contains("perhaps"))
        try policy.misbehave("none")
        #expect(try policy.exchanges().count == 4)
        try policy.stop()
        #expect(try ask("pia") == "")
    }

    /// The runner of this test is a process of its own that makes a host and is killed with -9.
    @Test func diesWithItsTestRunner() throws {
        let runner = try ChildProcess(["bash", "-c", """
            exec 4> >(exec unshare --mount --pid --net --uts --ipc --fork --kill-child --propagation private \
                bash "$1/packaging/demo/private-host.sh" - "$1")
            exec sleep 62.5
            """, "bash", PrivateHost.checkout])
        #expect(eventually(10) { runner.stdout.hasSuffix("\n") }, "\(runner.stderr)")
        let pid = try #require(pid_t(runner.stdout.trimmingCharacters(in: .whitespacesAndNewlines)))
        let inside = try ChildProcess(["nsenter", "-t", String(pid), "--mount", "--pid", "--", "sleep", "63.5"])
        #expect(try eventually(5) { try !processesOutside(containing: "sleep\u{0}63.5").isEmpty })
        Glibc.kill(runner.pid, SIGKILL)
        #expect(eventually(5) { Glibc.kill(pid, 0) != 0 })
        #expect(inside.wait(seconds: 5) != nil)
        #expect(try processesOutside(containing: "sleep\u{0}63.5").isEmpty)
    }
}

/// Processes of the whole machine whose command line contains `text` (words end in NUL).
func processesOutside(containing text: String) throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { pid in
        guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
        return String(decoding: line, as: UTF8.self).contains(text)
    }
}
