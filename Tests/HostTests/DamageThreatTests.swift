import Foundation
import Testing

/// T10: parts that are missing, unreadable or full. People of ours are refused with a sentence; local accounts are as without us.
@Suite struct DamageThreatTests {
    private func host(prepare: (PrivateHost) throws -> Void = { _ in }) throws -> (SojournHost, Credential) {
        var key: Credential?
        let sojourn = try SojournHost { host, _ in
            let credential = try host.makeKey()
            try host.makeAccount("resident", authorizedKey: credential)
            try host.must("install -d -m 0700 /root/.ssh; install -m 0600 \"$1.pub\" /root/.ssh/authorized_keys", credential.path)
            try prepare(host)
            key = credential
        }
        return (sojourn, try #require(key))
    }

    private func expectLocalOnly(
        _ sojourn: SojournHost, _ key: Credential, _ what: String, status: [Int32] = [254, 255], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for name in ["resident", "root"] {
            let output = try sojourn.host.ssh(name, key, "id -un")
            #expect(output.stdout == "\(name)\n", "\(what): \(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        }
        let output = try sojourn.login("alice", "echo got-in")
        #expect(status.contains(output.status) && !output.stdout.contains("got-in"), "\(what): \(output)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect((output.stdout + output.stderr).contains { $0.isLetter }, "\(what): a sentence", sourceLocation: sourceLocation)
        let left = try sojourn.tracesLeft(of: "alice", after: 5)
        #expect(left.isEmpty, "\(what): half an account: \(left)", sourceLocation: sourceLocation)
    }

    private func expectWell(_ sojourn: SojournHost, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let well = try eventually(20) { try sojourn.login("alice", "echo got-in").stdout == "got-in\n" }
        #expect(well, "\(what)\n\(sojourn.logs)", sourceLocation: sourceLocation)
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty, sourceLocation: sourceLocation)
    }

    @Test func t10RefusesWhenThePublishedConfigurationCannotBeRead() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        let good = try #require(try sojourn.host.read("/run/sojourn/config.json"))
        try sojourn.host.must("rm /run/sojourn/config.json")
        try expectLocalOnly(sojourn, key, "gone")
        try sojourn.host.write("", to: "/run/sojourn/config.json", mode: "0600")
        try expectLocalOnly(sojourn, key, "empty")
        try sojourn.host.write(String(good.prefix(good.count / 2)), to: "/run/sojourn/config.json", mode: "0600")
        try expectLocalOnly(sojourn, key, "torn")
        try sojourn.host.write(good, to: "/run/sojourn/config.json", mode: "0666")
        try expectLocalOnly(sojourn, key, "writable by all")
        try sojourn.host.must("rm /run/sojourn/config.json; mkdir /run/sojourn/config.json")
        try expectLocalOnly(sojourn, key, "a directory")
        try sojourn.host.must("rmdir /run/sojourn/config.json; ln -s /etc/sojourn/nothing /run/sojourn/config.json")
        try expectLocalOnly(sojourn, key, "a dangling link")
        try sojourn.host.must("rm /run/sojourn/config.json")
        #expect(try sojourn.applyConfiguration().succeeded)
        try expectWell(sojourn, "applied again")
    }

    @Test func t10KeepsTheLastGoodConfigurationWhenTheFileIsBroken() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        try sojourn.host.must("printf '\\n[acounts]\\nnames = 1\\n' >> /etc/sojourn/sojourn.toml")
        let applied = try sojourn.applyConfiguration()
        #expect(applied.status != 0 && applied.stderr.contains("sojourn.toml"), "\(applied)")
        try expectWell(sojourn, "after a refused file")
        try sojourn.killDaemon()
        try sojourn.startDaemon()
        try expectWell(sojourn, "last good configuration after a restart")
        _ = key
    }

    @Test func t10RefusesWhenTheModuleIsGone() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        try sojourn.host.must("for f in /usr/lib/*/security/pam_sojourn.so; do mv \"$f\" /root/; done")
        try expectLocalOnly(sojourn, key, "pam_sojourn.so gone", status: [254, 255])
        try sojourn.host.must("mv /root/pam_sojourn.so $(dirname /usr/lib/*/security/pam_unix.so)/")
        #expect(try sojourn.applyConfiguration().succeeded) // the daemon looks at the host again
        try expectWell(sojourn, "module back")
        try sojourn.host.must("for f in /usr/lib/*/security/pam_sojourn.so; do mv \"$f\" /root/; echo no ELF file > \"$f\"; done")
        try expectLocalOnly(sojourn, key, "pam_sojourn.so damaged", status: [254, 255])
    }

    @Test func t10RefusesWhenTheDaemonIsDownOrDoesNotAnswer() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        try sojourn.freezeDaemon()
        try expectLocalOnly(sojourn, key, "stopped") // each of its logins has a deadline
        try sojourn.thawDaemon()
        try expectWell(sojourn, "continued")
        try sojourn.killDaemon()
        try expectLocalOnly(sojourn, key, "killed")
        try sojourn.startDaemon()
        try expectWell(sojourn, "restarted")
    }

    @Test func t10RefusesWhenADiskIsFullAndLeavesNoHalfAccount() throws {
        let (sojourn, key) = try host { host in
            try host.must("""
                for d in /var/lib/sojourn /var/log/sojourn; do
                    mkdir -p $d; mount -t tmpfs -o size=512k,nr_inodes=200,mode=0755 tmpfs $d
                done
                """)
        }
        defer { sojourn.stop() }
        let fill = """
            cat /dev/zero > $1/filler 2> /dev/null || true
            i=0; while : > $1/filler-$i; do i=$((i + 1)); done 2> /dev/null
            true
            """
        try sojourn.host.must(fill, "/var/lib/sojourn")
        try expectLocalOnly(sojourn, key, "/var/lib/sojourn full")
        try sojourn.host.must("rm /var/lib/sojourn/filler*")
        try expectWell(sojourn, "space again")
        // The file's last page is full as well: what is in it stays whole lines.
        try sojourn.host.must("f=/var/log/sojourn/audit.jsonl; head -c $((4096 - $(stat -c %s $f) % 4096)) /dev/zero | tr '\\0' '\\n' >> $f")
        try sojourn.host.must(fill, "/var/log/sojourn")
        try expectLocalOnly(sojourn, key, "no place for the audit line")
        try sojourn.host.must("rm /var/log/sojourn/filler*")
        try expectWell(sojourn, "space for the log again")
        for line in (try sojourn.host.read("/var/log/sojourn/audit.jsonl") ?? "").split(separator: "\n") {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "a torn line: \(line)")
        }
    }

    @Test func t10RefusesWhenRunCannotBeWrittenOrTheAuthoritiesFileIsGone() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        try sojourn.host.must("mount --bind /run/sojourn/leases /run/sojourn/leases; mount -o remount,bind,ro /run/sojourn/leases")
        try expectLocalOnly(sojourn, key, "leases read-only")
        try sojourn.host.must("umount /run/sojourn/leases")
        try expectWell(sojourn, "writable again")
        try sojourn.host.must("mv /etc/sojourn/user_ca.pub /etc/sojourn/away")
        let applied = try sojourn.applyConfiguration()
        #expect(applied.status != 0 && (applied.stderr + applied.stdout).contains("user_ca.pub"), "\(applied)")
        try expectLocalOnly(sojourn, key, "no authorities: sshd itself finds none", status: [254, 255])
        try sojourn.host.must("mv /etc/sojourn/away /etc/sojourn/user_ca.pub")
        try expectWell(sojourn, "authorities back")
    }
}
