import Foundation
import Testing

/// Logins that somebody else has to approve, through stock sshd: nobody can be asked there, so nothing waits, and the second
/// login finds what became of the first one's request.
@Suite struct ApprovalTests {
    /// A production web host, on which developers (bob) need an approval.
    private func webHost(_ more: String = "") throws -> SojournHost {
        try SojournHost { host, _ in
            try host.must("sed -i 's/role = \"database\"/role = \"web\"/; s/^deadline = .*/&\\n'\"$1\"'/' /etc/sojourn/sojourn.toml", more)
        }
    }

    private func expectAsked(_ output: Output, _ sojourn: SojournHost, sourceLocation: SourceLocation = #_sourceLocation) {
        let shown = output.stdout + output.stderr
        #expect(output.status == 254 && !shown.contains("got-in"), "\(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(shown.contains("access was asked for, and nobody has answered yet"), "\(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(shown.contains("See https://tickets.example.com/") && shown.contains("Log in again when it is approved."), "\(output)", sourceLocation: sourceLocation)
        for secret in ["arq_", "apr_", "/access/v1/requests", "/review", "/cancel"] { #expect(!shown.contains(secret), "\(output)", sourceLocation: sourceLocation) }
    }

    /// Login 1 with certificate A is told the ticket; the approver approves; login 2 with a fresh certificate B gets in, and its
    /// session ends with the approval.
    @Test func theSecondLoginWithAFreshCertificateFindsTheApprovalAndItsSessionEndsWithIt() throws {
        let sojourn = try webHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        expectAsked(try sojourn.login("bob", "echo got-in"), sojourn)
        #expect(try sojourn.registeredUID(of: "bob") == nil, "nothing was made for somebody who is not let in")
        #expect(try host.must("stat -c '%a %U' /run/sojourn/approvals /run/sojourn/approvals/*") == "700 root\n600 root\n")
        // Nobody has approved it yet, and it is not asked for twice.
        expectAsked(try sojourn.login("bob", "echo got-in"), sojourn)
        #expect(try sojourn.policy.settle("approve", seconds: 20) == 1)
        let shell = try sojourn.openShell("bob")
        #expect(try shell.run("id -un") == "bob\n")
        let questions = try sojourn.policy.exchanges().filter { $0["path"] as? String == "/access/v1/evaluation" }
        let contexts = questions.compactMap { ($0["request"] as? [String: Any])?["context"] as? [String: Any] }
        let serials = Set(contexts.compactMap { ($0["credential"] as? [String: Any])?["serial"] as? String })
        let keys = Set(contexts.compactMap { ($0["credential"] as? [String: Any])?["key_fp"] as? String })
        #expect(keys.count == 3 || serials.count == 3, "three certificates\n\(sojourn.logs)")
        #expect((contexts.last?["approval"] as? [String: Any])?["id"] as? String != nil)
        // The policy grants two hours, the approver 20 seconds: the session is over by then, whatever the person does.
        #expect(eventually(60) { !shell.client.isRunning }, "\(sojourn.logs)")
        let left = try sojourn.tracesLeft(of: "bob")
        #expect(left.isEmpty, "\(left) \(sojourn.logs)")
        // What nobody may see is in no log.
        let audit = try host.read("/var/log/sojourn/audit.jsonl") ?? ""
        for secret in ["apr_", "arq_"] { #expect(!host.syslog.contains(secret) && !audit.contains(secret)) }
        let tokens = try sojourn.audit(about: "bob").compactMap { $0["token"] as? String ?? $0["reason"] as? String }
        #expect(tokens.filter { $0 == "approval-pending" }.count == 2, "\(sojourn.logs)")
    }

    /// Whatever `approval_wait` says: no conversation, no waiting.
    @Test func scpAndCommandsDoNotBlock() throws {
        let sojourn = try webHost("approval_wait = \"90s\"")
        defer { sojourn.stop() }
        for attempt in 0..<3 {
            let began = ContinuousClock.now
            if attempt == 0 { expectAsked(try sojourn.login("bob", "echo got-in", deadline: 60), sojourn) }
            if attempt == 1 { expectAsked(try sojourn.login("bob", flags: ["-tt"], input: "exit 3\n", deadline: 60), sojourn) }
            if attempt == 2 {
                let copied = try sojourn.host.scp(sojourn.ca.certificate(for: "bob"), from: "/etc/hostname", to: "bob@127.0.0.1:/tmp/bobs")
                #expect(!copied.succeeded)
                #expect(try !sojourn.host.exists("/tmp/bobs"))
            }
            #expect(ContinuousClock.now - began < .seconds(45), "it waited")
        }
        #expect(try sojourn.events(about: "bob").filter { $0 == "refusal" }.count == 3, "\(sojourn.logs)")
    }

    @Test func aDeniedAndARevokedApprovalLetNobodyIn() throws {
        let sojourn = try webHost()
        defer { sojourn.stop() }
        expectAsked(try sojourn.login("bob", "echo got-in"), sojourn)
        #expect(try sojourn.policy.settle("deny") == 1)
        for _ in 0..<2 {
            let output = try sojourn.login("bob", "echo got-in")
            #expect(output.status == 254 && (output.stdout + output.stderr).contains("whoever approves it said no: Access request: Denied."), "\(output)\n\(sojourn.logs)")
        }
        #expect(try sojourn.policy.settle("approve") == 0, "nobody was asked again")
        // A fresh boot has forgotten it.
        try sojourn.host.must("rm -r /run/sojourn/approvals")
        expectAsked(try sojourn.login("bob", "echo got-in"), sojourn)
        #expect(try sojourn.policy.settle("approve") == 1)
        #expect(try sojourn.login("bob", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        // What is remembered as approved is decided anew at each login.
        _ = try sojourn.policy.settle("revoke")
        let output = try sojourn.login("bob", "echo got-in")
        #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(output)\n\(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "bob").isEmpty)
    }

    /// The relay asks and remembers, also where logins ask for decisions themselves.
    @Test func worksWithTheDirectWayToo() throws {
        let sojourn = try webHost("via = \"direct\"")
        defer { sojourn.stop() }
        expectAsked(try sojourn.login("bob", "echo got-in"), sojourn)
        // A daemon that crashed and came back knows it still.
        try sojourn.killDaemon()
        try sojourn.startDaemon()
        try sojourn.waitForCandidates()
        #expect(try sojourn.policy.settle("approve") == 1)
        #expect(try eventually(20) { try sojourn.login("bob", "echo got-in").stdout == "got-in\n" }, "\(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "bob").isEmpty)
    }
}
