import Foundation
import Testing

/// The daemon's look at all processes of a host that has many.
@Suite struct ProcessLookTests {
    /// What a look did, from the first process to the last, as strace(1) saw it.
    private func looks(_ trace: String) -> [[Substring]] {
        let lines = trace.split(separator: "\n")
        let begins = lines.indices.filter { lines[$0].contains("\"/proc/1/status\"") }
        return zip(begins, begins.dropFirst()).map { Array(lines[$0..<$1]) }
    }

    /// Who comes or goes waits for a part of the look, and not for all of it.
    @Test func takesLoginsBetweenTwoPartsOfALookAndReadsOneFileOfAProcess() throws {
        let host = try DaemonHost()
        let crowd = try host.host.start(["python3", "-c", """
            import os, time
            for _ in range(1500):
                if os.fork() == 0:
                    time.sleep(600)
                    os._exit(0)
            print("here", flush=True)
            time.sleep(600)
            """])
        #expect(eventually(20) { crowd.stdout.contains("here") })
        // What has begun in the last three seconds is looked at each second besides.
        Thread.sleep(forTimeInterval: 4)
        try host.host.must("strace -qq -e trace=openat,accept4 -o /root/trace -p $(pgrep -o -x sojournd) > /dev/null 2>&1 & until [ -s /root/trace ]; do sleep 0.05; done")
        func whole() throws -> [[Substring]] { try looks(host.host.read("/root/trace") ?? "").filter { $0.count { $0.contains("/status\"") } > 1400 } }
        func isTaken(_ look: [Substring]) -> Bool {
            guard let at = look.firstIndex(where: { $0.hasPrefix("accept4(") && !$0.contains("EAGAIN") }) else { return false }
            return look[..<at].contains { $0.contains("/status\"") } && look[at...].contains { $0.contains("/status\"") }
        }
        #expect(try eventually(40) {
            try host.login("alice").close()
            return try whole().contains(where: isTaken)
        }, "\(host.logs)")
        let look = try #require(try whole().last)
        let crowded = Set(try host.host.must("pgrep -P $(pgrep -o -f 'range.1500')").split(separator: "\n"))
        var files: [Substring: Int] = [:]
        for line in look {
            let parts = line.split(separator: "\"")
            if parts.count > 1, parts[1].hasPrefix("/proc/") { files[parts[1].split(separator: "/")[1], default: 0] += 1 }
        }
        let read = crowded.compactMap { files[$0] }
        #expect(read.count >= 1400 && read.allSatisfy { $0 == 1 }, "\(read.max() ?? 0)")
    }

    /// Numbers of processes go up, so that what begins while a look is under way would be the last that it comes upon.
    @Test func looksAtWhatHasJustBegunBeforeItsTurn() throws {
        let host = try DaemonHost()
        let crowd = try host.host.start(["python3", "-c", "import os, time\nfor _ in range(1500):\n    if os.fork() == 0:\n        time.sleep(600)\nprint('here', flush=True); time.sleep(600)"])
        #expect(eventually(20) { crowd.stdout.contains("here") })
        try host.host.must("strace -qq -e trace=openat -o /root/trace -p $(pgrep -o -x sojournd) > /dev/null 2>&1 & until [ -s /root/trace ]; do sleep 0.05; done")
        func numbers(_ look: [Substring]) -> [Int] {
            look.compactMap { line in
                let parts = line.split(separator: "\"")
                return parts.count > 1 && parts[1].hasPrefix("/proc/") && parts[1].hasSuffix("/status") ? Int(parts[1].split(separator: "/")[1]) : nil
            }
        }
        #expect(try eventually(60) {
            let intruder = try host.host.start(["setpriv", "--reuid", "70111", "--regid", "70111", "--clear-groups", "bash", "-c", "echo $$; exec sleep 300"])
            guard intruder.wait(seconds: 30) == 137, let pid = Int(intruder.stdout.trimmingCharacters(in: .whitespacesAndNewlines)) else { return false }
            return try looks((host.host.read("/root/trace") ?? "") + "\"/proc/1/status\"\n").contains { look in
                let seen = numbers(look)
                guard let at = seen.firstIndex(of: pid) else { return false }
                return seen[at...].contains { $0 < pid - 10 }
            }
        }, "\(host.logs)")
    }

    /// What is not of this host's people costs nothing more; what is has no other way to be found (invariant 1).
    @Test func findsAProcessBehindAThousandOthersAlsoOneThatShowsAnotherUser() throws {
        let host = try DaemonHost()
        let crowd = try host.host.start(["python3", "-c", "import os, time\nfor _ in range(1000):\n    if os.fork() == 0:\n        time.sleep(600)\nprint('here', flush=True); time.sleep(600)"])
        #expect(eventually(20) { crowd.stdout.contains("here") })
        // The real one alone, and the saved one alone: what runs by somebody's setuid copy, and what was started by one.
        let scripts = ["os.setresuid(70111, 33, 33)", "os.setresuid(33, 33, 70112)", "os.setresuid(70113, 0, 0)", "os.setresuid(70114, 70114, 70114)"]
        let intruders = try scripts.map { try host.host.start(["python3", "-c", "import os, time; os.setresgid(33, 33, 33); \($0); time.sleep(600)"]) }
        for intruder in intruders { #expect(intruder.wait(seconds: 30) == 137, "\(host.logs)") }
        #expect(Set(try host.audit().filter { $0["event"] as? String == "intruder" }.compactMap { $0["uid"] as? Int }) == [70111, 70112, 70113, 70114])
        #expect(crowd.isRunning)
    }
}
