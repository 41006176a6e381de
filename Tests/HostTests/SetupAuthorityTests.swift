import Foundation
import Testing

/// THREATS T1, T2, T35: whose certificates sshd takes, before setup, after it, and when it is taken back.
@Suite struct SetupAuthorityTests {
    /// What the admin wrote names two authorities and an emergency one: sshd takes one file.
    @Test func putsTheKeysOfSeveralAuthoritiesIntoAFileOfSshdsOwn() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let second = try host.machine.makeCA("second"), emergency = try host.machine.makeCA("emergency")
        try host.machine.must("install -d /etc/sojourn; cp \"$1.pub\" /etc/sojourn/one.pub; cp \"$2.pub\" /etc/sojourn/two.pub; cp \"$3.pub\" /etc/sojourn/fire.pub",
            host.ca.path, second.path, emergency.path)
        try host.machine.write("""
            [certificate]
            trusted_ca = ["/etc/sojourn/one.pub", "/etc/sojourn/two.pub"]
            [policy]
            endpoints = ["\(UnsetPrivateHost.endpoint)"]
            [host]
            labels = { environment = "production", role = "database" }
            [accounts]
            groups = ["dbops"]
            [break_glass]
            ca = "/etc/sojourn/fire.pub"
            names = ["fire"]
            """, to: "/etc/sojourn/sojourn.toml", mode: "0600")
        let before = try host.etc()
        let done = try host.machine.run("sojourn", "setup", "--yes", deadline: 60)
        #expect(done.succeeded && done.stdout.contains("+TrustedUserCAKeys /etc/sojourn/sshd_user_ca.pub"), "\(done)")
        #expect(try host.machine.must("grep -c ^ssh-ed25519 /etc/sojourn/sshd_user_ca.pub") == "3\n")
        let daemon = try host.machine.start(["/usr/sbin/sojournd"], input: "")
        #expect(try eventually(15) { try host.machine.exists("/run/sojourn/nss/candidate") }, "\(daemon.stderr)\(host.logs)")
        let login = try host.machine.ssh("alice", second.certificate(for: "alice"), "id -un")
        #expect(login.stdout == "alice\n", "\(login)\(daemon.stderr)\(host.logs)")
        let shown = try host.undo("--dry-run")
        #expect(try shown.succeeded && shown.stdout.contains("take back: /etc/sojourn/sshd_user_ca.pub") && host.machine.exists("/run/sojourn/nss/candidate"), "\(shown)")
        let undone = try host.undo()
        #expect(try undone.succeeded && host.machine.exists("/etc/sojourn/one.pub") && !host.machine.exists("/etc/sojourn/sshd_user_ca.pub"), "\(undone)")
        #expect(try host.etc() == before && !host.machine.shell("pgrep -x sojournd").succeeded)
    }

    /// What the refusal of another authority says to do: both in one file of sshd's own, which a drop-in of the admin's names.
    @Test func leavesAnAuthorityOfTheHostsOwnInPlaceIfOneFileHasBoth() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let machine = host.machine
        let own = try machine.makeCA("own")
        try machine.must("""
            cat "$1.pub" "$2.pub" > /etc/ssh/user_authorities.pub
            sed 's#^TrustedUserCAKeys .*#TrustedUserCAKeys /etc/ssh/user_authorities.pub#' /usr/share/sojourn/sshd_config.d/00-sojourn.conf > /etc/ssh/sshd_config.d/00-sojourn.conf
            kill -HUP "$(cat /run/sshd.pid)"
            """, own.path, host.ca.path)
        let resident = try own.certificate(for: "resident")
        func enter() throws -> String { try machine.ssh("resident", resident, "id -un").stdout }
        #expect(try eventually(10) { try enter() == "resident\n" }, "\(host.logs)")
        let done = try host.setup("--yes")
        #expect(done.succeeded && done.stderr.contains("is kept as it is") && done.stderr.contains("also holds"), "\(done)")
        #expect(try enter() == "resident\n", "\(host.logs)")
        let daemon = try machine.start(["/usr/sbin/sojournd"], input: "")
        #expect(try eventually(15) { try machine.exists("/run/sojourn/nss/candidate") }, "\(daemon.stderr)\(host.logs)")
        #expect(try host.login("alice", "id -un").stdout == "alice\n", "\(daemon.stderr)\(host.logs)")
    }

    /// A second authority and break glass, as the documents say: the configuration, then `sojourn setup` again; and back.
    @Test func followsTheAuthoritiesOfTheConfigurationWhenItIsRunAgain() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let machine = host.machine
        let before = try host.etc()
        let second = try machine.makeCA("second"), emergency = try machine.makeCA("emergency")
        let done = try host.setup("--yes")
        #expect(done.succeeded, "\(done)")
        let single = try host.etc()
        let daemon = try machine.start(["/usr/sbin/sojournd"], input: "")
        #expect(try eventually(15) { try machine.exists("/run/sojourn/nss/candidate") }, "\(daemon.stderr)\(host.logs)")

        try machine.must("cp /etc/sojourn/sojourn.toml /root/; cp \"$1.pub\" /etc/sojourn/two.pub; cp \"$2.pub\" /etc/sojourn/fire.pub", second.path, emergency.path)
        try machine.must("""
            sed -i 's#^trusted_ca = .*#trusted_ca = ["/etc/sojourn/user_ca.pub", "/etc/sojourn/two.pub"]#' /etc/sojourn/sojourn.toml
            printf '\\n[break_glass]\\nca = "/etc/sojourn/fire.pub"\\nnames = ["fire"]\\n' >> /etc/sojourn/sojourn.toml
            """)
        func again(_ flags: String...) throws -> Output { try machine.run(["/usr/sbin/sojourn", "setup", "--yes"] + flags, deadline: 60) }
        let other = try again("--ca", machine.makeCA("other").path + ".pub")
        #expect(other.status == 1 && other.stderr.contains("does not trust the key SHA256:") && other.stderr.contains("add the line to /etc/sojourn/user_ca.pub, which trusted_ca names, then run 'sojourn setup' again"), "\(other)")
        let added = try again()
        #expect(added.succeeded && added.stdout.contains("+++ /etc/sojourn/sshd_user_ca.pub") && !added.stdout.contains("00-sojourn.conf"), "\(added)")
        #expect(try machine.must("grep -c ^ssh-ed25519 /etc/sojourn/sshd_user_ca.pub; grep -c ^ssh-ed25519 /etc/sojourn/user_ca.pub") == "3\n1\n")
        let login = try machine.ssh("alice", second.certificate(for: "alice"), "id -un")
        #expect(login.stdout == "alice\n", "\(login)\(daemon.stderr)\(host.logs)")
        // Nobody need be asked for that.
        try host.policy.misbehave("custom", options: ["json": ["hello": "world"]])
        let nothing = try again()
        #expect(nothing.succeeded && nothing.stderr.contains("Nothing is to be done") && !nothing.stderr.contains("sojourn-check"), "\(nothing)")
        try host.policy.misbehave("none")

        // An edited one is kept if sshd knows all keys with it, wherever they stand; else it is said what is missing, and nothing is changed.
        try machine.must("cp /etc/sojourn/sshd_user_ca.pub /etc/ssh/mine.pub; cp /etc/ssh/sshd_config.d/00-sojourn.conf /root/; sed -i 's#^TrustedUserCAKeys .*#TrustedUserCAKeys /etc/ssh/mine.pub#' /etc/ssh/sshd_config.d/00-sojourn.conf")
        let kept = try again()
        #expect(kept.succeeded && kept.stderr.contains("is kept as it is") && kept.stderr.contains("Nothing is to be done"), "\(kept)")
        try machine.must("sed -i 's#^TrustedUserCAKeys .*#TrustedUserCAKeys /etc/sojourn/user_ca.pub#; s/^# Check with/# Mine: check with/' /etc/ssh/sshd_config.d/00-sojourn.conf")
        let lacking = try again()
        #expect(lacking.status == 1 && lacking.stderr.contains("lacks the key SHA256:") && lacking.stderr.contains("name /etc/sojourn/sshd_user_ca.pub instead") && lacking.stderr.contains("never add this key"), "\(lacking)")
        try machine.must("cp /root/00-sojourn.conf /etc/ssh/sshd_config.d/; cp /root/sojourn.toml /etc/sojourn/; rm /etc/ssh/mine.pub")

        let back = try again()
        #expect(try back.succeeded && machine.must("grep -c ^ssh-ed25519 /etc/sojourn/sshd_user_ca.pub") == "1\n" && host.etc() == single, "\(back)")
        // sshd forgets the keys before Sojourn does.
        let narrowed = try #require(back.stdout.range(of: "--- /etc/sojourn/sshd_user_ca.pub")), published = try #require(back.stdout.range(of: "run: sojourn apply"))
        #expect(narrowed.lowerBound < published.lowerBound, "\(back)")
        let refused = try machine.ssh("alice", second.certificate(for: "alice"), "id -un")
        #expect(!refused.succeeded && refused.stdout.isEmpty, "\(refused)")
        #expect(try host.login("alice", "id -un").stdout == "alice\n", "\(daemon.stderr)\(host.logs)")
        let undone = try host.undo()
        #expect(try undone.succeeded && host.etc() == before && !machine.exists("/etc/sojourn/sshd_user_ca.pub"), "\(undone)")
    }

    /// A listener that keeps our authority in memory while PAM no longer asks about it would let root in undecided.
    @Test func leavesNoListenerThatTrustsTheAuthorityWithoutPAM() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let machine = host.machine
        try machine.write("Port 2222\nPidFile /run/second.pid\nInclude /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n", to: "/etc/ssh/second_config")
        let before = try host.etc()
        let second = try machine.startSSHD(port: 2222, configuration: "/etc/ssh/second_config")
        let done = try host.setup("--yes")
        #expect(done.succeeded, "\(done)")
        // sshd knows the authority, and PAM says no: no daemon runs here.
        let root = try host.ca.certificate(for: "root")
        func enter() throws -> Output { try machine.ssh("root", root, "id -un", options: ["Port=2222"]) }
        #expect(try !enter().succeeded && eventually(5) { second.log.contains("Accepted publickey for root") || second.log.contains("Accepted certificate ID") }, "\(second.log)")

        try machine.must("cp /etc/ssh/second_config /root/; echo 'Nonsense yes' >> /etc/ssh/second_config")
        for flags in [[], ["--for-removal"], []] {
            let held = try machine.run(["/usr/sbin/sojourn", "setup", "--undo", "--yes"] + flags, deadline: 60)
            #expect(held.status == 1 && held.stderr.contains("would not start with its configuration") && held.stderr.contains("the PAM lines stay"), "\(flags): \(held)")
            #expect(try held.stderr.contains("(process \(machine.must("cat /run/second.pid").trimmingCharacters(in: .whitespacesAndNewlines)))"), "\(held)")
            #expect(try machine.must("cat /etc/pam.d/common-account").contains("pam_sojourn.so") && !enter().succeeded, "\(flags): \(held)")
        }
        try host.expectLocalLogins()

        try machine.must("cp /root/second_config /etc/ssh/")
        let undone = try host.undo()
        #expect(try undone.succeeded && host.etc() == before, "\(undone)")
        let late = try enter()
        #expect(!late.succeeded && late.stdout.isEmpty, "\(late)\n\(second.log)")
        try host.expectLocalLogins()
    }

    /// T1: a server that setup knows nothing of, with a file of its own that holds our key.
    @Test func waitsForAServerThatNamesTheKeysByAnotherFile() throws {
        let host = try UnsetPrivateHost()
        defer { host.stop() }
        let machine = host.machine
        let before = try host.etc()
        #expect(try host.setup("--yes").succeeded)
        try machine.write("Port 2222\nUsePAM yes\nTrustedUserCAKeys /etc/sojourn/user_ca.pub\n", to: "/root/second_config")
        let second = try machine.startSSHD(port: 2222, configuration: "/root/second_config")
        let held = try machine.run(["/usr/sbin/sojourn", "setup", "--undo", "--yes", "--for-removal"], deadline: 60)
        #expect(held.status == 1 && held.stderr.contains("takes certificates of Sojourn's authorities (TrustedUserCAKeys /etc/sojourn/user_ca.pub)"), "\(held)")
        #expect(try machine.must("cat /etc/pam.d/common-account").contains("pam_sojourn.so"), "\(held)")
        let late = try machine.ssh("root", host.ca.certificate(for: "root"), "id -un", options: ["Port=2222"])
        #expect(!late.succeeded && late.stdout.isEmpty, "\(late)\n\(second.log)")
        second.process.kill(SIGKILL)
        _ = second.process.wait(seconds: 5)
        let undone = try host.undo()
        #expect(try undone.succeeded && host.etc() == before, "\(undone)")
    }
}
