import Foundation

/// A private host where the real sojournd runs, set up as an administrator does it, and logins are played before its socket.
final class DaemonHost {
    let host: PrivateHost
    private(set) var daemon: ChildProcess?

    static func stage() throws -> String {
        let given = ProcessInfo.processInfo.environment["SOJOURN_STAGE"] ?? ""
        let path = given.isEmpty ? PrivateHost.checkout + "/build/stage" : given
        guard FileManager.default.fileExists(atPath: path + "/usr/sbin/sojournd") else {
            throw HostFailure("\(path) holds no usr/sbin/sojournd: run `make stage`")
        }
        return path
    }

    init(started: Bool = true, prepare: (PrivateHost) throws -> Void = { _ in }) throws {
        host = try PrivateHost(stage: Self.stage())
        try host.must(
            """
            ssh-keygen -q -t ed25519 -N '' -f /root/ca
            "$1/packaging/demo/set-up-sojourn.sh" /root/ca.pub
            """, PrivateHost.checkout)
        try prepare(host)
        if started { try startDaemon() }
    }

    // MARK: Daemon

    /// Starts it and waits until it answers and its configuration is read.
    func startDaemon() throws {
        let process = try host.start(["/usr/sbin/sojournd"], input: "")
        daemon = process
        guard try eventually(15, { try !process.isRunning || (status()["version"] as? String) != nil && audit().contains { ($0["message"] as? String)?.hasSuffix(" started") == true } }),
            process.isRunning
        else { throw HostFailure("sojournd does not run: \(logs)") }
    }

    func killDaemon() throws {
        try host.must("pkill -KILL -x sojournd; while pgrep -x sojournd > /dev/null; do sleep 0.01; done")
        _ = daemon?.wait(seconds: 5)
    }

    func stopDaemon() throws {
        try host.must("pkill -TERM -x -o sojournd")
        guard daemon?.wait(seconds: 10) == 0 else { throw HostFailure("sojournd does not stop: \(logs)") }
    }

    // MARK: Logins

    static let client = PrivateHost.checkout + "/Tests/DaemonTests/login.py"

    func login(_ name: String, _ options: String...) throws -> Login {
        try Login(host.start(["python3", Self.client, "login", name] + options), name: name)
    }

    /// Asks the daemon something, as root.
    func ask(_ json: String) throws -> [String: Any] {
        let output = try host.run("python3", Self.client, "ask", json)
        guard output.succeeded, let reply = Login.object(output.stdout) else { throw HostFailure("no answer to \(json): \(output)\n\(logs)") }
        return reply
    }

    func status() throws -> [String: Any] {
        let output = try host.run("python3", Self.client, "ask", #"{"request":"status"}"#)
        return Login.object(output.stdout)?["status"] as? [String: Any] ?? [:]
    }

    func sessions() throws -> [[String: Any]] { try ask(#"{"request":"sessions","after":""}"#)["sessions"] as? [[String: Any]] ?? [] }

    // MARK: What there is

    func audit() throws -> [[String: Any]] {
        try (host.read("/var/log/sojourn/audit.jsonl") ?? "").split(separator: "\n").map { line in
            guard let object = Login.object(String(line)) else { throw HostFailure("an audit line is no object: \(line)") }
            return object
        }
    }

    func events(of name: String) throws -> [String] {
        try audit().filter { $0["name"] as? String == name }.compactMap { $0["event"] as? String }
    }

    func uid(of name: String) throws -> Int? {
        let text = try host.must("for f in /var/lib/sojourn/uids/*; do [ \"$(readlink \"$f\")\" = \"$1\" ] && echo \"${f##*/}\"; done; true", name)
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// What is left of a name, a line each; the registry remembers it and is not listed.
    func traces(of name: String) throws -> String {
        try host.must(
            """
            for path in /var/lib/sojourn/home/$1 /var/lib/sojourn/home/.new-$1 /run/sojourn/leases/$1.json* /run/sojourn/nss/*/$1 /run/sojourn/nss/*/${2:-none}; do
                ! [ -e "$path" ] || echo "$path"
            done
            getent passwd "$1" || true
            ls -A /var/lib/sojourn/home 2>/dev/null | grep -e "-${2:-none}-" || true
            [ -n "$2" ] || exit 0
            ps -e -o ruid=,pid=,args= | awk -v uid="$2" '$1 == uid'
            find /tmp /var/tmp /dev/shm /run -xdev -uid "$2" 2>/dev/null || true
            """, name, try uid(of: name).map(String.init) ?? "")
    }

    /// Waits for nothing to be left; what is left if it does not go.
    func tracesLeft(of name: String, after seconds: Double = 40) throws -> String {
        var left = ""
        _ = try eventually(seconds) {
            left = try traces(of: name)
            return left.isEmpty
        }
        return left
    }

    var hasCandidates: Bool { get throws { try host.exists("/run/sojourn/nss/candidate") } }

    var logs: String {
        "--- sojournd\n\(daemon.map { $0.stdout + $0.stderr } ?? "")\n--- audit\n\((try? host.read("/var/log/sojourn/audit.jsonl")) ?? "")"
    }
}

/// A played login: a process of its own in the host that opened, or tried to open, a session.
final class Login {
    let process: ChildProcess
    let name: String
    let reply: [String: Any]

    init(_ process: ChildProcess, name: String, wait seconds: Double = 20) throws {
        self.process = process
        self.name = name
        _ = eventually(seconds) { process.stdout.contains("\n") || !process.isRunning }
        guard let reply = Self.object(String(process.stdout.split(separator: "\n").first ?? "")) else {
            throw HostFailure("the login of \(name) got no answer: \(process.stdout)\(process.stderr)")
        }
        self.reply = reply
    }

    static func object(_ text: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    var isOpened: Bool { reply["reply"] as? String == "opened" }
    var session: String { reply["session"] as? String ?? "" }
    /// The token of the refusal.
    var refusal: String { reply["token"] as? String ?? "" }
    var detail: String { reply["detail"] as? String ?? "" }

    private func order(_ line: String) throws -> [String: Any] {
        let before = process.stdout.split(separator: "\n").count
        process.send(line + "\n")
        guard eventually(10, { process.stdout.split(separator: "\n").count > before }) else { throw HostFailure("no answer to \(line): \(process.stderr)") }
        return Self.object(String(process.stdout.split(separator: "\n")[before])) ?? [:]
    }

    /// `close_session`, and the end of the process, as sshd's monitor ends.
    func close() throws {
        _ = try order("close")
        end()
    }

    func closeSessionOnly() throws -> [String: Any] { try order("close") }

    func end() {
        process.send("end\n")
        _ = process.wait(seconds: 5)
    }

    /// Starts a command with the uid, in a session of its own.
    @discardableResult
    func start(as uid: Int, groups: [Int] = [], _ command: String) throws -> Int {
        try order("as \(uid):\(groups.map(String.init).joined(separator: ",")) \(command)")["pid"] as? Int ?? 0
    }

    /// The same as root, as sudo would: marked as the person's by the login's uid.
    func startAsRoot(_ command: String) throws -> Int { try order("root \(command)")["pid"] as? Int ?? 0 }
}
