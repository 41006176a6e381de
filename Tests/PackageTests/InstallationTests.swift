import Foundation
import Testing

/// Packages come and go, in any order: nobody is locked out, and nobody is let in who was not.
@Suite(.serialized) struct InstallationTests {
    @Test(arguments: PackagedHost.suites)
    func t35AnInstallationChangesNothingForAnybodyAndAPurgeTakesAllOfItBack(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        let before = try sojourn.inventory()
        let pam = try host.must("cat /etc/pam.d/*"), sshd = try host.must("sshd -T")
        let installed = try sojourn.install()
        #expect(installed.succeeded, "\(installed)")
        let printed = installed.stdout.split(separator: "\n").drop { !$0.hasPrefix("Setting up") }
        #expect(printed.count <= 6, "\(printed)")
        #expect(try host.must("cat /etc/pam.d/*") == pam && host.must("sshd -T") == sshd)
        #expect(try host.shell("systemctl is-enabled sojournd; systemctl is-active sojournd").stdout == "disabled\ninactive\n")
        #expect(try host.must("grep -E '^(passwd|group):' /etc/nsswitch.conf | grep -c ' sojourn$'") == "2\n")
        #expect(try host.getent("passwd", "alice") == nil && host.getent("group", "sojourn") != nil)
        #expect(try sojourn.localsOut() == "")
        #expect(try !sojourn.login("alice", "id").succeeded)
        let told = try host.run("sojourn", "check")
        #expect(told.status == 2 && (told.stdout + told.stderr).contains("sojourn setup"), "\(told)")
        // Once more is no change.
        let after = try sojourn.inventory()
        #expect(try sojourn.install().succeeded && sojourn.apt("install --reinstall /root/debs/*.deb").succeeded)
        #expect(try sojourn.inventory() == after)

        let purged = try sojourn.apt("purge \(PackagedHost.ours)")
        #expect(purged.succeeded && !purged.stderr.contains("could be taken back"), "\(purged)")
        let left = try sojourn.inventory().symmetricDifference(before)
        // The system group stays, as Debian's do: its number must not become another group's.
        #expect(left.allSatisfy { $0.contains(" /etc/group") || $0.contains(" /etc/gshadow") }, "\(left.sorted().joined(separator: "\n"))")
        #expect(try sojourn.localsOut() == "")
        #expect(try host.must("diff /etc/group- /etc/group || true").contains("sojourn") || host.must("getent group sojourn") != "")
    }

    /// One package after the other, with force, and in the middle of it: what is missing lets nobody in and locks nobody out.
    @Test(arguments: PackagedHost.suites)
    func t35LocalAccountsGetInWhicheverPartIsMissing(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        try sojourn.installAndSetUp()
        #expect(try sojourn.login("alice", "id -un").stdout == "alice\n", "\(sojourn.logs)")
        for package in ["libnss-sojourn", "libpam-sojourn"] {
            // The file alone, as an interrupted dpkg leaves it.
            try host.must("mkdir -p /root/aside; for f in $(dpkg -L \"$1\" | grep '[.]so'); do mv \"$f\" /root/aside/; done", package)
            #expect(try sojourn.localsOut() == "", "without the file of \(package)")
            #expect(try !sojourn.login("alice", "id").succeeded, "without the file of \(package)")
            #expect(try sojourn.apt("install --reinstall /root/debs/\(package)_*.deb").succeeded)
            #expect(try eventually(20) { try sojourn.login("alice", "id -un").stdout == "alice\n" }, "\(package) is back\n\(sojourn.logs)")
        }
        try host.must("dpkg --remove --force-depends libnss-sojourn")
        #expect(try sojourn.localsOut() == "")
        #expect(try !sojourn.login("alice", "id").succeeded)
        // Without the module, a certificate of ours would open root's account, and nobody would decide about it.
        let forced = try host.shell("dpkg --remove --force-depends libpam-sojourn")
        #expect(!forced.succeeded && forced.stderr.contains("sojourn setup --undo"), "\(forced)")
        #expect(try host.must("dpkg-query -W -f '${db:Status-Status}' libpam-sojourn") == "installed")
        #expect(try sojourn.localsOut() == "")
        #expect(try host.shell("sojourn setup --undo --yes").succeeded)
        try host.must("dpkg --remove --force-depends libpam-sojourn")
        #expect(try sojourn.localsOut() == "")
        #expect(try !host.must("cat /etc/pam.d/common-*").contains("sojourn"))
        #expect(try !sojourn.login("alice", "id").succeeded)
        let again = try host.shell("DEBIAN_FRONTEND=noninteractive dpkg --install /root/debs/*.deb", deadline: 60)
        #expect(again.succeeded, "\(again)")
        let setup = try sojourn.setUp()
        #expect(setup.succeeded, "\(setup)")
        #expect(try eventually(20) { try sojourn.login("alice", "id -un").stdout == "alice\n" }, "\(sojourn.logs)")
        // Unpacked and never configured.
        try host.must("dpkg --unpack /root/debs/*.deb; ! dpkg --audit | grep -q '^$' || true")
        #expect(try sojourn.localsOut() == "")
        try host.must("dpkg --configure -a")
        #expect(try eventually(20) { try sojourn.login("alice", "id -un").stdout == "alice\n" }, "\(sojourn.logs)")
        // A purge at once, with somebody in, and with homes on a file system of their own: what is mounted is left.
        try host.must("mkdir -p /var/lib/sojourn/kept; mount -t tmpfs kept /var/lib/sojourn/kept; touch /var/lib/sojourn/kept/theirs")
        let shell = try sojourn.openShell("alice")
        let purged = try sojourn.apt("purge \(PackagedHost.ours)")
        #expect(purged.succeeded && (purged.stdout + purged.stderr).contains("/var/lib/sojourn/kept stays"), "\(purged)")
        #expect(shell.client.wait(seconds: 20) != nil)
        #expect(try sojourn.localsOut() == "" && host.getent("passwd", "alice") == nil)
        #expect(try host.must("ls -A /var/lib/sojourn /var/lib/sojourn/kept; ls -d /etc/sojourn /var/log/sojourn /run/sojourn 2> /dev/null || true") == "/var/lib/sojourn:\nkept\nuids\n\n/var/lib/sojourn/kept:\ntheirs\n")
    }
}
