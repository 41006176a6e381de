import Foundation

/// A booted Debian that knows nothing of Sojourn until its packages are installed, and nothing is set up until somebody does.
final class PackagedHost: InstalledSojourn {
    let host: BootedHost
    let ca: CertificateAuthority
    let policy: PolicyEndpoint
    let suite: String
    var machine: Host { host }

    /// Debian's releases that packages are tested on; `make test` takes the first, `make test-host` all.
    static let suites: [String] = (ProcessInfo.processInfo.environment["SOJOURN_SUITES"] ?? "bookworm").split(separator: " ").map(String.init)

    /// What `make deb` made.
    static func packages() throws -> String {
        guard let place = ProcessInfo.processInfo.environment["SOJOURN_DEBS"] else { throw HostFailure("SOJOURN_DEBS is not set: `make test` sets it to what `make deb` made") }
        return place
    }

    init(_ suite: String) throws {
        self.suite = suite
        host = try BootedHost(suite, stage: "-")
        ca = try host.makeCA()
        policy = try PolicyEndpoint(host)
        try host.prepareSSHD()
        // Groups of this host's that the policy may grant, and somebody who was always there.
        try host.must("groupadd --system dbops; groupadd --system deploy; systemctl restart ssh")
        resident = try host.makeKey()
        try host.makeAccount("resident", authorizedKey: resident)
        try host.must("install -d -m 0700 /root/.ssh; install -m 0600 \"$1.pub\" /root/.ssh/authorized_keys; mkdir -p /root/debs; cp \"$2\"/*.deb /root/debs/", resident.path, Self.packages())
    }

    /// The key of a local account, and of root.
    let resident: Credential

    func stop() { host.stop() }

    // MARK: Packages

    @discardableResult
    func install(_ folder: String = "/root/debs") throws -> Output {
        try host.shell("DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o Dpkg::Use-Pty=0 \"$1\"/*.deb", folder, deadline: 120)
    }

    @discardableResult
    func apt(_ arguments: String) throws -> Output {
        try host.shell("DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 \(arguments)", deadline: 120)
    }

    static let ours = "sojourn libpam-sojourn libnss-sojourn"

    // MARK: Setup

    @discardableResult
    func setUp(_ more: String = "") throws -> Output {
        try host.shell(
            "sojourn setup --ca \"$1.pub\" --policy http://127.0.0.1:8181/access/v1/evaluation --group dbops --group deploy --label environment=production --label role=database --yes \(more)",
            ca.path, deadline: 120)
    }

    func installAndSetUp() throws {
        let installed = try install()
        guard installed.succeeded else { throw HostFailure("\(installed)") }
        let setup = try setUp()
        guard setup.succeeded else { throw HostFailure("\(setup)\n\(logs)") }
    }

    func waitForCandidates(seconds: Double = 20) throws {
        guard try eventually(seconds, { try host.exists("/run/sojourn/nss/candidate") }) else { throw HostFailure("no candidates\n\(logs)") }
    }

    // MARK: What must always hold

    /// Local accounts and root get in; what went wrong otherwise.
    func localsOut() throws -> String {
        var out = ""
        for name in ["root", "resident"] {
            let output = try host.ssh(name, resident, "id -un")
            if output.stdout != "\(name)\n" { out += "\(name): \(output)\n" }
        }
        return out
    }

    /// Every file of the host that belongs to nobody's running state: path, kind, mode, owner, and a digest of those in /etc. Accounts and units too.
    func inventory() throws -> Set<String> {
        let text = try host.must(
            """
            find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /root -o -path /home/visitor \\
                -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd -o -path /var/lib/policy \\
                -o -path /var/lib/private -o -name __pycache__ \\) -prune \\
                -o \\( -path /etc/ld.so.cache -o -path '/etc/*-' -o -path /etc/mtab -o -path /var/lib/logrotate/status -o -path /etc/.pwd.lock -o -path /usr/share/man \\) -prune \\
                -o -printf '%p %y %m %U:%G %l\\n'
            find /etc -xdev -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock -exec sha256sum {} +
            systemctl list-unit-files --no-legend | awk '{ print "unit: " $1, $2 }'
            getent passwd; ls -d /var/log/sojourn 2> /dev/null || true
            """, deadline: 60)
        return Set(text.split(separator: "\n").map(String.init))
    }

    var logs: String {
        """
        --- sojournd
        \(host.journal("sojournd"))
        --- sshd
        \(host.journal("ssh"))
        --- policy endpoint
        \(policy.log.suffix(3000))
        --- audit
        \((try? host.read("/var/log/sojourn/audit.jsonl")) ?? "")
        """
    }
}
