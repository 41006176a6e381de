import Foundation

/// A private host on which Sojourn is installed and set up: policy endpoint, daemon and sshd are running, and no account
/// exists for anybody who will log in.
final class SojournHost {
    let host: PrivateHost
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

    // MARK: Daemon

    func startDaemon() throws {
        daemon = try host.start(["/usr/sbin/sojournd"], input: "")
    }

    /// Kills the daemon the hard way, as a crash would.
    func killDaemon() throws {
        try host.must("pkill -KILL -x sojournd; while pgrep -r S,R,D,T -x sojournd > /dev/null; do sleep 0.02; done", deadline: 10)
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

    // MARK: People

    /// Logs `name` in with a fresh certificate of its own.
    @discardableResult
    func login(
        _ name: String, _ command: String? = nil, flags: [String] = [], options: [String] = [], input: String = "",
        environment: [String: String] = [:], deadline: Double = 30
    ) throws -> Output {
        try host.ssh(
            name, ca.certificate(for: name), command, flags: flags, options: options, input: input, environment: environment,
            deadline: deadline)
    }

    /// Logs `name` in and leaves the shell (with a terminal) open.
    func openShell(_ name: String, flags: [String] = ["-tt"], options: [String] = []) throws -> RemoteShell {
        try RemoteShell(
            host.startSSH(name, ca.certificate(for: name), flags: flags, options: options), name: name, logs: { [unowned self] in logs })
    }

    // MARK: What there is

    /// The uid that the host has given to `name`, from the registry.
    func registeredUID(of name: String) throws -> Int? {
        let line = try host.must(
            "for f in /var/lib/sojourn/uids/*; do [ \"$(readlink \"$f\")\" = \"$1\" ] && echo \"${f##*/}\"; done; true", name)
        return Int(line.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// The audit log, a line an object.
    func audit() throws -> [[String: Any]] {
        let text = try host.read("/var/log/sojourn/audit.jsonl") ?? ""
        return try text.split(separator: "\n").map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw HostFailure("audit line is no object: \(line)")
            }
            return object
        }
    }

    /// Audit lines that name `name`.
    func audit(about name: String) throws -> [[String: Any]] {
        try audit().filter { $0.values.contains { $0 as? String == name } }
    }

    /// What happened to `name`: `grant`, `refusal`, `session-end`, `lease-end` …
    func events(about name: String) throws -> [String] {
        try audit(about: name).map { $0["event"] as? String ?? "an event without a name" }
    }

    /// What is left of `name` on the host, a line each; empty when the account is gone without a trace.
    /// The uid registry is meant to remember it, and is not listed.
    func traces(of name: String) throws -> String {
        try host.must(
            """
            name=$1; uid=$2
            getent passwd "$name" | sed 's/^/passwd by name: /'
            getent group "$name" | sed 's/^/group by name: /'
            for path in /var/lib/sojourn/home/$name /run/sojourn/leases/$name.json /run/sojourn/nss/*/$name /run/sojourn/nss/*/${uid:-none}; do
                ! [ -e "$path" ] || echo "$path"
            done
            [ -n "$uid" ] || exit 0
            getent passwd "$uid" | sed 's/^/passwd by uid: /'
            getent group "$uid" | sed 's/^/group by gid: /'
            ps -e -o ruid=,euid=,pid=,ppid=,stat=,args= | awk -v uid="$uid" '$1 == uid || $2 == uid { print "process: " $0 }'
            find /var /tmp /run /dev/shm /home /etc /root \\( -uid "$uid" -o -gid "$uid" \\) -printf 'file: %p\\n' 2> /dev/null || true
            """, name, try registeredUID(of: name).map(String.init) ?? "")
    }

    /// Waits for the account to be gone; what is left of it if it does not go.
    func tracesLeft(of name: String, after seconds: Double = 15) throws -> String {
        var left = ""
        _ = try eventually(seconds) {
            left = try traces(of: name)
            return left.isEmpty
        }
        return left
    }

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

/// An interactive login whose terminal a test types on.
struct RemoteShell {
    let client: ChildProcess
    let name: String
    private let logs: () -> String

    init(_ client: ChildProcess, name: String, logs: @escaping () -> String) throws {
        self.client = client
        self.name = name
        self.logs = logs
        _ = try run("true")
    }

    /// Types a command and gives what it printed, without carriage returns.
    /// - Throws: `HostFailure` when the shell does not answer in time.
    @discardableResult
    func run(_ command: String, seconds: Double = 15) throws -> String {
        let mark = String(UInt32.random(in: 0 ... .max))
        // The terminal echoes what is typed; only the shell joins the two halves of the marks.
        client.send("printf '%s\\n' 'begin'-\(mark); \(command); printf '%s\\n' 'end'-\(mark)\n")
        guard eventually(seconds, { client.stdout.contains("end-\(mark)\r\n") || !client.isRunning }) else {
            throw HostFailure("\(name)'s shell does not answer to `\(command)`: \(client.stdout)\n\(client.stderr)\n\(logs())")
        }
        let text = client.stdout.replacingOccurrences(of: "\r", with: "")
        guard let begin = text.range(of: "begin-\(mark)\n"),
            let end = text.range(of: "end-\(mark)\n", range: begin.upperBound..<text.endIndex)
        else { throw HostFailure("\(name) has no shell: \(client.stdout)\n\(client.stderr)\n\(logs())") }
        return String(text[begin.upperBound..<end.lowerBound])
    }

    /// Ends the shell as a person does; the client's exit status.
    @discardableResult
    func exit() -> Int32? {
        client.send("exit 0\n")
        return client.wait(seconds: 15)
    }
}
