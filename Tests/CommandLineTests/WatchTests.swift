import Foundation
import Testing

@Suite("Sessions are shown live")
struct WatchTests {
  /// What the daemon lists is in /run/list: the arguments of its sessions.
  static let host = DaemonAnswerTests.daemon("""
    return {"reply": "sessions", "more": False, "sessions": [session(*a[:1], **a[1]) for a in json.load(open("/run/list"))]}
    """).replacingOccurrences(of: "python3 /run/daemon.py &", with: "echo '[[1, {}]]' >/run/list; python3 /run/daemon.py & daemon=$!;") + """
    await() { for i in $(seq 100); do grep -qE '(Z |"change":")'$1 /run/out && return; sleep 0.1; done; echo "no $1"; }
    list() { echo "$1" >/run/list.new; mv /run/list.new /run/list; }

    """

  /// By KILL: a test runner may hand the rest down blocked.
  static let story = """
    await present
    list '[[1, {}], [2, {"name": "bob", "endpoint": "https://p.example.com/", "request_id": "r-2", "key_id": "bob \\"\\u001b[2J"}]]'; await opened
    list '[[1, {"state": "draining"}], [2, {"name": "bob", "break_glass": true}]]'; await draining
    list '[[2, {"name": "bob", "break_glass": true}]]'; await ended
    kill -KILL $daemon; rm /run/sojourn/sojournd.sock; await daemon-away
    python3 /run/daemon.py & daemon=$!; await daemon-back
    list '[]'; for i in $(seq 100); do [ "$(grep -cE '(Z |"change":")ended' /run/out)" = 2 ] && break; sleep 0.1; done
    kill -KILL $watch; wait $watch 2>/dev/null; echo "status $?"; cat /run/out

    """

  @Test func printsALineForEachChangeWhereThereIsNoTerminalAndOutlivesTheDaemon() throws {
    let ran = try PrivateRoot.run(Self.host + "$S sessions --watch >/run/out & watch=$!\n" + Self.story)
    let lines = ran.output.split(separator: "\n").map(String.init)
    let changes = lines.dropFirst().map { $0.split(separator: " ")[1] }
    #expect(lines.first == "status 137" && changes == ["present", "opened", "draining", "ended", "daemon-away", "daemon-back", "ended"], "\(ran.output)\(ran.errors)")
    try #require(lines.count == 8)
    #expect(lines[2].hasSuffix(#" opened session=1002 name="bob" uid=65538 who="bob \x22\x1b[2J" service="sshd" from="192.0.2.1" since=2027-01-15T08:00:00Z until=2096-10-02T07:06:40Z decision="r-2 https://p.example.com/""#), "\(lines[2])")
    #expect(lines[7].contains(#"decision="BREAK-GLASS""#))
    #expect(lines[1].utf8.dropFirst(19).first == UInt8(ascii: "Z"))
  }

  @Test func printsOneObjectALineAsJSON() throws {
    let ran = try PrivateRoot.run(Self.host + "$S sessions --watch --json >/run/out & watch=$!\n" + Self.story)
    let objects = try ran.output.split(separator: "\n").dropFirst().map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    #expect(objects.map { $0["change"] as? String } == ["present", "opened", "draining", "ended", "daemon-away", "daemon-back", "ended"], "\(ran.output)\(ran.errors)")
    #expect(objects.allSatisfy { ($0["time"] as? String)?.hasSuffix("Z") == true })
    try #require(objects.count == 7)
    #expect((objects[1]["session"] as? [String: Any])?["request_id"] as? String == "r-2")
    #expect((objects[4]["reason"] as? String)?.contains("does not answer") == true)
    #expect(ran.output.unicodeScalars.allSatisfy { ($0.value >= 32 && $0.value < 127) || $0 == "\n" })
  }

  @Test func endsWhenNobodyReadsAnyMore() throws {
    let ran = try PrivateRoot.run(Self.host + "touch /run/out; (sleep 1.5; list '[]') & timeout -s KILL 20 $S sessions --watch | head -n 1 >/run/out; echo \"status ${PIPESTATUS[0]}\"")
    #expect(ran.output == "status 0\n", "\(ran.output)\(ran.errors)")
  }

  /// A terminal of 60 columns and 12 rows: drawn, resized, stopped and continued, and given back (T30).
  static let terminal = #"""
    cat >/run/look.py <<'END'
    import fcntl, os, pty, re, signal, struct, sys, termios, time
    def size(columns, rows): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
        os.environ["TERM"] = "xterm"
        os.execv(sys.argv[1], [sys.argv[1], "sessions", "--watch"])
    def until(pattern, limit=20):
        global text
        text = b""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try: text += os.read(fd, 65536)
            except OSError: break
            if re.search(pattern, text, re.S): return text
        sys.exit("no %r in %r" % (pattern, text))
    ENTER, LEAVE, FRAME = rb"\x1b\[\?1049h\x1b\[\?25l", rb"\x1b\[\?25h\x1b\[\?1049l", rb"\x1b\[H(.*?)\x1b\[0J"
    def lines(columns, rows, seen):
        for frame in re.findall(FRAME, seen, re.S):
            shown = frame.split(b"\x1b[2K")
            assert shown[0] == b"" and len(shown) - 1 <= rows, (rows, frame)
            for line in shown[1:]:
                line = line.rstrip(b"\r\n")
                assert len(line) <= columns and all(32 <= c < 127 for c in line), (columns, line)
        return [l.rstrip(b"\r\n").decode() for l in shown[1:]]
    first = lines(60, 12, until(ENTER + FRAME))
    print("first", first[0][:16], first[0][40:], "|", first[1], "|", first[-1])
    size(200, 30)
    wide = lines(200, 30, until(rb"BREAK-GLASS.*\x1b\[0J"))
    print("wide", len(wide), [l for l in wide if "BREAK" in l][0][:60])
    size(20, 3)
    until(FRAME + b".*" + FRAME); lines(20, 3, re.findall(rb"\x1b\[H.*?\x1b\[0J", text, re.S)[-1])
    size(200, 30)
    os.rename("/run/sojourn/sojournd.sock", "/run/sojourn/away")
    print("away", re.search(rb"since \S+: sojournd does not answer.*below is what stood then", until(rb"below.*\x1b\[0J"), re.S) is not None, b"BREAK-GLASS" in text)
    os.rename("/run/sojourn/away", "/run/sojourn/sojournd.sock")
    until(FRAME + b".*" + FRAME)
    os.write(fd, b"\x1a")
    until(LEAVE)
    print("stopped", os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]))
    os.kill(pid, signal.SIGCONT)
    until(ENTER + FRAME)
    print("continued")
    os.kill(pid, signal.SIGTERM) if sys.argv[2] == "TERM" else os.write(fd, b"\x03")
    until(LEAVE)
    print("ended by", os.WTERMSIG(os.waitpid(pid, 0)[1]))
    END

    """#

  @Test("a screen is drawn, fits, and is given back", arguments: ["TERM", "^C"])
  func isDrawnOnATerminal(_ end: String) throws {
    let ran = try PrivateRoot.run(Self.host + Self.terminal + """
      python3 - <<'END'
      import json
      json.dump([[i, {"name": "n%d" % i, "break_glass": i == 20, "key_id": "key\\u001b[2J\\u009b1m\\u202e" + "k" * 300, "login": {"service": "s\\r\\n", "tty": "", "remote": "r" * 200}}] for i in range(40)], open("/run/list", "w"))
      END
      python3 /run/look.py $S \(end) 2>&1
      """)
    let lines = ran.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 6, "\(ran.output)\(ran.errors)")
    #expect(lines[0].hasPrefix("first sojourn sessions 40 sessions  (^C en") && lines[0].contains("| SESSION ") && lines[0].hasSuffix("| ... and 31 more"), "\(lines[0])")
    #expect(lines[1].hasPrefix("wide 30 1020     n20") && lines[2] == "away True True")
    #expect(lines[3] == "stopped True" && lines[4] == "continued" && lines[5] == "ended by \(end == "TERM" ? 15 : 2)")
  }

  @Test func aDumbTerminalGetsLines() throws {
    let ran = try PrivateRoot.run(Self.host + "TERM=dumb timeout -s KILL 3 script -qec \"$S sessions --watch\" /dev/null >/run/out </dev/null; cat /run/out")
    #expect(ran.output.contains(" present session=1001 ") && !ran.output.contains("\u{1B}"), "\(ran.output.debugDescription)")
  }
}
