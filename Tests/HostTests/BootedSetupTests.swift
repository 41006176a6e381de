import Foundation
import Testing

/// `sojourn setup` on a Debian with systemd on which Sojourn is installed and nothing of it is set up (THREATS T1, T23, T35).
@Suite struct BootedSetupTests {
    @Test func setsUpSoThatTheFirstLoginWorksAndTakesAllOfItBack() throws {
        let host = try UnsetHost()
        defer { host.stop() }
        let before = try host.etc()

        let shown = try host.setup("--dry-run")
        #expect(shown.succeeded, "\(shown)")
        for line in ["+/usr/libexec/sojourn/shell", "run: groupadd --system sojourn", "+passwd:         files sojourn", "+group:          files sojourn",
            "+TrustedUserCAKeys /etc/sojourn/sshd_user_ca.pub", "run: pam-auth-update --enable sojourn", "run: systemctl enable --now sojournd",
            "+endpoints = [\"http://127.0.0.1:8181/access/v1/evaluation\"]", "+groups = [\"dbops\"]"] {
            #expect(shown.stdout.contains(line), "\(line) in \(shown)")
        }
        #expect(shown.stdout.contains("pam_sojourn.so"), "the lines that pam-auth-update writes: \(shown)")
        #expect(shown.stderr.contains("Authority: SHA256:") && shown.stderr.contains("\"sojourn-check\""), "\(shown)")
        #expect(try host.etc() == before && !host.machine.exists("/etc/sojourn") && !host.machine.exists("/var/lib/sojourn"), "a dry run changes nothing")

        let unasked = try host.setup()
        #expect(unasked.status == 64 && unasked.stderr.contains("say --yes") && !unasked.stderr.contains("sojourn-check"), "before anybody is asked: \(unasked)")
        #expect(try host.etc() == before)

        let done = try host.setup("--yes")
        #expect(done.succeeded, "\(done)\n\(host.logs)")
        #expect(try host.machine.exists("/run/sojourn/nss/candidate") && !host.machine.exists("/var/lib/sojourn/setup-under-way"))
        #expect(try host.machine.must("stat -c '%a %U' /etc/sojourn/sojourn.toml /var/lib/sojourn/setup.json; systemctl is-enabled sojournd") == "600 root\n600 root\nenabled\n")
        let login = try host.login("alice", "id -un; id -Gn | tr ' ' '\\n' | sort | tr '\\n' ' '")
        #expect(login.stdout == "alice\nalice dbops sojourn ", "\(login)\n\(host.logs)")
        try host.expectLocalLogins()

        let after = try host.etc(), journal = try host.machine.read("/var/lib/sojourn/setup.json")
        let again = try host.setup("--yes")
        #expect(again.succeeded && again.stderr.contains("Nothing is to be done") && again.stdout.isEmpty, "\(again)")
        #expect(try host.etc() == after && host.machine.read("/var/lib/sojourn/setup.json") == journal, "done once, it changes nothing")

        let shell = try host.openShell("alice")
        try host.machine.must("echo 'alice ALL=(root) NOPASSWD: ALL' > /run/alice; install -m 0440 /run/alice /etc/sudoers.d/alice")
        #expect(try shell.run("sudo -n sojourn setup --undo --yes 2>&1; echo status $?").contains("which it would end, and itself with it"), "\(host.logs)")
        try host.machine.must("rm /etc/sudoers.d/alice")
        try shell.run("touch /tmp/alices; (setsid nohup sleep 95.1 > /dev/null 2>&1 < /dev/null &)")
        let undone = try host.undo()
        #expect(undone.succeeded && undone.stderr.contains("1 session is over") && undone.stderr.contains("no longer set up"), "\(undone)\n\(host.logs)")
        #expect(shell.client.wait(seconds: 15) != nil && shell.client.stdout.contains("Sojourn is being taken off this host"), "\(shell.client.stdout)")
        #expect(try host.traces(of: "alice").isEmpty, "\((try? host.traces(of: "alice")) ?? "")\n\(host.logs)")
        #expect(try host.etc() == before)
        #expect(try host.machine.exists("/etc/sojourn/sojourn.toml") && host.machine.exists("/var/log/sojourn/audit.jsonl"), "what the admin wrote stays")
        #expect(try host.machine.shell("systemctl is-enabled sojournd; systemctl is-active sojournd").stdout == "disabled\ninactive\n")
        try host.expectLocalLogins()
        let nothing = try host.undo()
        #expect(nothing.succeeded && nothing.stderr.contains("Nothing is to be undone"), "\(nothing)")

        // What stands in /etc/sojourn is enough to set it up again; an edited drop-in is the admin's.
        let withoutFlags = try host.machine.run("sojourn", "setup", "--yes", deadline: 120)
        #expect(withoutFlags.succeeded && withoutFlags.stderr.contains("stands already and is kept"), "\(withoutFlags)\n\(host.logs)")
        #expect(try host.login("alice", "id -un").stdout == "alice\n", "\(host.logs)")
        let other = try host.machine.run("sojourn", "setup", "--yes", "--policy", "http://127.0.0.1:9/", deadline: 60)
        #expect(other.status == 1 && other.stderr.contains("asks another endpoint") && other.stderr.contains("never overwritten"), "\(other)")
        try host.machine.must("printf '# mine\\nMatch Group sojourn\\n    X11Forwarding no\\nMatch all\\n' >> /etc/ssh/sshd_config.d/00-sojourn.conf")
        let kept = try host.setup("--yes")
        #expect(kept.succeeded && kept.stderr.contains("is kept as it is") && kept.stderr.contains("-# mine"), "\(kept)")
        let removal = try host.undo("--for-removal")
        #expect(removal.succeeded && removal.stderr.contains("00-sojourn.conf.undone"), "\(removal)")
        #expect(try host.machine.must("rm -r /etc/sojourn/00-sojourn.conf.undone; sed -i 's/ sojourn$//' /etc/nsswitch.conf") == "")
        #expect(try host.etc() == before)
        try host.expectLocalLogins()
    }

    @Test func refusesWhatItCannotMakeRightBeforeItChangesAnything() throws {
        let host = try UnsetHost()
        defer { host.stop() }
        let machine = host.machine
        func refused(_ words: [String], status: Int32 = 1, _ output: Output, _ place: Comment) throws {
            #expect(output.status == status && words.allSatisfy { output.stderr.contains($0) }, "\(place): \(output)")
            #expect(try !machine.exists("/etc/sojourn") && !machine.exists("/var/lib/sojourn/setup.json") && !machine.exists("/var/lib/sojourn/setup-under-way"), place)
            #expect(try !machine.must("cat /etc/pam.d/common-account /etc/nsswitch.conf /etc/shells; ls /etc/ssh/sshd_config.d").contains("sojourn"), place)
        }
        try refused(["--ca FILE, --policy URL"], status: 64, try machine.run("sojourn", "setup", "--yes"), "nobody to ask")
        // On a terminal it asks for what is missing, shows what it would change, and takes anything but a yes for a no.
        let typed = try machine.run(["script", "-qec", "sojourn setup", "/dev/null"], input: "\(host.ca.path).pub\n\(UnsetHost.endpoint)\nmaybe\n", deadline: 60)
        #expect(typed.status == 1 && typed.stdout.contains("Address of the policy endpoint") && typed.stdout.contains("+TrustedUserCAKeys")
            && typed.stdout.contains("Change this host now? [y/N]") && typed.stdout.contains("Nothing was changed."), "\(typed)")
        try refused(["no OpenSSH public key"], status: 2, try machine.run("sojourn", "setup", "--yes", "--ca", "/etc/hostname", "--policy", UnsetHost.endpoint), "no key")
        try refused(["http is allowed to 127.0.0.1"], try host.setup("--yes", policy: "http://192.0.2.1/access/v1/evaluation"), "no TLS")
        try refused(["gives no decision", "see that the endpoint runs"], try host.setup("--yes", policy: "http://127.0.0.1:9/access/v1/evaluation"), "nobody listens")
        try refused(["gives no decision"], try host.setup("--yes", policy: "https://127.0.0.1:8181/access/v1/evaluation"), "no TLS there")
        try host.policy.misbehave("custom", options: ["json": ["hello": "world"]])
        try refused(["gives no decision", "policy.dialect"], try host.setup("--yes"), "not AuthZEN")
        try host.policy.misbehave("none")

        // T23. A program of that name with nscd's socket is what the host has if nscd is installed and runs.
        try machine.must("cp /bin/sleep /usr/sbin/nscd; mkdir -p /run/nscd; touch /run/nscd/socket; printf 'enable-cache passwd yes\\n' > /etc/nscd.conf")
        let cache = try machine.start(["/usr/sbin/nscd", "600"], input: "")
        try refused(["caches passwd", "set 'enable-cache passwd no'"], try host.setup("--yes"), "nscd")
        cache.kill(SIGKILL)
        try machine.must("rm -r /usr/sbin/nscd /run/nscd /etc/nscd.conf")

        // T1. For sshd the first line counts.
        try machine.must("echo 'UsePAM no' > /etc/ssh/sshd_config.d/00-first.conf")
        try refused(["UsePAM is off (/etc/ssh/sshd_config.d/00-first.conf:1)"], try host.setup("--yes"), "UsePAM")
        try machine.must("echo 'TrustedUserCAKeys /root/other.pub' > /etc/ssh/sshd_config.d/00-first.conf")
        try refused(["TrustedUserCAKeys is another file", "00-first.conf:1"], try host.setup("--yes"), "another authority")
        try machine.must("rm /etc/ssh/sshd_config.d/00-first.conf")
        // What comes after our file would be overridden by it: local accounts with another authority's certificates would be shut out.
        let old = try machine.makeCA("old")
        try machine.must("cp \"$1.pub\" /etc/ssh/old_ca.pub; cp /etc/ssh/sshd_config /root/; echo 'TrustedUserCAKeys /etc/ssh/old_ca.pub' > /etc/ssh/sshd_config.d/50-ca.conf", old.path)
        try refused(["/etc/ssh/old_ca.pub (/etc/ssh/sshd_config.d/50-ca.conf:1)", "none of ours", "one file of sshd's own"], try host.setup("--yes"), "an authority in a later file")
        try machine.must("rm /etc/ssh/sshd_config.d/50-ca.conf; echo 'TrustedUserCAKeys /etc/ssh/old_ca.pub' >> /etc/ssh/sshd_config")
        let number = try machine.must("wc -l < /etc/ssh/sshd_config").trimmingCharacters(in: .whitespacesAndNewlines)
        try refused(["/etc/ssh/old_ca.pub (/etc/ssh/sshd_config:\(number))", "none of ours"], try host.setup("--yes"), "an authority after the Include")
        try machine.must("cp /root/sshd_config /etc/ssh/; echo 'UsePAM no' > /etc/ssh/sshd_config.d/50-pam.conf")
        try refused(["UsePAM is off (/etc/ssh/sshd_config.d/50-pam.conf:1)", "do not pass PAM now"], try host.setup("--yes"), "UsePAM in a later file")
        try machine.must("rm /etc/ssh/sshd_config.d/50-pam.conf; sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config")
        try refused(["UsePAM is off (/etc/ssh/sshd_config:", "do not pass PAM now"], try host.setup("--yes"), "UsePAM after the Include")
        try machine.must("cp /root/sshd_config /etc/ssh/; sed -i 's/^Include/#Include/' /etc/ssh/sshd_config")
        try refused(["does not include /etc/ssh/sshd_config.d"], try host.setup("--yes"), "no Include")
        try machine.must("sed -i 's/^#Include/Include/' /etc/ssh/sshd_config")

        try machine.must("cp /etc/pam.d/common-account /root/; sed -i '/^# and here are more/a account optional pam_permit.so' /etc/pam.d/common-account")
        try refused(["somebody changed them by hand", "--force"], try host.setup("--yes"), "a change in the managed block")
        try machine.must("cp /root/common-account /etc/pam.d/; mv /usr/sbin/pam-auth-update /root/")
        try refused(["has no pam-auth-update", "account [success=ok"], try host.setup("--yes"), "another distribution")
        try machine.must("mv /root/pam-auth-update /usr/sbin/; sed -i 's/^passwd:.*/passwd: files [NOTFOUND=return]/' /etc/nsswitch.conf")
        try refused(["ends the search before sojourn is asked"], try host.setup("--yes"), "a search that ends")
        try host.expectLocalLogins()
    }

    @Test func takesAllOfItBackIfWhatItMadeDoesNotWork() throws {
        let host = try UnsetHost()
        defer { host.stop() }
        try host.machine.must("mkdir -p /etc/systemd/system/sojournd.service.d; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > /etc/systemd/system/sojournd.service.d/broken.conf")
        let before = try host.etc()
        let failed = try host.setup("--yes")
        #expect(failed.status == 1 && failed.stderr.contains("sojournd does not start") && failed.stderr.contains("This host is as it was before."), "\(failed)")
        #expect(try host.etc() == before && !host.machine.exists("/etc/sojourn") && !host.machine.exists("/var/lib/sojourn/setup.json"), "\(failed)")
        #expect(try host.machine.shell("systemctl is-enabled sojournd").stdout == "disabled\n" && !host.machine.exists("/var/lib/sojourn/setup-under-way"))
        try host.expectLocalLogins()

        // The last thing that is looked at: everything stands by then, and is taken back just so.
        try host.machine.must("""
            printf '[Service]\\nExecStart=\\nExecStart=/bin/sh -c \"sed -i s/^UsePAM.*// /etc/ssh/sshd_config; sed -i \\\\\"1i UsePAM no\\\\\" /etc/ssh/sshd_config; exec /usr/sbin/sojournd\"\\n' \
                > /etc/systemd/system/sojournd.service.d/broken.conf
            cp /etc/ssh/sshd_config /root/sshd_config
            """)
        let late = try host.setup("--yes")
        #expect(late.status == 1 && late.stderr.contains("UsePAM is off") && late.stderr.contains("This host is as it was before."), "\(late)\n\(host.logs)")
        try host.machine.must("cp /root/sshd_config /etc/ssh/sshd_config; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > /etc/systemd/system/sojournd.service.d/broken.conf")
        #expect(try host.etc() == before, "\(late)")
        try host.expectLocalLogins()

        // A daemon that ran without being enabled does so afterwards.
        try host.machine.must("""
            printf '[Service]\\nType=simple\\nExecStart=\\nExecStart=/bin/sleep 600\\n' > /etc/systemd/system/sojournd.service.d/broken.conf
            printf '#!/bin/sh\\n! grep -q sojourn /etc/nsswitch.conf\\n' > /root/strange; chmod 755 /root/strange
            sed -i '1i account required pam_exec.so quiet /root/strange' /etc/pam.d/sshd
            systemctl daemon-reload; systemctl start sojournd
            """)
        let running = try host.etc()
        let again = try host.setup("--yes")
        #expect(again.status == 1 && again.stderr.contains("could not log in through sshd any more") && again.stderr.contains("This host is as it was before."), "\(again)\n\(host.logs)")
        #expect(try host.machine.shell("systemctl is-enabled sojournd; systemctl is-active sojournd").stdout == "disabled\nactive\n")
        #expect(try host.etc() == running, "\(again)")
    }
}
