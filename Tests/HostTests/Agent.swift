import Foundation

/// An SSH agent of the host: OpenSSH's own, or one that misbehaves.
struct Agent {
    let process: ChildProcess
    /// What SSH_AUTH_SOCK says.
    let path: String

    var environment: [String: String] { ["SSH_AUTH_SOCK": path] }

    /// Numbers of the messages that a misbehaving agent was asked, in their order.
    var requests: [Int] { process.stdout.split(separator: "\n").compactMap { Int($0) } }
}

extension Host {
    /// Starts OpenSSH's agent as a local account, and gives it keys with their certificates.
    /// - Parameter plain: only the keys.
    func startAgent(as user: String, holding credentials: [Credential], plain: Bool = false) throws -> Agent {
        let path = try must("install -d -m 0700 -o \"$1\" -g \"$1\" /tmp/of-$1; mktemp -u /tmp/of-$1/agent.XXXXXX", user).trimmingCharacters(in: .newlines)
        let process = try start(["ssh-agent", "-D", "-a", path], as: user, input: "")
        guard try eventually(10, { try exists(path) }) else { throw HostFailure("no agent: \(process.stderr)") }
        for credential in credentials {
            // A copy: the keys are the visitor's, and an agent takes none that others may read.
            let added = try run(
                ["bash", "-e", "-c",
                    """
                    install -d -m 0700 -o "$3" -g "$3" "$2.keys"
                    for file in "$1" "$1"-cert.pub; do ! [ -e "$file" ] || install -m 0600 -o "$3" -g "$3" "$file" "$2.keys/"; done
                    ! [ "$4" = plain ] || rm -f "$2.keys"/*-cert.pub
                    SSH_AUTH_SOCK=$2 setpriv --reuid "$3" --regid "$3" --clear-groups ssh-add -q "$2.keys/${1##*/}"
                    """, "bash", credential.path, path, user, plain ? "plain" : ""])
            guard added.succeeded else { throw HostFailure("ssh-add: \(added)") }
        }
        return Agent(process: process, path: path)
    }

    /// Starts an agent that misbehaves in a way of `agent.py`.
    func startAgent(as user: String, that mode: String, insteadOf agents: Agent...) throws -> Agent {
        let path = try must("install -d -m 0700 -o \"$1\" -g \"$1\" /tmp/of-$1; mktemp -u /tmp/of-$1/agent.XXXXXX", user).trimmingCharacters(in: .newlines)
        let script = Host.checkout + "/Tests/HostTests/agent.py"
        let process = try start(["/usr/bin/python3", "-B", script, mode, path] + agents.map(\.path), as: user, input: "")
        guard eventually(10, { process.stdout.hasPrefix("listening") || !process.isRunning }), process.isRunning else {
            throw HostFailure("no agent that \(mode): \(process.stderr)")
        }
        return Agent(process: process, path: path)
    }
}
