import Foundation
import Testing

extension LoadTests {
    /// T25: the daemon killed, stopped and started again while people come and go.
    @Suite struct RestartTests {
        /// T25: killed between the first line about a session and its grant. Nobody was told that it is open, and there may be no home:
        /// it is no session, even while its process lives.
        @Test func t25TakesDownASessionThatWasNotOpenedToItsEnd() throws {
            let load = try LoadHost(people: 3)
            defer { load.stop() }
            let before = try load.files()
            let stayers = try load.driver(), driver = try load.driver()
            let staying = try stayers.order("open 1 1", logins: 1)
            try #require(staying.wrong.isEmpty, "\(staying)")
            // The daemon is held where it would write the grant, and dies there; the login is held, so that it cannot go by itself.
            _ = try load.host.start(["bash", "-c", "exec strace -qq -o /dev/null -p $(pgrep -o -x sojournd) -P /var/log/sojourn/audit.jsonl -e inject=openat:delay_enter=120s"])
            try load.host.must("until grep -q '^TracerPid:.[1-9]' /proc/$(pgrep -o -x sojournd)/status; do sleep 0.01; done", deadline: 20)
            driver.send("open 0 1")
            #expect(try eventually(20) { try load.leases()["p0000"]?.count == 1 && load.host.exists("/var/lib/sojourn/home/p0000") })
            let process = try #require(try load.leases()["p0000"]?.first)
            try load.host.must("kill -STOP \(process)")
            try load.sojourn.killDaemon()
            try load.sojourn.startDaemon()
            #expect(try eventually(30) { try load.leases().keys.sorted() == ["p0001"] && load.sessions().map(\.name) == ["p0001"] })
            #expect(try !load.host.exists("/var/lib/sojourn/home/p0000"))
            #expect(try load.sojourn.audit(about: "p0000").contains { $0["reason"] as? String == "not-opened" })
            #expect(try load.sojourn.events(about: "p0000").prefix(2) == ["session-end", "lease-end"])
            // And the next login of that name has all that it needs.
            try load.sojourn.waitForCandidates(seconds: 30)
            let next = try load.driver()
            let again = try next.order("open 0 1", logins: 1)
            #expect(again.wrong.isEmpty, "\(again)\n\(load.sojourn.logs.suffix(3000))")
            try next.closeAll()
            try stayers.closeAll()
            #expect(try load.leftBeside(before) == "")
        }

        @Test func t25LosesNoSessionWhenTheDaemonIsRestartedWhileHundredsComeAndGo() throws {
            let load = try LoadHost(people: 120)
            defer { load.stop() }
            let before = try load.files()
            let stayers = try load.driver(), passers = try load.driver()
            let staying = try stayers.order("open 0 40", logins: 40)
            try #require(staying.wrong.isEmpty, "\(staying.wrong.prefix(3))\n\(load.sojourn.logs.suffix(3000))")
            // People who pass: also the forty, whose leases have another session then.
            let count = LoadHost.isLong ? 3000 : 300
            passers.send("stream \(count) 40")
            var restarts = 0
            while !passers.hasSaid("streamed") && restarts < (LoadHost.isLong ? 30 : 4) {
                Thread.sleep(forTimeInterval: Double.random(in: 0.5...1.5))
                try load.restartDaemon(with: restarts % 2 == 0 ? SIGKILL : SIGTERM)
                restarts += 1
                try load.sojourn.waitForCandidates(seconds: 30)
            }
            let passing = try passers.answers(logins: count, until: "streamed", seconds: 600)
            let isIn = passing.filter(\.isIn)
            print("\(count) logins during \(restarts) restarts: \(isIn.count) got in (\(isIn.times)), \(passing.filter(\.isRefused).count) were refused with a sentence, \(passing.filter(\.isUnknown).count) came before the host was looked at")
            for login in passing { #expect(login.isWhole || login.isRefused || login.isUnknown, "\(login)") }
            #expect(restarts > 0 && isIn.count > count / 4)
            // Who stayed is still there, with all that was granted.
            #expect(try eventually(30) { try load.leases().values.joined().count == 40 })
            try expectAllAreThere(load, staying)
            try stayers.closeAll()
            #expect(try load.leftBeside(before) == "")

            // Evidence: who got in has a grant, and every grant its end. A daemon that is killed between the two writes of an end says it again.
            let (granted, ended, pids) = try load.audited()
            let told = Set((isIn + staying).map(\.pid))
            #expect(told.subtracting(pids.values).isEmpty, "let in without a grant")
            #expect(granted.values.allSatisfy { $0 == 1 })
            #expect(Set(granted.keys).subtracting(ended.keys).isEmpty, "granted and never ended")
            let ghosts = Set(ended.keys).subtracting(granted.keys)
            print("\(granted.count) grants, \(ended.values.reduce(0, +)) ends of sessions, \(ghosts.count) of them of logins that were refused meanwhile")
            #expect(granted.count - told.count + ghosts.count <= passing.count - isIn.count, "sessions that nobody asked for")
            let intruders = try load.sojourn.audit().filter { $0["event"] as? String == "intruder" }
            #expect(intruders.isEmpty, "\(intruders.prefix(3))")
        }
    }
}
