import Foundation
import Testing

/// A decision that the daemon keeps until it is opened: once, for the process that it was made for, and for nobody else.
@Suite struct HeldDecisionTests {
    /// Runs a Python story with `ask`, `opening(name)` and `hold(name)` at hand; what it prints, line by line.
    private func story(_ host: DaemonHost, _ text: String) throws -> [String] {
        let head = """
            import os, sys, time, types
            sys.path.insert(0, "\(PrivateHost.checkout)/Tests/DaemonTests")
            import login
            ask = login.ask
            options = types.SimpleNamespace(uid=None, local=False, groups="", seconds=600, shell="/bin/bash", root_equivalent="", key_id="somebody")
            def opening(name):
                return {**login.opening(name, options), "subject": {"type": "user", "attributes": [], "extensions": [], "key": "", "authority": ""}}
            def hold(name):
                return ask({**opening(name), "request": "hold"})
            def redeem(reference, name):
                answer = ask({"request": "redeem", "reference": reference, "name": name})
                return answer.get("token") or answer["reply"]
            def child(work):
                pid = os.fork()
                if pid == 0:
                    work()
                    sys.stdout.flush()
                    os._exit(0)
                os.waitpid(pid, 0)

            """
        return try host.host.must("python3 -B -c \"$1\"", head + text).split(separator: "\n").map(String.init)
    }

    /// T11
    @Test func isOpenedOnceByTheProcessThatItWasMadeFor() throws {
        let host = try DaemonHost()
        let said = try story(host, """
            held = hold("alice")
            print(held["reply"], len(held["reference"]), flush=True)
            print(redeem(held["reference"], "alice"), flush=True)
            print(redeem(held["reference"], "alice"), flush=True)
            print(os.path.exists("/run/sojourn/nss/passwd/alice"), flush=True)
            """)
        #expect(said == ["held 32", "opened", "no-reference", "True"])
        #expect(try host.tracesLeft(of: "alice") == "", "the opening belongs to its process, and ends with it")
        #expect(try host.events(of: "alice").starts(with: ["grant", "session-end"]))
    }

    @Test func isNobodyElsesAndNoOtherNames() throws {
        let host = try DaemonHost()
        let said = try story(host, """
            first, second, third = hold("alice")["reference"], hold("bob")["reference"], None
            # Of several names tried in one process the last one counts.
            print(redeem(first, "alice"), flush=True)
            child(lambda: print(redeem(second, "bob"), flush=True))
            # Whoever asked with it has spoilt it.
            print(redeem(second, "bob"), flush=True)
            third = hold("carol")["reference"]
            print(redeem(third, "alice"), redeem(third, "carol"), flush=True)
            print(redeem("0" * 32, "alice"), redeem("", "alice"), redeem("../x", "alice"), flush=True)
            """)
        #expect(said == ["no-reference", "no-reference", "no-reference", "no-reference no-reference", "no-reference no-reference no-reference"])
        #expect(try host.audit().allSatisfy { $0["event"] as? String != "grant" })
    }

    /// Only sshd's child asks for its parent: who else forks gets nothing by it.
    @Test func aParentThatIsNoSSHServerOpensNothing() throws {
        let host = try DaemonHost()
        let said = try story(host, """
            read, write = os.pipe()
            child(lambda: os.write(write, hold("alice")["reference"].encode()))
            print(redeem(os.read(read, 64).decode(), "alice"), flush=True)
            """)
        #expect(said == ["no-reference"])
    }

    @Test func aDaemonThatRestartsHasForgottenIt() throws {
        let host = try DaemonHost()
        let process = try host.host.start(["python3", "-B", "-c", """
            import sys, types
            sys.path.insert(0, "\(PrivateHost.checkout)/Tests/DaemonTests")
            import login
            options = types.SimpleNamespace(uid=None, local=False, groups="", seconds=600, shell="/bin/bash", root_equivalent="", key_id="somebody")
            held = login.ask({**login.opening("alice", options), "request": "hold"})
            print(held["reply"], flush=True)
            sys.stdin.readline()
            print(login.ask({"request": "redeem", "reference": held["reference"], "name": "alice"}).get("token"), flush=True)
            """])
        #expect(eventually(10) { process.stdout.contains("held\n") })
        try host.killDaemon()
        try host.startDaemon()
        process.send("\n")
        #expect(eventually(10) { process.stdout.contains("no-reference\n") }, "\(process.stdout) \(process.stderr)")
    }

    // sudo

    @Test func tellsWhichSessionAProcessBelongsTo() throws {
        let host = try DaemonHost()
        let said = try story(host, """
            answer = ask(opening("alice"))
            uid = login.candidate("alice")
            def credential(uid=uid, name="alice"):
                reply = ask({"request": "credential", "name": name, "uid": uid})
                return reply.get("token") or (reply["session"] == answer["session"])
            print(credential(), flush=True)
            child(lambda: print(credential(), flush=True))
            print(credential(uid + 1), credential(uid, "bob"), flush=True)
            print(ask({"request": "standing", "name": "alice", "uid": uid})["reply"], ask({"request": "standing", "name": "alice", "uid": uid + 1})["reply"],
                ask({"request": "standing", "name": "bob", "uid": uid})["reply"], flush=True)
            """)
        #expect(said == ["True", "True", "which-session which-session", "done refused refused"])
    }

    @Test func aUseOfSudoIsInTheLogBeforeItGoesOnAndOnlyWhileItsSessionLives() throws {
        let host = try DaemonHost()
        let said = try story(host, """
            message = opening("alice")
            session = ask(message)["session"]
            use = {"request": "elevated", "name": "alice", "uid": message["uid"], "local": False, "session": session, "login": message["login"], "credential": message["credential"],
                "decision": message["decision"], "target": "root", "command": {"kind": "command", "program": "/usr/bin/id", "certain": True, "arguments": 1}, "presented": False}
            print(ask(use)["reply"], flush=True)
            with open("/var/log/sojourn/audit.jsonl") as log: print(sum('"elevation"' in line for line in log), flush=True)
            print(ask({**use, "session": "1-nothing"}).get("token"), ask({**use, "uid": 70000}).get("token"), ask({**use, "name": "bob"}).get("token"), flush=True)
            ask({"request": "closed", "session": session})
            print(ask(use).get("token"), flush=True)
            """)
        #expect(said == ["done", "1", "which-session which-session which-session", "which-session"])
        let line = try #require(try host.audit().first { $0["event"] as? String == "elevation" })
        #expect(line["target"] as? String == "root" && line["name"] as? String == "alice" && (line["command"] as? [String: Any])?["program"] as? String == "/usr/bin/id")
    }
}
