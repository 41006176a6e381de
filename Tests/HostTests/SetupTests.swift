import Foundation
import Testing

/// Without systemd: what a container has, and hosts whose daemon is dead.
@Suite struct SetupTests {
    private static var isLong: Bool { ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] != nil }

    /// T35. In the sample: before the first step, in the middle of some, between PAM and sshd, at the last.
    @Test func t35KilledAtAnyStepLeavesTheHostToItsOwnPeopleAndIsTakenBack() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let before = try host.etc()
        var last = 0
        var killed = 0
        for number in Self.isLong ? Array(1...40) : [3, 6, 10, 12, 14, 16, 17] {
            let output = try host.setup("--yes", before: Self.strace("SIGKILL", number))
            last = number
            if output.succeeded { break }
            killed += 1
            #expect(output.status == 137, "\(number): \(output)")
            #expect(try !host.machine.exists("/run/sojourn/nss/candidate"))
            try host.expectLocalLogins("killed at rename \(number)")
            // Either way on from here leads to its end.
            if number % 2 == 0 || Self.isLong {
                let finished = try host.setup("--yes")
                #expect(finished.succeeded, "\(number): \(finished)")
            }
            let undone = try host.undo()
            #expect(undone.succeeded, "\(number): \(undone)")
            #expect(try host.etc() == before, "killed at rename \(number)")
            try host.machine.must("rm -rf /etc/sojourn")
        }
        #expect(killed > 5 && (!Self.isLong || last < 40), "\(killed) of \(last)")
    }

    /// A lost terminal or ^C in the middle: the host is as before when it ends.
    @Test func takesItBackWhenItIsInterrupted() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let before = try host.etc()
        let output = try host.setup("--yes", before: Self.strace("SIGHUP", 12))
        #expect(output.status == 1 && output.stderr.contains("it was interrupted") && output.stderr.contains("This host is as it was before."), "\(output)")
        #expect(try host.etc() == before && !host.machine.exists("/etc/sojourn") && !host.machine.exists("/var/lib/sojourn/setup.json"))
        try host.expectLocalLogins()
    }

    /// The trial login is a real one: a stack that would shut everybody out, once names have one more source, is not left behind.
    @Test func takesItBackWhenThoseWhoAreThereCouldNotLogInAnyMore() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        try host.machine.must("""
            printf '#!/bin/sh\n! grep -q sojourn /etc/nsswitch.conf\n' > /root/strange; chmod 755 /root/strange
            sed -i '1i account required pam_exec.so quiet /root/strange' /etc/pam.d/sshd
            """)
        let before = try host.etc()
        let output = try host.setup("--yes")
        #expect(output.status == 1 && output.stderr.contains("root could not log in through sshd any more: account phase"), "\(output)")
        #expect(try host.etc() == before && !host.machine.exists("/etc/sojourn"), "\(output)")
        try host.expectLocalLogins()
    }

    /// A signal as it renames one of these files into place: what it writes down before each step, and what it changes.
    private static func strace(_ signal: String, _ number: Int) -> [String] {
        // It matches the name that a rename begins with.
        let files = ["/var/lib/sojourn/setup-under-way.new", "/var/lib/sojourn/setup.json.new", "/run/sojourn/config.json.new"]
            + ["/etc/shells", "/etc/nsswitch.conf", "/etc/sojourn/user_ca.pub", "/etc/sojourn/sojourn.toml", "/etc/sojourn/sshd_user_ca.pub", "/etc/ssh/sshd_config.d/00-sojourn.conf"].map { $0 + ".sojourn-new" }
        return ["strace", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e", "inject=rename,renameat,renameat2:signal=\(signal):when=\(number)"]
            + files.flatMap { ["-P", $0] }
    }

    /// The same for the way back.
    @Test func t35KilledWhileItIsTakenBackIsTakenBackByTheNextUndo() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let before = try host.etc()
        var killed = 0
        for number in Self.isLong ? Array(1...40) : [2, 4, 5] {
            let done = try host.setup("--yes")
            #expect(done.succeeded, "\(done)")
            let output = try host.undo(before: Self.strace("SIGKILL", number))
            if output.succeeded { break }
            killed += 1
            try host.expectLocalLogins("killed at rename \(number)")
            let undone = try host.undo()
            #expect(undone.succeeded, "\(number): \(undone)")
            #expect(try host.etc() == before, "killed at rename \(number)")
        }
        #expect(killed > 1)
    }

    @Test func saysWhatIsToBeStartedWhereThereIsNoSystemd() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        // As where sshd has not been started yet.
        try host.machine.must("rmdir /run/sshd")
        let done = try host.setup("--yes")
        #expect(done.succeeded && done.stderr.contains("start /usr/sbin/sojournd as root"), "\(done)")
        #expect(try host.machine.must("stat -c '%a %U' /run/sshd; rmdir /run/sshd") == "755 root\n")
        let checked = try host.machine.run("sojourn", "check")
        #expect(try !checked.stdout.contains("does not accept its own configuration") && host.machine.exists("/run/sshd"), "\(checked)")
        let daemon = try host.machine.start(["/usr/sbin/sojournd"], input: "")
        #expect(try eventually(15) { try host.machine.exists("/run/sojourn/nss/candidate") }, "\(daemon.stderr)\(host.logs)")
        let login = try host.login("alice", "id -un")
        #expect(login.stdout == "alice\n", "\(login)\(daemon.stderr)\(host.logs)")
    }

    @Test func undoesWhatWasSetUpByHandWithADeadDaemonAndALiveSession() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try shell.run("(setsid nohup sleep 96.1 > /dev/null 2>&1 < /dev/null &)")
        try sojourn.killDaemon()
        let undone = try sojourn.host.run("sojourn", "setup", "--undo", "--yes", deadline: 150)
        #expect(undone.succeeded && undone.stderr.contains("is started to end what is left") && undone.stderr.contains("no longer set up"), "\(undone)\n\(sojourn.logs)")
        #expect(try sojourn.traces(of: "alice").isEmpty, "\((try? sojourn.traces(of: "alice")) ?? "")\n\(sojourn.logs)")
        #expect(try !sojourn.host.exists("/etc/ssh/sshd_config.d/00-sojourn.conf") && !sojourn.candidatesArePublished)
        #expect(try !sojourn.host.shell("pgrep -x sojournd").succeeded)
    }

    /// Whoever runs a set-uid program may call it what they like (an attacker's name for su).
    @Test func isNotHeldUpByAProgramThatOnlyHasTheNameOfAnother() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        try host.machine.makeVisitor()
        let named = try host.machine.start(["bash", "-c", "exec -a groupadd su root"], as: "visitor")
        #expect(try eventually(10) { try host.machine.must("ps -e -o euid=,args= | grep -c '^ *0 groupadd root' || true") == "1\n" }, "\(named.stderr)")
        let done = try host.setup("--yes")
        #expect(done.succeeded && named.isRunning, "\(done)")
    }

    /// `Match Group sojourn` would take keys and passwords from them.
    @Test func refusesWhereLocalPeopleAreInTheGroup() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        try host.machine.must("groupadd --system sojourn; usermod -a -G sojourn visitor")
        let before = try host.etc()
        let refused = try host.setup("--yes")
        #expect(refused.status == 1 && refused.stderr.contains("has local members (visitor)") && refused.stderr.contains("gpasswd -d"), "\(refused)")
        #expect(try host.etc() == before && !host.machine.exists("/etc/ssh/sshd_config.d/00-sojourn.conf"))
    }

    /// T35: whoever has a lease is known to sshd, and could come in again while sessions are being ended for an undo.
    @Test func t35OpensNoSessionWhileSetupIsAtWork() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try sojourn.host.must("touch /var/lib/sojourn/setup-under-way")
        let refused = try sojourn.login("alice", "echo got-in")
        #expect(!refused.succeeded && !refused.stdout.contains("got-in"), "\(refused)")
        #expect(try sojourn.host.read("/var/log/sojourn/audit.jsonl")?.contains("'sojourn setup' is changing this host") == true, "\(sojourn.logs)")
        #expect(try shell.run("id -un") == "alice\n")
        try sojourn.host.must("rm /var/lib/sojourn/setup-under-way")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    }
}
