import Foundation
import Testing

/// However a session ends, the account goes with the last one, and everything of it.
@Suite struct EndTests {
    @Test func takesAccountAndProcessesWhenTheMonitorIsKilled() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        try shell.run("setsid nohup sleep 71.5 > /dev/null 2>&1 < /dev/null & echo kept > note")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try host.processes(of: uid).count >= 3)
        let killed = try host.must("""
            for pid in $(pgrep -x 'sshd|sshd-session'); do
                case $(tr '\\0' ' ' < /proc/$pid/cmdline) in *'alice [priv]'*) kill -KILL "$pid"; echo "$pid" ;; esac
            done
            """)
        #expect(killed.split(separator: "\n").count == 1, "one monitor: \(killed)")
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(shell.client.wait(seconds: 10) != nil, "the connection itself is gone")
        #expect(try !host.must("/usr/sbin/sojourn sessions").contains("alice"))
        #expect(try sojourn.registeredUID(of: "alice") == uid)
        #expect(try sojourn.login("alice", "cat note; id -u").stdout == "\(uid)\n", "a new home")
    }

    @Test func takesWhatEscapedFromTheSessionAtItsEnd() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        try shell.run("(setsid nohup bash -c 'trap \"\" TERM HUP INT; while :; do sleep 72.5; done' > /dev/null 2>&1 < /dev/null &)")
        try shell.run("(setsid sleep 73.5 > /dev/null 2>&1 < /dev/null &)")
        try shell.run("mkdir -p a/b/c; chmod 0 a/b; ln -s /etc/passwd link; touch -- '-rf' $'new\\nline'")
        #expect(shell.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try host.exists("/etc/passwd"))
        #expect(try !host.must("ps -e -o args=").contains("sleep 7"))
    }

    @Test func keepsTwoPeopleApart() throws {
        let sojourn = try SojournHost(people: ["pia", "quentin"])
        defer { sojourn.stop() }
        let shells = try ["pia", "quentin"].map { try sojourn.openShell($0) }
        let uids = try shells.map { try $0.run("id -u") }
        #expect(uids[0] != uids[1])
        for (index, name) in ["pia", "quentin"].enumerated() {
            #expect(try shells[index].run("id -un; echo \(name)s > mine; cat mine") == "\(name)\n\(name)s\n")
        }
        #expect(try shells[1].run("cat ~pia/mine 2>&1").contains("Permission denied"))
        #expect(try shells[1].run("kill -0 $(pgrep -u pia | head -n 1) 2>&1").contains("not permitted"))
        #expect(shells[0].exit() == 0)
        let left = try sojourn.tracesLeft(of: "pia")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try shells[1].run("id -un; cat mine") == "quentin\nquentins\n", "the other goes on")
        #expect(shells[1].exit() == 0)
        #expect(try sojourn.tracesLeft(of: "quentin").isEmpty)
    }

    @Test func logsManyPeopleInAtTheSameMoment() throws {
        let names = (1...8).map { "crowd\($0)" }
        let sojourn = try SojournHost(people: names)
        defer { sojourn.stop() }
        let host = sojourn.host
        let certificates = try names.map { try sojourn.ca.certificate(for: $0) }
        let clients = try zip(names, certificates).map { try host.startSSH($0, $1, "id -un; id -u; sleep 1; echo done") }
        var uids: Set<String> = []
        for (name, client) in zip(names, clients) {
            let output = client.finish(seconds: 60)
            let lines = output.stdout.split(separator: "\n").map(String.init)
            #expect(lines.first == name && lines.last == "done", "\(name): \(output)\n\(sojourn.logs)")
            if lines.count > 1 { uids.insert(lines[1]) }
        }
        #expect(uids.count == names.count)
        for name in names { #expect(try sojourn.tracesLeft(of: name).isEmpty) }
    }

    @Test func countsTheSessionsOfOnePerson() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let one = try sojourn.openShell("alice"), other = try sojourn.openShell("alice")
        let uid = try one.run("id -u; echo shared > note")
        #expect(try other.run("id -u; cat note") == uid + "shared\n")
        #expect(one.exit() == 0)
        // Long enough for a daemon that wrongly thought this was the end.
        Thread.sleep(forTimeInterval: 1.5)
        #expect(try other.run("id -un; cat note; echo still > here; cat here") == "alice\nshared\nstill\n")
        #expect(try host.getent("passwd", "alice") != nil)
        #expect(other.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }

    @Test func logsOnePersonInSeveralTimesAtTheSameMoment() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let alice = try sojourn.ca.certificate(for: "alice")
        let clients = try (1...5).map { _ in try sojourn.host.startSSH("alice", alice, "id -u; sleep 1; id -un") }
        let outputs = clients.map { $0.finish(seconds: 60) }
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        for output in outputs { #expect(output.stdout == "\(uid)\nalice\n", "\(output)\n\(sojourn.logs)") }
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    @Test func endsASessionForTheAdmin() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        let ended = try host.run("/usr/sbin/sojourn", "end", "--yes", "alice")
        #expect(ended.succeeded, "\(ended)")
        #expect(shell.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try host.run("/usr/sbin/sojourn", "end", "--yes", "alice").status == 1, "nobody of that name is here any more")
    }

    /// T16: from the policy's grant through PAM and the lease to the last line.
    @Test func saysThatCleanlinessCannotBeProvedWhereAGroupThatMakesRootWasGranted() throws {
        let sojourn = try SojournHost(prepare: { host, _ in
            try host.must("groupadd --system docker; sed -i 's/^groups = .*/groups = [\"deploy\", \"docker\"]\\nroot_equivalent_groups = [\"docker\"]/' /etc/sojourn/sojourn.toml")
        })
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["deploy", "docker"]]]])
        let shell = try sojourn.openShell("alice")
        #expect(try shell.run("id -Gn").contains("docker"))
        #expect(shell.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        let evidence = try #require(try sojourn.audit(about: "alice").last { $0["event"] as? String == "lease-end" })
        #expect(evidence["provable"] as? Bool == false && evidence["not_provable_because"] as? [String] == ["root-equivalent groups were granted: docker"], "\(evidence)")
        #expect(try sojourn.audit(about: "alice").last?["nss"] as? String == "nothing")
    }

    /// Invariant 10: a daemon that dies with an end under way goes on with it when it is back, for the same reason.
    @Test func goesOnWithAnEndThatHadBegunWhenTheDaemonDied() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        // A monitor that does not hear SIGTERM: the daemon must come to the end of its patience.
        try sojourn.host.must("pkill -STOP -f 'sshd.*: alice \\[priv\\]'")
        #expect(try sojourn.host.run("/usr/sbin/sojourn", "end", "--yes", "alice", "--no-wait", "--reason", "INC-4711").succeeded)
        try sojourn.killDaemon()
        try sojourn.startDaemon()
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(shell.client.wait(seconds: 10) != nil)
        let end = try #require(try sojourn.audit(about: "alice").last { $0["event"] as? String == "session-end" })
        #expect((end["message"] as? String)?.contains("ended by an administrator: INC-4711") == true, "\(end)")
    }

    @Test func endsASessionWhenItsTimeIsOver() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["deploy"], "max_session_seconds": 4]]])
        let shell = try sojourn.openShell("alice")
        #expect(try shell.run("id -Gn").contains("deploy"))
        #expect(shell.client.wait(seconds: 20) != nil, "\(sojourn.logs)")
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }

    @Test func resumesAfterTheDaemonWasKilledWithSessionsOpen() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let stays = try sojourn.openShell("alice"), goes = try sojourn.openShell("deploy-bot")
        try sojourn.killDaemon()
        #expect(try stays.run("id -un") == "alice\n", "leases survive the daemon")
        #expect(goes.exit() == 0)
        try sojourn.startDaemon()
        let left = try sojourn.tracesLeft(of: "deploy-bot")
        #expect(left.isEmpty, "ended while nobody watched: \(left)\n\(sojourn.logs)")
        #expect(try stays.run("id -un; stat -c %n ~") == "alice\n/var/lib/sojourn/home/alice\n")
        #expect(stays.exit() == 0)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty, "\(sojourn.logs)")
    }
}
