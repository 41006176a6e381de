import Foundation
import Testing

/// The life of a host from `apt install` to `apt purge`, with systemd, logind and stock sshd.
@Suite(.serialized) struct LifecycleTests {
    @Test(arguments: PackagedHost.suites)
    func goesFromAnInstallationToTheFirstLoginByOneCommand(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        #expect(try sojourn.install().succeeded)
        let setup = try sojourn.setUp()
        #expect(setup.succeeded, "\(setup)\n\(sojourn.logs)")
        #expect(try sojourn.localsOut() == "")
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try shell.run("id -un; id -Gn").hasPrefix("alice\n"))
        #expect(try host.must("loginctl show-user alice -p State --value; systemctl is-active user@\(uid)") == "active\nactive\n")
        #expect(try host.must("systemctl is-enabled sojournd; systemctl is-active sojournd") == "enabled\nactive\n")
        #expect(try host.must("systemd-analyze verify /usr/lib/systemd/system/sojournd.service 2>&1 | grep sojourn || true") == "")
        let exposure = try host.shell("systemd-analyze security --threshold=50 sojournd.service")
        #expect(exposure.succeeded, "\(exposure)")
        #expect(try host.must("journalctl -b --no-pager -o cat").contains("granted alice"), "\(sojourn.logs)")
        #expect(try host.must("sojourn sessions").contains("alice"))
        let checked = try host.run("sojourn", "check")
        #expect(checked.succeeded, "\(checked)")
        // Again is no change, and nobody is disturbed.
        let before = try sojourn.inventory()
        #expect(try sojourn.setUp().succeeded)
        #expect(try sojourn.inventory() == before)

        // What people leave behind: lingering services and cron.
        try host.must("systemctl enable --quiet --now cron")
        // Debian 13's loginctl wants polkit for it, which a small host has not; this is the file that it makes.
        try host.must("loginctl enable-linger alice 2> /dev/null || { mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/alice; }")
        try shell.run("echo '* * * * * sleep 91' | crontab -; systemd-run --quiet --user sleep 92; (nohup setsid sleep 93 > /dev/null 2>&1 &)")
        let bob = try host.must("sojourn end alice --reason 'the evening' --yes 2>&1")
        #expect(bob.contains("alice"))
        #expect(shell.client.wait(seconds: 20) != nil)
        #expect(shell.client.stdout.contains("the evening"), "\(shell.client.stdout)")
        #expect(try sojourn.tracesLeft(of: "alice") == "", "\(sojourn.logs)")
        #expect(try !host.must("ps -e -o args=; ls /var/spool/cron/crontabs /var/lib/systemd/linger").contains("alice"))
        #expect(try !host.must("ps -e -o args=").contains("sleep 9"))

        // The time that the policy gave is over.
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["max_session_seconds": 6]]])
        let short = try sojourn.openShell("alice")
        #expect(short.client.wait(seconds: 40) != nil)
        #expect(try sojourn.tracesLeft(of: "alice") == "", "\(sojourn.logs)")
        try sojourn.policy.misbehave("none")
    }

    @Test(arguments: PackagedHost.suites)
    func keepsSessionsWhenTheDaemonDiesAndWhenPackagesAreUpgradedAndNoneOverAReboot(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        try sojourn.installAndSetUp()
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        let daemon = try host.must("systemctl show -p MainPID --value sojournd")
        try host.must("kill -KILL \(daemon)")
        #expect(try eventually(20) { try host.must("systemctl is-active sojournd || true; systemctl show -p MainPID --value sojournd") != "active\n\(daemon)" && host.exists("/run/sojourn/nss/candidate") })
        #expect(try shell.run("id -un") == "alice\n")
        #expect(try sojourn.localsOut() == "")

        // An upgrade: files are replaced under sshd, the daemon is another, and nobody notices.
        let next = try ChildProcess(["bash", Host.checkout + "/Tests/PackageTests/next-version.sh", PackagedHost.packages(), "0.1.1~test", host.outside("/root/next")]).finish(seconds: 120)
        #expect(next.succeeded, "\(next)")
        let old = try host.must("systemctl show -p MainPID --value sojournd")
        let upgraded = try sojourn.install("/root/next")
        #expect(upgraded.succeeded, "\(upgraded)")
        #expect(try host.must("dpkg-query -W -f '${Version}\\n' \(PackagedHost.ours)") == "0.1.1~test\n0.1.1~test\n0.1.1~test\n")
        #expect(try host.must("systemctl is-active sojournd; systemctl show -p MainPID --value sojournd") != "active\n\(old)")
        #expect(try shell.run("id -un; getent passwd alice | cut -d: -f3") == "alice\n\(uid)\n", "\(sojourn.logs)")
        try sojourn.waitForCandidates()
        let second = try sojourn.openShell("alice")
        #expect(try second.run("id -u") == "\(uid)\n")
        #expect(second.exit() == 0)
        #expect(try shell.run("id -un") == "alice\n")

        try host.reboot()
        #expect(shell.client.wait(seconds: 20) != nil)
        #expect(try sojourn.tracesLeft(of: "alice") == "", "\(sojourn.logs)")
        #expect(try eventually(20) { try host.exists("/run/sojourn/nss/candidate") }, "\(sojourn.logs)")
        #expect(try host.must("dpkg-query -W -f '${Version}\\n' sojourn") == "0.1.1~test\n")
        #expect(try sojourn.localsOut() == "")
        #expect(try sojourn.registeredUID(of: "alice") == uid)
    }

    @Test(arguments: PackagedHost.suites)
    func t35ARemovalWithPeopleLoggedInEndsThemInOrderAndLeavesTheHostAsItWas(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        let before = try sojourn.inventory()
        try sojourn.installAndSetUp()
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        try shell.run("(nohup setsid sleep 93 > /dev/null 2>&1 &); touch /var/tmp/mine")
        let removed = try sojourn.apt("remove \(PackagedHost.ours)")
        #expect(removed.succeeded && !removed.stderr.contains("not everything"), "\(removed)")
        #expect(shell.client.wait(seconds: 20) != nil)
        #expect(try host.must("ps -e -o uid=,args= | awk '$1 == \(uid)'; find /var/tmp /tmp /var/lib/sojourn/home /home -uid \(uid)") == "")
        #expect(try host.getent("passwd", "alice") == nil)
        #expect(try sojourn.localsOut() == "")
        #expect(try !host.must("cat /etc/pam.d/common-* /etc/nsswitch.conf /etc/shells; sshd -T").contains("sojourn"))
        #expect(try host.exists("/var/log/sojourn/audit.jsonl"), "the evidence stays until a purge")

        let purged = try sojourn.apt("purge \(PackagedHost.ours)")
        #expect(purged.succeeded && (purged.stdout + purged.stderr).contains("/var/lib/sojourn/uids stays"), "\(purged)")
        let left = try sojourn.inventory().symmetricDifference(before).filter { !$0.contains(" /etc/group") && !$0.contains(" /etc/gshadow") && !$0.hasPrefix("/var/lib/sojourn") }
        #expect(left.isEmpty, "\(left.sorted().joined(separator: "\n"))")
        #expect(try host.must("ls -A /var/lib/sojourn") == "uids\n")

        // And back: a number belongs to its name for ever.
        try sojourn.installAndSetUp()
        #expect(try sojourn.login("alice", "id -u").stdout == "\(uid)\n", "\(sojourn.logs)")
    }
}
