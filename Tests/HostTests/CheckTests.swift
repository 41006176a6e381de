import Foundation
import Testing

/// `sojourn check` on hosts that are right, and on hosts where everything is wrong at once.
@Suite struct CheckTests {
    private typealias Finding = [String: String]

    private func check(_ host: Host) throws -> (output: Output, json: [String: Any], findings: [Finding]) {
        let output = try host.run(["/usr/sbin/sojourn", "check", "--json"], deadline: 120)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(output.stdout.utf8)) as? [String: Any], "\(output)")
        return (output, json, try #require(json["findings"] as? [Finding]))
    }

    /// The warnings that are right on every host of these tests, and a part of their text: the policy endpoint of the tests listens on a port that anybody
    /// may take; nobody keeps the clock of this machine's kernel right, if it says so; the machine has no unified cgroup tree, if it is so.
    private func ofTheseTests(_ host: Host) throws -> [String: String] {
        var expected = ["configuration": "may listen on port 8181"]
        let unsynchronised = try host.must("python3 -c 'import ctypes; t = (ctypes.c_long * 64)(); print(ctypes.CDLL(None).adjtimex(t) < 0 or bool(ctypes.c_int.from_buffer(t, 40).value & 0x40))'")
        if unsynchronised == "True\n" { expected["clock-synchronised"] = "nobody keeps it right" }
        if try !host.exists("/sys/fs/cgroup/cgroup.controllers") { expected["reach-cgroup"] = "no unified tree" }
        return expected
    }

    private func expectRight(_ host: Host, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let expected = try ofTheseTests(host)
        let (output, json, findings) = try check(host)
        let wrong = findings.filter { !["ok", "hint"].contains($0["severity"]) }
        #expect(wrong.map { "\($0["severity"] ?? "") \($0["id"] ?? "")" }.sorted() == expected.keys.map { "warning " + $0 }.sorted(), "\(wrong)", sourceLocation: sourceLocation)
        for finding in wrong { #expect(finding["text"]?.contains(expected[finding["id"] ?? ""] ?? "nothing") == true, "\(finding)", sourceLocation: sourceLocation) }
        #expect(output.status == 0 && json["ready"] as? Bool == true && json["version"] as? Int == 1, "\(output)", sourceLocation: sourceLocation)
        #expect((json["host"] as? String)?.isEmpty == false, sourceLocation: sourceLocation)
        #expect(findings.count > 30 && findings.allSatisfy { Set($0.keys) == ["id", "area", "severity", "subject", "text", "remedy"] }, sourceLocation: sourceLocation)
        // As an administrator sees it, and as cron would send it.
        let text = try host.run(["/usr/sbin/sojourn", "check"], deadline: 120)
        #expect(text.status == 0 && text.stderr.hasPrefix("0 problems, \(expected.count) warning"), "\(text)", sourceLocation: sourceLocation)
        let quiet = try host.run(["/usr/sbin/sojourn", "check", "--quiet"], deadline: 120)
        #expect(quiet.stdout.split(separator: "\n").filter { $0.hasPrefix("  warning ") || $0.hasPrefix("  problem ") }.count == expected.count && !quiet.stdout.contains("  ok "),
            "\(quiet)", sourceLocation: sourceLocation)
    }

    /// PAM as the package's profile sets it up, instead of the example for /etc/pam.d/sshd.
    private static let byProfile = "sed -i /pam_sojourn/d /etc/pam.d/sshd; DEBIAN_FRONTEND=noninteractive pam-auth-update --enable sojourn"

    @Test func hasNothingToSayOfAHostThatIsRight() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        #expect(try sojourn.login("alice", "true").succeeded, "\(sojourn.logs)")
        #expect(try sojourn.tracesLeft(of: "alice", after: 20).isEmpty)
        try expectRight(sojourn.host)
        // Somebody is in: that is nothing to say either.
        let shell = try sojourn.openShell("alice")
        try expectRight(sojourn.host)
        #expect(shell.exit() == 0)
    }

    @Test("Debian's own stacks, with our profile", arguments: BootedHost.suites)
    func hasNothingToSayOfADebianThatIsSetUp(_ suite: String) throws {
        let sojourn = try BootedSojourn(suite: suite) { host in try host.must(Self.byProfile) }
        defer { sojourn.stop() }
        #expect(try sojourn.login("alice", "id -un").stdout == "alice\n", "\(sojourn.logs)")
        try expectRight(sojourn.host)
        guard suite == "bookworm" else { return }

        // What an administrator's hands may do to systemd and PAM.
        try sojourn.host.write("[Service]\nProtectHome=read-only\nRestart=no\n", to: "/etc/systemd/system/sojournd.service.d/own.conf")
        try sojourn.host.must("systemctl daemon-reload; systemctl disable --quiet sojournd; sed -i '/pam_sojourn/d' /etc/pam.d/common-account")
        let (output, _, findings) = try check(sojourn.host)
        for id in ["unit-sandbox", "unit-restart", "unit-enabled", "pam-profile", "pam-account"] {
            #expect(findings.contains { $0["id"] == id && ["warning", "problem"].contains($0["severity"]) && $0["remedy"]?.isEmpty == false }, "\(id): \(output.stdout)")
        }
        #expect(findings.contains { $0["id"] == "unit-sandbox" && $0["text"]?.contains("ProtectHome=read-only") == true && $0["remedy"]?.contains("own.conf") == true }, "\(findings)")
        #expect(output.status == 1)
    }

    @Test func findsEverythingThatIsWrongAtOnce() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        try sojourn.killDaemon()
        try host.must(
            """
            lib=/usr/lib/$(uname -m)-linux-gnu
            chmod 0644 /run/sojourn/config.json; chmod 0777 /run/sojourn/nss/group
            chmod 0666 /etc/sojourn/user_ca.pub; install -m 0600 "$1" /etc/sojourn/user_ca
            sed -i 's/0\\.1\\.0/0.0.9/' /usr/libexec/sojourn/vacancy
            printf 'no library' > $lib/security/pam_sojourn.so
            cp $lib/libnss_sojourn.so.2 $lib/new
            perl -MDynaLoader -e 'DynaLoader::dl_load_file("'$lib'/libnss_sojourn.so.2") or die; print STDOUT "up\\n"; close STDOUT; sleep 600' > /run/loaded < /dev/null 2>&1 &
            until [ -s /run/loaded ]; do sleep 0.05; done
            mv $lib/new $lib/libnss_sojourn.so.2
            printf 'ghost:*:70000:70000::/var/lib/sojourn/home/ghost:/usr/libexec/sojourn/shell\\n' > /run/sojourn/nss/passwd/ghost
            mkdir /var/lib/sojourn/home/ghost; touch /var/lib/sojourn/uids/notes
            sed -i 's/^adm:.*/&,stranger/; s/:,/:/' /etc/group
            unshare --user sleep 600 < /dev/null > /dev/null 2>&1 &
            until echo '0 70000 1000' > /proc/$!/uid_map; do sleep 0.05; done 2> /dev/null
            printf 'AuthorizedPrincipalsFile .ssh/principals\\nRevokedKeys /etc/none\\n' > /etc/ssh/sshd_config.d/90-own.conf
            sed -i 's/pam_loginuid/pam_permit/' /etc/pam.d/sshd
            """, sojourn.ca.path, deadline: 20)
        let (output, json, findings) = try check(host)
        func expect(_ severity: String, _ id: String, _ subject: String, says: String = "", remedy: String = "") {
            let found = findings.filter { $0["id"] == id && $0["severity"] == severity && $0["subject"]?.contains(subject) == true }
            #expect(found.contains { (says.isEmpty || $0["text"]?.contains(says) == true) && (remedy.isEmpty || $0["remedy"]?.contains(remedy) == true) }, "\(severity) \(id) \(subject): \(found) of \(output.stdout)")
        }
        expect("problem", "state", "/run/sojourn/config.json", remedy: "chmod 600 '/run/sojourn/config.json'")
        expect("problem", "state", "/run/sojourn/nss/group", remedy: "chmod 755 '/run/sojourn/nss/group'")
        expect("problem", "configuration-file", "/etc/sojourn/user_ca.pub", remedy: "chmod go-w '/etc/sojourn/user_ca.pub'")
        expect("warning", "authority-key", "/etc/sojourn/user_ca", remedy: "shred -u")
        expect("problem", "version", "/usr/libexec/sojourn/vacancy", says: "is of Sojourn 0.0.9")
        expect("problem", "module-load", "pam_sojourn.so", says: "cannot be loaded", remedy: "install")
        expect("ok", "module-load", "libnss_sojourn.so.2")
        expect("hint", "version-mapped", "older module", says: "perl")
        expect("problem", "leftover-lease", "/run/sojourn/leases", says: "alice", remedy: "systemctl start sojournd")
        expect("warning", "leftover-name", "/run/sojourn/nss", says: "ghost")
        expect("warning", "leftover-home", "/var/lib/sojourn/home", says: "ghost")
        expect("warning", "uid-registry", "/var/lib/sojourn/uids", says: "notes")
        expect("warning", "standing-rights", "group adm", says: "stranger", remedy: "gpasswd -d stranger adm")
        expect("problem", "uid-map", "uid_range", says: "sleep")
        expect("warning", "sshd-principals", "sshd", remedy: "Match Group sojourn")
        expect("warning", "sshd-revoked-keys", "sshd", says: "/etc/none")
        expect("warning", "pam-loginuid", "sshd")
        expect("problem", "daemon", "sojournd", remedy: "systemctl enable --now sojournd")
        #expect(output.status == 1 && json["ready"] as? Bool == false)
        #expect(findings.allSatisfy { $0["severity"] == "ok" || $0["remedy"]?.isEmpty == false }, "each has its remedy: \(findings)")
        // `--quiet` says the same, without what is right.
        let quiet = try host.run(["/usr/sbin/sojourn", "check", "--quiet"], deadline: 120)
        #expect(quiet.status == 1 && quiet.stdout.contains("Installed parts\n") && !quiet.stdout.contains("  ok ") && !quiet.stdout.contains("  hint "), "\(quiet)")
        _ = shell
    }
}
