import Foundation

/// A Debian with systemd as its first process: logind, `user@` services, lingering, cgroups, ssh.service and sojournd.service are real.
/// `Tests/BootedHost/boot.sh` says how it is made; its base is made once and kept.
final class BootedHost: Host, @unchecked Sendable {
    /// The releases of Debian that are booted: Debian 12, and others where they are asked for (`make test-host`).
    static let suites: [String] = (ProcessInfo.processInfo.environment["SOJOURN_SUITES"] ?? "bookworm").split(separator: " ").map(String.init)

    private let first: ChildProcess
    private var boots = 1

    /// - Parameters:
    ///   - suite: Debian's name for the release.
    ///   - stage: what is installed below that directory is part of the host.
    init(_ suite: String = "bookworm", stage: String) throws {
        guard getuid() == 0 else { throw HostFailure("host tests need root: they boot a container") }
        let scripts = Self.checkout + "/Tests/BootedHost"
        let made = try ChildProcess(["bash", scripts + "/image.sh", suite], input: "").finish(seconds: 1200)
        guard made.succeeded else { throw HostFailure("no base for a booted host: \(made)") }
        let image = made.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
        first = try ChildProcess(["unshare", "--mount", "--propagation", "private", "bash", scripts + "/boot.sh", image, stage, Self.checkout])
        super.init(pid: 0)
        pid = try announced()
    }

    deinit { stop() }

    override func stop() {
        first.closeInput()
        if first.wait(seconds: 10) == nil {
            first.kill(SIGKILL)
            _ = first.wait(seconds: 5)
        }
    }

    /// The number of the first process since the last boot.
    private func announced() throws -> pid_t {
        let process = first
        let wanted = boots
        var lines: [Substring] = []
        let isUp = eventually(60) {
            lines = process.stdout.split(separator: "\n")
            return lines.count >= wanted || !process.isRunning
        }
        guard isUp, lines.count >= wanted, let number = pid_t(lines[wanted - 1]) else { throw HostFailure("the host does not come up: \(process.stderr)") }
        return number
    }

    override func entering(_ command: [String], as user: String?) -> [String] {
        let inside = super.entering(command, as: user)
        guard let end = inside.firstIndex(of: "--") else { return inside }
        // The cgroup of its first process too: what a test starts belongs to no unit of the machine outside.
        return inside[..<end] + ["--cgroup", "--"] + inside[(end + 1)...]
    }

    /// With the machine's own programs, in the host's network.
    override func startBeside(_ command: [String]) throws -> ChildProcess {
        let process = try ChildProcess(["nsenter", "-t", String(pid), "--net", "--"] + command, input: "")
        keep(process)
        return process
    }

    override func outside(_ path: String) -> String { "/proc/\(pid)/root" + path }

    /// Restarts the host in order; its disk stays.
    func reboot() throws {
        boots += 1
        _ = try run("systemctl", "reboot")
        pid = try announced()
    }

    /// Cuts the power: every process is killed at once, and what was not on the disk is gone; then it boots again.
    func cutPower() throws {
        boots += 1
        _ = try run("sh", "-c", "systemctl --force --force reboot")
        pid = try announced()
    }

    /// The journal of one unit.
    func journal(_ unit: String) -> String { (try? run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", unit).stdout) ?? "" }
}
