import Foundation

/// An interactive login whose terminal a test types on.
struct RemoteShell {
    let client: ChildProcess
    let name: String
    private let logs: () -> String

    init(_ client: ChildProcess, name: String, logs: @escaping () -> String) throws {
        self.client = client
        self.name = name
        self.logs = logs
        _ = try run("true")
    }

    /// Types a command and gives what it printed, without carriage returns.
    /// - Throws: `HostFailure` when the shell does not answer in time.
    @discardableResult
    func run(_ command: String, seconds: Double = 15) throws -> String {
        let mark = String(UInt32.random(in: 0 ... .max))
        // The terminal echoes what is typed; only the shell joins the two halves of the marks.
        client.send("printf '%s\\n' 'begin'-\(mark); \(command); printf '%s\\n' 'end'-\(mark)\n")
        guard eventually(seconds, { client.stdout.contains("end-\(mark)\r\n") || !client.isRunning }) else {
            throw HostFailure("\(name)'s shell does not answer to `\(command)`: \(client.stdout)\n\(client.stderr)\n\(logs())")
        }
        let text = client.stdout.replacingOccurrences(of: "\r", with: "")
        guard let begin = text.range(of: "begin-\(mark)\n"),
            let end = text.range(of: "end-\(mark)\n", range: begin.upperBound..<text.endIndex)
        else { throw HostFailure("\(name) has no shell: \(client.stdout)\n\(client.stderr)\n\(logs())") }
        return String(text[begin.upperBound..<end.lowerBound])
    }

    /// Ends the shell as a person does; the client's exit status.
    @discardableResult
    func exit() -> Int32? {
        client.send("exit 0\n")
        return client.wait(seconds: 15)
    }
}
