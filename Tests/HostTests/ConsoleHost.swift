import Foundation
import Testing

/// What tests at a console, of su and of sudo ask of a host.
extension InstalledSojourn {
    /// `login` on a terminal, with the name or asking for it.
    func console(_ name: String? = nil) throws -> Terminal {
        try Terminal(machine, ["login"] + (name.map { [$0] } ?? []), logs: { [unowned self] in logs })
    }

    /// A shell of a local account on a terminal.
    func shell(of name: String, environment: [String: String] = [:]) throws -> Terminal {
        try Terminal(machine, ["bash", "--norc", "--noprofile"], as: name, environment: environment, logs: { [unowned self] in logs })
    }

    /// How many refusals of `name` with this token the log has.
    func refusals(of name: String, _ token: String) -> Int {
        (machine.syslog + "\n" + ((try? machine.run("journalctl", "-b", "--no-pager", "-o", "cat", "-t", "login", "-t", "su", "-t", "sudo").stdout) ?? ""))
            .components(separatedBy: "refused \(name): \(token)").count - 1
    }

    /// What the policy was asked about `action`, oldest first.
    func questions(_ policy: PolicyEndpoint, _ action: String) throws -> [[String: Any]] {
        try policy.exchanges().compactMap { $0["request"] as? [String: Any] }.filter { ($0["action"] as? [String: Any])?["name"] as? String == action }
    }

    /// Nobody has come in as `name`: the host knows no such account, and nothing of one is there.
    func expectNobody(_ name: String, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let left = try tracesLeft(of: name, after: 30)
        #expect(left.isEmpty, "\(what): \(left)\n\(logs)", sourceLocation: sourceLocation)
        #expect(try !machine.must("/usr/sbin/sojourn sessions").contains(name), "\(what)", sourceLocation: sourceLocation)
    }
}
