import Foundation

/// A private host on which Sojourn is installed and set up: policy endpoint, daemon and sshd are running, and no account
/// exists for anybody who will log in.
final class SojournHost: InstalledSojourn {
    let host: PrivateHost
    var machine: Host { host }
    let ca: CertificateAuthority
    private(set) var policy: PolicyEndpoint
    private(set) var daemon: ChildProcess?
    private(set) var server: SSHServer?

    /// The directory that `make install DESTDIR=…` filled. Without it there is nothing to test, which is a failure.
    static func stage() throws -> String {
        guard let stage = ProcessInfo.processInfo.environment["SOJOURN_STAGE"], !stage.isEmpty else {
            throw HostFailure("SOJOURN_STAGE is not set: `make test` sets it to what `make install DESTDIR=build/stage` made")
        }
        let path = URL(fileURLWithPath: stage, relativeTo: URL(fileURLWithPath: PrivateHost.checkout + "/")).standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: path + "/usr/sbin/sojournd") else {
            throw HostFailure("SOJOURN_STAGE=\(path) holds no usr/sbin/sojournd: run `make install DESTDIR=build/stage`")
        }
        return path
    }

    /// - Parameters:
    ///   - people: further people of the policy's directory beside its own, all database administrators.
    ///   - prepare: runs after Sojourn is set up and before anything of it starts.
    ///   - started: start the daemon and sshd, and wait until candidates are published.
    init(
        people: [String] = [], started: Bool = true, prepare: (PrivateHost, CertificateAuthority) throws -> Void = { _, _ in }
    ) throws {
        host = try PrivateHost(stage: Self.stage())
        ca = try host.makeCA()
        try host.must("\"$1/packaging/demo/set-up-sojourn.sh\" \"$2.pub\"", PrivateHost.checkout, ca.path)
        try prepare(host, ca)
        policy = try PolicyEndpoint(host, people: people)
        if started {
            try startAll()
        }
    }

    func stop() { host.stop() }

    /// Restarts the policy endpoint with a directory in which these people are missing.
    func restartPolicy(without missing: [String] = []) throws { policy = try policy.restarted(without: missing) }

    // MARK: Daemon

    func startDaemon() throws {
        daemon = try host.start(["/usr/sbin/sojournd"], input: "")
    }

    /// Kills the daemon the hard way, as a crash would.
    /// A tracer goes with it: it would keep what it traces from being waited for.
    func killDaemon() throws {
        try host.must("pkill -KILL -x sojournd; pkill -KILL -x strace || true; while pgrep -r S,R,D,T -x sojournd > /dev/null; do sleep 0.02; done", deadline: 10)
        guard daemon?.wait(seconds: 5) != nil else { throw HostFailure("sojournd survived SIGKILL") }
    }

    func startSSHDOnly(options: [String] = []) throws {
        server = try host.startSSHD(options: options)
    }

    /// Stops the daemon as a debugger would: it is there and does not answer.
    func freezeDaemon() throws { try host.must("pkill -STOP -x sojournd") }

    func thawDaemon() throws {
        try host.must("pkill -CONT -x sojournd")
        daemon?.kill(SIGCONT) // nsenter stops with its child, and does not go on with it
    }

    /// Starts the daemon and sshd where `init` did not.
    func startAll() throws {
        try startSSHDOnly()
        try startDaemon()
        try waitForCandidates()
    }

    func waitForCandidates(seconds: Double = 15) throws {
        guard try eventually(seconds, { try candidatesArePublished }) else { throw HostFailure("no candidates\n\(logs)") }
    }

    var candidatesArePublished: Bool {
        get throws { try host.exists("/run/sojourn/nss/candidate") }
    }

    func applyConfiguration() throws -> Output { try host.run("/usr/sbin/sojourn", "apply") }

    /// All that a failed expectation should show.
    var logs: String {
        """
        --- sojournd
        \(daemon.map { $0.stdout + $0.stderr } ?? "")
        --- sshd
        \(server?.log ?? "")
        --- syslog
        \(host.syslog)
        --- policy endpoint
        \(policy.log)
        --- audit
        \((try? host.read("/var/log/sojourn/audit.jsonl")) ?? "")
        """
    }
}
