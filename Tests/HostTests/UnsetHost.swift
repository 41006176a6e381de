import Foundation

/// A host on which Sojourn is installed and not set up, with all that `sojourn setup` is given: an authority, an endpoint, a group that may
/// be granted; and with a local account and root, who log in with keys of their own.
class UnsetMachine: InstalledSojourn {
    static let endpoint = "http://127.0.0.1:8181/access/v1/evaluation"
    let machine: Host
    let ca: CertificateAuthority
    let policy: PolicyEndpoint
    private let key: Credential

    init(_ machine: Host) throws {
        self.machine = machine
        try machine.prepareSSHD()
        ca = try machine.makeCA()
        policy = try PolicyEndpoint(machine)
        key = try machine.makeKey()
        try machine.makeAccount("resident", authorizedKey: key)
        try machine.must("""
            groupadd --system dbops
            install -d -m 0700 /root/.ssh; install -m 0600 "$1.pub" /root/.ssh/authorized_keys
            """, key.path)
    }

    func stop() { machine.stop() }
    var logs: String { "--- policy endpoint\n\(policy.log)\n--- audit\n\((try? machine.read("/var/log/sojourn/audit.jsonl")) ?? "")" }

    func setup(_ flags: String..., policy: String = endpoint, before: [String] = []) throws -> Output {
        try machine.run(before + ["/usr/sbin/sojourn", "setup", "--ca", ca.path + ".pub", "--policy", policy, "--group", "dbops", "--label", "environment=production",
            "--label", "role=database"] + flags, deadline: 150)
    }

    func undo(_ flags: String..., before: [String] = []) throws -> Output {
        try machine.run(before + ["/usr/sbin/sojourn", "setup", "--undo", "--yes"] + flags, deadline: 150)
    }

    /// Every file, link and mode in /etc, but for what setup leaves there for good, and the copies and locks that groupadd(8) keeps for itself.
    func etc() throws -> String {
        try machine.must("""
            find /etc \\( -path /etc/sojourn -o -name 'group-' -o -name 'gshadow-' -o -name '.pwd.lock' \\) -prune -o -printf '%M %u:%g %p %l\\n' | sort
            find /etc -path /etc/sojourn -prune -o -type f ! -name 'group-' ! -name 'gshadow-' -print0 | sort -z | xargs -0 sha256sum
            """)
    }

    /// Both, through the sshd that listens, with nothing of Sojourn's.
    func expectLocalLogins(_ when: String = "") throws {
        for name in ["root", "resident"] {
            let output = try machine.ssh(name, key, "id -un")
            guard output.stdout == name + "\n" else { throw HostFailure("\(name) cannot log in \(when): \(output)\n\(logs)") }
        }
    }
}

/// With systemd.
final class UnsetHost: UnsetMachine {
    init() throws {
        let host = try BootedHost(stage: SojournHost.stage())
        try super.init(host)
        try host.must("systemctl daemon-reload; systemctl restart ssh", deadline: 60)
    }

    override var logs: String { ["sojournd", "ssh"].map { "--- \($0)\n" + ((machine as? BootedHost)?.journal($0) ?? "") }.joined() + super.logs }
}

/// Without.
final class UnsetPrivateHost: UnsetMachine {
    private var server: SSHServer?

    init() throws {
        try super.init(try PrivateHost(stage: SojournHost.stage()))
        server = try machine.startSSHD()
    }

    override var logs: String { "--- sshd\n\(server?.log ?? "")--- syslog\n\(machine.syslog)" + super.logs }
}
