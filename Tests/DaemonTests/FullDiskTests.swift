import Foundation
import Testing

/// THREATS T29: one person fills the file system of homes, claims and log. T10: one that can only be read.
@Suite struct FullDiskTests {
    /// With /var/lib/sojourn and the log on an ext4 of their own, of which a tenth of the space is root's, as mkfs(8) makes it.
    private func host(inodes: Int = 2000) throws -> DaemonHost {
        try DaemonHost { host in
            try host.must(
                """
                mknod /dev/loop-control c 10 237; for i in $(seq 0 63); do mknod /dev/loop$i b 7 $i; done
                truncate -s 24M /tmp/disk; mkfs.ext4 -q -m 10 -N \(inodes) /tmp/disk
                mkdir -p /var/lib/sojourn /var/log/sojourn; mount -o loop /tmp/disk /var/lib/sojourn
                mkdir -m 0750 /var/lib/sojourn/log; mount --bind /var/lib/sojourn/log /var/log/sojourn
                """)
        }
    }

    @Test func t29OthersLogInAndEndWhileOnePersonFillsTheDisk() throws {
        let host = try host()
        let alice = try host.login("alice"), bob = try host.login("bob")
        #expect(alice.isOpened && bob.isOpened, "\(host.logs)")
        let uid = try #require(try host.uid(of: "alice"))
        try alice.start(as: uid, "cat /dev/zero > /var/lib/sojourn/home/alice/fill; echo $? > /tmp/full; sleep 1000")
        #expect(try eventually(30) { try host.host.exists("/tmp/full") })
        #expect(try !host.host.run(["setpriv", "--reuid", "2000", "--regid", "2000", "--clear-groups", "sh", "-c", "echo x > /var/lib/sojourn/home/bob/x"]).succeeded)
        let carol = try host.login("carol", "--groups", "dbops")
        #expect(carol.isOpened, "\(carol.reply)\n\(host.logs)")
        try bob.close()
        #expect(try host.tracesLeft(of: "bob") == "")
        try carol.close()
        #expect(try host.tracesLeft(of: "carol") == "")
        #expect(try host.events(of: "carol") == ["grant", "session-end", "lease-end", "gone"])
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
    }

    /// Nothing is kept back for root of the inodes: who comes new is refused and says why; who is in ends, with evidence.
    @Test func t29WithoutInodesEndsAndEvidenceGoOn() throws {
        let host = try host(inodes: 300)
        let alice = try host.login("alice"), bob = try host.login("bob")
        #expect(alice.isOpened && bob.isOpened, "\(host.logs)")
        let uid = try #require(try host.uid(of: "alice"))
        try alice.start(as: uid, "cd /var/lib/sojourn/home/alice; i=0; while : > f$i; do i=$((i + 1)); done; echo done > /tmp/full; sleep 1000")
        #expect(try eventually(30) { try host.host.exists("/tmp/full") })
        let carol = try host.login("carol")
        #expect(["not-written", "no-home"].contains(carol.refusal), "\(carol.reply)")
        carol.end()
        #expect(try host.tracesLeft(of: "carol") == "")
        try bob.close()
        #expect(try host.tracesLeft(of: "bob") == "")
        #expect(try host.events(of: "bob") == ["grant", "session-end", "lease-end", "gone"])
        // The daemon may die meanwhile: the next one does its work on that disk.
        try host.killDaemon()
        try host.startDaemon()
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
        let again = try host.login("carol")
        #expect(again.isOpened, "\(again.reply)")
    }

    /// As the kernel leaves a disk with errors: it can only be read.
    @Test func t10ADiskThatCanOnlyBeReadRefusesAndEndsAreFinishedWhenItCanBeWritten() throws {
        let host = try host()
        let alice = try host.login("alice"), bob = try host.login("bob")
        #expect(alice.isOpened && bob.isOpened)
        try host.host.must("mount -o remount,ro /var/lib/sojourn")
        let carol = try host.login("carol")
        #expect(["not-written", "no-home"].contains(carol.refusal), "\(carol.reply)")
        carol.end()
        #expect(try host.host.getent("passwd", "carol") == nil)
        try bob.close()
        let uid = try #require(try host.uid(of: "bob"))
        // The home cannot go, so neither does the name; nothing runs under it, and its groups are withdrawn.
        #expect(try eventually(10) { try host.audit().isEmpty || host.host.must("cat /run/sojourn/audit-spool.jsonl").contains("bob (uid \(uid)) is not gone yet") })
        #expect(try host.host.processes(of: uid).isEmpty)
        #expect(try host.login("bob").refusal == "draining")
        try host.killDaemon()
        try host.startDaemon()
        #expect(try host.sessions().contains { $0["name"] as? String == "alice" })
        try host.host.must("mount -o remount,rw /var/lib/sojourn")
        try alice.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        // What failed twice is tried again every five minutes, and by the next daemon at once.
        try host.killDaemon()
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "bob") == "")
        for name in ["alice", "bob"] { #expect(try host.events(of: name).contains("lease-end")) }
    }
}
