import Foundation
import Testing

/// What is written of the end of an account, by the real daemon (DESIGN 5, invariant 11).
@Suite struct EvidenceTests {
    private func event(_ kind: String, of name: String, _ host: DaemonHost) throws -> [String: Any] {
        let events = try host.audit().filter { $0["event"] as? String == kind && $0["name"] as? String == name }
        try #require(events.count == 1, "\(kind): \(host.logs)")
        return events[0]
    }

    @Test func tellsWhoHadItWhatWasKilledAndRemovedAndThatNothingIsLeft() throws {
        let host = try DaemonHost()
        let first = try host.login("alice", "--groups", "dbops", "--key-id", "first \u{1b}[31mkey"), second = try host.login("alice", "--key-id", "second key")
        try #require(first.isOpened && second.isOpened)
        let uid = try #require(try host.uid(of: "alice"))
        try first.start(as: uid, "mkdir ~alice/d; touch ~alice/d/1 ~alice/d/2 /tmp/c1 /dev/shm/c2; ipcmk -M 64 -S 1 -Q > /dev/null; for i in $(seq 80); do sleep 991.5 & done; touch /tmp/ready; wait")
        #expect(try eventually(10) { try host.host.exists("/tmp/ready") })
        try first.close()
        try second.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "alice") == ["grant", "grant", "session-end", "session-end", "lease-end", "gone"])

        let over = try #require(try host.audit().first { $0["event"] as? String == "session-end" })
        #expect(over["session"] as? String == first.session && over["uid"] as? Int == uid && over["reason"] as? String == "closed" && over["detail"] as? String == "closed")
        #expect((over["credential"] as? [String: Any])?["key_id"] as? String == #"first \x1b[31mkey"# && (over["login"] as? [String: Any])?["remote"] as? String == "192.0.2.7")
        let since = try #require(over["since"] as? String), until = try #require(over["until"] as? String), expires = try #require(over["expires"] as? String)
        #expect(since <= until && until < expires && since.hasSuffix("Z"))

        let end = try event("lease-end", of: "alice", host)
        let had = try #require(end["sessions"] as? [[String: Any]])
        #expect(had.map { $0["session"] as? String } == [first.session, second.session] && end["sessions_in_all"] as? Int == 2)
        #expect(had.map { $0["key_id"] as? String } == [#"first \x1b[31mkey"#, "second key"] && had.allSatisfy { $0["serial"] as? String == "42" && $0["ca_fp"] as? String == "SHA256:c" })
        #expect(end["provable"] as? Bool == true && (end["not_provable_because"] as? [String])?.isEmpty == true)
        let report = try #require(end["report"] as? [String: Any])
        let killed = try #require(report["killed"] as? [String: Any])
        #expect((killed["count"] as? Int ?? 0) >= 81 && (killed["processes"] as? [String])?.count == 64, "\(killed)")
        let removed = try #require(report["removed"] as? [String: Int])
        #expect((removed["home"] ?? 0) >= 4 && (removed["commons"] ?? 0) >= 3 && removed["ipc"] == 3 && removed["mounts"] == 0, "\(removed)")
        #expect(report["clean"] as? Bool == true && report["remaining"] as? [String] == [])
        let check = try #require(report["check"] as? [String: Int])
        #expect(check["processes"] == 0 && check["files"] == 0 && check["ipc"] == 0 && check["mounts"] == 0)
        let steps = try #require(report["milliseconds"] as? [String: Int])
        #expect(Set(steps.keys) == ["logind", "processes", "removal", "check", "all"] && steps["all"]! >= steps["removal"]!)
        #expect(try event("gone", of: "alice", host)["nss"] as? String == "nothing")
    }

    /// T16
    @Test func whereRootCouldBeHadItSaysThatCleanlinessCannotBeProved() throws {
        let host = try DaemonHost()
        let root = try host.login("alice", "--groups", "dbops,deploy", "--root-equivalent", "dbops,elsewhere"), plain = try host.login("alice")
        try #require(root.isOpened && plain.isOpened)
        let grant = try #require(try host.audit().first { $0["event"] as? String == "grant" })
        #expect(grant["root_equivalent_groups"] as? [String] == ["dbops"], "of what is granted only")
        try root.close()
        // A daemon of later knows it too.
        try host.killDaemon()
        try host.startDaemon()
        try plain.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        let end = try event("lease-end", of: "alice", host)
        #expect(end["provable"] as? Bool == false && end["not_provable_because"] as? [String] == ["root-equivalent groups were granted: dbops"])
        #expect((end["message"] as? String)?.hasSuffix("cleanliness not provable: root-equivalent groups were granted: dbops") == true)
    }

    /// Has the program that asks libc for the last line do this instead, and all else as it is.
    private func answer(_ script: String, _ host: DaemonHost) throws {
        try host.host.must("[ -e /root/vacancy ] || cp /usr/libexec/sojourn/vacancy /root/vacancy")
        try host.host.write("#!/bin/sh\n[ $1 = answers ] || exec /root/vacancy \"$@\"\n\(script)\n", to: "/root/answers", mode: "0755")
        try host.host.must("mv /root/answers /usr/libexec/sojourn/vacancy")
    }

    /// The answer comes late, as where a directory service hangs, and the daemon is killed meanwhile.
    @Test func aDaemonKilledBeforeTheLastLineWritesItWhenItIsBackAndNothingTwice() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice")
        try answer("touch /run/asked; sleep 60", host)
        try alice.close()
        #expect(try eventually(10) { try host.host.exists("/run/asked") })
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end"])
        #expect(try !host.host.exists("/run/sojourn/nss/passwd/alice"), "the name is gone first")
        try host.killDaemon()
        try host.host.must("mv /root/vacancy /usr/libexec/sojourn/vacancy")
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
        #expect(try event("gone", of: "alice", host)["nss"] as? String == "nothing")
        #expect(try host.login("alice").isOpened)
    }

    @Test func whatNSSAnswersIsSaidAsItIs() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice"), bob = try host.login("bob"), carol = try host.login("carol")
        let uid = try #require(try host.uid(of: "bob"))
        try host.host.must("echo alice:x:4444:4444::/:/bin/false >> /etc/passwd")
        try alice.close()
        #expect(try eventually(10) { try host.events(of: "alice").last == "gone" })
        let taken = try event("gone", of: "alice", host)
        #expect(taken["nss"] as? String == "another-source" && (taken["answers"] as? [String])?.first == "alice:x:4444:4444::/:/bin/false")
        let group = try host.login("erin"), gid = try #require(try host.uid(of: "erin"))
        try host.host.must("echo others:x:\(gid):root,visitor >> /etc/group")
        try group.close()
        #expect(try eventually(10) { try host.events(of: "erin").last == "gone" })
        #expect(try event("gone", of: "erin", host)["nss"] as? String == "another-source" && event("gone", of: "erin", host)["answers"] as? [String] == ["others:x:\(gid):root,visitor"])
        // A cache that goes on answering what was withdrawn.
        try answer("echo 'answer bob:*:\(uid):\(uid):Sojourn transient account:/x:/y'; echo done", host)
        try bob.close()
        #expect(try eventually(10) { try host.events(of: "bob").last == "gone" })
        #expect(try event("gone", of: "bob", host)["nss"] as? String == "still-answered")
        // Half an answer, and one that says that all is well and is none.
        try answer("echo done; exit 1", host)
        try carol.close()
        #expect(try eventually(10) { try host.events(of: "carol").last == "gone" })
        #expect(try event("gone", of: "carol", host)["nss"] as? String == "unknown")
        let dave = try host.login("dave")
        try answer("exit 0", host)
        try dave.close()
        #expect(try eventually(10) { try host.events(of: "dave").last == "gone" })
        #expect(try event("gone", of: "dave", host)["nss"] as? String == "unknown")
        #expect(try host.status()["leases"] as? Int == 0)
    }

    @Test func ofALostLeaseItIsSaidThatNobodyKnowsWhoHadIt() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice")
        try host.killDaemon()
        try host.host.must("echo '{' > /run/sojourn/leases/alice.json")
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "")
        alice.end()
        let end = try event("lease-end", of: "alice", host)
        #expect(end["provable"] as? Bool == false && (end["not_provable_because"] as? [String])?.first?.contains("the lease was lost") == true)
    }

    /// `sojourn who`, `sojourn end` and the evidence agree with each other.
    @Test func theCommandLineTellsWhatWasWritten() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice", "--key-id", "alice@example.com")
        let uid = try #require(try host.uid(of: "alice"))
        #expect(try host.host.must("/usr/sbin/sojourn who \(uid)").contains("lives now, at the latest until"))
        let watch = try host.host.start(["/usr/sbin/sojourn", "sessions", "--watch"], input: "")
        #expect(eventually(10) { watch.stdout.contains(" present session=\(alice.session) ") })
        let ended = try host.host.run("/usr/sbin/sojourn", "end", "--yes", "alice", "--reason", "shift over")
        #expect(ended.status == 0 && ended.stderr.contains("NSS answers: nothing") && ended.stderr.contains("Last look: 0 processes, 0 files, 0 IPC objects"), "\(ended)\(host.logs)")
        #expect(try host.traces(of: "alice") == "", "it waited")
        #expect(eventually(10) { watch.stdout.contains(" ended session=\(alice.session) ") })
        watch.kill(SIGTERM)
        try host.stopDaemon()
        for target in ["\(uid)", "alice"] {
            let who = try host.host.must("/usr/sbin/sojourn who \(target)")
            #expect(who.hasPrefix("uid \(uid) is alice's on this host, for ever.\n\(alice.session)  ") && who.contains("(ended-by-admin)") && who.contains("alice@example.com, serial 42, signed by SHA256:c"), "\(who)")
        }
        let login = try host.host.run("/usr/sbin/sojourn", "who", "alice", "--at", "2020-01-01 00:00")
        #expect(login.status == 1 && login.stdout.contains("does not reach back that far"))
    }

    /// T34: one writer, whole lines, also while logrotate works and many come and go.
    @Test func everyLineIsWholeAndInOneFileWhateverIsRotatedMeanwhile() throws {
        let host = try DaemonHost()
        let names = (0..<20).map { "user\($0)" }
        let many = try host.host.start(["python3", DaemonHost.client, "many"] + names)
        for _ in 0..<10 { try host.host.must("/usr/sbin/logrotate -f -s /root/state \"$1/packaging/logrotate/sojourn\"", PrivateHost.checkout) }
        #expect(eventually(60) { many.stdout.split(separator: "\n").count == names.count })
        many.closeInput()
        for _ in 0..<10 { try host.host.must("/usr/sbin/logrotate -f -s /root/state \"$1/packaging/logrotate/sojourn\"", PrivateHost.checkout) }
        #expect(try eventually(60) { try host.status()["leases"] as? Int == 0 })
        let text = try host.host.must("cd /var/log/sojourn; for f in *.gz; do zcat $f; done; cat audit.jsonl.1 audit.jsonl")
        let objects = text.split(separator: "\n").map { Login.object(String($0)) }
        #expect(objects.allSatisfy { $0 != nil })
        for kind in ["grant", "session-end", "lease-end", "gone"] { #expect(objects.count { $0?["event"] as? String == kind } == 20, "\(kind)") }
        for name in names.prefix(3) { #expect(try host.host.must("/usr/sbin/sojourn who \(name) 2> /dev/null").contains("(process-gone)")) }
    }
}
