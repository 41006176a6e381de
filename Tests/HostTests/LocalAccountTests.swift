import Foundation
import Testing

/// Accounts that exist anyway are not touched, whatever state Sojourn is in.
@Suite struct LocalAccountTests {
    /// A host with the local account `resident`, who has a plain key, as has root.
    private func host(started: Bool = true) throws -> (SojournHost, Credential) {
        var key: Credential?
        let sojourn = try SojournHost(started: started) { host, _ in
            let credential = try host.makeKey()
            try host.makeAccount("resident", authorizedKey: credential)
            try host.must("install -d -m 0700 /root/.ssh; install -m 0600 \"$1.pub\" /root/.ssh/authorized_keys", credential.path)
            key = credential
        }
        return (sojourn, try #require(key))
    }

    private func expectUntouched(_ sojourn: SojournHost, _ key: Credential, _ state: String) throws {
        for name in ["resident", "root"] {
            let began = ContinuousClock.now
            let output = try sojourn.host.ssh(name, key, "id -un; id -Gn")
            #expect(output.stdout == "\(name)\n\(name)\n", "\(state): \(output)\n\(sojourn.logs)")
            #expect(output.stderr == "", "\(state)")
            #expect(ContinuousClock.now - began < .seconds(5), "\(state): slow")
        }
    }

    @Test func logsLocalAccountsInWithPlainKeysInEveryState() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        try expectUntouched(sojourn, key, "all up")
        #expect(try sojourn.policy.exchanges().isEmpty, "a local account's plain key is nobody's business")
        try sojourn.policy.misbehave("silent")
        try expectUntouched(sojourn, key, "endpoint silent")
        try sojourn.policy.stop()
        try expectUntouched(sojourn, key, "endpoint down")
        try sojourn.killDaemon()
        try expectUntouched(sojourn, key, "daemon killed")
        try host.must("rm /run/sojourn/config.json")
        try expectUntouched(sojourn, key, "configuration gone")
        try host.write("{ this is no JSON", to: "/run/sojourn/config.json", mode: "0600")
        try expectUntouched(sojourn, key, "configuration damaged")
        try host.must("rm -rf /run/sojourn")
        try expectUntouched(sojourn, key, "/run/sojourn gone")
        try host.must("rm /usr/lib/*/libnss_sojourn.so.2")
        try expectUntouched(sojourn, key, "NSS module gone")
        #expect(try host.getent("passwd", "resident")?.contains("/home/resident") == true)
        #expect(try host.exists("/home/resident/.ssh/authorized_keys"))
    }

    @Test func logsLocalAccountsInWhenTheConfigurationNeverWasGood() throws {
        let (sojourn, key) = try host(started: false)
        defer { sojourn.stop() }
        try sojourn.host.write("[certificate\n trusted_ca = 7\n", to: "/etc/sojourn/sojourn.toml", mode: "0600")
        try sojourn.startSSHDOnly()
        try sojourn.startDaemon()
        Thread.sleep(forTimeInterval: 1)
        #expect(try !sojourn.candidatesArePublished)
        try expectUntouched(sojourn, key, "broken configuration from the start")
        #expect(try sojourn.login("alice", "echo got-in").status == 255)
    }

    /// With a certificate the policy may grant it groups, for the session: shown beside its own, and gone with it.
    @Test func grantsALocalAccountGroupsForTheSession() throws {
        let (sojourn, key) = try host()
        defer { sojourn.stop() }
        let host = sojourn.host
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["dbops"]]]])
        try host.must("echo before > /home/resident/note; chown resident: /home/resident/note")
        let account = "sha256sum /etc/passwd /etc/group /etc/shadow /home/resident/note; ls -A /home /var/lib/sojourn/home 2>&1 || true"
        let before = try host.must(account)
        func start(_ seconds: String) -> String { "(setsid nohup sleep \(seconds) > /dev/null 2>&1 < /dev/null &);" }
        func sleeping() throws -> Set<String> { Set(try host.must("pgrep -u resident -a -x sleep || true").split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }) }
        #expect(try host.ssh("resident", key, start("96.1") + " id -Gn").stdout == "resident\n")
        let shell = try sojourn.openShell("resident")
        #expect(try shell.run(start("96.2") + " id -Gn; id -Gn resident") == "resident dbops\nresident dbops\n", "\(sojourn.logs)")
        // A plain key meanwhile: names have groups, sessions have not, so it gets them too, and loses them with the session.
        #expect(try host.ssh("resident", key, start("96.3") + " id -Gn").stdout == "resident dbops\n")
        #expect(try sleeping() == ["96.1", "96.2", "96.3"])
        #expect(try host.must("/usr/sbin/sojourn sessions").contains("dbops"))
        #expect(shell.exit() == 0)
        #expect(try eventually(20) { try sleeping() == ["96.1"] }, "\((try? sleeping()) ?? [])\n\(sojourn.logs)")
        #expect(try host.ssh("resident", key, "id -Gn").stdout == "resident\n")
        #expect(try sojourn.audit(about: "resident").contains { $0["event"] as? String == "session-cleared" && $0["withdrawn_gids"] != nil }, "\(sojourn.logs)")
        // What the host does not let be granted.
        for group in ["adm", "root", "sojourn"] {
            try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": [group]]]])
            #expect(try sojourn.login("resident", "echo got-in").status == 254, "\(group)")
        }
        #expect(try host.must(account) == before)
        #expect(try host.read("/run/sojourn/nss/member/resident") == nil)

        // In /etc/group already: that stays what it is, and so do its processes.
        try sojourn.policy.answer(["decision": true, "context": ["host_grant": ["groups": ["dbops"]]]])
        let certificate = try sojourn.ca.certificate(for: "resident").path + "-cert.pub"
        let explained = try host.must("/usr/sbin/sojourn explain resident --certificate \(certificate) --from 127.0.0.1")
        #expect(explained.contains("groups dbops") && !explained.contains("anyway"), "\(explained)")
        try host.must("usermod -aG dbops resident")
        #expect(try host.must("/usr/sbin/sojourn explain resident --certificate \(certificate) --from 127.0.0.1").contains("in group dbops anyway"))
        #expect(try sojourn.login("resident", start("96.4") + " id -Gn").stdout == "resident dbops\n", "\(sojourn.logs)")
        let ends = try sojourn.audit(about: "resident").filter { $0["event"] as? String == "session-cleared" }.count
        #expect(try sojourn.login("resident", "true").succeeded)
        #expect(try eventually(20) { try sojourn.audit(about: "resident").filter { $0["event"] as? String == "session-cleared" }.count > ends }, "\(sojourn.logs)")
        #expect(try sleeping() == ["96.1", "96.4"], "\((try? sleeping()) ?? [])\n\(sojourn.logs)")
    }
}
