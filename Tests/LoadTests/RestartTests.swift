import Foundation
import Testing

/// T25: the daemon killed, stopped and started again while people come and go.
@Suite(.serialized) struct RestartTests {
    /// T25: killed between the first line about a session and its grant. Nobody was told that it is open, and there may be no home.
    @Test func t25TakesDownASessionThatWasNotOpenedToItsEnd() throws {
        let load = try LoadHost(people: 3)
        defer { load.stop() }
        let before = try load.files()
        let driver = try load.driver()
        let logins = try driver.order("open 0 2", logins: 2)
        try #require(logins.wrong.isEmpty, "\(logins)")
        try load.sojourn.killDaemon()
        try load.host.must("cd /run/sojourn/leases; sed -i 's/\"shell\"/\"opening\":true,&/' p0000.json; grep -q opening p0000.json; rm -rf /var/lib/sojourn/home/p0000")
        try load.sojourn.startDaemon()
        #expect(try eventually(20) { try load.sessions().map(\.name) == ["p0001"] && load.leases()["p0000"] == nil })
        #expect(try load.sojourn.audit(about: "p0000").contains { $0["reason"] as? String == "not-opened" })
        // And the next login of that name has a home.
        try load.sojourn.waitForCandidates(seconds: 30)
        let next = try load.driver()
        let again = try next.order("open 0 1", logins: 1)
        #expect(again.wrong.isEmpty, "\(again)\n\(load.sojourn.logs.suffix(3000))")
        try next.closeAll()
        try driver.closeAll()
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
        let count = LoadHost.isLong ? 3000 : 400
        passers.send("stream \(count) 40")
        var restarts = 0
        while !passers.hasSaid("streamed") && restarts < (LoadHost.isLong ? 30 : 5) {
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
