import Foundation

/// This machine's own Debian with every directory that a login may write laid over or made anew, in namespaces of its own:
/// mounts, processes, network, host name, IPC. `packaging/demo/private-host.sh` is its first process and says how it is made.
///
/// There is no systemd in it: ``BootedHost`` has one.
final class PrivateHost: Host, @unchecked Sendable {
    private let first: ChildProcess

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
        super.init(pid: number)
    }

    deinit { stop() }

    override func stop() {
        first.closeInput()
        if first.wait(seconds: 5) == nil {
            kill(pid, SIGKILL)
            first.kill(SIGKILL)
            _ = first.wait(seconds: 5)
        }
    }
}
