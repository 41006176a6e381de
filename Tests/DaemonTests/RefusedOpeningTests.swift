import Foundation
import Testing

/// What the daemon refuses, whatever the module asked for; nothing may be half made by it.
@Suite struct RefusedOpeningTests {
    /// T3, T4 and the host's ceilings, one after the other before one daemon.
    @Test func refusesWhatIsNotTheHostsToGive() throws {
        let host = try DaemonHost { host in
            try host.must("groupadd -r wheelers; useradd -M localuser; echo 'dave:100000:65536' >> /etc/subuid; usermod -aG wheelers localuser; sed -i 's/^wheelers:.*/&,erin/' /etc/group; mkdir -p /var/spool/cron/crontabs; echo '* * * * * true' > /var/spool/cron/crontabs/frank")
        }
        func refused(_ name: String, _ options: String..., as token: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let login = try Login(host.host.start(["python3", DaemonHost.client, "login", name] + options), name: name)
            #expect(login.refusal == token, "\(login.reply)", sourceLocation: sourceLocation)
            login.end()
            #expect(try host.host.exists("/run/sojourn/leases/\(name).json") == false, sourceLocation: sourceLocation)
            #expect(try host.host.exists("/var/lib/sojourn/home/\(name)") == false, sourceLocation: sourceLocation)
        }
        try refused("wheelers", as: "name-of-other")
        try refused("localuser", as: "name-of-other")
        try refused("erin", as: "rights-stand")
        try refused("dave", as: "rights-stand")
        try refused("frank", as: "rights-stand")
        try refused("alice", "--uid", "0", as: "ceiling")
        try refused("alice", "--uid", "1000", as: "ceiling")
        try refused("alice", "--uid", "100000", as: "ceiling")
        try refused("alice", "--groups", "root", as: "ceiling")
        try refused("alice", "--groups", "sudo", as: "ceiling")
        try refused("alice", "--shell", "/bin/ba\nsh", as: "ceiling")
        try refused("alice", "--shell", "bash", as: "ceiling")
        try refused("alice", "--seconds", "0", as: "ceiling")
        try refused("alice", "--seconds", "43201", as: "ceiling")
        try refused("Alice", as: "ceiling")
        try refused("../alice", as: "ceiling")
        try refused("localuser", "--local", "--groups", "dbops", as: "ceiling")
        // A name keeps its number: another one in the range is refused while it has a lease.
        let login = try host.login("alice")
        #expect(login.isOpened)
        let second = try host.login("alice", "--uid", "70001")
        #expect(second.refusal == "number-of-other")
        // T17: a number that is registered to another name.
        let crafted = try host.login("mallory", "--uid", "\(try host.uid(of: "alice") ?? 0)")
        #expect(crafted.refusal == "number-of-other")
        try login.close()
    }

    @Test func leavesOutAGroupThatTheHostLacksAndRefusesGidsThatAreNeverGranted() throws {
        let host = try DaemonHost { host in try host.must("groupdel deploy") }
        let login = try host.login("alice", "--groups", "dbops,deploy")
        try #require(login.isOpened, "\(login.reply)\(host.logs)")
        #expect((login.reply["notes"] as? [String])?.first?.contains("deploy") == true)
        #expect(try host.host.must("id -Gn alice").contains("dbops"))
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        try host.host.must("groupmod -o -g 0 dbops")
        #expect(try host.login("bob", "--groups", "dbops").refusal == "ceiling")
        try host.host.must("groupmod -g 70000 dbops")
        #expect(try host.login("bob", "--groups", "dbops").refusal == "ceiling")
    }

    /// T5: a source that is named and installed, and cannot answer.
    @Test func aSourceThatFailsIsARefusal() throws {
        let host = try DaemonHost { host in try host.must("sed -i -E 's/^passwd:.*/passwd: files hesiod sojourn/' /etc/nsswitch.conf") }
        let login = try host.login("alice")
        #expect(login.refusal == "source-failed", "\(login.reply)")
        #expect(login.detail.contains("hesiod"))
        try host.host.must("sed -i -E 's/^passwd:.*/passwd: files[NOTFOUND=continue] nothere sojourn/' /etc/nsswitch.conf")
        #expect(try host.login("root").refusal == "name-of-other")
        #expect(try host.login("alice").isOpened)
        // Installed, and cannot be loaded: nobody knows what it would say.
        try host.host.must("echo 'no library' > /usr/lib/$(gcc -print-multiarch 2> /dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)/libnss_nothere.so.2")
        let broken = try host.login("bob")
        #expect(broken.refusal == "source-failed" && broken.detail.contains("nothere"), "\(broken.reply)")
    }

    @Test func aNumberThatAnotherSourceHasIsEnteredAsTaken() throws {
        let host = try DaemonHost()
        try host.host.must("useradd -M -u 70123 other")
        #expect(try host.login("alice", "--uid", "70123").refusal == "number-of-other")
        #expect(try host.host.must("readlink /var/lib/sojourn/uids/70123") == "!taken\n")
        #expect(try host.login("alice").isOpened)
    }

    @Test func aFullDiskRefusesAndLeavesNothingHalfMade() throws {
        for place in ["/var/lib/sojourn", "/var/log/sojourn"] {
            let host = try DaemonHost { host in
                try host.must("mkdir -p \(place); mount -t tmpfs -o size=64k,mode=0755 tmpfs \(place)")
            }
            let before = try host.login("zoe", "--groups", "dbops")
            #expect(before.isOpened, "\(before.reply)")
            before.end()
            #expect(try host.tracesLeft(of: "zoe") == "")
            try host.host.must("head -c 200000 /dev/zero > \(place)/filler || true")
            // The log's last block is full as well: which line would still fit into it is chance.
            try host.host.must("f=/var/log/sojourn/audit.jsonl; head -c $(((4096 - $(stat -c %s $f) % 4096) % 4096)) /dev/zero | tr '\\0' '\\n' >> $f")
            // The last block of the log may have room for a line or two yet.
            var login = try host.login("alice")
            for _ in 0..<8 where login.isOpened {
                login.end()
                #expect(try host.tracesLeft(of: "alice") == "")
                login = try host.login("alice")
            }
            #expect(["not-written", "no-home"].contains(login.refusal), "\(login.reply)")
            login.end()
            #expect(try host.tracesLeft(of: "alice") == "")
            let log = try host.host.read("/var/log/sojourn/audit.jsonl") ?? ""
            #expect(log.isEmpty || log.hasSuffix("\n"))
            _ = try host.audit()
            if place == "/var/log/sojourn" {
                // The end is spooled, and goes to the log when there is room.
                #expect((try host.host.read("/run/sojourn/audit-spool.jsonl") ?? "").contains("alice"))
                try host.host.must("rm \(place)/filler")
                let after = try host.login("bob")
                #expect(after.isOpened)
                #expect(try host.events(of: "alice").contains("lease-end"))
                #expect(try !host.host.exists("/run/sojourn/audit-spool.jsonl"))
            }
        }
    }

    @Test func withoutItsHelperProgramsNothingIsOpened() throws {
        let host = try DaemonHost()
        try host.host.must("mv /usr/libexec/sojourn/vacancy /usr/libexec/sojourn/away")
        #expect(try host.login("alice").refusal == "source-failed")
        try host.host.must("mv /usr/libexec/sojourn/away /usr/libexec/sojourn/vacancy; printf '#!/bin/sh\nsleep 60\n' > /usr/libexec/sojourn/slow; chmod 755 /usr/libexec/sojourn/slow; mv /usr/libexec/sojourn/slow /usr/libexec/sojourn/vacancy")
        let begin = ContinuousClock.now
        let slow = try host.login("alice")
        #expect(slow.refusal == "source-failed")
        #expect(ContinuousClock.now - begin < .seconds(10))
    }
}
