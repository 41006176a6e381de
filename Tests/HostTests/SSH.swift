import Foundation

/// A running stock sshd.
struct SSHServer: Sendable {
    let process: ChildProcess
    let port: Int
    var log: String { process.stderr }
}

extension Host {
    /// A host key that the visitor knows, and a log that tells.
    func prepareSSHD() throws {
        try makeVisitor()
        try must("""
            if ! [ -e /etc/ssh/ssh_test_key ]; then
                ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_test_key
                printf '* %s\\n' "$(cat /etc/ssh/ssh_test_key.pub)" > /home/visitor/.ssh/known_hosts
                chown visitor: /home/visitor/.ssh/known_hosts
                printf 'HostKey /etc/ssh/ssh_test_key\\nLogLevel VERBOSE\\nMaxStartups 100\\n' > /etc/ssh/sshd_config.d/10-test.conf
                # Tests are refused a lot, all from one address.
                ! /usr/sbin/sshd -T 2> /dev/null | grep -q '^persourcepenalties ' || echo 'PerSourcePenalties no' >> /etc/ssh/sshd_config.d/10-test.conf
            fi
            """)
    }

    /// Starts `/usr/sbin/sshd` with the host's own configuration and waits until it listens.
    /// - Parameters:
    ///   - options: given as `-o`; they win over all settings in files.
    ///   - configuration: another file than `/etc/ssh/sshd_config`.
    func startSSHD(port: Int = 22, options: [String] = [], configuration: String? = nil) throws -> SSHServer {
        try prepareSSHD()
        let process = try start(
            ["/usr/sbin/sshd", "-D", "-e", "-p", String(port)] + (configuration.map { ["-f", $0] } ?? []) + options.flatMap { ["-o", $0] },
            input: "")
        let ready = eventually(15) { process.stderr.contains("Server listening on 0.0.0.0") || !process.isRunning }
        guard ready, process.isRunning else { throw HostFailure("sshd does not listen: \(process.stderr)") }
        return SSHServer(process: process, port: port)
    }

    /// Options that every client of a test has: nothing of this machine's configuration, no question to anybody.
    func clientOptions(_ credential: Credential?, _ options: [String]) -> [String] {
        let identity = credential.map { ["IdentityFile=\($0.path)"] } ?? []
        let all = options + identity + [
            "IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10",
            "UserKnownHostsFile=/home/visitor/.ssh/known_hosts",
        ]
        return ["-F", "none"] + all.flatMap { ["-o", $0] }
    }

    /// Runs the stock client as the account `visitor`; without `command` it asks for a shell, which reads `input`.
    @discardableResult
    func ssh(
        _ user: String, _ credential: Credential?, _ command: String? = nil, flags: [String] = [], options: [String] = [],
        input: String = "", environment: [String: String] = [:], deadline: Double = 30
    ) throws -> Output {
        try run(
            ["ssh"] + clientOptions(credential, options) + flags + ["\(user)@127.0.0.1"] + (command.map { [$0] } ?? []),
            as: "visitor", input: input, environment: environment, deadline: deadline)
    }

    /// Starts the stock client and leaves it running, its standard input open.
    func startSSH(
        _ user: String, _ credential: Credential?, _ command: String? = nil, flags: [String] = [], options: [String] = [],
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try start(
            ["ssh"] + clientOptions(credential, options) + flags + ["\(user)@127.0.0.1"] + (command.map { [$0] } ?? []),
            as: "visitor", environment: environment)
    }

    /// `scp`, whose paths may begin with `NAME@127.0.0.1:`.
    func scp(_ credential: Credential, from: String, to: String, flags: [String] = []) throws -> Output {
        try run(["scp", "-q"] + flags + clientOptions(credential, []) + [from, to], as: "visitor")
    }

    /// `sftp` with its commands read from `batch`.
    func sftp(_ user: String, _ credential: Credential, batch: String, port: Int = 22) throws -> Output {
        try run(
            ["sftp"] + clientOptions(credential, ["Port=\(port)"]) + ["-b", "-", "\(user)@127.0.0.1"], as: "visitor", input: batch)
    }

    /// A local account with a home, as `useradd` makes it; nobody knows its password.
    func makeAccount(_ name: String, authorizedKey: Credential? = nil) throws {
        try must("useradd -m -s /bin/bash -p '*' \"$1\"", name)
        if let authorizedKey {
            try must(
                "install -d -m 0700 -o \"$1\" -g \"$1\" /home/$1/.ssh; install -m 0600 -o \"$1\" -g \"$1\" \"$2.pub\" /home/$1/.ssh/authorized_keys",
                name, authorizedKey.path)
        }
    }
}
