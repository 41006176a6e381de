import Foundation
import Testing

/// T8: an endpoint that is broken, hostile or somebody else.
@Suite struct PolicyThreatTests {
    /// Answers that are no proper yes, from the endpoint's table of misbehaviour; slow ones are in `RefusalTests`.
    static let refused = [
        "reset", "close-in-head", "close-in-body", "close-in-chunk", "huge-chunked", "compressed", "endless", "endless-head",
        "endless-continue", "400", "401", "403", "404", "429-long", "503-garbage", "502", "201", "204",
        "redirect-keeping-method", "redirect-away", "type-html", "type-missing", "type-similar", "type-problem",
        "request-id-wrong", "request-id-twice", "empty-body", "truncated", "trailing", "two-documents", "duplicate-yes-last",
        "duplicate-yes-first", "duplicate-escaped", "duplicate-in-grant", "nested", "byte-order-mark", "utf-16", "not-utf-8",
        "lone-surrogate", "raw-nul", "array", "bare-true", "decision-string", "decision-one", "decision-null",
        "decision-missing", "decision-array", "decision-object", "decision-case", "context-string", "grant-array",
        "grant-unknown-member", "uid-zero", "uid-other", "uid-string", "uid-wraps", "gid-zero", "groups-root", "groups-zero",
        "groups-unknown", "groups-shadow", "groups-marker", "groups-own-range", "groups-string", "groups-number",
        "groups-empty-name", "groups-separator", "groups-nul", "groups-many", "shell-missing", "shell-relative",
        "shell-directory", "shell-not-executable", "shell-climbing", "shell-separator", "shell-nul", "shell-empty",
        "shell-number", "limit-zero", "limit-negative", "limit-fraction", "limit-string", "limit-overflow", "limit-infinite",
        "obligation-unknown", "obligation-without-type", "obligations-object", "obligation-custom", "obligation-id-twice", "obligation-step-up",
        "obligation-notification-of-nothing", "obligation-termination-of-a-list", "reevaluate-zero", "record-required", "record-true",
    ]

    @Test(arguments: [0, 1, 2, 3]) func t8RefusesWhateverIsNotAProperYes(quarter: Int) throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let alice = try sojourn.ca.certificate(for: "alice")
        let modes = Self.refused.enumerated().filter { $0.offset % 4 == quarter }.map(\.element)
        for mode in modes {
            try sojourn.policy.misbehave(mode)
            let output = try sojourn.host.ssh("alice", alice, "echo got-in", deadline: 20)
            #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(mode): \(output)")
            #expect(try !sojourn.host.exists("/run/sojourn/leases/alice.json"), "\(mode) left a lease")
        }
        #expect(try sojourn.tracesLeft(of: "alice", after: 5).isEmpty)
        try sojourn.policy.misbehave("none")
        #expect(try sojourn.host.ssh("alice", alice, "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        let refusals = try sojourn.events(about: "alice").filter { $0 == "refusal" }
        #expect(refusals.count == modes.count, "a line for each refusal\n\(sojourn.logs)")
        print("T8, part \(quarter + 1) of 4: \(modes.count) wrong answers of \(Self.refused.count)")
    }

    private func answer(_ isYes: Bool, _ obligations: [[String: Any]]) -> [String: Any] {
        ["decision": isYes, "context": ["obligations": obligations]]
    }

    /// What a policy demands besides its decision: ended sessions, notices, and the certificate that it would take.
    @Test func t8CarriesOutObligationsOnAYesAndOnANo() throws {
        let sojourn = try SojournHost(people: ["pia", "quentin"])
        defer { sojourn.stop() }
        let host = sojourn.host
        let pia = try sojourn.openShell("pia")
        let quentin = try sojourn.openShell("quentin")
        let end: [String: Any] = ["id": "1", "type": "session_termination", "properties": ["subject": "pia@example.com"]]
        let toLog: [String: Any] = ["id": "2", "type": "notification", "properties": ["to": "syslog", "body": "for-the-log \u{1b}[2J"]]
        let toOther: [String: Any] = ["id": "3", "type": "notification", "properties": ["to": "manager@example.com", "body": "for-the-manager"]]

        try sojourn.policy.answer(answer(false, [end, toLog, ["id": "4", "type": "custom", "properties": [:] as [String: Any]]]))
        let refused = try sojourn.login("alice", "echo got-in")
        #expect(refused.status == 254 && !refused.stdout.contains("got-in"), "\(refused)")
        #expect(pia.client.wait(seconds: 15) != nil, "pia's session is ended by alice's refused login\n\(sojourn.logs)")
        let left = try sojourn.tracesLeft(of: "pia")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try quentin.run("id -un") == "quentin\n", "nobody else's is")
        let evidence = try sojourn.audit(about: "pia").filter { $0["event"] as? String == "session-end" }
        #expect(evidence.contains { $0["reason"] as? String == "ended-by-policy" }, "\(evidence)")
        #expect(host.syslog.contains("the policy's notice: for-the-log ?[2J"), "\(sojourn.logs)")

        try sojourn.policy.answer(answer(true, [toLog, toOther]))
        let unmet = try sojourn.login("alice", "echo got-in")
        #expect(unmet.status == 254 && (unmet.stdout + unmet.stderr).contains("on a condition that this host cannot meet"), "\(unmet)")
        #expect(!host.syslog.contains("for-the-manager"))

        try sojourn.policy.answer(answer(true, [["id": "1", "type": "step-up", "properties": ["acr_value": "urn:example:loa:3"]]]))
        let stepUp = try sojourn.login("alice", "echo got-in")
        #expect(stepUp.status == 254 && (stepUp.stdout + stepUp.stderr).contains("issued with the authentication level urn:example:loa:3, and log in again."), "\(stepUp)")

        try sojourn.policy.answer(answer(true, [toLog, ["id": "1", "type": "notification", "properties": ["to": "alice", "body": "welcome-back"]]]))
        let alice = try sojourn.openShell("alice")
        #expect(alice.client.stdout.contains("Sojourn: the policy's notice: welcome-back"), "\(alice.client.stdout)\n\(sojourn.logs)")
        #expect(alice.exit() == 0)
        #expect(quentin.exit() == 0)
    }

    /// T8: what a yes may leave out or AuthZEN tolerates is a yes all the same.
    @Test func t8TakesAYesThatSaysLess() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        for mode in ["no-grant", "request-id-missing"] {
            try sojourn.policy.misbehave(mode)
            let output = try sojourn.login("alice", "id -Gn | tr ' ' '\\n' | sort")
            #expect(output.succeeded, "\(mode): \(output)\n\(sojourn.logs)")
            #expect(output.stdout.contains("alice\n") && output.stdout.contains("sojourn\n"))
            if mode == "no-grant" { #expect(output.stdout == "alice\nsojourn\n", "no extra groups") }
        }
    }

    /// T8 with T30: a reason that would clear the screen, ring, and write lines of its own into the log.
    @Test func t8EscapesTheReasonForTerminalAndLog() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        for mode in ["reason-escapes", "reason-long", "reason-long-with-escape", "reason-nul", "reason-format", "reason-string", "reason-odd-languages"] {
            try sojourn.policy.misbehave(mode)
            let output = try sojourn.login("alice", "echo got-in")
            #expect(output.status == 254, "\(mode): \(output)\n\(sojourn.logs)")
            let shown = output.stdout + output.stderr
            let bad = shown.unicodeScalars.filter { ($0.value < 32 && $0 != "\n" && $0 != "\r" && $0 != "\t") || (127...159).contains($0.value) || (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value) }
            #expect(bad.isEmpty, "\(mode): \(bad.map { String($0.value, radix: 16) })")
            #expect(shown.utf8.count < 8192, "\(mode)")
            #expect(!shown.contains("\nLast login: yesterday"), "\(mode)")
        }
        let log = try #require(try sojourn.host.read("/var/log/sojourn/audit.jsonl"))
        #expect(!log.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        #expect(try sojourn.audit().count >= 7)
        #expect(!sojourn.host.syslog.contains("\u{1b}"))
    }
}
