import Foundation
import Testing

/// People who do not get in, what they read, and that nothing was made for them.
@Suite struct RefusalTests {
    /// Refused by our session line: sshd had let them through.
    private func expectRefused(
        _ output: Output, saying sentence: String? = nil, _ name: String, _ sojourn: SojournHost, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(output.status == 254, "\(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(!output.stdout.contains("got-in"), sourceLocation: sourceLocation)
        let shown = output.stdout + output.stderr
        if let sentence { #expect(shown.contains(sentence), "\(output)", sourceLocation: sourceLocation) }
        #expect(shown.contains { $0.isLetter }, "a refusal has a sentence: \(output)", sourceLocation: sourceLocation)
        let left = try sojourn.tracesLeft(of: name, after: 5)
        #expect(left.isEmpty, "\(left)", sourceLocation: sourceLocation)
    }

    @Test func showsThePolicysOwnReason() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let reason = "Production database hosts are for database administrators only."
        let output = try sojourn.login("bob", "echo got-in")
        try expectRefused(output, saying: reason, "bob", sojourn)
        #expect(try sojourn.registeredUID(of: "bob") == nil, "a uid was claimed for somebody who was refused")
        let shell = try sojourn.login("bob", flags: ["-tt"], input: "echo got-in\n")
        #expect(shell.stdout.contains(reason), "\(shell)")
        #expect(shell.status == 254)
        #expect(try sojourn.events(about: "bob") == ["refusal", "refusal"], "\(sojourn.logs)")
        // Somebody the policy does not know, and files for nobody.
        try expectRefused(sojourn.login("zoe", "echo got-in"), saying: "not in the directory", "zoe", sojourn)
        let copied = try sojourn.host.scp(sojourn.ca.certificate(for: "bob"), from: "/etc/hostname", to: "bob@127.0.0.1:/tmp/bobs")
        #expect(!copied.succeeded)
        #expect(try !sojourn.host.exists("/tmp/bobs"))
    }

    @Test func refusesWhileTheEndpointIsDownSlowOrTalksGarbage() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        for mode in ["slow", "slow-drip", "silent", "garbage", "garbage-body", "500", "redirect", "huge", "close"] {
            try sojourn.policy.misbehave(mode)
            let began = ContinuousClock.now
            try expectRefused(sojourn.login("alice", "echo got-in"), "alice", sojourn)
            // The deadline in this configuration is 2 s; the rest is sshd on a busy machine.
            #expect(ContinuousClock.now - began < .seconds(9), "\(mode) held the login up")
        }
        try sojourn.policy.misbehave("none")
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n")
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        try sojourn.policy.stop()
        try expectRefused(sojourn.login("alice", "echo got-in"), "alice", sojourn)
        #expect(try sojourn.registeredUID(of: "alice") != nil)
    }

    @Test func refusesExpiredAndForeignCertificatesAndPlainKeys() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let expired = try sojourn.ca.certificate(for: "alice", validity: "-2h:-1h")
        let future = try sojourn.ca.certificate(for: "alice", validity: "+1h:+2h")
        let foreign = try host.makeCA("foreign").certificate(for: "alice")
        let others = try sojourn.ca.certificate(for: "carol")
        for credential in [expired, future, foreign, others, try host.makeKey()] {
            #expect(try host.ssh("alice", credential, "echo got-in").status == 255)
        }
        // Not even a question was asked.
        #expect(try sojourn.policy.exchanges().isEmpty)
        #expect(try sojourn.traces(of: "alice").isEmpty)
        #expect(try sojourn.registeredUID(of: "alice") == nil)
    }

    @Test func refusesACertificateThatLivesTooLongOrNeverEnds() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        for validity in ["-1m:+13h", "always:forever", "-1m:forever"] {
            let credential = try sojourn.ca.certificate(for: "alice", validity: validity)
            try expectRefused(sojourn.host.ssh("alice", credential, "echo got-in"), "alice", sojourn)
        }
        #expect(try sojourn.policy.exchanges().isEmpty)
    }

    @Test func refusesWithoutAWatcher() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        // Killed: what it had published still stands, so sshd lets the certificate through, and there is nobody to ask.
        try sojourn.killDaemon()
        #expect(try sojourn.candidatesArePublished)
        let began = ContinuousClock.now
        try expectRefused(sojourn.login("alice", "echo got-in"), "alice", sojourn)
        #expect(ContinuousClock.now - began < .seconds(9))
        // Stopped in order: it takes the candidates along, and the name is nobody's.
        try sojourn.startDaemon()
        #expect(try eventually(15) { try sojourn.login("alice", "echo got-in").stdout == "got-in\n" }, "\(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        try sojourn.host.must("pkill -TERM -x sojournd")
        #expect(sojourn.daemon?.wait(seconds: 15) == 0, "\(sojourn.logs)")
        #expect(try !sojourn.candidatesArePublished)
        #expect(try sojourn.login("alice", "echo got-in").status == 255)
    }
}
