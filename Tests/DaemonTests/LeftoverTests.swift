import Foundation
import Testing

/// What an end cannot remove, or finds later: it is said, and tried again (THREATS T14, T19).
@Suite struct LeftoverTests {
    private func leftovers(_ host: DaemonHost) throws -> [String] { try host.status()["leftovers"] as? [String] ?? [] }

    @Test func t19SaysInStatusAndEvidenceWhatCannotBeRemovedAndRemovesItLater() throws {
        let host = try DaemonHost()
        let login = try host.login("alice")
        let uid = try #require(try host.uid(of: "alice"))
        try host.host.must("mount -t tmpfs -o mode=1777 t /var/tmp; touch /var/tmp/stuck; chown \(uid) /var/tmp/stuck; mount -o remount,ro /var/tmp")
        try login.close()
        #expect(try eventually(20) { try leftovers(host).contains { $0.contains("/var/tmp/stuck") } && host.status()["quarantined"] as? [String] == ["alice"] }, "\(host.logs)")
        #expect(try host.host.must("sojourn status").contains("left over      alice, whose account is being taken down: /var/tmp/stuck"))
        #expect(try host.audit().contains { $0["event"] as? String == "end-failed" && ($0["message"] as? String)?.contains("still there: /var/tmp/stuck") == true })
        #expect(try host.login("alice").refusal == "draining", "who is not gone does not come again")
        #expect(try host.host.getent("passwd", "alice") != nil)
        try host.host.must("mount -o remount,rw /var/tmp")
        try host.killDaemon()
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "", "\(host.logs)")
        #expect(try leftovers(host).isEmpty)
    }

    /// A host without systemd: nothing but the connection can be ended, and nobody shall think otherwise.
    @Test func t13SaysOfALocalAccountsSessionWhatCannotBeEnded() throws {
        let host = try DaemonHost()
        let login = try host.login("resident", "--local", "--uid", "1000")
        try login.close()
        func event() throws -> [String: Any]? { try host.audit().first { $0["event"] as? String == "session-cleared" && $0["name"] as? String == "resident" } }
        #expect(try eventually(5) { try event() != nil }, "\(host.logs)")
        let report = try #require(try event()?["report"] as? [String: Any])
        #expect(report["left"] as? [String] == ["this host keeps no scopes: its connection has ended, and no other process but for its groups"], "\(report)")
    }

    /// The real search, a while after the end of a session that had a group.
    @Test func t14FindsWhatASessionWithGroupsLeftInOthersDirectories() throws {
        let host = try DaemonHost { host in
            // Nothing of this machine's own is looked through: only what the test makes.
            try host.must("mkdir -p /srv/team /srv/open; mount -t tmpfs -o mode=0755 t /srv; mkdir -m 2775 /srv/team; mkdir -m 1777 /srv/open; mkdir /srv/net")
        }
        let login = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        try host.host.must(
            """
            cp /bin/sleep /srv/team/copy; cp /bin/sleep /srv/open/copy; touch /srv/team/work /srv/team/theirs; chown \(uid):dbops /srv/*/copy /srv/team/work
            chmod 6755 /srv/team/copy /srv/open/copy; touch /srv/team/of-bob; chown 70999 /srv/team/of-bob; chmod 4755 /srv/team/of-bob
            """)
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.host.exists("/var/lib/sojourn/strays/\(uid)"))
        #expect(try eventually(120) { try host.audit().contains { $0["event"] as? String == "strays" } }, "\(host.logs)")
        let event = try #require(try host.audit().last { $0["event"] as? String == "strays" }), report = try #require(event["report"] as? [String: Any])
        #expect(report["disarmed"] as? [String] == ["/srv/team/copy"], "\(report)")
        #expect(Set(report["left"] as? [String] ?? []) == ["/srv/team/copy", "/srv/team/work"] && report["left_count"] as? Int == 2)
        #expect(report["removed"] as? Int == 1 && report["whole"] as? Bool == true)
        #expect((report["places"] as? [String])?.contains("/srv") == true)
        #expect(try host.host.must("cd /srv; find . -type f -printf '%P %m\\n' | sort") == "team/copy 755\nteam/of-bob 4755\nteam/theirs 644\nteam/work 644\n")
        #expect(try !host.host.exists("/var/lib/sojourn/strays/\(uid)"), "looked for once")
        #expect(try leftovers(host).contains { $0.hasPrefix("2 files of people who are gone are in others' directories") })
    }
}
