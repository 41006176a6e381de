import Foundation
import Testing

/// The harness against sshd and a local account without Sojourn: what fails here is not Sojourn's fault.
@Suite struct StockSSHTests {
    @Test func logsALocalAccountInWithKeyTerminalAndCopies() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let key = try host.makeKey()
        try host.makeAccount("resident", authorizedKey: key)
        let server = try host.startSSHD()
        let output = try host.ssh("resident", key, "id -un; exit 3")
        #expect(output.status == 3, "\(output) \(server.log)")
        #expect(output.stdout == "resident\n")

        let shell = try host.startSSH("resident", key, flags: ["-tt"])
        shell.send("tty; echo size-$((40 + 2))\n")
        #expect(eventually(10) { shell.stdout.contains("/dev/pts/") && shell.stdout.contains("size-42") }, "\(shell.stdout)")
        shell.send("exit\n")
        #expect(shell.wait(seconds: 10) == 0)

        try host.write("copied\n", to: "/home/visitor/file")
        #expect(try host.scp(key, from: "/home/visitor/file", to: "resident@127.0.0.1:there").succeeded)
        #expect(try host.sftp("resident", key, batch: "get there /tmp/back\n").succeeded)
        #expect(try host.read("/tmp/back") == "copied\n")
        #expect(try host.ssh("nobody-here", key, "true").status == 255)
    }

    @Test func logsInWithACertificateOnlyWhereSSHDTrustsTheAuthority() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let ca = try host.makeCA(), foreign = try host.makeCA("foreign")
        try host.makeAccount("resident")
        let server = try host.startSSHD(options: ["TrustedUserCAKeys=\(ca.path).pub"])
        let good = try host.ssh("resident", ca.certificate(for: "resident"), "true")
        #expect(good.succeeded, "\(good) \(server.log)")
        #expect(try host.ssh("resident", foreign.certificate(for: "resident"), "true").status == 255)
        #expect(try host.ssh("resident", ca.certificate(for: "resident", validity: "-2h:-1h"), "true").status == 255)
        #expect(try host.ssh("resident", ca.certificate(for: "another"), "true").status == 255)
        #expect(server.log.contains("Certificate invalid: expired"))
        #expect(host.syslog.contains("pam_unix(sshd:session)"), "\(host.syslog)")
    }

    @Test func givesLoginsTheirLoginuid() throws {
        let host = try PrivateHost()
        defer { host.stop() }
        let key = try host.makeKey()
        try host.makeAccount("resident", authorizedKey: key)
        _ = try host.startSSHD()
        let output = try host.ssh("resident", key, "cat /proc/self/loginuid; echo; id -u")
        let lines = output.stdout.split(separator: "\n")
        #expect(lines.count == 2 && lines.first == lines.last, "\(output)")
    }
}
