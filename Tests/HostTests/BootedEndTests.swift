import Foundation
import Testing

/// On a host with systemd and logind: whatever a person starts ends with the lease (THREATS T15, T16).
@Suite struct BootedEndTests {
    @Test func leavesNothingOfWhatSystemdKeepsForAPerson() throws {
        let sojourn = try BootedSojourn()
        defer { sojourn.stop() }
        let host = sojourn.host
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        #expect(try host.must("loginctl show-user alice -p State --value; systemctl is-active user@\(uid)") == "active\nactive\n", "\(sojourn.logs)")
        #expect(try shell.run("echo $XDG_RUNTIME_DIR") == "/run/user/\(uid)\n")
        // All that outlives an ordinary session of a person on Debian, each in its own way.
        try host.must("loginctl enable-linger alice")
        try shell.run("systemd-run --quiet --user sleep 81.5")
        try shell.run("systemd-run --quiet --user --on-calendar='*-*-* *:*:00' touch /tmp/woken")
        try shell.run("tmux -L one new-session -d 'sleep 82.5'; screen -d -m sleep 83.5")
        try shell.run("(nohup setsid sleep 84.5 > /dev/null 2>&1 < /dev/null &)")
        let keys = try shell.run("keyctl add user secret value @u > /dev/null; keyctl add user token value $(keyctl get_persistent @s) > /dev/null; keyctl show @u; keyctl show @s")
        #expect(keys.contains("secret") && keys.contains("token"), "\(keys)")
        #expect(try host.must("pgrep -c -x sleep") == "4\n")
        #expect(try host.exists("/var/lib/systemd/linger/alice"))
        #expect(shell.exit() == 0)
        let left = try sojourn.tracesLeft(of: "alice", after: 20)
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try !host.must("ps -e -o args=").contains("sleep 8"))
        #expect(try !host.exists("/run/user/\(uid)"))
        #expect(try !host.exists("/var/lib/systemd/linger/alice"))
        #expect(try !host.must("loginctl list-users --no-legend; loginctl list-sessions --no-legend").contains("alice"), "\(sojourn.logs)")
        #expect(try host.must("systemctl list-units --all --no-legend --plain 'user@*' 'user-*.slice' 'session-*.scope'") == "", "\(sojourn.logs)")
        let again = try sojourn.login("alice", "keyctl show @u; keyctl get_persistent @s; keyctl show @s")
        #expect(again.succeeded && !again.stdout.contains("secret") && !again.stdout.contains("token"), "\(again)")
    }

    @Test func isGoneAfterARebootWithPeopleLoggedIn() throws {
        let sojourn = try BootedSojourn()
        defer { sojourn.stop() }
        let shell = try sojourn.openShell("alice")
        try shell.run("echo note > note; touch /var/tmp/mine")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        try sojourn.host.cutPower()
        #expect(shell.client.wait(seconds: 15) != nil)
        let left = try sojourn.tracesLeft(of: "alice", after: 20)
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
        #expect(try sojourn.registeredUID(of: "alice") == uid, "the claim survives")
    }
}
