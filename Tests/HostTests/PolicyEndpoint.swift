import Foundation

/// The Cedar policy endpoint of `Tests/PolicyEndpoint`, running in a private host at 127.0.0.1:8181.
struct PolicyEndpoint {
    private let host: Host
    private let people: [String]
    let process: ChildProcess
    private static let controlPort = 8182
    private static let journal = "/var/log/policy-endpoint.jsonl"

    /// - Parameters:
    ///   - people: further people of the directory, all database administrators.
    ///   - missing: who is not, or no longer, in the directory.
    init(_ host: Host, people: [String] = [], missing: [String] = []) throws {
        self.host = host
        self.people = people
        let folder = PrivateHost.checkout + "/Tests/PolicyEndpoint"
        var directory = try Self.object(Data(contentsOf: URL(fileURLWithPath: folder + "/directory.json")))
        var everybody = directory["people"] as? [String: Any] ?? [:]
        for name in people {
            everybody[name] = ["role": "database-administrator", "department": "data", "employment": "staff"]
        }
        for name in missing { everybody.removeValue(forKey: name) }
        directory["people"] = everybody
        try host.write(
            String(decoding: JSONSerialization.data(withJSONObject: directory), as: UTF8.self), to: "/var/lib/policy/directory.json")
        process = try Self.start(host, folder)
    }

    private static func start(_ host: Host, _ folder: String) throws -> ChildProcess {
        let python = ProcessInfo.processInfo.environment["SOJOURN_PYTHON"] ?? PrivateHost.checkout + "/.venv/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw HostFailure("no \(python): `make test` makes this virtual environment for the policy endpoint")
        }
        let process = try host.startBeside(
            [
                python, "-B", folder + "/policy_endpoint", "--policies", folder + "/policies", "--entities",
                host.outside("/var/lib/policy/directory.json"), "--control-port", String(controlPort), "--log", host.outside(journal),
            ])
        guard eventually(20, { process.stdout.contains("listening on") || !process.isRunning }), process.isRunning else {
            throw HostFailure("the policy endpoint does not start: \(process.stdout)\(process.stderr)")
        }
        return process
    }

    /// Stops, and starts again with a directory in which these people are missing.
    func restarted(without missing: [String] = []) throws -> PolicyEndpoint {
        try stop()
        return try PolicyEndpoint(host, people: people, missing: missing)
    }

    /// Answers wrongly from now on, in one of the modes that `Tests/PolicyEndpoint` lists; `none` ends it.
    func misbehave(_ mode: String, options: [String: Any] = [:]) throws {
        var document = options
        document["mode"] = mode
        _ = try control("/misbehave", document)
    }

    /// Approves or denies the access requests that wait; how many there were.
    func settle(_ verdict: String, seconds: Int = 3600) throws -> Int {
        let answer = try control("/requests", ["verdict": verdict, "seconds": seconds])
        return try Self.object(Data((answer.components(separatedBy: "\r\n\r\n").last ?? "").utf8))["settled"] as? Int ?? -1
    }

    private func control(_ path: String, _ document: [String: Any]) throws -> String {
        let body = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        let answer = try host.must("""
            exec 3<> /dev/tcp/127.0.0.1/\(Self.controlPort)
            printf 'POST \(path) HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s' "${#1}" "$1" | cat >&3
            cat <&3
            """, body, deadline: 60)
        guard answer.hasPrefix("HTTP/1.1 200") else { throw HostFailure("\(path) \(body): \(answer)") }
        return answer
    }

    /// Answers every question with this document.
    func answer(_ json: [String: Any]) throws { try misbehave("custom", options: ["json": json]) }

    /// Requests and answers so far, oldest first.
    func exchanges() throws -> [[String: Any]] {
        try log.split(separator: "\n").map { try Self.object(Data($0.utf8)) }
    }

    /// The journal's text.
    var log: String { (try? host.read(Self.journal)) ?? "" }

    /// Nobody listens on the endpoint's port from now on.
    func stop() throws {
        process.kill(SIGKILL)
        let gone = try eventually(5) { try !host.shell("exec 3<> /dev/tcp/127.0.0.1/8181").succeeded }
        guard gone else { throw HostFailure("the policy endpoint survived SIGKILL") }
    }

    private static func object(_ data: Data) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw HostFailure("no object: \(String(decoding: data, as: UTF8.self))")
        }
        return object
    }
}
