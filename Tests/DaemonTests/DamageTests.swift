import Foundation
import Testing

/// THREATS T25, T10: what stands in /run/sojourn is damaged or gone when a daemon starts. The defect is named, nobody gets more by it, and
/// the account goes; those whose files are whole go on.
@Suite struct DamageTests {
    /// Damage of one file, by a Python expression over its bytes `b`; `at(text)` is where a text stands.
    private static let damages = [
        "b[:0]", "b[:1]", "b[:len(b) // 2]", "b[:-1]", "b + b'x'", "b + b", "b'\\0' * len(b)", "flip(0, 1)", "flip(len(b) - 1, 0x80)",
        // One digit of the uid, of a group's number, of the end; the state; a session's process.
        "flip(at('\"uid\":') + 6, 1)", "flip(at('\"gid\":') + 6, 2)", "flip(at('\"deadline_boot_ns\":') + 19, 8)", "flip(at('active'), 0x20)", "flip(at('\"pid\":') + 6, 1)",
        "flip(at('/bin/bash'), 1)", "b.replace(b'/var/lib/sojourn/home', b'/var/lib/dpkg')", "b.replace(b'dbops', b'shade')",
    ]
    private static let script = """
        import sys
        path, expression = sys.argv[1:]
        b = open(path, 'rb').read()
        def at(text):
            place = b.index(text.encode())
            return place
        def flip(place, bits):
            return b[:place] + bytes([b[place] ^ bits]) + b[place + 1:]
        damaged = eval(expression)
        assert damaged != b
        open(path, 'wb').write(damaged)
        """

    @Test func t25EveryDamagedLeaseIsNamedAndItsAccountTakenDown() throws {
        let host = try DaemonHost()
        let names = (0 ..< Self.damages.count).map { "person\($0)" }
        let logins = try names.map { try host.login($0, "--groups", "dbops") }
        let whole = try host.login("whole", "--groups", "dbops")
        #expect(logins.allSatisfy(\.isOpened) && whole.isOpened)
        try logins[1].start(as: try #require(try host.uid(of: names[1])), "touch /tmp/mine; sleep 1000")
        try host.killDaemon()
        for (name, damage) in zip(names, Self.damages) {
            try host.host.must("python3 -c \"$1\" /run/sojourn/leases/\(name).json \"$2\"", Self.script, damage)
        }
        try host.startDaemon()
        // Its own children would be seen as zombies until it ends.
        logins[1].process.kill(SIGKILL)
        let audit = try host.audit()
        for (name, damage) in zip(names, Self.damages) {
            #expect(try host.tracesLeft(of: name, after: 30) == "", "\(damage)")
            #expect(audit.contains { $0["name"] as? String == name && ($0["message"] as? String)?.contains("is damaged") == true }, "\(damage)\n\(host.logs)")
        }
        #expect(try host.host.must("ls /run/sojourn/nss/passwd") == "whole\n")
        #expect(whole.process.isRunning)
        #expect(try host.sessions().map { $0["name"] as? String } == ["whole"])
        #expect(try host.host.exists("/var/lib/dpkg/status"))
    }

    @Test func t25ADamagedProjectionIsMadeAgainFromTheLease() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice", "--groups", "dbops"), bob = try host.login("bob")
        let uid = try #require(try host.uid(of: "alice"))
        try host.killDaemon()
        try host.host.must(
            """
            cd /run/sojourn/nss
            sed -i 's/\(uid)/\(uid + 1)/g' passwd/alice passwd-uid/\(uid) group/alice
            : > group-gid/\(uid); echo 27 > member/alice; printf '/bin/false\\n' > shell/\(uid); chmod 666 passwd/bob
            """)
        try host.startDaemon()
        #expect(try eventually(5) { try host.host.must("id alice").hasPrefix("uid=\(uid)(alice) gid=\(uid)(alice) ") })
        #expect(try host.host.must("id -Gn alice").split(separator: " ").sorted().contains("dbops"))
        #expect(try !host.host.must("id -G alice; id -Gn alice").contains("27"))
        #expect(try host.host.must("cat /run/sojourn/nss/shell/\(uid)") == "/bin/bash\n")
        #expect(try host.host.must("stat -c %a /run/sojourn/nss/passwd/bob") == "644\n")
        try alice.close()
        try bob.close()
        #expect(try host.tracesLeft(of: "alice") == "" && host.tracesLeft(of: "bob") == "")
    }

    @Test func t25WhatElseIsDamagedIsNamedOrClearedAway() throws {
        let host = try DaemonHost { try $0.must("useradd --create-home resident; useradd --create-home second") }
        let first = try host.login("resident", "--local", "--uid", "1000"), second = try host.login("second", "--local", "--uid", "1001")
        #expect(first.isOpened && second.isOpened, "\(first.reply)")
        try host.killDaemon()
        try host.host.must(
            """
            python3 -c "$1" /run/sojourn/local/\(first.session).json "flip(at('deadline_wall_ns') + 20, 1)"
            cp /run/sojourn/local/\(second.session).json /run/sojourn/local/\(second.session).json.new
            cp /run/sojourn/local/\(second.session).json /run/sojourn/local/1-00000000.json
            cd /run/sojourn/waiting; : > 1-1; : > x; : > 99999999999999999999-1; mkdir directory; : > $'new\\nline'
            """, Self.script)
        try host.startDaemon()
        let messages = try host.audit().compactMap { $0["message"] as? String }.filter { $0.contains("is damaged") }
        #expect(messages.count == 2 && messages.contains { $0.contains(first.session) } && messages.contains { $0.contains("1-00000000") }, "\(messages)")
        #expect(try host.sessions().map { $0["name"] as? String } == ["second"])
        #expect(try host.host.must("ls /run/sojourn/local") == "\(second.session).json\n")
        #expect(try host.host.must("ls /run/sojourn/waiting") == "directory\n")
        try second.close()
        #expect(try host.host.must("ls /run/sojourn/local") == "")
        #expect(try host.login("alice").isOpened)
    }

    /// Somebody deletes it while no daemon runs: what gave access is gone, and so goes whoever was in.
    @Test func t25WithoutTheLeasesWhoWasInIsTakenDown() throws {
        let host = try DaemonHost()
        let alice = try host.login("alice", "--groups", "dbops")
        let uid = try #require(try host.uid(of: "alice"))
        try alice.start(as: uid, "touch /tmp/mine; sleep 1000")
        try host.killDaemon()
        try host.host.must("rm -rf /run/sojourn")
        try host.startDaemon()
        #expect(try eventually(10) { try host.host.must("ps -e -o ruid=,stat= | awk -v uid=\(uid) '$1 == uid && $2 !~ /Z/'").isEmpty })
        alice.process.kill(SIGKILL)
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.events(of: "alice").last == "gone")
        #expect(try host.login("bob").isOpened)
    }
}
