import Foundation
import Testing

/// T32: connections that need no shell to be useful.
@Suite struct ConnectionThreatTests {
    private func forwards(_ host: PrivateHost, _ port: Int) throws -> Bool {
        try host.shell("exec 3<> /dev/tcp/127.0.0.1/\(port) && head -c 4 <&3", deadline: 3).stdout == "SSH-"
    }

    @Test func t32EndsTheConnectionThatARefusalLeavesIdle() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let bob = try sojourn.ca.certificate(for: "bob")
        let idle = try host.startSSH("bob", bob, flags: ["-N", "-L", "7001:127.0.0.1:22", "-R", "7002:127.0.0.1:22"])
        #expect(try eventually(15) { try sojourn.policy.exchanges().count >= 1 })
        #expect(try !forwards(host, 7001))
        #expect(try !forwards(host, 7002))
        #expect(idle.wait(seconds: 10) != nil, "ssh -N stays connected after a refusal\n\(sojourn.logs)")
        let master = try host.startSSH("bob", bob, flags: ["-N", "-M", "-S", "/home/visitor/.ssh/bob"])
        #expect(try eventually(15) { try sojourn.policy.exchanges().count >= 2 })
        #expect(try host.ssh("bob", nil, "echo got-in", flags: ["-S", "/home/visitor/.ssh/bob"]).stdout.contains("got-in") == false)
        #expect(master.wait(seconds: 10) != nil, "\(sojourn.logs)")
        #expect(try sojourn.traces(of: "bob").isEmpty)
    }

    @Test func t32EndsMastersAndForwardedPortsWithTheLease() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")
        let path = "/home/visitor/.ssh/alice"
        let master = try host.startSSH(
            "alice", alice, flags: ["-N", "-M", "-S", path, "-L", "7003:127.0.0.1:22", "-R", "7004:127.0.0.1:22", "-L", "/home/visitor/.ssh/forward:/run/nothing"])
        #expect(try eventually(15) { try host.exists(path) }, "\(master.stderr)\n\(sojourn.logs)")
        #expect(try eventually(10) { try forwards(host, 7003) && forwards(host, 7004) }, "\(master.stderr)")
        #expect(try host.run("/usr/sbin/sojourn", "end", "--yes", "alice").succeeded)
        #expect(master.wait(seconds: 15) != nil, "the connection outlives its lease\n\(sojourn.logs)")
        #expect(try !forwards(host, 7003))
        #expect(try !forwards(host, 7004))
        #expect(try host.ssh("alice", nil, "echo got-in", flags: ["-S", path]).stdout.contains("got-in") == false)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }
}
