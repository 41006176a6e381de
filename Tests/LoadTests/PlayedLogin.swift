/// What one login of the driver's came to.
struct PlayedLogin: CustomStringConvertible {
    let name: String
    let pid: Int
    let phase: String
    let code: Int
    let milliseconds: Int
    /// The uid before it was opened, and after; -1: none.
    let heard: Int
    let open: Int
    /// What the session's shell printed of itself.
    let seen: String
    /// What the person was told.
    let told: String

    init?(_ line: String) {
        let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 10, words[0] == "login", let pid = Int(words[2]), let code = Int(words[4]), let milliseconds = Int(words[5]), let heard = Int(words[6]),
            let open = Int(words[7])
        else { return nil }
        name = words[1]
        self.pid = pid
        phase = words[3]
        self.code = code
        self.milliseconds = milliseconds
        self.heard = heard
        self.open = open
        seen = words[8]
        told = words[9]
    }

    var description: String { "\(name) \(pid) \(phase) \(code) \(milliseconds) ms \(heard) \(open) [\(seen)] [\(told)]" }

    var isIn: Bool { phase == "open_session" && code == 0 }
    /// sshd's NSS knew nobody of that name: while the daemon has not looked at the host yet, names without an account get no further.
    var isUnknown: Bool { phase == "unknown" || code == 10 }
    /// It was told to go, with a sentence.
    var isRefused: Bool { !isIn && told.contains("Sojourn: \(name) is not let in: ") }

    /// The name's last session was still being cleaned up, or the host's sources had not answered, when it had waited for as long as anybody waits.
    var waitedTooLong: Bool {
        isRefused && (told.contains("your last session is still being cleaned up") || told.contains("a source of names on this host does not answer"))
    }

    /// The session is the person's: one number in all that it sees, its own groups, its own home.
    var isWhole: Bool {
        isIn && heard == open && open >= 65536 && seen.hasPrefix("uid=\(open)(\(name)) gid=\(open)(\(name)) groups=\(open)(\(name)),")
            && seen.contains("(sojourn)") && seen.contains("(dbops)") && seen.hasSuffix(" /var/lib/sojourn/home/\(name) mine ")
    }
}

extension [PlayedLogin] {
    /// Milliseconds of the one in the middle, and of the longest.
    var times: String {
        let all = map(\.milliseconds).sorted()
        return all.isEmpty ? "none" : "median \(all[all.count / 2]) ms, longest \(all[all.count - 1]) ms"
    }
    var wrong: [PlayedLogin] { filter { !$0.isWhole } }
}
