import Foundation
import Testing

/// The policy is asked again while a session lasts, and sessions that it does not confirm end.
@Suite struct ReevaluationTests {
    private func host(_ session: String, people: [String] = [], prepare: @escaping (PrivateHost) throws -> Void = { _ in }) throws -> SojournHost {
        try SojournHost(people: people) { host, _ in
            try prepare(host)
            try host.write("[session]\n" + session, to: "/etc/sojourn/sojourn.toml.d/session.toml", mode: "0600")
        }
    }

    /// What was asked about sessions that live.
    private func askedAgain(_ sojourn: SojournHost) throws -> [[String: Any]] {
        try sojourn.policy.exchanges().compactMap { exchange in
            guard let request = exchange["request"] as? [String: Any], let context = request["context"] as? [String: Any], context["session"] != nil else { return nil }
            return request
        }
    }

    private func outcomes(_ sojourn: SojournHost, _ name: String) throws -> [String] {
        try sojourn.audit(about: name).filter { $0["event"] as? String == "reevaluation" }.compactMap { $0["outcome"] as? String }
    }

    private func reason(_ sojourn: SojournHost, _ name: String) throws -> String {
        try sojourn.audit(about: name).last { $0["event"] as? String == "session-end" }?["message"] as? String ?? "no session-end"
    }

    /// A person leaves the directory while logged in: the real policy says no, and the session ends within the interval.
    @Test func endsASessionThatThePolicyNoLongerAllows() throws {
        let sojourn = try host("reevaluate = \"1s\"\n", people: ["pia"])
        defer { sojourn.stop() }
        let pia = try sojourn.openShell("pia"), alice = try sojourn.openShell("alice")
        try pia.run("setsid nohup sleep 74.5 > /dev/null 2>&1 < /dev/null & echo kept > note")
        try sojourn.restartPolicy(without: ["pia"])
        #expect(pia.client.wait(seconds: 20) != nil, "\(sojourn.logs)")
        #expect(pia.client.stdout.contains("Sojourn: this session ends now: the policy ended it"), "told on the terminal: \(pia.client.stdout)")
        let left = try sojourn.tracesLeft(of: "pia")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try outcomes(sojourn, "pia").last == "denied" && reason(sojourn, "pia").contains("the policy ended it"), "\(sojourn.logs)")
        #expect(try alice.run("id -un") == "alice\n", "somebody else is not concerned")
        #expect(alice.exit() == 0)
    }

    /// The question is the login's, with the session in its context; the policy may want to be asked more often than the host does.
    @Test func asksAsOftenAsThePolicyDemands() throws {
        let sojourn = try host("reevaluate = \"0s\"\n")
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["deploy"], "reevaluate_seconds": 1]]])
        let shell = try sojourn.openShell("alice")
        #expect(try eventually(40) { try askedAgain(sojourn).count >= 2 }, "\(sojourn.logs)")
        let login = try #require(try sojourn.policy.exchanges().compactMap { $0["request"] as? [String: Any] }.first { ($0["context"] as? [String: Any])?["session"] == nil })
        let again = try #require(try askedAgain(sojourn).last)
        for part in ["subject", "action", "resource"] { #expect(NSDictionary(dictionary: again[part] as? [String: Any] ?? [:]).isEqual(login[part]), "\(part)") }
        let session = try #require((again["context"] as? [String: Any])?["session"] as? [String: Any])
        #expect(try host(sojourn, lists: session["id"] as? String ?? "-"))
        #expect(try outcomes(sojourn, "alice").isEmpty, "a yes that changes nothing is no event")
        // It wants that no more: then nobody asks.
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["deploy"]]]])
        let before = try askedAgain(sojourn).count
        #expect(try eventually(20) { try askedAgain(sojourn).count == before + 1 }, "\(sojourn.logs)")
        Thread.sleep(forTimeInterval: 11)
        #expect(try askedAgain(sojourn).count == before + 1)
        #expect(shell.exit() == 0)
    }

    private func host(_ sojourn: SojournHost, lists session: String) throws -> Bool {
        try sojourn.host.must("/usr/sbin/sojourn sessions").contains(session)
    }

    /// A yes may end a session too: without a group that it has, or with less time than it had.
    @Test func holdsASessionToWhatIsGrantedNow() throws {
        let sojourn = try host("reevaluate = \"1s\"\n", people: ["pia"])
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["deploy"]]]])
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": [] as [String]]]])
        #expect(shell.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        #expect(try outcomes(sojourn, "alice") == ["denied"])

        let pia = try sojourn.openShell("pia")
        let before = try sojourn.host.must("/usr/sbin/sojourn sessions --json")
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["max_session_seconds": 9]]])
        #expect(pia.client.wait(seconds: 25) != nil, "\(sojourn.logs)")
        #expect(try outcomes(sojourn, "pia") == ["shortened"] && reason(sojourn, "pia").contains("its time was over"), "\(sojourn.logs)")
        #expect(pia.client.stdout.contains("the policy has decided anew: this session ends in "), "\(pia.client.stdout)\n\(before)")
        #expect(try sojourn.tracesLeft(of: "pia").isEmpty)
    }

    /// "The last login wins" is about the others: the session that is asked about is none of them. A notice is told once, not with every answer.
    @Test func carriesOutWhatThePolicyDemandsOfOthersAndSaysANoticeOnce() throws {
        let sojourn = try host("reevaluate = \"1s\"\n", people: ["pia"])
        defer { sojourn.stop() }
        func demand(_ subject: String) -> [String: Any] {
            ["decision": true, "context": ["obligations": [
                ["id": "1", "type": "session_termination", "properties": ["subject": subject]],
                ["id": "2", "type": "notification", "properties": ["to": "alice@example.com", "body": "Mind the gap\u{1b}[2J."]],
            ] as [[String: Any]]]]
        }
        try sojourn.policy.answer(["decision": true])
        let alice = try sojourn.openShell("alice")
        try sojourn.policy.answer(demand("alice@example.com"))
        #expect(try eventually(15) { try outcomes(sojourn, "alice").contains("notice") }, "\(sojourn.logs)")
        Thread.sleep(forTimeInterval: 4)
        #expect(try alice.run("id -un") == "alice\n", "her own answers do not end her session: \(sojourn.logs)")
        #expect(alice.client.stdout.components(separatedBy: "the policy's notice: Mind the gap").count == 2, "once: \(alice.client.stdout)")
        #expect(!alice.client.stdout.contains("gap\u{1b}"), "T30")
        #expect(try outcomes(sojourn, "alice") == ["notice"])
        // Somebody else's answers end it.
        try sojourn.policy.answer(["decision": true, "context": ["obligations": [
            ["id": "1", "type": "session_termination", "properties": ["subject": "alice@example.com"]],
        ]]])
        let pia = try sojourn.openShell("pia")
        #expect(alice.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        #expect(try sojourn.audit(about: "alice").last { $0["event"] as? String == "session-end" }?["reason"] as? String == "ended-by-policy")
        #expect(try pia.run("id -un") == "pia\n")
        #expect(pia.exit() == 0)
    }

    /// Nobody answers: told, written down once, and ended after the time that the host says, which a daemon that restarts does not forget.
    @Test func endsASessionThatNobodyConfirmsAlsoAcrossARestart() throws {
        let sojourn = try host("reevaluate = \"1s\"\nwhen_unreachable = \"end after 6s\"\n")
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.stop()
        #expect(try eventually(10) { try outcomes(sojourn, "alice") == ["unconfirmed"] }, "\(sojourn.logs)")
        let lease = try #require(try sojourn.host.read("/run/sojourn/leases/alice.json"))
        #expect(lease.contains("unconfirmed_boot_ns"))
        try sojourn.killDaemon()
        try sojourn.startDaemon()
        #expect(try shell.run("id -un") == "alice\n", "not at once")
        #expect(shell.client.wait(seconds: 25) != nil, "\(sojourn.logs)")
        #expect(shell.client.stdout.contains("If that lasts, it ends in 6 s, and your processes and your home directory on this host go"), "\(shell.client.stdout)")
        #expect(try reason(sojourn, "alice").contains("the policy could not be asked for 6 s"))
        #expect(try outcomes(sojourn, "alice") == ["unconfirmed"], "once: \(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
    }

    /// It answers again in time: the session goes on, and both is told.
    @Test func keepsASessionThatIsConfirmedAgainAndOneThatTheHostSaysToKeep() throws {
        let sojourn = try host("reevaluate = \"1s\"\nwhen_unreachable = \"keep\"\n")
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try sojourn.policy.misbehave("503-garbage")
        #expect(try eventually(10) { try outcomes(sojourn, "alice") == ["unconfirmed"] }, "\(sojourn.logs)")
        Thread.sleep(forTimeInterval: 3)
        #expect(try shell.run("id -un") == "alice\n")
        try sojourn.policy.misbehave("none")
        #expect(try eventually(25) { try outcomes(sojourn, "alice") == ["unconfirmed", "confirmed"] }, "\(sojourn.logs)")
        #expect(eventually(5) { shell.client.stdout.contains("the policy was asked, and this session goes on.") }, "\(shell.client.stdout)")
        #expect(shell.exit() == 0)
    }

    /// A local account's session is decided anew as well; nothing of the account is touched.
    @Test func endsALocalAccountsSessionAndNothingElseOfIt() throws {
        let sojourn = try host("reevaluate = \"1s\"\n") { try $0.makeAccount("resident") }
        defer { sojourn.stop() }
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["dbops"]]]])
        let shell = try sojourn.openShell("resident")
        #expect(try eventually(15) { try askedAgain(sojourn).count >= 2 }, "\(sojourn.logs)")
        #expect(try shell.run("id -Gn") == "resident dbops\n", "a yes with the same groups: it goes on")
        try sojourn.host.must("setpriv --reuid resident --regid resident --clear-groups setsid sleep 75.5 > /dev/null 2>&1 < /dev/null & echo hers > /home/resident/note")
        try sojourn.policy.answer(["decision": false, "context": ["reason_user": ["en": "Your shift\u{1b}[2J is over."]]])
        #expect(shell.client.wait(seconds: 15) != nil, "\(sojourn.logs)")
        #expect(shell.client.stdout.contains("the policy ended it: Your shift") && !shell.client.stdout.contains("\u{1b}[2J is over"), "T30: \(shell.client.stdout)")
        #expect(try sojourn.host.must("cat /home/resident/note; pgrep -u resident -x sleep | wc -l") == "hers\n1\n")
        #expect(try sojourn.login("resident", "true").status == 254)
    }
}
