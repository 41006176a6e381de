import Foundation
import Testing

/// Names that are, or were, somebody else's.
@Suite struct NameThreatTests {
    private func expectNoEntry(_ output: Output, _ sojourn: SojournHost, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect([254, 255].contains(output.status), "\(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(!output.stdout.contains("got-in"), sourceLocation: sourceLocation)
    }

    /// T2: a certificate of our CA whose principal is root, or a local user.
    @Test func t2GivesRootAndLocalUsersNothingForACertificateWithoutADecision() throws {
        var key: Credential?
        let sojourn = try SojournHost { host, _ in
            let credential = try host.makeKey()
            try host.makeAccount("resident", authorizedKey: credential)
            key = credential
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        for name in ["root", "resident"] {
            // The certificate is alice's, who is in the directory, with the other's name among the principals.
            let stolen = try sojourn.ca.issue(principals: ["alice", name], keyID: "alice@example.com")
            let output = try host.ssh(name, stolen, "echo got-in")
            expectNoEntry(output, sojourn)
            #expect((output.stdout + output.stderr).contains("This account name is not yours."), "\(output)")
            try sojourn.policy.misbehave("silent")
            expectNoEntry(try host.ssh(name, stolen, "echo got-in"), sojourn)
            try sojourn.policy.misbehave("none")
        }
        // With a decision of their own they get in as what they are: no lease, no number, no group of ours.
        try sojourn.policy.answer(["decision": true])
        for name in ["root", "resident"] {
            let own = try sojourn.ca.issue(principals: [name], keyID: "alice@example.com")
            let output = try host.ssh(name, own, "id -un; id -Gn")
            #expect(output.stdout == "\(name)\n\(name)\n", "\(output)\n\(sojourn.logs)")
            #expect(try !host.exists("/run/sojourn/leases/\(name).json"))
            #expect(try sojourn.events(about: name).contains("grant"))
        }
        try sojourn.killDaemon()
        expectNoEntry(try host.ssh("root", sojourn.ca.issue(principals: ["root"], keyID: "alice@example.com"), "echo got-in"), sojourn)
        #expect(try host.ssh("resident", key, "id -un").stdout == "resident\n", "the local account itself is as it was")
    }

    /// T3: a name that is a group here; a private group of that name would match `%sudo` and file permissions.
    @Test func t3RefusesANameThatIsAGroup() throws {
        let names = ["adm", "sudo", "dbops"]
        let sojourn = try SojournHost(people: names)
        defer { sojourn.stop() }
        for name in names {
            let before = try sojourn.host.getent("group", name)
            #expect(before != nil)
            let output = try sojourn.login(name, "echo got-in")
            expectNoEntry(output, sojourn)
            #expect(try sojourn.host.getent("group", name) == before)
            #expect(try sojourn.host.getent("passwd", name) == nil)
            #expect(try sojourn.registeredUID(of: name) == nil)
        }
    }

    /// T4: rights that stand already under the name would be inherited past what the policy gives.
    @Test func t4RefusesANameForWhichRightsStandAlready() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let rights: [(what: String, make: String, undo: String, named: String)] = [
            ("a group's member", "sed -i 's/^adm:x:4:.*/adm:x:4:alice/' /etc/group", "sed -i 's/^adm:x:4:.*/adm:x:4:/' /etc/group", "group 4"),
            ("a subuid row", "echo alice:200000:65536 >> /etc/subuid", "sed -i /^alice:/d /etc/subuid", "subuid"),
            ("a subgid row", "echo alice:200000:65536 >> /etc/subgid", "sed -i /^alice:/d /etc/subgid", "subgid"),
            ("a crontab", "mkdir -p /var/spool/cron/crontabs; echo '* * * * * id' > /var/spool/cron/crontabs/alice", "rm /var/spool/cron/crontabs/alice", "cron"),
            ("a mailbox", "mkdir -p /var/mail; echo mail > /var/mail/alice", "rm /var/mail/alice", "mail"),
        ]
        for right in rights {
            try host.must(right.make)
            let output = try sojourn.login("alice", "echo got-in; id")
            #expect(output.status == 254, "\(right.what): \(output)\n\(sojourn.logs)")
            #expect(!output.stdout.contains("got-in"))
            let told = try sojourn.audit(about: "alice").last.map(String.init(describing:)) ?? ""
            #expect(told.contains(right.named), "the source is named for \(right.what): \(told)")
            #expect(try sojourn.tracesLeft(of: "alice", after: 5).isEmpty)
            try host.must(right.undo)
        }
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
    }

    /// T5: the name is another source's: that source wins, and its account is not ours to touch.
    @Test func t5LetsAnotherSourcesNameWin() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let candidate = try sojourn.login("alice", "id -u").stdout
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        try host.must("useradd -m -s /bin/bash -p '*' alice")
        let line = try host.getent("passwd", "alice")
        #expect(line?.contains(":/home/alice:") == true)
        let output = try sojourn.login("alice", "id -u; echo $HOME")
        // A local account with our certificate needs our decision, and then is what it was: no lease, no number of ours.
        #expect(output.stdout != candidate && !output.stdout.contains("/var/lib/sojourn"), "\(output)")
        #expect(try host.getent("passwd", "alice") == line)
        #expect(try !host.exists("/run/sojourn/leases/alice.json"))
        #expect(try host.exists("/home/alice"))
    }

    /// T5: the number is another source's.
    @Test func t5PassesOverANumberThatIsAnotherSources() throws {
        let name = "alice"
        let taken = CollidingNames.firstProbe(of: name)
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        // After the configuration was found good: `apply` refuses a range that is not free.
        try sojourn.host.must("groupadd -g \"$1\" somebody-elses", String(taken))
        var output = try sojourn.login(name, "id -u")
        // The first one may have to find out: sshd has heard the number already.
        if output.status == 254 { output = try sojourn.login(name, "id -u") }
        let uid = Int(output.stdout.trimmingCharacters(in: .newlines))
        #expect(uid != nil && uid != taken, "\(output)\n\(sojourn.logs)")
        #expect(try sojourn.host.getent("group", String(taken))?.hasPrefix("somebody-elses:") == true)
    }

    /// T5: a source that cannot answer does not mean that the name is free.
    @Test func t5TakesASourcesErrorForARefusal() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        try sojourn.host.must("mv /etc/group /etc/group.away; mkdir /etc/group")
        let output = try sojourn.login("alice", "echo got-in")
        expectNoEntry(output, sojourn)
        try sojourn.host.must("rmdir /etc/group; mv /etc/group.away /etc/group")
        #expect(try sojourn.tracesLeft(of: "alice", after: 5).isEmpty)
        #expect(try eventually(20) { try sojourn.login("alice", "echo got-in").stdout == "got-in\n" }, "\(sojourn.logs)")
    }
}
