import Foundation
import Testing

/// The stacks of pam.d/, as files, under the real libpam and the programs that they are for.
@Suite struct PAMStackTests {
    static let services = ["sshd", "login", "su", "sudo", "sudo-i"]

    /// What libpam sees of a file: lines without comments, blanks as one.
    private static func effective(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
        }.filter { !$0.isEmpty }
    }

    /// A no of ours is final; whom it has nothing to say about goes on below.
    private static let session = "session [success=ok ignore=ignore module_unknown=ignore default=die] pam_sojourn.so"
    /// What the profile and sshd have.
    private static let control = "[success=ok new_authtok_reqd=ok ignore=ignore module_unknown=ignore default=die]"
    /// Where Sojourn makes the account, nobody may have it yet.
    private static let account = "account [success=ok new_authtok_reqd=ok ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so"
    private static let authentication = "auth [success=done new_authtok_reqd=done ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so"

    /// Every line of ours, and between which of Debian's it stands.
    private static let places: [String: [(line: String, after: String?, before: String)]] = [
        "sshd": [
            ("account \(control) pam_sojourn.so", "@include common-account", "session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so close"),
            (session, "session required pam_loginuid.so", "session optional pam_keyinit.so force revoke"),
        ],
        "login": [
            (session, "session required pam_loginuid.so", "session optional pam_motd.so motd=/run/motd.dynamic"),
            (authentication, "session required pam_env.so readenv=1 envfile=/etc/default/locale", "@include common-auth"),
            (account, "session optional pam_keyinit.so force revoke", "@include common-account"),
        ],
        "su": [
            (session, "auth sufficient pam_rootok.so", "session required pam_env.so readenv=1"),
            (authentication, "session required pam_limits.so", "@include common-auth"),
            (account, "@include common-auth", "@include common-account"),
        ],
        "sudo": [
            (session, "session required pam_limits.so", authentication), (authentication, session, "@include common-auth"),
            (account, "@include common-auth", "@include common-account"),
        ],
        "sudo-i": [
            (session, "session required pam_limits.so", authentication), (authentication, session, "@include common-auth"),
            (account, "@include common-auth", "@include common-account"),
        ],
    ]

    @Test func everyFileIsDebiansOwnAndOurLinesInTheirPlaces() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: PrivateHost.checkout + "/pam.d")
        #expect(Set(files) == Set(Self.services + ["pam-configs-sojourn"]) && Set(Self.places.keys) == Set(Self.services))
        for service in Self.services {
            let path = PrivateHost.checkout + "/pam.d/" + service
            let lines = try Self.effective(path)
            let found = lines.indices.filter { lines[$0].contains("pam_sojourn") }
            let places = try #require(Self.places[service])
            #expect(found.map { lines[$0] } == places.map(\.line), "\(service)")
            for (index, place) in zip(found, places) {
                #expect(index > 0 && lines[index - 1] == place.after && index + 1 < lines.count && lines[index + 1] == place.before, "\(service): \(place.line)")
            }
            #expect(lines.filter { !$0.contains("pam_sojourn") } == (try Self.effective("/etc/pam.d/" + service)), "\(service) differs from Debian's")
            // Who reads the file learns why: a comment that names us stands above each line.
            let text = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
            for index in text.indices where text[index].contains("pam_sojourn.so") {
                let comment = text[..<index].reversed().prefix { $0.hasPrefix("# ") }
                #expect(comment.contains { $0.hasPrefix("# Sojourn") }, "\(service): \(text[index])")
            }
        }
        // Where an administrator wants it, sshd's line is one mark away.
        let commented = try String(contentsOfFile: PrivateHost.checkout + "/pam.d/sshd", encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("#auth") }.map { $0.dropFirst().split(separator: " ").joined(separator: " ") }
        #expect(commented == [Self.authentication])
    }

    /// Root's and everybody's sudoers: what is shipped says nothing that opens a host where our lines are missing.
    @Test func theSudoersExampleIsReadAndNeedsAuthentication() throws {
        let sojourn = try SojournHost(started: false)
        defer { sojourn.stop() }
        let host = sojourn.host
        let file = "/usr/share/doc/sojourn/examples/sudoers.d/sojourn"
        #expect(try host.run("visudo", "-c", "-f", file).succeeded)
        let lines = try Self.effective(PrivateHost.checkout + "/packaging/examples/sudoers.d/sojourn")
        #expect(lines == ["%sojourn ALL=(ALL:ALL) NOSETENV: ALL", "Defaults:%sojourn timestamp_timeout=0, passwd_tries=1, noninteractive_auth"])
        // A member of the group under Debian's own stacks: nothing without a password.
        try host.must("install -m 0440 \(file) /etc/sudoers.d/sojourn; useradd -m -p '*' -G sojourn member")
        let output = try host.run(["sudo", "-n", "id", "-u"], as: "member")
        #expect(output.status != 0 && output.stdout == "", "\(output)")
    }

    /// Debian's own services, and beside them ours; a local account that may come in, and others that may not.
    private static func prepare(_ host: PrivateHost) throws {
        try host.makeAccount("resident")
        try host.must(
            """
            echo 'resident:right' | chpasswd
            useradd -m -s /bin/bash expired; echo 'expired:right' | chpasswd; chage -E 0 expired
            useradd -m -s /bin/bash locked; echo 'locked:right' | chpasswd; passwd -q -l locked
            echo 'root:right' | chpasswd
            sed -i /pam_sojourn/d /etc/pam.d/sshd
            cp -a /etc/pam.d /etc/pam.debian
            for service in sshd login su sudo sudo-i; do install -m 0644 "$1/pam.d/$service" /etc/pam.d/; done
            install -m 0755 "$2" /usr/sbin/pam-driver
            echo 'resident ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/resident
            echo '%sojourn ALL=(resident) NOPASSWD: ALL' > /etc/sudoers.d/people
            chmod 0440 /etc/sudoers.d/*
            """, PrivateHost.checkout, driver())
    }

    private static func driver() throws -> String {
        URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).deletingLastPathComponent()
            .appendingPathComponent("pam-driver").path
    }

    /// The code of every phase, in every service, for every local account, and for a name that no host could have: "sudo resident right acct_mgmt 0".
    private func table(_ host: PrivateHost, _ directory: String) throws -> [String] {
        try host.must(
            """
            for service in sshd login su su-l sudo sudo-i; do for user in root resident expired locked Nobody.Here; do for password in right wrong; do
                pam-driver "$1" $service $user -p $password authenticate acct_mgmt setcred open_session close_session 2>&1 |
                    grep -E '^(authenticate|acct_mgmt|setcred|open_session|close_session) ' | sed "s/^/$service $user $password /"
            done; done; done
            """, directory, deadline: 120
        ).split(separator: "\n").map(String.init)
    }

    @Test func localAccountsPassAndFailAsWithDebiansOwn() throws {
        let sojourn = try SojournHost { host, _ in try Self.prepare(host) }
        defer { sojourn.stop() }
        let host = sojourn.host
        let debian = try table(host, "/etc/pam.debian")
        #expect(debian.count == 6 * 5 * 2 * 5)
        for line in ["login resident right authenticate 0", "login resident right acct_mgmt 0", "login resident right open_session 0", "sshd root right acct_mgmt 0",
            "login resident wrong authenticate 7", "login expired right acct_mgmt 7", "su root right open_session 0", "sudo locked right authenticate 7"] {
            #expect(debian.contains(line), "\(line)")
        }
        #expect(try table(host, "/etc/pam.d") == debian)
        try sojourn.killDaemon()
        try host.must("rm -rf /run/sojourn")
        #expect(try table(host, "/etc/pam.d") == debian, "without daemon and configuration")
        try host.must("rm /usr/lib/*/security/pam_sojourn.so")
        #expect(try table(host, "/etc/pam.d") == debian, "without the module")
    }

    /// T2, T9: whoever has no session is nobody; with one, only what joins it goes on, and a console does not.
    @Test func transientAccountsAreJoinedWhileTheyLiveAndRefusedElsewhere() throws {
        let sojourn = try SojournHost { host, _ in try Self.prepare(host) }
        defer { sojourn.stop() }
        let host = sojourn.host
        let phases = "authenticate acct_mgmt open_session close_session"
        func codes(_ service: String) throws -> [String] {
            try host.must("pam-driver /etc/pam.d $1 alice -p right \(phases) | grep -E '^(\(phases.replacingOccurrences(of: " ", with: "|"))) '; true", service)
                .split(separator: "\n").map { String($0.split(separator: " ")[1]) }
        }
        func becomes(_ command: [String], as user: String? = nil) throws -> Bool { try host.run(command, as: user, input: "").stdout == "alice\n" }
        let ways: [([String], String?)] = [
            (["su", "alice", "-c", "id -un"], nil), (["su", "-", "alice", "-c", "id -un"], nil), (["sudo", "-u", "alice", "id", "-un"], nil),
            (["sudo", "-n", "-u", "alice", "id", "-un"], "resident"), (["sudo", "-n", "-i", "-u", "alice", "id", "-un"], "resident"),
        ]
        for service in Self.services + ["su-l"] {
            let nobody = try codes(service)
            #expect(nobody.count == 4 && nobody[1] != "0" && nobody[2] != "0", "\(service): \(nobody)")
        }
        for (command, user) in ways { #expect(try !becomes(command, as: user), "\(command)") }

        let shell = try sojourn.openShell("alice")
        for service in ["su", "su-l"] { #expect(try Array(codes(service).prefix(3)) == ["0", "0", "0"], "\(service)") }  // root's pam_rootok
        // Who calls sudo is not a name but a process; as a target she is joined. PAM_ABORT: sudo asks no second time.
        for service in ["sudo", "sudo-i"] { #expect(try Array(codes(service).prefix(3)) == ["26", "6", "0"], "\(service): \((try? codes(service)) ?? [])") }
        for service in ["login", "sshd"] { #expect(try Array(codes(service).prefix(3)) == ["7", "6", "6"], "\(service)") }
        for (command, user) in ways { #expect(try becomes(command, as: user), "\(command)\n\(sojourn.logs)") }
        // `-f` asks nobody for anything, so nobody has shown anything.
        let console = try Terminal(host, ["login", "-f", "alice"])
        try console.expect("Sojourn: alice is not let in")
        console.hangUp()
        // As a caller of sudo, by a rule for everybody who is in, and a decision.
        try sojourn.policy.answer(["decision": true])
        #expect(try shell.run("sudo -n -u resident id -un") == "resident\n", "\(sojourn.logs)")
        #expect(try shell.run("sudo -n id -un 2>/dev/null; echo refused") == "refused\n")

        try sojourn.freezeDaemon()
        let unwatched = try host.run(["su", "alice", "-c", "id -un"], input: "", deadline: 30)
        #expect(unwatched.status != 0 && unwatched.stdout.isEmpty && unwatched.stderr.contains("Sojourn: alice is not let in: sojournd did not come back"), "\(unwatched)")
        try sojourn.thawDaemon()
        shell.exit()
        #expect(try sojourn.tracesLeft(of: "alice").isEmpty)
        for (command, user) in ways { #expect(try !becomes(command, as: user), "after the end: \(command)") }
    }

    /// The other way: Debian's own services, and our lines in the common ones.
    @Test func theProfilePutsOurLinesWhereTheyBelongAndTakesThemOut() throws {
        let sojourn = try SojournHost(started: false) { host, _ in
            try host.must("sed -i /pam_sojourn/d /etc/pam.d/sshd; cp -a /etc/pam.d /etc/pam.before; DEBIAN_FRONTEND=noninteractive pam-auth-update --enable sojourn")
        }
        defer { sojourn.stop() }
        let host = sojourn.host
        func modules(_ type: String, _ file: String) throws -> [String] {
            try host.must("sed -n \"s/^$1[[:space:]].*[[:space:]]\\(pam_[a-z]*\\)\\.so.*/\\1/p\" /etc/pam.d/$2", type, file).split(separator: "\n").map(String.init)
        }
        let account = try modules("account", "common-account"), session = try modules("session", "common-session")
        // After the block in which pam_unix or another must be content.
        #expect(account == ["pam_unix", "pam_deny", "pam_permit", "pam_sojourn"])
        // After that block, and before whatever looks the uid up or says that a session is open.
        #expect(Array(session.prefix(4)) == ["pam_permit", "pam_deny", "pam_permit", "pam_sojourn"], "\(session)")
        #expect(session.filter { $0 == "pam_sojourn" }.count == 1 && session.contains("pam_systemd") && session.contains("pam_unix"), "\(session)")
        #expect(try !modules("session", "common-session-noninteractive").contains("pam_sojourn"))
        #expect(try host.must("grep -h pam_sojourn /etc/pam.d/common-account").split(separator: "\t").contains("\(Self.control)"))
        for file in ["common-auth", "common-password"] { #expect(try host.run("cmp", "/etc/pam.before/" + file, "/etc/pam.d/" + file).succeeded, "\(file)") }

        try sojourn.startAll()
        #expect(try sojourn.login("alice", "echo got-in").stdout == "got-in\n", "\(sojourn.logs)")
        let check = try host.run("/usr/sbin/sojourn", "check").stdout
        #expect(!check.split(separator: "\n").contains { $0.hasPrefix("problem") && $0.contains("PAM") }, "\(check)")
        try host.must("DEBIAN_FRONTEND=noninteractive pam-auth-update --disable sojourn")
        #expect(try host.run("diff", "-r", "/etc/pam.before", "/etc/pam.d").stdout == "")
        #expect(try eventually(20) { try !sojourn.candidatesArePublished }, "\(sojourn.logs)")
    }
}
