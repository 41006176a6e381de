import Foundation

/// A program on a terminal of the host, at which a test sits: it waits for what is shown, and types.
final class Terminal {
    let process: ChildProcess
    private let line: String
    private let logs: () -> String
    /// How much of ``shown`` has been waited for.
    private var read = 0

    /// - Parameters:
    ///   - user: a local account that sits there; the program is started with its rights, on its terminal. Without it: root.
    ///   - logs: what a failure should show beside the terminal.
    init(_ host: Host, _ command: [String], as user: String? = nil, environment: [String: String] = [:], logs: @escaping () -> String = { "" }) throws {
        line = command.joined(separator: " ")
        self.logs = logs
        let owner = try user.map { try host.must("id -u \"$1\"", $0).trimmingCharacters(in: .newlines) } ?? "0"
        // What `entering` puts before the command changes the identity last: the terminal is root's to make.
        let inside = host.entering(command, as: user)
        guard let end = inside.firstIndex(of: "--") else { throw HostFailure("nothing to start: \(inside)") }
        let driver = ["/usr/bin/python3", "-B", Host.checkout + "/Tests/HostTests/terminal.py", owner]
        process = try ChildProcess(Array(inside[...end]) + driver + inside[(end + 1)...], environment: environment)
        host.keep(process)
    }

    /// All that was shown so far, without carriage returns.
    var shown: String { process.stdout.replacingOccurrences(of: "\r", with: "") }

    /// Waits for `text`, below what was waited for before, and gives what is shown from there to the end of `text`.
    @discardableResult
    func expect(_ text: String, seconds: Double = 20) throws -> String {
        var found: String?
        let came = eventually(seconds) {
            let rest = Array(Array(shown.utf8).dropFirst(read))
            let new = String(decoding: rest, as: UTF8.self)
            guard let range = new.range(of: text) else { return !process.isRunning }
            found = String(new[..<range.upperBound])
            return true
        }
        // It may have been shown between the last look and the end.
        if came, found == nil {
            let new = String(decoding: Array(shown.utf8).dropFirst(read), as: UTF8.self)
            if let range = new.range(of: text) { found = String(new[..<range.upperBound]) }
        }
        guard let found else { throw HostFailure("`\(line)` does not show `\(text)`:\n\(shown)\n\(process.stderr)\n\(logs())") }
        read += found.utf8.count
        return found
    }

    /// Types a line and Enter.
    func type(_ text: String) { process.send(text + "\r") }

    /// ^C
    func interrupt() { process.send("\u{3}") }

    /// ^D
    func endInput() { process.send("\u{4}") }

    /// Runs a command in the shell that is there, or about to be, and gives what it printed.
    @discardableResult
    func run(_ command: String, seconds: Double = 15) throws -> String {
        let mark = String(UInt32.random(in: 0 ... .max))
        // A program that starts a shell may throw away what was typed before. The terminal echoes what is typed; only the
        // shell joins the two halves of a mark.
        let ready = eventually(seconds, pause: 1) {
            type("printf '%s\\n' 'ready'-\(mark)")
            return eventually(0.7) { shown.contains("ready-\(mark)\n") || !process.isRunning }
        }
        guard ready, process.isRunning else { throw HostFailure("`\(line)` gives no shell:\n\(shown)\n\(process.stderr)\n\(logs())") }
        type("printf '%s\\n' 'begin'-\(mark); \(command); printf '%s\\n' 'end'-\(mark)")
        try expect("begin-\(mark)\n", seconds: seconds)
        return String(try expect("end-\(mark)\n", seconds: seconds).dropLast("end-\(mark)\n".count))
    }

    /// Waits for the program's end; nil if it does not come.
    func end(seconds: Double = 20) -> Int32? { process.wait(seconds: seconds) }

    /// Takes the terminal away, as a connection that breaks does.
    func hangUp() {
        process.closeInput()
        _ = process.wait(seconds: 5)
    }
}
