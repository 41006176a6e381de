import Foundation
import Testing

/// On a host with systemd, cron, at and sudo: what people start in places that are not their session's (THREATS T13, T15, T16).
@Suite struct BootedReachTests {
    /// Everybody of dbops may become root; that is what makes a session strong.
    private func host() throws -> BootedSojourn {
        try BootedSojourn { host in
            try host.write("%dbops ALL=(ALL) NOPASSWD: ALL\n", to: "/etc/sudoers.d/dbops", mode: "0440")
            try host.must("systemctl enable --quiet --now cron atd")
        }
    }

    private func sleeping(_ host: Host) throws -> Set<String> {
        Set(try host.must("pgrep -x -a sleep | cut -d ' ' -f 3 || true").split(separator: "\n").map(String.init))
    }

    private func grant(_ groups: [String], _ sojourn: BootedSojourn) throws {
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": groups]]])
    }

    @Test func t15EndsCronAtSudoAgentsNamespacesAndForkBombs() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        try grant(["dbops"], sojourn)
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try shell.run("echo '* * * * * sleep 91.1' | crontab - && crontab -l").contains("sleep 91.1"))
        try shell.run("echo 'exec sleep 91.2' | at now; echo 'sleep 91.3' | at now + 1 hour")
        #expect(try shell.run("sudo -n id -u; sudo -n sh -c 'setsid sleep 91.4 > /dev/null 2>&1 < /dev/null &'; sudo -n systemd-run --quiet --scope --slice=elsewhere.slice setsid sleep 91.5 > /dev/null 2>&1 < /dev/null & sleep 1").contains("0\n"))
        try shell.run("sudo -n -u nobody sh -c 'setsid sleep 91.6 > /dev/null 2>&1 < /dev/null &'; ssh-agent -a /tmp/agent.sock > /dev/null; unshare -Ur --pid --fork --mount-proc setsid sleep 91.7 > /dev/null 2>&1 < /dev/null & sleep 0.1")
        try shell.run("ipcmk -M 4096; ipcmk -Q; mkdir -p /var/tmp/hers /dev/shm/hers; cp /bin/sleep /var/tmp/hers/copy; chgrp dbops /var/tmp/hers/copy; chmod 2755 /var/tmp/hers/copy")
        try host.must("mkdir -p /run/faillock; touch /run/faillock/alice; chown alice /run/faillock/alice")
        try host.write("trap '' TERM HUP INT\nwhile :; do (setsid bash /tmp/bomb & ) ; sleep 0.02; done\n", to: "/tmp/bomb", mode: "0755")
        try shell.run("(ulimit -u 300; setsid bash /tmp/bomb > /dev/null 2>&1 < /dev/null &)")
        let wanted: Set<String> = ["91.2", "91.4", "91.5", "91.6", "91.7"]
        #expect(try eventually(20) { try sleeping(host).isSuperset(of: wanted) }, "\((try? sleeping(host)) ?? [])")
        #expect(try host.must("ls /var/spool/cron/crontabs /var/spool/cron/atjobs").contains("alice"))
        #expect(shell.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice", after: 30)
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try sleeping(host).isEmpty, "\((try? sleeping(host)) ?? [])")
        #expect(try host.must("pgrep -f '/tmp/[b]omb' || true; find /var/spool/cron /run/faillock /run/sudo \\( -name alice -o -user \(uid) \\) || true; cat /proc/sysvipc/shm /proc/sysvipc/msg | grep ' \(uid) ' || true")
            == "", "\(sojourn.logs)")
    }

    @Test func t13EndsAStrongSessionAndLeavesTheWeakOneWhole() throws {
        let sojourn = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        try grant([], sojourn)
        let weak = try sojourn.openShell("alice")
        // screen is setgid on Debian: a group of the host's, that nobody granted, is nobody's to take away.
        try weak.run("screen -d -m sleep 92.1; (setsid sleep 92.2 > /dev/null 2>&1 < /dev/null &)")
        try grant(["dbops"], sojourn)
        let strong = try sojourn.openShell("alice")
        #expect(try strong.run("id -Gn").contains("dbops") && !weak.run("id -Gn").contains("dbops"))
        try strong.run("tmux -L strong new-session -d 'sleep 93.1'; (setsid nohup bash -c 'trap \"\" TERM HUP; while :; do sleep 93.2; done' > /dev/null 2>&1 < /dev/null &)")
        try strong.run("sudo -n sh -c 'setsid sleep 93.3 > /dev/null 2>&1 < /dev/null &'; cp /bin/sleep ~/copy; chgrp dbops ~/copy; chmod 2755 ~/copy; echo 'exec sleep 93.4' | at now")
        try weak.run("(setsid ~/copy 92.9 > /dev/null 2>&1 < /dev/null &)")
        #expect(try eventually(15) { try sleeping(host) == ["92.1", "92.2", "93.1", "93.2", "93.3", "93.4"] && host.must("pgrep -x -c copy || true") == "1\n" }, "\((try? sleeping(host)) ?? [])")
        #expect(try eventually(15) { try host.must("grep -o 'session-[^\"]*[.]scope' /run/sojourn/leases/alice.json | sort -u | wc -l") == "2\n" }, "\(sojourn.logs)")
        #expect(strong.exit() == 0)
        #expect(try eventually(20) { try sleeping(host) == ["92.1", "92.2"] && host.must("pgrep -x -c copy || true") == "0\n" }, "\((try? sleeping(host)) ?? [])\n\(sojourn.logs)")
        #expect(try weak.run("id -un; screen -ls | grep -c Detached") == "alice\n1\n", "\(sojourn.logs)")
        #expect(try sojourn.events(about: "alice").contains("session-cleared"))
        // The copy is found where it is, and is no copy of the group any more.
        #expect(try eventually(60) { try host.must("stat -c %a /var/lib/sojourn/home/alice/copy") == "755\n" }, "\(sojourn.logs)")
        #expect(weak.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice", after: 20)
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }

    /// A session of a local account ends by its scope, and by the groups that it granted: the account's other processes and files are not ours.
    @Test func t13EndsALocalAccountsSessionByItsScopeAndItsGroupsAndNothingElse() throws {
        let sojourn = try BootedSojourn { host in
            try host.must("useradd -m -s /bin/bash resident")
            try host.must("install -o resident -d /home/resident/kept; runuser -u resident -- touch /tmp/residents")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        let other = try host.start(["runuser", "-u", "resident", "--", "sleep", "94.1"], input: "")
        try grant([], sojourn)
        let shell = try sojourn.openShell("resident")
        try shell.run("(setsid nohup sleep 94.2 > /dev/null 2>&1 < /dev/null &); tmux -L r new-session -d 'sleep 94.3'; systemd-run --quiet --user sleep 94.4")
        try host.must("loginctl enable-linger resident")
        #expect(try eventually(10) { try sleeping(host) == ["94.1", "94.2", "94.3", "94.4"] }, "\((try? sleeping(host)) ?? [])")
        Thread.sleep(forTimeInterval: 1.5)
        #expect(shell.exit() == 0)
        #expect(try eventually(15) { try sleeping(host) == ["94.1", "94.4"] }, "\((try? sleeping(host)) ?? [])\n\(sojourn.logs)")
        Thread.sleep(forTimeInterval: 1)
        #expect(try sleeping(host) == ["94.1", "94.4"], "what is not the session's goes on")
        #expect(other.isRunning)
        #expect(try host.exists("/tmp/residents") && host.exists("/home/resident/kept") && host.exists("/var/lib/systemd/linger/resident"))
        #expect(try host.getent("passwd", "resident") != nil)

        // With a group that the session granted, what holds it ends too, wherever it runs and however it forks.
        try grant(["dbops"], sojourn)
        let strong = try sojourn.openShell("resident")
        #expect(try strong.run("id -Gn") == "resident dbops\n", "\(sojourn.logs)")
        try host.write(
            """
            import os, signal, time
            for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)
            for _ in range(6):
                if os.fork() == 0:
                    os.setsid()
                    while True:
                        if os.fork() > 0: os._exit(0)
                        time.sleep(0.0005)
            """, to: "/tmp/storm.py")
        try strong.run("systemd-run --quiet --user --scope setsid sleep 94.5 > /dev/null 2>&1 < /dev/null & systemd-run --quiet --user --scope setsid python3 /tmp/storm.py > /dev/null 2>&1 < /dev/null & sleep 0.1")
        #expect(try eventually(10) { try sleeping(host) == ["94.1", "94.4", "94.5"] && host.shell("pgrep -f '/tmp/[s]torm'").succeeded }, "\((try? sleeping(host)) ?? [])")
        #expect(strong.exit() == 0)
        #expect(try eventually(30) { try sleeping(host) == ["94.1", "94.4"] && !host.shell("pgrep -f '/tmp/[s]torm'").succeeded }, "\((try? sleeping(host)) ?? [])\n\(sojourn.logs)")
        #expect(other.isRunning)
        #expect(try eventually(10) { try sojourn.audit(about: "resident").last { $0["event"] as? String == "session-cleared" }?["withdrawn_gids"] != nil }, "\(sojourn.logs)")
    }
}
