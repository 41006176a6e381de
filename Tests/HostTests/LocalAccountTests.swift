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
}
