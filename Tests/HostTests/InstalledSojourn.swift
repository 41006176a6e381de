import Foundation

/// A host on which Sojourn is installed and set up: who logs in to it, and what there is of them.
protocol InstalledSojourn: AnyObject {
    var machine: Host { get }
    var ca: CertificateAuthority { get }
    /// All that a failed expectation should show.
    var logs: String { get }
}

extension InstalledSojourn {
    // MARK: People

    /// Logs `name` in with a fresh certificate of its own.
    @discardableResult
    func login(
        _ name: String, _ command: String? = nil, flags: [String] = [], options: [String] = [], input: String = "",
        environment: [String: String] = [:], deadline: Double = 30
    ) throws -> Output {
        try machine.ssh(
            name, ca.certificate(for: name), command, flags: flags, options: options, input: input, environment: environment,
            deadline: deadline)
    }

    /// Logs `name` in and leaves the shell (with a terminal) open.
    func openShell(_ name: String, flags: [String] = ["-tt"], options: [String] = []) throws -> RemoteShell {
        try RemoteShell(
            machine.startSSH(name, ca.certificate(for: name), flags: flags, options: options), name: name, logs: { [unowned self] in logs })
    }

    // MARK: What there is

    /// The uid that the host has given to `name`, from the registry.
    func registeredUID(of name: String) throws -> Int? {
        let line = try machine.must(
            "for f in /var/lib/sojourn/uids/*; do [ \"$(readlink \"$f\")\" = \"$1\" ] && echo \"${f##*/}\"; done; true", name)
        return Int(line.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// The audit log, a line an object.
    func audit() throws -> [[String: Any]] {
        let text = try machine.read("/var/log/sojourn/audit.jsonl") ?? ""
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
        try machine.must(
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
            find /var /tmp /run /dev/shm /home /etc /root -path /root/.cache -prune -o \\( -uid "$uid" -o -gid "$uid" \\) -printf 'file: %p\\n' 2> /dev/null || true
            """, name, try registeredUID(of: name).map(String.init) ?? "", deadline: 120)
    }

    /// Waits for the account to be gone; what is left of it if it does not go.
    func tracesLeft(of name: String, after seconds: Double = 40) throws -> String {
        var left = ""
        _ = try eventually(seconds) {
            left = try traces(of: name)
            return left.isEmpty
        }
        // One look may have taken all of the time on a busy machine.
        return left.isEmpty ? left : try traces(of: name)
    }
}
