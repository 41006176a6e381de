import Foundation

/// A host in namespaces of its own: programs run in it, files are written in it, and what it knows is asked of it.
///
/// It ends with ``stop()``, with the last reference, and with the test runner, however that dies.
class Host: @unchecked Sendable {
    /// The first process of the host, by the number that the machine outside knows. A reboot gives it another.
    var pid: pid_t
    private let lock = NSLock()
    private var background: [ChildProcess] = []

    /// The top of the checkout; the host sees it under the same name, read-only.
    static let checkout = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    init(pid: pid_t) { self.pid = pid }

    func stop() {}

    /// `command` as it must be started outside to run inside.
    func entering(_ command: [String], as user: String?) -> [String] {
        var line = ["nsenter", "-t", String(pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--"]
        if let user {
            // The visitor by number: its clients must start also where a test has broken the host's name sources.
            let identity = user == "visitor" ? ["--reuid", "2000", "--regid", "2000", "--clear-groups"] : ["--reuid", user, "--regid", user, "--init-groups"]
            line += ["setpriv"] + identity + ["env", "HOME=/home/\(user)", "USER=\(user)"]
        }
        return line + command
    }

    /// Runs a program in the host, as root or as a local account, and waits for its end.
    @discardableResult
    func run(
        _ command: [String], as user: String? = nil, input: String = "", environment: [String: String] = [:],
        deadline: Double = 30
    ) throws -> Output {
        try ChildProcess(entering(command, as: user), input: input, environment: environment).finish(seconds: deadline)
    }

    @discardableResult
    func run(_ command: String..., deadline: Double = 30) throws -> Output { try run(command, deadline: deadline) }

    /// Runs a bash script; `$1` … are `arguments`.
    @discardableResult
    func shell(_ script: String, _ arguments: String..., as user: String? = nil, deadline: Double = 30) throws -> Output {
        try run(["bash", "-c", script, "bash"] + arguments, as: user, deadline: deadline)
    }

    /// A step of a test's preparation: its failure is thrown.
    @discardableResult
    func must(_ script: String, _ arguments: String..., as user: String? = nil, deadline: Double = 30) throws -> String {
        let output = try run(["bash", "-e", "-c", script, "bash"] + arguments, as: user, deadline: deadline)
        guard output.succeeded else { throw HostFailure("\(script): \(output)") }
        return output.stdout
    }

    /// Starts a program in the host that runs until it is killed or the host stops.
    func start(
        _ command: [String], as user: String? = nil, input: String? = nil, environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let process = try ChildProcess(entering(command, as: user), input: input, environment: environment)
        keep(process)
        return process
    }

    /// Starts a program that belongs to the test and not to the host, where the host's own loopback reaches it.
    func startBeside(_ command: [String]) throws -> ChildProcess { try start(command, input: "") }

    /// What `startBeside` programs call a file of the host.
    func outside(_ path: String) -> String { path }

    func keep(_ process: ChildProcess) { lock.withLock { background.append(process) } }

    // MARK: Files

    func write(_ text: String, to path: String, mode: String = "0644") throws {
        let output = try run(
            ["bash", "-e", "-c", "mkdir -p \"${1%/*}\"; rm -f \"$1\"; (umask 077; cat > \"$1\"); chmod \"$2\" \"$1\"", "bash", path, mode],
            input: text)
        guard output.succeeded else { throw HostFailure("writing \(path): \(output)") }
    }

    /// The file's text; nil if there is none.
    func read(_ path: String) throws -> String? {
        let output = try run(["cat", path])
        return output.succeeded ? output.stdout : nil
    }

    func exists(_ path: String) throws -> Bool { try run(["test", "-e", path]).status == 0 }

    // MARK: What the host knows

    /// The line that NSS gives for `key` in `database`; nil if it knows none.
    func getent(_ database: String, _ key: String) throws -> String? {
        let output = try run(["getent", database, key])
        switch output.status {
        case 0: return output.stdout.trimmingCharacters(in: .newlines)
        case 2: return nil
        default: throw HostFailure("getent \(database) \(key): \(output)")
        }
    }

    /// Processes, by the host's own numbers, whose real, effective, saved or filesystem uid is `uid`.
    func processes(of uid: Int) throws -> [Int] {
        let list = try must(
            "ps -e -o ruid=,euid=,suid=,fsuid=,pid= | awk -v uid=\"$1\" '$1 == uid || $2 == uid || $3 == uid || $4 == uid { print $5 }'",
            String(uid))
        return list.split(separator: "\n").compactMap { Int($0) }
    }

    /// What went to syslog.
    var syslog: String { (try? read("/var/log/private-host.log")) ?? "" }
}
