import Foundation

/// A process that plays many logins: `Tests/LoadDriver/main.c` says what it can be told.
final class LoadDriver {
    private let process: ChildProcess
    private var linesRead = 0
    /// Milliseconds that it said at its last order's end.
    private(set) var lastFigure = -1
    /// Logins so far, descriptors and KiB of the driver itself, after a `serial`.
    private(set) var samples: [[Int]] = []

    init(_ process: ChildProcess) { self.process = process }

    /// Gives an order and waits until `count` logins have said what became of them, and `word` was said if there is one.
    @discardableResult
    func order(_ text: String, logins count: Int = 0, until word: String? = nil, seconds: Double = 120) throws -> [PlayedLogin] {
        send(text)
        return try answers(logins: count, until: word, seconds: seconds)
    }

    func send(_ text: String) { process.send(text + "\n") }

    func answers(logins count: Int, until word: String? = nil, seconds: Double = 120) throws -> [PlayedLogin] {
        var lines: [Substring] = []
        let done = eventually(seconds) {
            lines = Array(process.stdout.split(separator: "\n").dropFirst(linesRead))
            return lines.count { $0.hasPrefix("login\t") } >= count && (word == nil || lines.contains { $0.hasPrefix(word! + " ") }) || !process.isRunning
        }
        guard done, process.isRunning else { throw HostFailure("the driver said \(lines.count) lines: \(lines.last ?? "") \(process.stderr)") }
        linesRead += lines.count
        if let word { lastFigure = lines.last { $0.hasPrefix(word + " ") }.flatMap { Int($0.split(separator: " ")[1]) } ?? -1 }
        samples = lines.filter { $0.hasPrefix("sample ") }.map { $0.split(separator: " ").dropFirst().compactMap { Int($0) } }
        return lines.compactMap { PlayedLogin(String($0)) }
    }

    func hasSaid(_ word: String) -> Bool { process.stdout.contains("\n\(word) ") }

    func closeAll() throws { try order("close", until: "closed") }
}
