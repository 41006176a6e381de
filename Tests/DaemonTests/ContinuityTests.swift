import Foundation
import Testing

/// The daemon's own bad days: leases outlive it, and nothing is lost that it had promised (THREATS T24, T25).
@Suite struct ContinuityTests {
    @Test func leasesSurviveAKilledDaemonAndEndedOnesAreTakenDownByTheNext() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice", "--groups", "dbops"), bob = try host.login("bob")
        #expect(alice.isOpened && bob.isOpened)
        try host.killDaemon()
        #expect(try host.host.getent("passwd", "alice") != nil)
        bob.process.kill(SIGKILL)
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "bob") == "")
        #expect(try host.host.must("id -Gn alice").contains("dbops"))
        #expect(try host.sessions().map { $0["name"] as? String } == ["alice"])
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "bob") == ["grant", "session-end", "lease-end", "gone"])
    }

    @Test func leasesSurviveAStopAndASecondDaemonIsRefused() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice")
        let second = try host.host.run("/usr/sbin/sojournd")
        #expect(second.status == 1)
        #expect(second.stderr.contains("Another sojournd runs already"))
        #expect(try host.status()["sessions"] as? Int == 1)
        try host.stopDaemon()
        #expect(try !host.hasCandidates)
        #expect(try host.host.getent("passwd", "alice") != nil)
        try host.startDaemon()
        #expect(try host.status()["sessions"] as? Int == 1)
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func aDaemonKilledInTheMiddleOfEndsFinishesThemWhenItIsBack() throws {
        let host = try DaemonHost()
        let names = ["alice", "bob", "carol"]
        let logins = try names.map { try host.login($0) }
        for (name, login) in zip(names, logins) {
            try login.start(as: try #require(try host.uid(of: name)), "cd /var/lib/sojourn/home/\(name); for i in $(seq 4000); do : > $i; done; touch done")
        }
        #expect(try eventually(20) { try names.allSatisfy { try host.host.exists("/var/lib/sojourn/home/\($0)/done") } })
        logins.forEach { $0.process.kill(SIGKILL) }
        for pause in [0.05, 0.12, 0.2] {
            Thread.sleep(forTimeInterval: pause)
            try host.killDaemon()
            try host.startDaemon()
        }
        for name in names {
            #expect(try host.tracesLeft(of: name, after: 20) == "")
            #expect(try host.events(of: name).last == "gone")
        }
    }

    @Test func makesRunAgainFromTheLeasesWhenSomebodyDeletesIt() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice", "--groups", "dbops")
        try host.host.must("rm -rf /run/sojourn")
        #expect(try eventually(5) { try host.host.exists("/run/sojourn/leases/alice.json") && host.host.exists("/run/sojourn/config.json") })
        #expect(try host.host.must("id -Gn alice").contains("dbops"))
        #expect(try host.sessions().count == 1)
        let second = try host.host.run("/usr/sbin/sojournd")
        #expect(second.status == 1, "\(second)")
        try host.host.must("rm -rf /run/sojourn/nss/member")
        #expect(try eventually(5) { try host.host.must("id -Gn alice").contains("dbops") })
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func aDaemonThatLostItsLockToAnotherOneStops() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice")
        let first = try #require(host.daemon)
        try host.host.must("pkill -STOP -x sojournd; rm -rf /run/sojourn/sojournd.lock /run/sojourn/sojournd.sock")
        let second = try host.host.start(["/usr/sbin/sojournd"], input: "")
        #expect(try eventually(5) { try host.host.exists("/run/sojourn/sojournd.sock") })
        try host.host.must("pkill -CONT -o -x sojournd")
        first.kill(SIGCONT)
        #expect(first.wait(seconds: 5) != nil)
        #expect(second.isRunning)
        #expect(try host.sessions().count == 1)
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
    }

    @Test func aDamagedLeaseIsTakenDownAndOthersGoOn() throws {
        let host = try DaemonHost()
        let names = ["alice", "bob", "carol", "dave"]
        let logins = try names.map { try host.login($0) }
        for login in logins { #expect(login.isOpened) }
        try host.killDaemon()
        try host.host.must(
            """
            cd /run/sojourn/leases
            echo '{"version":1,"na' > alice.json
            : > bob.json; chmod 666 bob.json
            cp carol.json erin.json
            echo '{}' > 'not a name.json'; mkdir x.json
            rm -f /run/sojourn/nss/passwd/alice
            echo 'frank:*:70009:70009::/root:/bin/sh' > /run/sojourn/nss/passwd/frank
            echo x > /run/sojourn/nss/member/grace
            """)
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.tracesLeft(of: "bob") == "")
        #expect(try eventually(5) { try host.host.must("ls /run/sojourn/nss/passwd") == "carol\ndave\n" })
        #expect(try host.host.must("ls /run/sojourn/nss/member") == "carol\ndave\n")
        #expect(try !host.host.exists("/run/sojourn/leases/erin.json"))
        #expect(try host.host.exists("/root"))
        #expect(logins[2].process.isRunning && logins[3].process.isRunning)
        #expect(try host.sessions().count == 2)
        let uid = try #require(try host.uid(of: "carol"))
        #expect(try host.host.must("id -u carol") == "\(uid)\n")
    }

    /// What a reboot leaves: /run is empty, the homes are there.
    @Test func homesWithoutALeaseGoAtTheNextStart() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice"), bob = try host.login("bob")
        #expect(alice.isOpened && bob.isOpened)
        let uid = try #require(try host.uid(of: "bob"))
        try host.killDaemon()
        alice.process.kill(SIGKILL)
        bob.process.kill(SIGKILL)
        try host.host.must(
            """
            rm -rf /run/sojourn
            cd /var/lib/sojourn/home
            mkdir -m 700 .sojourn-trash-\(uid)-0011; mv bob .sojourn-trash-\(uid)-0011/feed
            mkdir .new-carol; touch .new-carol/half
            """)
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.tracesLeft(of: "bob") == "")
        #expect(try host.host.must("ls -A /var/lib/sojourn/home") == ".sojourn-home-root\n")
    }

    /// T24
    @Test func aBrokenConfigurationIsSaidAndTheLastGoodOneUsed() throws {
        let host = try DaemonHost()
        try host.host.must("echo 'nonsense = [' >> /etc/sojourn/sojourn.toml")
        let reply = try host.ask(#"{"request":"reload"}"#)
        #expect(reply["reply"] as? String == "failed")
        #expect((reply["reason"] as? String)?.contains("sojourn.toml") == true)
        #expect((try host.status()["configuration_problem"] as? String)?.contains("sojourn.toml") == true)
        #expect(try host.login("alice").isOpened)
        // And after a boot.
        try host.killDaemon()
        try host.host.must("rm -rf /run/sojourn")
        try host.startDaemon()
        #expect(try eventually(5) { try (host.status()["configuration_problem"] as? String)?.contains("sojourn.toml") == true })
        #expect(try host.login("bob").isOpened)
        try host.host.must("sed -i '/nonsense/d' /etc/sojourn/sojourn.toml; pkill -HUP -x sojournd")
        #expect(try eventually(5) { try host.status()["configuration_problem"] == nil })
    }
}
