import Foundation
import Testing

/// What the daemon watches: the way into the host, its uids, and who speaks to it.
@Suite struct WatchfulnessTests {
    @Test func publishesCandidatesOnlyWhileTheHostIsSetUp() throws {
        let host = try DaemonHost()
        #expect(try eventually(10) { try host.hasCandidates }, "\(host.logs)")
        #expect(try host.status()["candidates_withheld"] == nil)
        try host.host.must("cp /etc/pam.d/sshd /root/sshd.pam; sed -i '/pam_sojourn/d' /etc/pam.d/sshd")
        #expect(try eventually(10) { try !host.hasCandidates })
        #expect(try (host.status()["candidates_withheld"] as? [String])?.isEmpty == false)
        try host.host.must("cp /root/sshd.pam /etc/pam.d/sshd")
        #expect(try eventually(10) { try host.hasCandidates })
        // A directory that is put in the place of another is watched too.
        try host.host.must("cp -a /etc/pam.d /etc/pam.new; mv /etc/pam.d /etc/pam.old; mv /etc/pam.new /etc/pam.d")
        Thread.sleep(forTimeInterval: 1)
        try host.host.must("sed -i '/pam_sojourn/d' /etc/pam.d/sshd")
        #expect(try eventually(10) { try !host.hasCandidates })
    }

    @Test func withoutItsGroupNothingIsPublishedOrOpened() throws {
        let host = try DaemonHost()
        #expect(try eventually(10) { try host.hasCandidates })
        try host.host.must("groupdel sojourn")
        #expect(try eventually(10) { try !host.hasCandidates })
        #expect(try host.login("alice").refusal == "not-ready")
    }

    /// T1
    @Test func killsProcessesOfItsUidsThatHaveNoLease() throws {
        let host = try DaemonHost()
        let login = try host.login("alice")
        let uid = try #require(try host.uid(of: "alice"))
        try login.close()
        #expect(try host.tracesLeft(of: "alice") == "")
        let registered = try host.host.start(["setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", "sleep", "300"])
        let unregistered = try host.host.start(["setpriv", "--reuid", "70111", "--regid", "70111", "--clear-groups", "sleep", "300"])
        #expect(registered.wait(seconds: 6) == 137)
        #expect(unregistered.wait(seconds: 6) == 137)
        #expect(try host.audit().filter { $0["event"] as? String == "intruder" }.count == 2)
        // Another source's user with a number of the range is not ours to kill, nor an ordinary user.
        try host.host.must("useradd -M -u 70222 other; useradd -M plain")
        let other = try host.host.start(["setpriv", "--reuid", "70222", "--regid", "70222", "--clear-groups", "sleep", "300"])
        let plain = try host.host.start(["setpriv", "--reuid", "plain", "--regid", "plain", "--clear-groups", "sleep", "300"])
        Thread.sleep(forTimeInterval: 3)
        #expect(other.isRunning && plain.isRunning)
    }

    /// T20
    @Test func anUnprivilegedClientGetsNothing() throws {
        let host = try DaemonHost { host in try host.must("useradd -m mallory; usermod -aG sojourn mallory") }
        let login = try host.login("alice")
        #expect(login.isOpened)
        for command in [
            "python3 \(DaemonHost.client) ask '{\"request\":\"status\"}'", "cat /run/sojourn/leases/alice.json", "ls /run/sojourn/leases",
            "cat /run/sojourn/config.json", "ls /run/sojourn/waiting", "cat /var/log/sojourn/audit.jsonl", "ls /var/lib/sojourn/home/alice",
            "ls /var/lib/sojourn/home", "touch /run/sojourn/nss/passwd/mallory", "rm -f /run/sojourn/sojournd.sock",
        ] {
            let output = try host.host.run(["setpriv", "--reuid", "mallory", "--regid", "mallory", "--init-groups", "bash", "-c", command])
            #expect(output.status != 0, "\(command): \(output)")
            #expect(output.stdout == "", "\(command)")
        }
        #expect(try host.sessions().count == 1)
    }

    @Test func garbageGetsASentenceAndNeverEndsTheDaemon() throws {
        let host = try DaemonHost()
        let packets = ["00", "7b", "5b5d", "7b7d", "ff" + String(repeating: "fe", count: 400),
            Data(#"{"version":2,"request":"status"}"#.utf8).map { String(format: "%02x", $0) }.joined(),
            Data(#"{"version":1,"request":"open"}"#.utf8).map { String(format: "%02x", $0) }.joined(),
            Data(#"{"version":1,"request":"end","target":5,"reason":""}"#.utf8).map { String(format: "%02x", $0) }.joined()]
        for packet in packets {
            let output = try host.host.run(["python3", DaemonHost.client, "raw", packet])
            #expect(output.stdout.contains(#""reply":"failed""#), "\(packet.prefix(40)): \(output)")
        }
        let huge = try host.host.run(["bash", "-c", "python3 \(DaemonHost.client) raw $(head -c 70000 /dev/zero | od -An -v -tx1 | tr -d ' \\n' | head -c 120000)"])
        #expect(huge.status != 0 || huge.stdout.contains("closed") || huge.stdout.contains("failed"))
        #expect(try host.daemon?.isRunning == true && host.status()["pid"] != nil)
    }

    @Test func aConnectionThatSaysNothingIsClosedAndHoldsNobodyUp() throws {
        let host = try DaemonHost()
        let silent = try host.host.start(["python3", DaemonHost.client, "silent"])
        let flood = try host.host.start(["python3", DaemonHost.client, "flood", "400"])
        #expect(eventually(10) { flood.stdout.contains("held") })
        #expect(try host.login("alice").isOpened)
        #expect(silent.wait(seconds: 8) == 0)
        let told = try #require(Login.object(silent.stdout))
        #expect(told["got"] as? String == "")
        #expect((told["seconds"] as? Double ?? 0) > 4)
    }

    @Test func refusedLoginsAreWrittenDownEscapedAndTheirConnectionEnds() throws {
        let host = try DaemonHost { host in try host.must("cp -L /usr/bin/python3 /usr/sbin/played-sshd; sed -i '/^labels/a candidate_programs = [\"/usr/sbin/sshd\", \"/usr/sbin/played-sshd\"]' /etc/sojourn/sojourn.toml") }
        let message = #"{"request":"refused","name":"ali\u001b[2Jce","local":false,"login":{"service":"sshd","tty":"ssh","remote":"192.0.2.1"},"token":"policy-denied","detail":"a\nb"}"#
        let script = "import sys, time; sys.argv=['login.py','ask',sys.argv[1]]; exec(open('\(DaemonHost.client)').read()); time.sleep(60)"
        let connection = try host.host.start(["/usr/sbin/played-sshd", "-c", script, message])
        #expect(connection.wait(seconds: 8) == 143)
        let line = try #require(try host.audit().first { $0["event"] as? String == "refusal" })
        #expect(line["name"] as? String == #"ali\x1b[2Jce"#)
        #expect(line["message"] as? String == #"refused ali\x1b[2Jce: a\x0ab"#)
        #expect(line["reason"] as? String == "policy-denied")
        // A program that is no sshd is left alone.
        let other = try host.host.start(["python3", "-c", script, message])
        Thread.sleep(forTimeInterval: 4)
        #expect(other.isRunning)
    }

    @Test func manyReloadsAndManyChangesDoNotPileUp() throws {
        let host = try DaemonHost()
        #expect(try eventually(10) { try host.hasCandidates })
        try host.host.must("for i in $(seq 200); do touch /etc/pam.d/sshd; pkill -HUP -x sojournd; done")
        Thread.sleep(forTimeInterval: 1)
        let children = try host.host.must("pgrep -c -P $(pgrep -o -x sojournd) || true")
        #expect((Int(children.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 99) <= 3)
        #expect(try eventually(10) { try host.hasCandidates })
        #expect(try host.login("alice").isOpened)
    }
}
