import Foundation

/// A booted host on which Sojourn is installed and set up: sojournd and sshd are units of systemd, and every login has a session of logind's.
final class BootedSojourn: InstalledSojourn {
    let host: BootedHost
    let ca: CertificateAuthority
    let policy: PolicyEndpoint
    var machine: Host { host }

    init(suite: String = "bookworm", people: [String] = [], prepare: (BootedHost) throws -> Void = { _ in }) throws {
        host = try BootedHost(suite, stage: SojournHost.stage())
        ca = try host.makeCA()
        try host.must("\"$1/packaging/demo/set-up-sojourn.sh\" \"$2.pub\"", Host.checkout, ca.path)
        try prepare(host)
        policy = try PolicyEndpoint(host, people: people)
        try host.prepareSSHD()
        try host.must("systemctl daemon-reload; systemctl enable --quiet --now sojournd; systemctl restart ssh", deadline: 60)
        try waitForCandidates()
    }

    func stop() { host.stop() }

    func waitForCandidates(seconds: Double = 20) throws {
        guard try eventually(seconds, { try host.exists("/run/sojourn/nss/candidate") }) else { throw HostFailure("no candidates\n\(logs)") }
    }

    var logs: String {
        """
        --- sojournd
        \(host.journal("sojournd"))
        --- sshd
        \(host.journal("ssh"))
        --- logind
        \(host.journal("systemd-logind"))
        --- policy endpoint
        \(policy.log)
        --- audit
        \((try? host.read("/var/log/sojourn/audit.jsonl")) ?? "")
        """
    }
}
