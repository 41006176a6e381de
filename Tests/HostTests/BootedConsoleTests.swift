import Foundation
import Testing

/// Debian 13 with systemd: util-linux's `login`, which looks the user up between the account and the session phase, and its su
/// and sudo; cron and a person's own `user@` service.
@Suite struct BootedConsoleTests {
    @Test(.enabled(if: BootedHost.suites.contains("trixie"), "Debian 13 is booted by make test-host"))
    func trixiesLoginSuSudoAndCron() throws {
        let sojourn = try BootedSojourn(suite: "trixie") { host in
            // Our lines in Debian 13's own stacks, where the examples have them in Debian 12's.
            try host.must(
                """
                auth='auth [success=done new_authtok_reqd=done ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so'
                account='account [success=ok new_authtok_reqd=ok ignore=ignore user_unknown=ignore module_unknown=ignore default=die] pam_sojourn.so'
                session='session [success=ok ignore=ignore module_unknown=ignore default=die] pam_sojourn.so'
                cd /etc/pam.d
                sed -i "s/^@include common-auth/$auth\\n&/" login su sudo sudo-i
                sed -i "s/^@include common-account/$account\\n&/" login
                sed -i "s/^@include common-account/&\\n$account/" su sudo sudo-i cron
                sed -i "s/^session *required *pam_loginuid.so/&\\n$session/" login
                sed -i "0,/^session/s/^session/$session\\n&/" su sudo sudo-i
                test -z "$(grep -L pam_sojourn login su sudo sudo-i cron)"
                install -m 0440 /usr/share/doc/sojourn/examples/sudoers.d/sojourn /etc/sudoers.d/sojourn
                sed -i 's/pam_faildelay[.]so.*/pam_faildelay.so delay=0/' login
                echo '127.0.1.1 sojourn-booted' >> /etc/hosts
                # T9: of somebody who was never here, and of somebody who always was.
                echo '* * * * * root touch /tmp/cron-ran' > /etc/cron.d/roots; echo '* * * * * pia touch /tmp/pia-ran' > /etc/cron.d/pias
                echo '* * * * * touch /tmp/pia-ran' > /var/spool/cron/crontabs/pia; chmod 0600 /var/spool/cron/crontabs/pia
                systemctl enable --quiet --now cron
                """)
        }
        defer { sojourn.stop() }
        let host = sojourn.host, alice = try sojourn.ca.certificate(for: "alice")
        #expect(try host.must("dpkg-query -W -f '${source:Package}' login").hasPrefix("util-linux"), "this is about util-linux's login")

        // Refused: another question, another's certificate, ^C; and asked again by the same program.
        let terminal = try sojourn.console("alice")
        var challenge = try Challenge(in: terminal.expect("Answer:"))
        #expect(challenge["service"] == "login" && challenge["user"] == "alice" && challenge["host"] == "sojourn-booted")
        terminal.type(try host.answer(to: challenge.changed("nonce", to: String(repeating: "0", count: 32)), with: alice))
        try terminal.expect("Sojourn: alice is not let in: ")
        try terminal.expect("login: ")
        terminal.type("alice")
        challenge = try Challenge(in: terminal.expect("Answer:"))
        #expect(try host.getent("passwd", "alice") == nil)
        terminal.type(try host.answer(challenge, with: alice))
        #expect(try terminal.run("id -un; id -Gn | tr ' ' '\\n' | sort; pwd") == "alice\nalice\ndbops\nsojourn\n/var/lib/sojourn/home/alice\n", "\(sojourn.logs)")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try host.must("/usr/sbin/sojourn sessions").contains("login"))
        // Her own services run, by PAM's systemd-user.
        #expect(try eventually(15) { try host.run("systemctl", "is-active", "user@\(uid)").stdout == "active\n" }, "\(sojourn.logs)")

        // sudo, decided; su to oneself needs the certificate again.
        try sojourn.policy.answer(["decision": true])
        let root = try terminal.run("sudo -n id -u")
        #expect(root == "0\n", "\(root)\n\(sojourn.logs)")
        try sojourn.policy.answer(["decision": false, "context": ["reason_user": ["en": "Not on Sundays."]]])
        #expect(try terminal.run("sudo -n id -u 2>&1").contains("Not on Sundays."), "\(sojourn.logs)")
        try sojourn.policy.answer(["decision": true])
        terminal.type("su alice")
        terminal.type(try host.answer(Challenge(in: terminal.expect("Answer:")), with: alice))
        #expect(try terminal.run("ps -o comm= $PPID; id -un") == "su\nalice\n", "\(sojourn.logs)")
        terminal.type("exit")
        try terminal.run("(setsid nohup sleep 99.2 > /dev/null 2>&1 < /dev/null &); sudo -n sh -c 'setsid sleep 99.3 > /dev/null 2>&1 < /dev/null &'")
        terminal.type("exit")
        #expect(terminal.end() != nil)
        try sojourn.expectNobody("alice", "logged out")
        #expect(try !host.must("ps -e -o args=").contains("sleep 99"))

        // cron has had its minute: root's job ran, and nobody ran one as somebody who is not here.
        #expect(try eventually(70) { try host.exists("/tmp/cron-ran") }, "\(host.journal("cron"))")
        #expect(try !host.exists("/tmp/pia-ran"))
        for way in [["runuser", "-u", "pia", "--", "true"], ["runuser", "-", "pia", "-c", "true"], ["systemctl", "start", "user@\(uid)"]] {
            #expect(try host.run(way).status != 0, "\(way)")
        }
        try sojourn.expectNobody("pia", "never here")
    }
}
