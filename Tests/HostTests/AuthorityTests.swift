import Foundation
import Testing

/// Every type of key and of authority that ssh-keygen makes without a device, and authorities with limits of their own,
/// by real logins.
@Suite struct AuthorityTests {
    static let types = [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "3072")]

    private func authority(_ name: String, type: (String, String) = ("ed25519", ""), on host: PrivateHost) throws -> CertificateAuthority {
        let path = "/root/authorities/\(name)"
        try host.must("ssh-keygen -q -t \"$1\" ${2:+-b $2} -N '' -C \"$3\" -f \"$4\"", type.0, type.1, name, path)
        return CertificateAuthority(host: host, path: path)
    }

    /// `[[ca]]` instead of trusted_ca; sshd trusts all of them alike.
    private func trust(_ tables: [(authorities: [CertificateAuthority], limits: String)], on host: PrivateHost) throws {
        var toml = ""
        for (index, table) in tables.enumerated() {
            for authority in table.authorities {
                try host.must("cat \"$1.pub\" >> \"$2\"; cat \"$1.pub\" >> /etc/sojourn/user_ca.pub", authority.path, "/etc/sojourn/ca\(index).pub")
            }
            toml += "[[ca]]\nkey = \"/etc/sojourn/ca\(index).pub\"\n\(table.limits)\n"
        }
        try host.must("sed -i '/^trusted_ca/d' /etc/sojourn/sojourn.toml; : > /etc/sojourn/sojourn.toml.d/authorities.toml")
        try host.write(toml, to: "/etc/sojourn/sojourn.toml.d/authorities.toml", mode: "0600")
    }

    @Test func letsInWithEveryTypeOfKeyByEveryTypeOfAuthority() throws {
        var authorities: [CertificateAuthority] = []
        let sojourn = try SojournHost { host, _ in
            try host.must(": > /etc/sojourn/user_ca.pub")
            authorities = try Self.types.enumerated().map { try authority("ca-\($0.offset)", type: $0.element, on: host) }
            try trust([(authorities, "")], on: host)
        }
        defer { sojourn.stop() }
        for (index, authority) in authorities.enumerated() {
            let type = Self.types[(index + 1) % Self.types.count]
            let key = try sojourn.host.makeKey()
            try sojourn.host.must("rm \"$3\" \"$3.pub\"; ssh-keygen -q -t \"$1\" ${2:+-b $2} -N '' -C '' -f \"$3\"; chown visitor: \"$3\" \"$3.pub\"", type.0, type.1, key.path)
            try authority.sign(key, principals: ["alice"], keyID: "alice@example.com", serial: UInt64(index + 1))
            let output = try sojourn.host.ssh("alice", key, "echo got-in")
            #expect(output.status == 0 && output.stdout.contains("got-in"), "\(Self.types[index]): \(output)\n\(sojourn.logs)")
        }
    }

    @Test func holdsEveryAuthorityToItsLimits() throws {
        var elsewhere: CertificateAuthority?, machines: CertificateAuthority?
        let sojourn = try SojournHost { host, people in
            try host.must(": > /etc/sojourn/user_ca.pub")
            let (far, ci) = (try authority("elsewhere", on: host), try authority("machines", on: host))
            (elsewhere, machines) = (far, ci)
            try trust([
                ([people], "attributes = { teams = \"extension:teams@example.com:json\" }"), ([far], "networks = [\"10.0.0.0/8\"]"),
                ([ci], "kind = \"workload\"\nprincipals = [\"deploy-*\"]\nsubjects = [\"spiffe://example.com/*\"]\nmax_lifetime = \"15m\""),
            ], on: host)
        }
        defer { sojourn.stop() }
        let (far, ci) = (try #require(elsewhere), try #require(machines))

        let told = try sojourn.ca.issue(principals: ["alice"], keyID: "alice@example.com", options: ["extension:teams@example.com=[\"db\",\"web\"]"])
        #expect(try sojourn.host.ssh("alice", told, "echo got-in").stdout.contains("got-in"), "\(sojourn.logs)")
        let asked = try #require(try sojourn.policy.exchanges().last?["request"] as? [String: Any])
        let subject = try #require(asked["subject"] as? [String: Any])
        #expect(subject["type"] as? String == "user")
        #expect((subject["properties"] as? [String: Any])?["teams"] as? [String] == ["db", "web"])

        for (credential, name, rule) in [
            (try far.certificate(for: "carol"), "carol", "certificate-authority-networks"),
            (try ci.certificate(for: "carol", validity: "-1m:+5m"), "carol", "certificate-authority-principals"),
            (try ci.certificate(for: "deploy-bot"), "deploy-bot", "certificate-lifetime"),
            // A machine's authority that says it speaks for a person.
            (try ci.issue(principals: ["deploy-bot"], keyID: "alice@example.com", validity: "-1m:+5m"), "deploy-bot", "certificate-authority-subjects"),
        ] {
            let output = try sojourn.host.ssh(name, credential, "echo got-in")
            #expect(output.status == 254 && !output.stdout.contains("got-in"), "\(rule): \(output)\n\(sojourn.logs)")
            #expect(sojourn.host.syslog.contains("refused \(name): \(rule)"), "\(sojourn.host.syslog)")
        }

        let before = try sojourn.policy.exchanges().count
        let bot = try ci.issue(principals: ["deploy-bot"], keyID: "spiffe://example.com/deploy-bot", validity: "-1m:+5m")
        _ = try sojourn.host.ssh("deploy-bot", bot, "true")
        let exchanges = try sojourn.policy.exchanges()
        try #require(exchanges.count == before + 1, "\(sojourn.logs)")
        let workload = (exchanges.last?["request"] as? [String: Any])?["subject"] as? [String: Any]
        #expect(workload?["type"] as? String == "workload" && workload?["id"] as? String == "spiffe://example.com/deploy-bot")
    }
}
