import Foundation
import Testing

/// Hosts that are not as the packages would like them.
@Suite(.serialized) struct UnusualHostTests {
    /// THREATS T23: a cache of names would make people of one session those of another.
    @Test(arguments: PackagedHost.suites)
    func t23RefusesToBeSetUpWhereNscdAnswersForPeople(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        #expect(try sojourn.install().succeeded)
        try host.must("DEBIAN_FRONTEND=noninteractive dpkg -i /var/cache/later/nscd_*.deb; systemctl start nscd", deadline: 60)
        let before = try sojourn.inventory()
        let refused = try sojourn.setUp()
        #expect(refused.status == 1 && (refused.stdout + refused.stderr).contains("nscd"), "\(refused)")
        #expect(try sojourn.inventory() == before, "nothing was changed")
        #expect(try sojourn.localsOut() == "")
        // As the remedy says.
        try host.must("sed -i -E 's/^([[:space:]]*enable-cache[[:space:]]+(passwd|group)[[:space:]]+)yes/\\1no/' /etc/nscd.conf; systemctl restart nscd")
        let setup = try sojourn.setUp()
        #expect(setup.succeeded, "\(setup)\n\(sojourn.logs)")
        #expect(try sojourn.login("alice", "id -un").stdout == "alice\n", "\(sojourn.logs)")
    }

    /// THREATS T1, T28.
    @Test(arguments: PackagedHost.suites)
    func t28SaysWhatStandsInTheWayOfALogin(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        try sojourn.installAndSetUp()
        #expect(try sojourn.login("alice", "id -un").stdout == "alice\n", "\(sojourn.logs)")
        func reload(_ line: String, first: Bool = false) throws {
            try host.must("printf '%s\\n' \"$1\" > /etc/ssh/sshd_config.d/\"$2\"-site.conf; sshd -t; systemctl reload ssh", line, first ? "00-a" : "50")
        }
        try reload("AllowGroups root resident visitor")
        #expect(try !sojourn.login("alice", "id").succeeded)
        #expect(try sojourn.localsOut() == "")
        let groups = try host.run("sojourn", "check")
        #expect((groups.stdout + groups.stderr).contains("AllowGroups"), "\(groups)")
        try reload("AllowGroups root resident visitor sojourn")
        #expect(try eventually(20) { try sojourn.login("alice", "id -un").stdout == "alice\n" }, "\(sojourn.logs)")
        try host.must("rm /etc/ssh/sshd_config.d/50-site.conf")
        try reload("UsePAM no", first: true)
        #expect(try eventually(20) { try !host.exists("/run/sojourn/nss/candidate") }, "names are withdrawn\n\(sojourn.logs)")
        #expect(try !sojourn.login("alice", "id").succeeded)
        #expect(try sojourn.localsOut() == "")
        let pam = try host.run("sojourn", "check")
        #expect(pam.status == 1 && (pam.stdout + pam.stderr).contains("UsePAM"), "\(pam)")
        try host.must("rm /etc/ssh/sshd_config.d/00-a-site.conf; systemctl reload ssh")
        #expect(try eventually(20) { try sojourn.login("alice", "id -un").stdout == "alice\n" }, "\(sojourn.logs)")
    }

    /// THREATS T33: what programs under AppArmor may read to look a name up has our files in it.
    @Test(arguments: PackagedHost.suites)
    func t33ConfinedProgramsMayLookNamesUp(_ suite: String) throws {
        let sojourn = try PackagedHost(suite)
        defer { sojourn.stop() }
        let host = sojourn.host
        try host.write("#include <tunables/global>\nprofile trial /usr/bin/trial {\n  include <abstractions/nameservice>\n}\n", to: "/root/trial")
        func rules() throws -> String { try host.must("apparmor_parser --preprocess /root/trial") }
        #expect(try !rules().contains("sojourn"))
        #expect(try sojourn.install().succeeded)
        let text = try rules()
        #expect(text.contains("sojourn/nss/** r,") && text.contains("/var/lib/sojourn/uids/* r,"), "\(text.suffix(2000))")
        try host.must("apparmor_parser --skip-kernel-load --skip-cache /root/trial")
    }
}
