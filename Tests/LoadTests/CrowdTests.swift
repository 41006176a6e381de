import Foundation
import Testing

extension LoadTests {
    /// Many at once: T17 (each its own number), T26 (logins during draining), and the end of all of them.
    @Suite struct CrowdTests {
        /// T17, T26
        @Test func t17T26LetsTwoHundredPeopleInAndOutAtOnceWaveAfterWave() throws {
            let load = try LoadHost(people: 200)
            defer { load.stop() }
            let driver = try load.driver()
            let before = try load.files()
            var all: [PlayedLogin] = []
            // The second wave comes while the names of the first are still draining: they wait, and get in. On a machine that is
            // busy with other things some may take longer than anybody is made to wait, and are told so.
            for wave in 1...(LoadHost.isLong ? 6 : 2) {
                let begin = ContinuousClock.now
                let logins = try driver.order("open 0 200", logins: 200)
                let isIn = logins.filter(\.isIn)
                print("wave \(wave): 200 at once: \(logins.times), \(isIn.count) in after \(ContinuousClock.now - begin)")
                let wrong = logins.filter { !$0.isWhole && !$0.waitedTooLong }
                #expect(wrong.isEmpty, "wave \(wave): \(wrong.count): \(wrong.prefix(3))\n\(load.sojourn.logs.suffix(3000))")
                #expect(isIn.count >= 150, "\(200 - isIn.count) of 200 did not get in")
                try expectAllAreThere(load, isIn)
                try driver.closeAll()
                all += isIn
            }
            let begin = ContinuousClock.now
            #expect(try load.leftBeside(before) == "")
            print("200 closed: nothing is left after \(ContinuousClock.now - begin)")
            try expectEvidence(load, all)
        }

        /// T26
        @Test func t26LetsOnePersonInFiftyTimesAtOnceAndAgainWhileTheNameIsDraining() throws {
            let load = try LoadHost(people: 2)
            defer { load.stop() }
            let driver = try load.driver()
            let before = try load.files()
            var all: [PlayedLogin] = []
            for wave in 1...3 {
                let logins = try driver.order("same 0 50", logins: 50)
                print("wave \(wave): one person 50 times at once: \(logins.times)")
                #expect(logins.wrong.isEmpty, "wave \(wave): \(logins.wrong.count): \(logins.wrong.prefix(3))\n\(load.sojourn.logs.suffix(3000))")
                #expect(Set(logins.map(\.open)).count == 1)
                try expectAllAreThere(load, logins)
                try driver.closeAll()
                all += logins
            }
            #expect(try load.leftBeside(before) == "")
            try expectEvidence(load, all)
        }
    }
}

/// Every login that got in has a session in its lease and in the list, and one number everywhere.
func expectAllAreThere(_ load: LoadHost, _ logins: [PlayedLogin]) throws {
    let names = Set(logins.map(\.name)).sorted()
    let registry = try load.registry(), shown = try load.shown(names), leases = try load.leases()
    for name in names { #expect(registry[name] != nil && registry[name] == shown[name]) }
    #expect(Set(names.compactMap { shown[$0] }).count == names.count, "two names with one number")
    for login in logins { #expect(registry[login.name] == login.open, "\(login)") }
    let pids = Set(logins.map(\.pid))
    #expect(Set(leases.values.joined()) == pids)
    let sessions = try load.sessions()
    #expect(sessions.count == logins.count && Set(sessions.map(\.pid)) == pids)
}

/// As many grants as logins that got in, each with its one end, and a clean end of each lease.
func expectEvidence(_ load: LoadHost, _ logins: [PlayedLogin]) throws {
    let (granted, ended, _) = try load.audited()
    #expect(granted.count == logins.count)
    #expect(granted.values.allSatisfy { $0 == 1 } && ended.values.allSatisfy { $0 == 1 })
    #expect(Set(granted.keys) == Set(ended.keys))
    let ends = try load.sojourn.audit().filter { $0["event"] as? String == "lease-end" }
    #expect(ends.allSatisfy { ($0["report"] as? [String: Any])?["clean"] as? Bool == true })
    #expect(Set(ends.compactMap { $0["name"] as? String }) == Set(logins.map(\.name)))
    let bad = try load.sojourn.audit().filter { ["end-failed", "intruder"].contains($0["event"] as? String ?? "") }
    #expect(bad.isEmpty, "\(bad.prefix(5))")
}
