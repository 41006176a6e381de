import Foundation

/// What became of a program that ran to its end.
struct Output: Sendable, CustomStringConvertible {
    /// Exit status; 128 + N after signal N, as shells say it.
    var status: Int32
    var stdout: String
    var stderr: String
    /// The deadline passed and the program was killed.
    var timedOut: Bool

    var succeeded: Bool { status == 0 && !timedOut }

    var description: String {
        "\(timedOut ? "killed at its deadline" : "status \(status)")\n--- stdout\n\(stdout)\n--- stderr\n\(stderr)"
    }
}

struct HostFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A program started by a test.
///
/// What it prints goes to files that have no name, not through pipes: a process that it leaves behind then cannot keep
/// the test waiting for the end of a stream, and nobody has to read while it runs.
final class ChildProcess: @unchecked Sendable {
    let pid: pid_t
    private let out: Int32
    private let err: Int32
    private let lock = NSLock()
    private var input: Int32
    private var ended: Int32?

    /// Starts `command` (absolute path or found in the usual directories), in a session of its own, with `input` as all of
    /// its standard input; without `input` the stream stays open until ``closeInput()``.
    init(_ command: [String], input text: String? = nil, environment: [String: String] = [:]) throws {
        out = try Self.unnamedFile()
        err = try Self.unnamedFile()
        var ends: [Int32] = [-1, -1]
        // A socket, because it can be made close-on-exec in one step: a copy of this end in another child would keep
        // hosts alive that should die with the test runner.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw HostFailure("socketpair: \(String(cString: strerror(errno)))")
        }
        input = ends[0]
        defer { close(ends[1]) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_adddup2(&actions, out, 1)
        posix_spawn_file_actions_adddup2(&actions, err, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let newSession: Int16 = 0x80 // POSIX_SPAWN_SETSID, spawn.h: defined for GNU sources only
        posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)

        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
            "TERM": "xterm",
            // Standard input is a socket, from which bash concludes that it was started by a remote shell daemon, and reads ~/.bashrc
            // first (bash(1), INVOCATION), unless it is not the first shell.
            "SHLVL": "1",
        ]
        variables.merge(environment) { _, new in new }
        var arguments = command.map { strdup($0) } + [nil]
        var assignments = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + assignments).forEach { free($0) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, command[0], &actions, &attributes, &arguments, &assignments)
        guard failure == 0 else { throw HostFailure("\(command[0]): \(String(cString: strerror(failure)))") }
        pid = child
        if let text {
            send(text)
            closeInput()
        }
    }

    deinit {
        kill(SIGKILL)
        _ = wait(seconds: 5)
        closeInput()
        close(out)
        close(err)
    }

    /// A file without a name: `O_TMPFILE` is not among the constants that Swift imports.
    private static func unnamedFile() throws -> Int32 {
        let path = "/tmp/sojourn-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw HostFailure("\(path): \(String(cString: strerror(errno)))") }
        unlink(path)
        return file
    }

    var stdout: String { Self.contents(of: out) }
    var stderr: String { Self.contents(of: err) }

    private static func contents(of file: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            // pread: the offset is shared with the child that writes.
            let count = pread(file, &buffer, buffer.count, off_t(bytes.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }

    func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let file = lock.withLock { input }
            guard file >= 0 else { return }
            let count = rest.withUnsafeBytes { Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func closeInput() {
        lock.withLock {
            if input >= 0 { close(input) }
            input = -1
        }
    }

    /// Signals the program and what it started in its session's first process group, unless it has been waited for.
    func kill(_ signal: Int32) {
        lock.withLock {
            guard ended == nil else { return }
            Glibc.kill(-pid, signal)
            Glibc.kill(pid, signal)
        }
    }

    var isRunning: Bool { status() == nil }

    /// Exit status as in ``Output/status``; nil while it runs.
    private func status() -> Int32? {
        lock.withLock {
            if let ended { return ended }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) != 0 else { return nil }
            ended = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + raw & 0x7f
            return ended
        }
    }

    /// Waits for the end; nil if it did not come in time.
    func wait(seconds: Double) -> Int32? {
        eventually(seconds, pause: 0.01) { self.status() != nil } ? status() : nil
    }

    /// Waits for the end and kills at the deadline.
    func finish(seconds: Double) -> Output {
        let first = wait(seconds: seconds)
        if first == nil { kill(SIGKILL) }
        let status = first ?? wait(seconds: 5) ?? -1
        return Output(status: status, stdout: stdout, stderr: stderr, timedOut: first == nil)
    }
}

/// Asks again and again, at distances that grow from 2 ms to `pause` seconds, until `condition` holds; false if it did not in time.
func eventually(_ seconds: Double, pause longest: Double = 0.05, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    var pause = 0.002
    while true {
        if try condition() { return true }
        guard ContinuousClock.now < end else { return false }
        Thread.sleep(forTimeInterval: pause)
        pause = min(pause * 1.5, longest)
    }
}
