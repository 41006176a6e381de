import Foundation
import Testing

/// docs/recovery.md, by hand: its commands as they stand there.
@Suite struct RecoveryTests {
    private static func commands() throws -> String {
        let page = try String(contentsOfFile: PrivateHost.checkout + "/docs/recovery.md", encoding: .utf8)
        let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("By hand\n") })
        return try #require(section.components(separatedBy: "```sh\n").last?.components(separatedBy: "\n```").first)
    }

    @Test func byHandNothingOfOursIsLeftInForceAndLocalAccountsGetIn() throws {
        var key: Credential?
        let sojourn = try SojournHost { host, _ in
            let credential = try host.makeKey()
            try host.makeAccount("resident", authorizedKey: credential)
            key = credential
        }
        defer { sojourn.stop() }
        let host = sojourn.host, resident = try #require(key)
        let shell = try sojourn.openShell("alice")
        let commands = try Self.commands()
        #expect(commands.contains("nsswitch.conf") && commands.contains("sojourn end alice") && commands.contains("/etc/pam.d/*"))
        // There is no systemd here: what it is asked is written down, and done.
        let ran = try host.shell(
            """
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
            systemctl() { echo "$*" >> /tmp/asked; case "$*" in *sojournd*) pkill -x sojournd; esac; }
            set -e
            """ + "\n" + commands, deadline: 90)
        #expect(ran.status == 0, "\(ran)\n\(sojourn.logs)")
        #expect(try host.read("/tmp/asked") == "disable --now sojournd\nreload ssh\n")
        #expect(try host.run("grep", "-rs", "^[^#]*sojourn", "/etc/pam.d", "/etc/nsswitch.conf", "/etc/ssh").stdout == "")
        #expect(try host.must("grep -cE '^(passwd|group):.*files' /etc/nsswitch.conf") == "2\n")
        #expect(shell.client.wait(seconds: 20) != nil)
        #expect(try sojourn.events(about: "alice").contains("lease-end"), "\(sojourn.logs)")
        try host.must("rm -rf /run/sojourn; rm /usr/lib/*/libnss_sojourn.so.2 /usr/lib/*/security/pam_sojourn.so")
        #expect(try host.ssh("resident", resident, "id -un").stdout == "resident\n", "\(sojourn.logs)")
        #expect(try sojourn.login("alice", "echo got-in").status == 255)
        // And once more, as somebody does who is not sure.
        #expect(try host.shell("export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive; sojourn() { :; }; systemctl() { :; }; set -e\n" + commands, deadline: 60).status == 0)
    }
}
