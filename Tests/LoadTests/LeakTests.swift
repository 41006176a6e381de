import Foundation
import Testing

extension LoadTests {
    /// Over hundreds of logins (thousands in `make test-long`) nothing grows but what is to grow: registry, uses of certificates, audit log.
    @Suite struct LeakTests {
        @Test func leavesDescriptorsMemoryAndFilesAsTheyWereAfterHundredsOfLogins() throws {
            let load = try LoadHost(people: 100)
            defer { load.stop() }
            let before = try load.files()
            let driver = try load.driver()
            // Whoever logs in for the first time has a uid registered; what a process allocates once, it has after these.
            let rounds = LoadHost.isLong ? 50 : 6, each = LoadHost.isLong ? 100 : 50
            var daemon: [Footprint] = [], relay: [Footprint] = []
            var milliseconds = 0
            let begin = try load.footprint()
            for round in 1...rounds {
                let logins = try driver.order("stream \(each) 25", logins: each, until: "streamed")
                #expect(logins.wrong.isEmpty, "round \(round): \(logins.wrong.prefix(3))\n\(load.sojourn.logs.suffix(2000))")
                milliseconds += driver.lastFigure
                #expect(try load.leftBeside(before) == "")
                let now = try load.settledFootprint()
                daemon.append(now.daemon)
                relay.append(now.relay)
            }
            let count = rounds * each
            print("\(count) logins, 25 at once: \(count * 1000 / max(1, milliseconds)) logins/s")
            print("sojournd: before \(begin.daemon); after \(each): \(daemon[0]); after \(count): \(daemon[rounds - 1])")
            print("relay: before \(begin.relay); after \(each): \(relay[0]); after \(count): \(relay[rounds - 1])")
            let open = try load.host.must("ls -l /proc/$(pgrep -o -x sojournd)/fd; ps -e -o pid=,ppid=,args=")
            #expect(daemon.last?.descriptors == daemon.first?.descriptors, "\(open)")
            // Connections to the endpoint that stay open: sixteen at most.
            #expect((relay.last?.descriptors ?? 0) <= begin.relay.descriptors + 16)
            expectNoGrowth("sojournd", daemon.map(\.dirty))
            expectNoGrowth("the relay", relay.map(\.dirty))
            let (granted, ended, _) = try load.audited()
            #expect(granted.count == count && Set(granted.keys) == Set(ended.keys))
        }

        /// A program that holds one process for many people, as a display manager may.
        @Test func theModuleLeavesNothingInAProcessThatOpensAndClosesManySessions() throws {
            let load = try LoadHost(people: 21)
            defer { load.stop() }
            let before = try load.files()
            let driver = try load.driver()
            let count = LoadHost.isLong ? 2000 : 60, every = LoadHost.isLong ? 50 : 5
            let logins = try driver.order("serial \(count) \(every)", logins: count + 1, until: "served", seconds: 900)
            #expect(logins.wrong.isEmpty, "\(logins.wrong.count): \(logins.wrong.prefix(3))\n\(load.sojourn.logs.suffix(3000))")
            let samples = driver.samples
            print("\(count) sessions of one process: \(samples.first ?? []) … \(samples.last ?? []) (logins, descriptors, KiB of its own)")
            #expect(samples.count == count / every && samples.allSatisfy { $0.count == 3 })
            #expect(Set(samples.map { $0[1] }).count == 1, "\(samples)")
            expectNoGrowth("the process", samples.map { $0[2] })
            #expect(try load.leftBeside(before) == "")
        }

        /// Between the second and the last third of the samples, in KiB: a leak of a kibibyte a login shows in the long run.
        private func expectNoGrowth(_ whose: String, _ sizes: [Int]) {
            let third = sizes.count / 3
            let middle = sizes.dropFirst(third).prefix(third), last = sizes.suffix(third)
            let growth = last.reduce(0, +) / third - middle.reduce(0, +) / third
            print("\(whose) grew by \(growth) KiB between the second and the last third")
            #expect(growth < 1536, "\(whose): \(sizes)")
        }
    }
}

extension LoadHost {
    /// When the loop is idle: timers of connections and openings that are over run out within a few seconds, and a search for
    /// strays, which the ends of people with groups bring about and which takes as long as the machine has files, is cut short.
    func settledFootprint() throws -> (daemon: Footprint, relay: Footprint) {
        var last = try footprint()
        _ = try eventually(15, pause: 0.5) {
            try host.must("pkill -KILL -f '[s]trays --daemon' || true")
            let now = try footprint()
            defer { last = now }
            return now.daemon.descriptors == last.daemon.descriptors && now.relay.descriptors == last.relay.descriptors
        }
        return last
    }
}
