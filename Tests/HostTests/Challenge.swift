import Foundation

/// What a prompt of Sojourn's shows to be signed elsewhere.
struct Challenge {
    /// The line that is signed, with a newline.
    let line: String
    /// The command that the prompt shows for a machine with stock OpenSSH.
    let command: String

    /// The last challenge in what a terminal showed.
    init(in shown: String) throws {
        guard let command = shown.split(separator: "\n").last(where: { $0.contains("echo 'sojourn-1 ") }),
            let begin = command.range(of: "sojourn-1 "), let end = command.range(of: "'", range: begin.upperBound..<command.endIndex)
        else { throw HostFailure("no challenge is shown:\n\(shown)") }
        line = String(command[begin.lowerBound..<end.lowerBound])
        self.command = command.trimmingCharacters(in: .whitespaces)
    }

    /// Names and values, in their order.
    var members: [(name: String, value: String)] {
        line.split(separator: " ").dropFirst().map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
        }
    }

    subscript(name: String) -> String? { members.first { $0.name == name }?.value }

    /// The same line with another value.
    func changed(_ name: String, to value: String) -> String {
        "sojourn-1 " + members.map { "\($0.name)=\($0.name == name ? value : $0.value)" }.joined(separator: " ")
    }
}

extension Host {
    /// The answer to a challenge, made with the very command that the prompt shows, where the certificate is.
    func answer(_ challenge: Challenge, with credential: Credential) throws -> String {
        let command = challenge.command.replacingOccurrences(of: "~/.ssh/id_ed25519-cert.pub", with: credential.path + "-cert.pub")
        let output = try run(["bash", "-c", command], as: "visitor")
        let answer = output.stdout.trimmingCharacters(in: .newlines)
        guard output.succeeded, !answer.isEmpty, !answer.contains("\n") else { throw HostFailure("\(command): \(output)") }
        return answer
    }

    /// An armoured signature of any line, by `ssh-keygen -Y sign`.
    /// - Parameter file: what is given to `-f`; without it the certificate.
    func signature(of line: String, with credential: Credential, namespace: String = "sojourn", file: String? = nil) throws -> String {
        let output = try run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", file ?? credential.path + "-cert.pub"], as: "visitor", input: line + "\n")
        guard output.succeeded else { throw HostFailure("ssh-keygen -Y sign: \(output)") }
        return output.stdout
    }

    /// The same without armour, in one line.
    func answer(to line: String, with credential: Credential, namespace: String = "sojourn", file: String? = nil) throws -> String {
        try signature(of: line, with: credential, namespace: namespace, file: file).split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
    }
}
