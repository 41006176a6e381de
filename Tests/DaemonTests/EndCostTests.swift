import Foundation
import Testing

/// What an end starts, by what strace(1) saw of the daemon and its children.
@Suite struct EndCostTests {
    @Test func anEndStartsThreeProgramsAndOneLookAtAllProcesses() throws {
        let host = try DaemonHost()
        #expect(try eventually(10) { try host.hasCandidates })
        let login = try host.login("alice")
        try host.host.must("strace -f -qq -e trace=execve,openat -o /root/trace -p $(pgrep -o -x sojournd) > /dev/null 2>&1 & until [ -s /root/trace ]; do sleep 0.05; done")
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        let lines = (try host.host.read("/root/trace") ?? "").split(separator: "\n")
        let started = lines.filter { $0.contains("execve(") }.compactMap { $0.split(separator: "[").dropFirst().first.map(String.init) }
        func programs(_ word: String) -> [String] { started.filter { $0.contains(word) } }
        // The daemon may be looking at the host at the same time, and gets a process ready for the next login.
        #expect(started.count { !$0.contains("\"verify\"") && !$0.contains("\"wait\"") } == 3, "\(started)")
        #expect(programs("\"teardown\", \"alice\"").count == 1 && programs("reaper").count == 1 && programs("\"answers\", \"alice\"").count == 1, "\(started)")
        let worker = try #require(lines.first { $0.contains("\"teardown\", \"alice\"") }?.split(separator: " ").first)
        #expect(lines.count { $0.hasPrefix(worker + " ") && $0.contains("\"/proc\", ") } == 1)
    }
}
