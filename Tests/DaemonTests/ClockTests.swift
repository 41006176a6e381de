import Foundation
import Testing

/// THREATS T31: the clock set back or ahead, and a host that slept, under the real daemon. `clock.c` moves the clocks of every
/// program of the host, because there is one wall clock a machine.
@Suite struct ClockTests {
    private func host() throws -> DaemonHost {
        try DaemonHost { host in
            // Nobody answers for the policy here, and that is not what ends anything.
            try host.write("[session]\nwhen_unreachable = \"keep\"\n", to: "/etc/sojourn/sojourn.toml.d/clock.toml")
            try host.must("cc -Wall -Wextra -Werror -shared -fPIC -o /usr/lib/clock.so \"$1/Tests/DaemonTests/clock.c\"; echo /usr/lib/clock.so > /etc/ld.so.preload", PrivateHost.checkout)
        }
    }

    private func move(_ host: DaemonHost, wall: Int = 0, boot: Int = 0) throws {
        try host.host.must("echo '\(wall) \(boot)' > /run/clock-offset.new; mv /run/clock-offset.new /run/clock-offset")
    }

    private func reasons(_ host: DaemonHost, _ name: String) throws -> [String] {
        try host.audit().filter { $0["event"] as? String == "session-end" && $0["name"] as? String == name }.compactMap { $0["reason"] as? String }
    }

    @Test func t31AClockSetAheadEndsWhatItSaysIsOver() throws {
        let host = try host()
        let alice = try host.login("alice", "--seconds", "600")
        #expect(alice.isOpened, "\(alice.reply)")
        try move(host, wall: 599 - 60)
        Thread.sleep(forTimeInterval: 2.5)
        #expect(try host.sessions().count == 1)
        try move(host, wall: 3600)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try reasons(host, "alice") == ["deadline"])
        // By the new time people come in again, for as long as they are granted.
        let bob = try host.login("bob", "--seconds", "600")
        #expect(bob.isOpened, "\(bob.reply)")
        Thread.sleep(forTimeInterval: 2.5)
        #expect(try host.sessions().count == 1)
    }

    @Test func t31AClockSetBackLengthensNothing() throws {
        let host = try host()
        let alice = try host.login("alice", "--seconds", "4"), bob = try host.login("bob", "--seconds", "6")
        #expect(alice.isOpened && bob.isOpened)
        try move(host, wall: -86400)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try reasons(host, "alice") == ["deadline"])
        // A daemon that starts under the wrong clock goes by the other one as well.
        try host.killDaemon()
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "bob") == "")
        #expect(try reasons(host, "bob") == ["deadline"])
    }

    @Test func t31WhatEndedWhileTheHostSleptIsEndedWhenItWakes() throws {
        let host = try host()
        let alice = try host.login("alice", "--seconds", "600"), bob = try host.login("bob", "--seconds", "7200")
        #expect(alice.isOpened && bob.isOpened)
        try move(host, boot: 3600)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.sessions().map { $0["name"] as? String } == ["bob"])
    }

    /// A host that comes up with a clock far ahead, before it is set right, forgets no certificate that was used (T11).
    @Test func t31AClockThatIsWrongAtStartBringsNoCertificateBack() throws {
        let host = try host()
        try host.killDaemon()
        try host.host.must("ln -s \"$(($(date +%s) + 3600)):42\" /var/lib/sojourn/used/$(printf 'a%.0s' $(seq 64))")
        try move(host, wall: 10 * 365 * 86400)
        try host.startDaemon()
        Thread.sleep(forTimeInterval: 2.5)
        #expect(try host.host.must("ls /var/lib/sojourn/used").contains("aaaa"))
    }
}
