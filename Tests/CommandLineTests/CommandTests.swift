import Foundation
import Testing

@Suite("The command line says what it does, and ends with the documented status")
struct CommandTests {
  @Test func helpAndVersionAreForEverybody() throws {
    let ran = try PrivateRoot.run("""
      $S --version; echo "status $?"; $S --help; echo "status $?"; $S; echo "status $?"
      setpriv --reuid 65534 --clear-groups $S --help >/dev/null; echo "status $?"
      """)
    #expect(ran.output.components(separatedBy: "status 0\n").count == 5, "\(ran.output)\(ran.errors)")
    for word in ["check", "apply", "sessions", "who", "end", "status", "explain", "sign", "Exit status: 0 done"] { #expect(ran.output.contains(word)) }
  }

  @Test("wrong usage is status 64", arguments: ["bogus", "apply now", "sessions --yaml", "end", "end 'a b'", "end \"$(printf 'a\\033b')\"", "explain", "explain alice", "explain alice --certificate /x --from nowhere", "end x --reason \"$(printf 'a\\nb')\"", "status x", "who", "who 'a b'", "who 99999999999", "who 1 --at yesterday", "who 1 --at 2026-11-21", "end x --wait -1", "end x --wait 90000", "sign --key /x --agent x", "sign --key '' x", "sign --json x"])
  func isWrongUsage(_ call: String) throws {
    let ran = try PrivateRoot.run("$S \(call); echo \"status $?\"")
    #expect(ran.output == "status 64\n" && !ran.errors.isEmpty, "\(ran.output)\(ran.errors)")
  }

  @Test("without root there is a sentence", arguments: ["check", "apply", "apply --check", "sessions", "sessions --watch", "status", "end x --yes", "who 65536", "explain alice --certificate /x"])
  func needsRoot(_ call: String) throws {
    let ran = try PrivateRoot.run("setpriv --reuid 65534 --regid 65534 --clear-groups $S \(call); echo \"status $?\"")
    #expect(ran.output == "status 1\n" && ran.errors.contains("must be run as root"), "\(ran.output)\(ran.errors)")
  }

  @Test("without the daemon the status is 3", arguments: ["sessions", "sessions --json", "status", "status --json", "end alice --yes"])
  func needsTheDaemon(_ call: String) throws {
    let ran = try PrivateRoot.run("$S \(call); echo \"status $?\"")
    #expect(ran.output == "status 3\n" && ran.errors.contains("sojournd does not answer"), "\(ran.output)\(ran.errors)")
  }

  @Test func checkTellsEverythingAndItsStatus() throws {
    let ran = try PrivateRoot.run("$S check; echo \"status $?\"; $S check --json >/run/json; echo \"status $?\"; cat /run/json")
    let parts = ran.output.components(separatedBy: "status 1\n")
    #expect(parts.count == 3, "\(ran.output)\(ran.errors)")
    #expect(parts[0].contains("ok      /etc/sojourn/sojourn.toml: can be read, and every value is right\n"))
    #expect(parts[0].contains("problem /etc/nsswitch.conf: the line 'passwd:' does not name sojourn\n          -> add sojourn at the end"))
    #expect(parts[0].contains("problem sojournd: sojournd does not answer"))
    #expect(!parts[0].contains("\u{1B}"))
    let json = try #require(try JSONSerialization.jsonObject(with: Data(parts[2].utf8)) as? [String: Any])
    #expect(json["ready"] as? Bool == false && json["version"] as? Int == 1 && (json["findings"] as? [[String: String]])?.isEmpty == false)
  }

  @Test func checkOfAFaultyConfigurationStillLooksAtTheHostAsPublished() throws {
    let ran = try PrivateRoot.run("$S apply --from-daemon; echo '[x]' >/etc/sojourn/sojourn.toml.d/x.toml; $S check; echo \"status $?\"; rm /run/sojourn/config.json; $S check")
    #expect(ran.output.contains("problem /etc/sojourn/sojourn.toml.d/x.toml:1: unknown table [x]"))
    #expect(ran.output.contains("nsswitch.conf") && ran.output.contains("status 1\n") && ran.output.contains("problem host: was not looked at"))
  }
}

/// A daemon that says what it is told to, for what the real one cannot be brought to say.
@Suite("What the daemon says is shown as it is meant")
struct DaemonAnswerTests {
  static func daemon(_ answers: String) -> String {
    """
    mkdir -p /run/sojourn
    cat >/run/daemon.py <<'END'
    import json, os, socket
    def session(i, **more):
        s = {"session": "1%03d" % i, "name": "alice", "uid": 65536 + i, "local": False, "state": "active", "pid": 7, "login": {"service": "sshd", "tty": "ssh", "remote": "192.0.2.1"},
             "key_id": "k", "break_glass": False, "groups": ["dbops"], "opened": 1800000000, "expires": 4000000000}
        s.update(more)
        return s
    def answer(q):
    \(answers.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.umask(0o177)
    s.bind("/run/sojourn/sojournd.sock")
    s.listen(8)
    open("/run/ready", "w").close()
    while True:
        c, _ = s.accept()
        q = c.recv(65536)
        if q:
            a = answer(json.loads(q))
            c.send(a if isinstance(a, bytes) else json.dumps(dict({"version": 1}, **a)).encode())
        c.close()
    END
    python3 /run/daemon.py & for i in $(seq 100); do [ -e /run/ready ] && break; sleep 0.05; done

    """
  }

  @Test func sessionsComePageByPageInAnAlignedTable() throws {
    let ran = try PrivateRoot.run(Self.daemon("""
      after = q["after"]
      start = int(after) - 1000 + 1 if after else 0
      return {"reply": "sessions", "more": start < 8, "sessions": [session(i) for i in range(start, min(start + 4, 10))]}
      """) + "$S sessions; echo \"status $?\"; $S sessions --json")
    let lines = ran.output.components(separatedBy: "status 0\n")[0].split(separator: "\n")
    try #require(lines.count == 11, "\(ran.output)\(ran.errors)")
    #expect(lines[0].hasPrefix("SESSION  NAME   UID    STATE   SERVICE  FROM       SINCE"))
    #expect(lines[1].hasPrefix("1000     alice  65536  active  sshd     192.0.2.1  2027-01-15 08:00:00 ("))
    #expect(Set(lines.map { $0.range(of: "dbops") != nil ? $0.distance(from: $0.startIndex, to: $0.range(of: "dbops")!.lowerBound) : -1 }).count == 2)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(ran.output.components(separatedBy: "status 0\n")[1].utf8)) as? [String: Any])
    #expect((json["sessions"] as? [[String: Any]])?.count == 10)
  }

  @Test func whatComesFromOutsideIsEscaped() throws {
    let ran = try PrivateRoot.run(Self.daemon("""
      if q["request"] == "status": return {"reply": "status", "status": {"version": "1\\x1b[31m", "pid": 1, "started": 1, "candidates_withheld": ["a\\x1b]0;b\\x07"], "configuration_problem": "\\x9b1m", "relayed": True, "relay_problem": "\\x1b[32mr", "leases": 1, "sessions": 1, "break_glass_sessions": 1, "quarantined": ["x\\n"]}}
      if q["request"] == "end": return {"reply": "failed", "reason": "\\x1b[2Jno"}
      return {"reply": "sessions", "more": False, "sessions": [session(2, name="x"), session(1, name="a\\x1b[2Jb", login={"service": "s\\u202e", "tty": "t", "remote": "r\\n"}, groups=["g\\x00".replace("\\x00", "\\t")])]}
      """) + "$S sessions; $S status; $S end x --yes 2>&1; $S check")
    #expect(ran.output.contains("a\\x1b[2Jb") && ran.output.contains("s\\xe2\\x80\\xae") && ran.output.contains("r\\x0a"))
    #expect((ran.output + ran.errors).unicodeScalars.allSatisfy { ($0.value >= 32 && $0.value < 127) || $0 == "\n" }, "\((ran.output + ran.errors).debugDescription)")
  }

  @Test func refusalsAndNonsenseHaveTheirStatus() throws {
    let ran = try PrivateRoot.run(Self.daemon("""
      if q["request"] == "end" and q["target"] == "bob": return {"reply": "failed", "reason": "there is no session of bob"}
      if q["request"] == "end": return {"reply": "done"}
      if q["request"] == "status": return b"nonsense"
      if os.path.exists("/run/odd"): return {"reply": "done"}
      if q["request"] == "sessions": return {"reply": "sessions", "more": False, "sessions": [session(1), session(2, name="bob")]}
      return {"reply": "done"}
      """) + """
      $S end bob --yes; echo "status $?"; $S end 1001 --yes --no-wait --reason 'shift over'; echo "status $?"; $S end nobody --yes; echo "status $?"; $S status; echo "status $?"
      touch /run/odd; $S sessions; echo "status $?"; $S end bob --yes; echo "status $?"; $S apply; echo "status $?"
      """)
    #expect(ran.output == "status 1\nstatus 0\nstatus 1\nstatus 1\nstatus 1\nstatus 1\nstatus 0\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("there is no session of bob") && ran.errors.contains("no live session or name nobody") && ran.errors.contains("Published, and sojournd knows."))
  }

  @Test func aDaemonThatRepeatsItselfIsNotFollowedForEver() throws {
    let ran = try PrivateRoot.run(Self.daemon("""
      return {"reply": "sessions", "more": True, "sessions": [session(1)] if q["after"] in ("", "1001") else []}
      """) + "timeout 20 $S sessions | wc -l")
    #expect(ran.output == "3\n", "\(ran.output)\(ran.errors)")
  }

  @Test func aReaderThatGoesAwayIsNoErrorButAFullDiskIsOne() throws {
    let ran = try PrivateRoot.run(Self.daemon("""
      return {"reply": "sessions", "more": False, "sessions": [session(i) for i in range(100)]}
      """) + "$S sessions | true; echo \"status ${PIPESTATUS[0]}\"; $S sessions >/dev/full; echo \"status $?\"; $S sessions >&-; echo \"status $?\"")
    #expect(ran.output == "status 0\nstatus 1\nstatus 1\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("No space left on device"))
  }
}
