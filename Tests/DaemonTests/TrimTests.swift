import Foundation
import Testing

/// T13: a session that is over takes its processes and its rights with it, while others of the same person go on.
@Suite struct TrimTests {
    /// Prints `name pid` of what still runs of those that `start` gave.
    private func alive(_ host: DaemonHost, _ pids: [Int]) throws -> [Int] {
        try pids.filter { try host.host.shell("grep -qs '^State:.[^ZX]' /proc/\($0)/status").status == 0 }
    }

    private func gid(_ name: String, _ host: DaemonHost) throws -> Int {
        try #require(Int(try host.host.must("getent group \(name) | cut -d: -f3 | tr -d '\\n'")))
    }

    private func cleared(_ host: DaemonHost) throws -> [[String: Any]] { try host.audit().filter { $0["event"] as? String == "session-cleared" } }

    @Test func t13EndsEveryProcessThatHoldsAGroupWhichNoLiveSessionGrants() throws {
        let host = try DaemonHost()
        let weak = try host.login("alice", "--groups", "deploy"), strong = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        let dbops = try gid("dbops", host), deploy = try gid("deploy", host), marker = try gid("sojourn", host)
        // The copy that keeps the group: made with it, run without.
        try strong.start(as: uid, groups: [dbops], "cp /bin/sleep /tmp/copy; chgrp dbops /tmp/copy; chmod 2755 /tmp/copy; touch /tmp/copied")
        #expect(try eventually(30) { try host.host.exists("/tmp/copied") })
        // Its first thread gives the group up, and another keeps it.
        try host.host.write(
            """
            import ctypes, threading, time
            threading.Thread(target=lambda: time.sleep(300)).start()
            ctypes.CDLL(None).syscall(119, -1, -1, -1)
            uid = \(uid)
            ctypes.CDLL(None).syscall(119, uid, uid, uid)
            time.sleep(300)
            """, to: "/tmp/threads.py")
        try host.host.must("cp $(readlink -f /usr/bin/python3) /tmp/python; chown \(uid):dbops /tmp/python; chmod 2755 /tmp/python")
        let lose = [
            try strong.start(as: uid, groups: [dbops, marker], "exec sleep 300"),
            try strong.start(as: uid, groups: [deploy, dbops], "trap '' TERM HUP INT; while :; do sleep 1; done"),
            try weak.start(as: uid, groups: [deploy], "exec /tmp/copy 301"),
            try weak.start(as: uid, groups: [deploy], "exec /tmp/python /tmp/threads.py"),
        ]
        let keep = [
            try weak.start(as: uid, groups: [deploy, marker], "exec sleep 302"), try weak.start(as: uid, "exec sleep 303"),
            try strong.start(as: uid, groups: [deploy], "exec sleep 304"),
            try weak.start(as: 12345, groups: [dbops], "exec sleep 305"),
        ]
        #expect(try eventually(30) { try host.host.must("ps -e -L -o egroup=,comm= | grep '^dbops  *\\(copy\\|python\\)' | sort -u | wc -l") == "2\n" })
        #expect(try alive(host, lose + keep).count == 8)
        try strong.close()
        #expect(try eventually(15) { try alive(host, lose).isEmpty && !cleared(host).isEmpty }, "\((try? alive(host, lose)) ?? []) of \(lose)\n\(host.logs)")
        #expect(try alive(host, keep) == keep, "\(host.logs)")
        #expect(weak.process.isRunning)
        #expect(try host.sessions().count == 1)
        let report = try #require(try cleared(host).last?["report"] as? [String: Any])
        #expect(report["clean"] as? Bool == true)
        // Run once more, the copy has the group for no longer than the daemon takes to look.
        let again = try weak.start(as: uid, groups: [deploy], "exec /tmp/copy 306")
        #expect(try eventually(10) { try alive(host, [again]).isEmpty }, "\(host.logs)")
        #expect(try alive(host, keep) == keep)
        try weak.close()
        #expect(try host.tracesLeft(of: "alice") == "", "\(host.logs)")
    }

    @Test func t13StopsAStormOfForksThatHoldsAWithdrawnGroup() throws {
        let host = try DaemonHost()
        let weak = try host.login("alice"), strong = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        try host.host.write(
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
        try strong.start(as: uid, groups: [try gid("dbops", host)], "exec python3 /tmp/storm.py")
        let stopped = try weak.start(as: uid, "kill -STOP $$; exec sleep 300"), runs = try weak.start(as: uid, "exec sleep 301")
        #expect(try eventually(30) { try host.host.must("ps -e -o euid=,args= | grep -c '\(uid) python3 /tmp/[s]torm' || true") != "0\n" })
        try strong.close()
        #expect(try eventually(30) { try !cleared(host).isEmpty }, "\(host.logs)")
        Thread.sleep(forTimeInterval: 0.5)
        #expect(try host.host.must("ps -e -o euid=,args= | grep '\(uid) python3 /tmp/[s]torm' || true") == "", "\(host.logs)")
        #expect(try host.host.must("cut -d ' ' -f 3 /proc/\(stopped)/stat /proc/\(runs)/stat") == "T\nS\n", "what was stopped is stopped, what ran runs")
        try weak.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    /// It is killed, waits in the kernel for an answer that never comes, and keeps nothing from being looked at.
    @Test func t13IsNotHeldUpByAProcessThatCannotBeKilled() throws {
        let host = try DaemonHost()
        let weak = try host.login("alice", "--groups", "deploy"), strong = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        let dbops = try gid("dbops", host), deploy = try gid("deploy", host)
        try host.host.write(
            """
            import ctypes, os, struct, time
            os.mkdir("/run/dead")
            fd = os.open("/dev/fuse", os.O_RDWR)
            options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
            if ctypes.CDLL(None, use_errno=True).mount(b"dead", b"/run/dead", b"fuse", 0, options): raise SystemExit("no fuse: %d" % ctypes.get_errno())
            unique = struct.unpack("<IIQ", os.read(fd, 1 << 20)[:16])[2]
            os.write(fd, struct.pack("<IiQ", 80, 0, unique) + struct.pack("<IIIIHHIIHHIIIIIIII", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            os.read(fd, 1 << 20)
            open("/run/taken", "w").close()
            time.sleep(300)
            """, to: "/run/serve.py")
        try host.host.must("mknod /dev/fuse c 10 229")
        let server = try host.host.start(["python3", "/run/serve.py"], input: "")
        #expect(try eventually(10) { try host.host.must("cat /proc/self/mountinfo").contains(" /run/dead ") }, "\(server.stderr)")
        try strong.start(as: uid, groups: [dbops], "cp /bin/sleep /tmp/copy; chgrp dbops /tmp/copy; chmod 2755 /tmp/copy; touch /tmp/copied")
        let stuck = try strong.start(as: uid, groups: [dbops], "exec stat /run/dead/x")
        #expect(try eventually(10) { try host.host.exists("/tmp/copied") && host.host.exists("/run/taken") }, "\(server.stderr)")
        try strong.close()
        #expect(try eventually(40) { try !cleared(host).isEmpty }, "\(host.logs)")
        #expect(try host.host.must("cut -d ' ' -f 3 /proc/\(stuck)/stat") == "D\n", "this kernel can end it, so nothing was shown")
        let report = try #require(try cleared(host).last?["report"] as? [String: Any])
        #expect((report["left"] as? [String])?.contains { $0.hasPrefix("process \(stuck) stat (waits for a device") } == true, "\(report)")
        let again = try weak.start(as: uid, groups: [deploy], "exec /tmp/copy 306")
        #expect(try eventually(10) { try alive(host, [again]).isEmpty }, "\(host.logs)")
        #expect(try eventually(40) { try cleared(host).count == 2 }, "\(host.logs)")
        Thread.sleep(forTimeInterval: 3)
        #expect(try cleared(host).count == 2 && !host.audit().contains { $0["event"] as? String == "end-failed" }, "\(host.logs)")
        server.kill(SIGKILL)
        #expect(try eventually(10) { try alive(host, [stuck]).isEmpty })
        try weak.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    /// T13, T16, T27: what holds no group is known by the number that the kernel gave the login.
    @Test func t13EndsTheSessionsOwnProcessesByTheKernelsNumberOfIt() throws {
        let host = try DaemonHost()
        let first = try host.login("alice")
        let uid = try #require(try host.uid(of: "alice"))
        try first.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        // As pam_loginuid does it: each login has the person's uid and a number of its own.
        let stays = try host.login("alice", "--loginuid", "\(uid)"), goes = try host.login("alice", "--loginuid", "\(uid)")
        let numbers = try [stays, goes].map { try host.host.must("cat /proc/$(pgrep -f 'login[.]py login alice' | sed -n \($0 === stays ? 1 : 2)p)/sessionid") }
        #expect(numbers[0] != numbers[1] && !numbers.contains("4294967295"), "this kernel numbers no logins: \(numbers)")
        try host.host.must("cp /bin/sleep /tmp/sshd; cp /bin/sleep /tmp/tool")
        let lose = [
            try goes.start(as: uid, "exec sleep 300"), try goes.start(as: uid, "trap '' TERM HUP; while :; do sleep 1; done"),
            try goes.startAsRoot("exec /tmp/tool 301"), try goes.startAsRoot("trap 'touch /tmp/asked; exit' TERM; while :; do sleep 0.1; done"),
            try goes.startAsRoot("trap '' TERM; while :; do sleep 0.1; done"),
        ]
        let keep = [
            try stays.start(as: uid, "exec sleep 302"), try stays.startAsRoot("exec /tmp/tool 303"),
            try goes.startAsRoot("mount --bind /tmp/sshd /usr/sbin/sshd; exec /usr/sbin/sshd 304"),
        ]
        // The daemon looks once a second for what a login bears.
        Thread.sleep(forTimeInterval: 1.5)
        #expect(try alive(host, lose + keep).count == 8)
        goes.process.kill(SIGKILL)
        #expect(try eventually(20) { try alive(host, lose).isEmpty && !cleared(host).isEmpty }, "\((try? alive(host, lose)) ?? []) of \(lose)\n\(host.logs)")
        #expect(try alive(host, keep) == keep, "\(host.logs)")
        #expect(try host.host.exists("/tmp/asked"), "a package manager under sudo may put its files down")
        #expect(stays.process.isRunning)
        try stays.close()
        #expect(try host.tracesLeft(of: "alice", after: 20) == "", "\(host.logs)")
    }

    @Test func t13SparesWhatANewSessionOfTheSameNameIsGrantedMeanwhile() throws {
        let host = try DaemonHost()
        let weak = try host.login("alice")
        let uid = try #require(try host.uid(of: "alice"))
        let dbops = try gid("dbops", host)
        for _ in 0..<5 {
            let strong = try host.login("alice", "--groups", "dbops")
            let old = try strong.start(as: uid, groups: [dbops], "trap '' TERM; while :; do sleep 0.2; done")
            strong.process.kill(SIGKILL)
            // At once, while the first one's end is under way.
            let next = try host.login("alice", "--groups", "dbops")
            let new = try next.start(as: uid, groups: [dbops], "exec sleep 300")
            Thread.sleep(forTimeInterval: 0.6)
            #expect(try alive(host, [new]) == [new], "\(host.logs)")
            try next.close()
            #expect(try eventually(10) { try alive(host, [old, new]).isEmpty }, "\(host.logs)")
        }
        #expect(weak.process.isRunning)
        try weak.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func t13GoesOnWhereAKilledDaemonLeftIt() throws {
        let host = try DaemonHost()
        let weak = try host.login("alice"), strong = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        let keeps = try strong.start(as: uid, groups: [try gid("dbops", host)], "exec sleep 300")
        try host.killDaemon()
        strong.process.kill(SIGKILL)
        try host.startDaemon()
        #expect(try eventually(10) { try alive(host, [keeps]).isEmpty && !cleared(host).isEmpty }, "\(host.logs)")
        #expect(weak.process.isRunning)
        try weak.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }
}
