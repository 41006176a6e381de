import Foundation
import Testing

/// T26: the end of one session and the same person's next login.
@Suite struct DrainingThreatTests {
    @Test func t26SparesTheNextLoginThatWaitsForTheDraining() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let host = sojourn.host
        let alice = try sojourn.ca.certificate(for: "alice")
        let shell = try sojourn.openShell("alice")
        let uid = try #require(try sojourn.registeredUID(of: "alice"))
        // Something that holds the draining up: many processes, and one of root that bears the person's loginuid and ignores TERM.
        try shell.run("mkdir many; (cd many; seq 3000 | xargs touch); for i in $(seq 40); do setsid nohup sleep 75.5 > /dev/null 2>&1 < /dev/null & done")
        let rooted = try host.start(
            ["bash", "-c", "echo \"$1\" > /proc/self/loginuid; trap '' TERM HUP; echo up; while :; do sleep 0.1; done", "bash", String(uid)], input: "")
        #expect(eventually(5) { rooted.stdout == "up\n" }, "\(rooted.stderr)")
        shell.client.send("exit 0\n")
        let next = try host.startSSH("alice", alice, "id -u; sleep 3; id -un; ls")
        let output = next.finish(seconds: 45)
        #expect(output.stdout == "\(uid)\nalice\n", "the next login is whole, in a new home: \(output)\n\(sojourn.logs)")
        #expect(shell.client.wait(seconds: 10) != nil)
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }

    @Test func t26LetsAPersonInAgainAndAgainWithoutAPause() throws {
        let sojourn = try SojournHost()
        defer { sojourn.stop() }
        let alice = try sojourn.ca.certificate(for: "alice")
        for round in 1...10 {
            let output = try sojourn.host.ssh("alice", alice, "ls; echo \(round) > note; (setsid sleep 76.5 &) > /dev/null 2>&1; id -un")
            // Between two logins without a pause the home may live on or be new; another's session never ends this one.
            #expect(output.stdout == "alice\n" || output.stdout == "note\nalice\n", "round \(round): \(output)\n\(sojourn.logs)")
        }
        let left = try sojourn.tracesLeft(of: "alice")
        #expect(left.isEmpty, "\(left)\n\(sojourn.logs)")
    }
}
