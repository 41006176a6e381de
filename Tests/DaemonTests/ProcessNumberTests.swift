import Foundation
import Testing

/// THREATS T25: a daemon comes back, and a number that it knows is another process's by now (invariant 10).
@Suite struct ProcessNumberTests {
    /// Has the next process of the host get that number; /proc/sys is read-only in a private host, so through a mount of the test's.
    private static let take = """
        mkdir -p /tmp/numbers; mountpoint -q /tmp/numbers || mount -t proc proc /tmp/numbers
        for try in $(seq 200); do
            echo $(($1 - 1)) > /tmp/numbers/sys/kernel/ns_last_pid
            sleep 1000 > /dev/null 2>&1 &
            [ $! = $1 ] && exit 0
            kill $!
            sleep 0.1
        done
        exit 1
        """

    private func loginNumber(_ host: DaemonHost, _ name: String) throws -> Int {
        try #require(try host.sessions().first { $0["name"] as? String == name }?["pid"] as? Int)
    }

    @Test func aNumberThatIsAnotherProcessesIsNeitherWatchedNorEnded() throws {
        let host = try DaemonHost { try $0.must("useradd --create-home resident") }
        let alice = try host.login("alice"), resident = try host.login("resident", "--local", "--uid", "1000")
        #expect(alice.isOpened && resident.isOpened)
        let numbers = try ["alice", "resident"].map { try loginNumber(host, $0) }
        try host.killDaemon()
        for (login, number) in zip([alice, resident], numbers) {
            login.process.kill(SIGKILL)
            #expect(login.process.wait(seconds: 5) != nil)
            let taken = try host.host.run(["bash", "-c", Self.take, "bash", String(number)])
            let running = try host.host.must("ps -eo pid,ppid,pgid,sid,stat,args")
            #expect(taken.succeeded, "\(number): \(taken)\n\(running)")
        }
        try host.startDaemon()
        #expect(try host.tracesLeft(of: "alice") == "")
        #expect(try host.sessions().isEmpty)
        #expect(try host.events(of: "alice") == ["grant", "session-end", "lease-end", "gone"])
        #expect(try host.events(of: "resident") == ["grant", "session-end", "session-cleared"])
        for number in numbers { #expect(try host.host.must("cat /proc/\(number)/comm") == "sleep\n", "it lives") }
    }
}
