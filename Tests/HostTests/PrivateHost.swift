import Foundation

/// This machine's own Debian with every directory that a login may write laid over or made anew, in namespaces of its own:
/// mounts, processes, network, host name, IPC. `packaging/demo/private-host.sh` is its first process and says how it is made.
///
/// It ends with ``stop()``, with the last reference, and with the test runner, however that dies.
final class PrivateHost: @unchecked Sendable {
    /// The first process of the host, by the number that the machine outside knows.
    let pid: pid_t
    private let first: ChildProcess
    private let lock = NSLock()
    private var background: [ChildProcess] = []

    /// The top of the checkout; the host sees it under the same name, read-only.
    static let checkout = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Makes a host; with `stage`, what is installed below that directory is part of it.
    /// - Throws: `HostFailure` with what the script said.
    init(stage: String? = nil) throws {
        guard getuid() == 0 else { throw HostFailure("host tests need root: they make mount namespaces and run sshd") }
        first = try ChildProcess([
            "unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private",
            "bash", Self.checkout + "/packaging/demo/private-host.sh", stage ?? "-", Self.checkout,
        ])
        let process = first
        let ready = eventually(20) { process.stdout.hasSuffix("\n") || !process.isRunning }
        guard ready, let number = pid_t(process.stdout.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            process.kill(SIGKILL)
            throw HostFailure("no private host: \(process.stderr)")
        }
        pid = number
    }

    deinit { stop() }

    func stop() {
        first.closeInput()
        if first.wait(seconds: 5) == nil {
            kill(pid, SIGKILL)
            first.kill(SIGKILL)
            _ = first.wait(seconds: 5)
        }
    }

    /// `command` as it must be started outside to run inside.
    private func entering(_ command: [String], as user: String?) -> [String] {
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
        lock.withLock { background.append(process) }
        return process
    }

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
