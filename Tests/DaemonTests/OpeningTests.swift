import Foundation
import Testing

/// Openings and their ends, by the real daemon, with logins played before its socket.
@Suite struct OpeningTests {
    @Test func opensAnAccountAndLeavesNothingWhenTheSessionIsClosed() throws {
        let host = try DaemonHost()
        #expect(try host.host.getent("passwd", "alice") == nil)
        let login = try host.login("alice", "--groups", "dbops,deploy")
        try #require(login.isOpened, "\(login.reply)\(host.logs)")
        let uid = try #require(try host.uid(of: "alice"))
        #expect(try host.host.getent("passwd", "alice") == "alice:*:\(uid):\(uid):Sojourn transient account:/var/lib/sojourn/home/alice:/usr/libexec/sojourn/shell")
        #expect(try host.host.getent("passwd", "\(uid)")?.hasPrefix("alice:") == true)
        #expect(try host.host.getent("group", "\(uid)") == "alice:*:\(uid):")
        let groups = Set(try host.host.must("id -Gn alice").split(whereSeparator: \.isWhitespace).map(String.init))
        #expect(groups == ["alice", "sojourn", "dbops", "deploy"])
        #expect(try host.host.must("stat -c '%a %u %g' /var/lib/sojourn/home/alice") == "700 \(uid) \(uid)\n")
        #expect(try host.host.must("stat -c '%a %u' /run/sojourn/leases/alice.json") == "600 0\n")
        try login.start(as: uid, "trap '' TERM HUP INT; touch /tmp/left \"/tmp/left-$(printf '\\377')\" /dev/shm/left; while :; do sleep 1; done")
        #expect(try eventually(5) { try host.host.exists("/dev/shm/left") })
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.uid(of: "alice") == uid)
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
        let end = try #require(try host.audit().last { $0["event"] as? String == "lease-end" })
        let report = try #require(end["report"] as? [String: Any])
        #expect(report["clean"] as? Bool == true)
        #expect(((report["killed"] as? [String: Any])?["processes"] as? [String])?.contains { $0.hasSuffix(" bash") } == true)
    }

    @Test func givesTheSameNumberAgain() throws {
        let host = try DaemonHost()
        var numbers: [Int?] = []
        for _ in 0..<2 {
            let login = try host.login("alice")
            #expect(login.isOpened)
            numbers.append(try host.uid(of: "alice"))
            try login.close()
            #expect(try host.tracesLeft(of: "alice") == "")
        }
        #expect(numbers[0] != nil && numbers[0] == numbers[1])
    }

    @Test func keepsTheAccountWhileOneOfTwoSessionsLives() throws {
        let host = try DaemonHost()
        let first = try host.login("alice", "--groups", "dbops")
        // What the first session left under the name is the lease's own and refuses no second one.
        try host.host.must("mkdir -p -m 700 /run/sudo/ts; touch /run/sudo/ts/alice")
        let second = try host.login("alice", "--groups", "deploy")
        try #require(first.isOpened && second.isOpened, "\(first.reply) \(second.reply)")
        #expect(try host.sessions().count == 2)
        #expect(try host.host.must("id -Gn alice").contains("dbops"))
        try first.close()
        #expect(try eventually(5) { try host.sessions().count == 1 })
        let groups = try host.host.must("id -Gn alice")
        #expect(groups.contains("deploy") && !groups.contains("dbops"))
        Thread.sleep(forTimeInterval: 1)
        #expect(try host.host.getent("passwd", "alice") != nil)
        try second.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try !host.host.exists("/run/sudo/ts/alice"))
    }

    @Test func endsTwoNamesAtOnceWithoutTakingOneForTheOther() throws {
        let host = try DaemonHost()
        let names = ["alice", "bob", "carol"]
        let logins = try names.map { try host.login($0) }
        for (name, login) in zip(names, logins) {
            #expect(login.isOpened)
            let uid = try #require(try host.uid(of: name))
            try login.start(as: uid, "mkdir -p ~/x /tmp/of-\(name)/deep; cd /var/lib/sojourn/home/\(name); for i in $(seq 3000); do : > f$i; done; cp f* /tmp/of-\(name)/deep; touch done")
        }
        #expect(try eventually(20) { try names.allSatisfy { try host.host.exists("/var/lib/sojourn/home/\($0)/done") } })
        logins.forEach { $0.process.kill(SIGKILL) }
        for name in names { #expect(try host.tracesLeft(of: name, after: 20) == "") }
        #expect(try host.host.must("find /var/lib/sojourn/home /tmp -mindepth 1 -name '.sojourn*' -not -name .sojourn-home-root") == "")
        for end in try host.audit().filter({ $0["event"] as? String == "lease-end" }) {
            #expect((end["report"] as? [String: Any])?["left"] as? [String] == [])
        }
    }

    @Test func opensFiftyNamesAtOnceAndEndsThemAll() throws {
        let host = try DaemonHost()
        let names = (0..<50).map { "user\($0)" } + ["user1", "user1", "user2"]
        let many = try host.host.start(["python3", DaemonHost.client, "many"] + names)
        #expect(eventually(60) { many.stdout.split(separator: "\n").count == names.count })
        let replies = many.stdout.split(separator: "\n").compactMap { Login.object(String($0)) }
        #expect(replies.allSatisfy { $0["reply"] as? String == "opened" }, "\(replies.filter { $0["reply"] as? String != "opened" })")
        #expect(Set(replies.compactMap { $0["session"] as? String }).count == names.count)
        #expect(try host.status()["leases"] as? Int == 50)
        #expect(try host.sessions().count == names.count)
        let lines = try host.host.must("cat /run/sojourn/nss/passwd-uid/*").split(separator: "\n")
        #expect(Set(lines.map { $0.split(separator: ":")[2] }).count == 50)
        many.closeInput()
        #expect(try eventually(60) { try host.status()["leases"] as? Int == 0 })
        #expect(try host.host.must("ls /run/sojourn/nss/passwd /run/sojourn/leases /var/lib/sojourn/home | grep user || true") == "")
        #expect(try host.audit().filter { $0["event"] as? String == "lease-end" }.count == 50)
    }

    @Test func endsTheAccountWhenTheLoginIsKilled() throws {
        let host = try DaemonHost()
        let login = try host.login("alice")
        #expect(login.isOpened)
        login.process.kill(SIGKILL)
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func onlyTheProcessThatOpenedClosesItsSession() throws {
        let host = try DaemonHost()
        let login = try host.login("alice")
        #expect(try host.ask(#"{"request":"closed","session":"\#(login.session)"}"#)["reply"] as? String == "done")
        Thread.sleep(forTimeInterval: 0.3)
        #expect(try host.sessions().count == 1)
        #expect(try host.host.getent("passwd", "alice") != nil)
    }

    /// T26
    @Test func anOpeningWaitsForTheDrainingOfItsNameAndIsSparedByIt() throws {
        let host = try DaemonHost()
        let first = try host.login("alice")
        let uid = try #require(try host.uid(of: "alice"))
        // A process of the login that stays for the two seconds that it is given holds the draining up.
        _ = try first.closeSessionOnly()
        let begin = ContinuousClock.now
        let login = try host.login("alice", "--loginuid", "\(uid)")
        #expect(login.isOpened, "\(login.reply)\(host.logs)")
        #expect(ContinuousClock.now - begin > .seconds(1))
        #expect(login.process.isRunning)
        #expect(try host.host.must("cat /var/lib/sojourn/home/alice/.bashrc | head -c 1") != "")
        #expect(try host.host.must("ls /run/sojourn/waiting") == "")
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone", "grant"])
        Thread.sleep(forTimeInterval: 1)
        #expect(try host.sessions().count == 1)
    }

    @Test func aLoginThatGoesWhileItWaitsLeavesNothing() throws {
        let host = try DaemonHost()
        let first = try host.login("alice")
        _ = try first.closeSessionOnly()
        let second = try host.host.start(["python3", DaemonHost.client, "login", "alice"])
        Thread.sleep(forTimeInterval: 0.3)
        second.kill(SIGKILL)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.host.must("ls /run/sojourn/waiting") == "")
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
    }

    @Test func aSessionEndsAtItsDeadline() throws {
        let host = try DaemonHost()
        let login = try host.login("alice", "--seconds", "1")
        #expect(login.isOpened)
        #expect(login.process.wait(seconds: 8) != nil)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.audit().contains { $0["event"] as? String == "session-end" && $0["reason"] as? String == "deadline" })
    }

    @Test func anAdministratorEndsASessionOrAName() throws {
        let host = try DaemonHost()
        let one = try host.login("alice"), two = try host.login("alice"), three = try host.login("bob")
        #expect(one.isOpened && two.isOpened && three.isOpened)
        #expect(try host.ask(#"{"request":"end","target":"\#(one.session)","reason":"a\u001b[31mreason"}"#)["reply"] as? String == "done")
        #expect(one.process.wait(seconds: 8) != nil)
        #expect(two.process.isRunning)
        #expect(try host.ask(#"{"request":"end","target":"alice","reason":""}"#)["reply"] as? String == "done")
        #expect(two.process.wait(seconds: 8) != nil)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.ask(#"{"request":"end","target":"nobody-here","reason":""}"#)["reply"] as? String == "failed")
        #expect(three.process.isRunning)
        #expect(try host.audit().contains { $0["reason"] as? String == "ended-by-admin" && $0["detail"] as? String == #"ended by an administrator: a\x1b[31mreason"# })
        #expect(!(try host.host.read("/var/log/sojourn/audit.jsonl") ?? "").contains("\u{1b}"))
    }
}
