import Foundation
import Testing

@Suite("Who had a uid is said years later, and what cannot be known is said too")
struct WhoTests {
  /// A log of four parts, and a registry. `event KIND ID NAME UID SINCE [UNTIL]` prints a line as the daemon writes it.
  static let history = """
    mount -t tmpfs tmpfs /var/log
    mkdir -p /var/log/sojourn /var/lib/sojourn/uids
    ln -s alice /var/lib/sojourn/uids/65540; ln -s bob /var/lib/sojourn/uids/65541; ln -s '!taken' /var/lib/sojourn/uids/65542
    event() {
      python3 - "$@" <<'END'
    import json, sys
    kind, id, name, uid, since = sys.argv[1:6]
    until = sys.argv[6] if len(sys.argv) > 6 else None
    line = {"time": until or since, "event": kind, "message": "m", "session": id, "name": name, "uid": int(uid), "local": name == "root"}
    if kind == "lease-end":
        line.pop("session"); line["sessions"] = []
    else:
        line.update({"since": since, "expires": since[:11] + "23:59:59Z", "login": {"service": "sshd", "tty": "ssh", "remote": "192.0.2.7"},
          "credential": {"key_id": f"{name}@example.com", "serial": "42", "key_fp": "SHA256:key", "ca_fp": "SHA256:ca", "principals": [name]},
          "decision": {"request_id": f"req-{id}", "endpoint": "https://policy.example.com/", "reason": ""}, "groups": ["dbops"]})
        if until: line.update({"until": until, "reason": "closed"})
    print(json.dumps(line, separators=(",", ":")))
    END
    }
    cd /var/log/sojourn
    (event grant 1-a alice 65540 2022-03-01T08:00:00Z; event session-end 1-a alice 65540 2022-03-01T08:00:00Z 2022-03-01T09:00:00Z) | gzip >audit.jsonl.3.gz
    (event grant 2-a alice 65540 2024-05-01T08:00:00Z; event grant 2-b bob 65541 2024-05-01T08:00:00Z) | gzip >audit.jsonl.2.gz
    (event session-end 2-a alice 65540 2024-05-01T08:00:00Z 2024-05-01T20:00:00Z; event grant 3-r root 0 2025-01-01T00:00:00Z) >audit.jsonl.1
    (event grant 4-a alice 65540 2026-11-21T10:00:00Z; event lease-end - bob 65541 2026-11-20T00:00:00Z) >audit.jsonl
    chmod 600 *; cd /

    """

  @Test func namesEverySessionOfAUIDThroughRotatedAndCompressedLogsWithoutADaemon() throws {
    let ran = try PrivateRoot.run(Self.history + "$S who 65540; echo \"status $?\"; $S who alice >/run/by-name; $S who 65540 | cmp - /run/by-name && echo same")
    #expect(ran.output == """
      uid 65540 is alice's on this host, for ever.
      1-a  2022-03-01T08:00:00Z  to 2022-03-01T09:00:00Z (closed)
        account   alice (uid 65540)
        who       alice@example.com, serial 42, signed by SHA256:ca, key SHA256:key
        from      192.0.2.7 through sshd
        decision  https://policy.example.com/, request req-1-a
        groups    dbops
      2-a  2024-05-01T08:00:00Z  to 2024-05-01T20:00:00Z (closed)
        account   alice (uid 65540)
        who       alice@example.com, serial 42, signed by SHA256:ca, key SHA256:key
        from      192.0.2.7 through sshd
        decision  https://policy.example.com/, request req-2-a
        groups    dbops
      4-a  2026-11-21T10:00:00Z  its end is not on record, at the latest until 2026-11-21T23:59:59Z
        account   alice (uid 65540)
        who       alice@example.com, serial 42, signed by SHA256:ca, key SHA256:key
        from      192.0.2.7 through sshd
        decision  https://policy.example.com/, request req-4-a
        groups    dbops
      status 0
      same

      """, "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("The log begins at 2022-03-01T08:00:00Z: what was before is not known."))
  }

  @Test("only who lived then is named", arguments: [
    ("2022-03-01T08:30:00Z", ["1-a"]), ("2022-03-01T09:30:00+01:00", ["1-a"]), ("2024-05-01 12:00", ["2-a"]), ("2024-05-01 12:00:59", ["2-a"]), ("@1646123400", ["1-a"]),
    ("2026-11-21 12:00", ["4-a"]), ("2023-01-01 00:00", []), ("2026-11-22 00:00", []),
  ])
  func onlyThen(_ time: String, _ sessions: [String]) throws {
    let ran = try PrivateRoot.run(Self.history + "$S who 65540 --json --at '\(time)'; echo \"status $?\"")
    let parts = ran.output.components(separatedBy: "status ")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(parts[0].utf8)) as? [String: Any], "\(ran.output)\(ran.errors)")
    #expect((json["sessions"] as? [[String: Any]])?.compactMap { $0["session"] as? String } == sessions)
    #expect(parts.last == (sessions.isEmpty ? "1\n" : "0\n"))
  }

  @Test func saysPlainlyWhatItCannotKnow() throws {
    let ran = try PrivateRoot.run(Self.history + """
      $S who 65540 --at '2021-01-01 00:00' 2>&1; echo "status $?"
      $S who 65541 2>/dev/null; echo "status $?"
      $S who 65542 2>/dev/null; $S who 65999 2>/dev/null; echo "status $?"; $S who carol 2>/dev/null; $S who root 2>/dev/null
      echo '{"torn' >>/var/log/sojourn/audit.jsonl; echo x >/var/log/sojourn/audit.jsonl.9.gz; chmod 600 /var/log/sojourn/*
      $S who 65540 --json; echo "status $?"
      rm -r /var/log/sojourn; $S who 65540; echo "status $?"
      """)
    let parts = ran.output.components(separatedBy: "\nstatus ")
    #expect(parts[0].contains("The log does not reach back that far.") && parts[0].contains("who had it at the time that was asked for is not known"), "\(ran.output)")
    #expect(parts[1].hasPrefix("1\n") && parts[1].contains("to 2026-11-20T00:00:00Z at the latest (the line of its end is missing; the account was taken down then)"))
    #expect(parts[2].hasPrefix("0\n") && parts[2].contains("another source's of this host") && parts[2].contains("uid 65999 was never given to anybody by Sojourn"))
    #expect(parts[3].contains("carol never got a uid") && parts[3].contains("root (uid 0, a local account)"))
    let json = try #require(try JSONSerialization.jsonObject(with: Data(parts[3][parts[3].range(of: "{\"version\"")!.lowerBound...].utf8)) as? [String: Any])
    #expect(json["damaged_lines"] as? Int == 1 && (json["unreadable"] as? [String])?.first?.contains("audit.jsonl.9.gz") == true && (json["sessions"] as? [Any])?.count == 3)
    #expect(parts[4].hasPrefix("2\n") && parts[4].contains("The log tells of nobody") && parts[5] == "1\n")
    #expect(ran.errors.contains("There is no audit log"))
  }

  @Test func aSessionThatLivesIsSaidToLive() throws {
    let ran = try PrivateRoot.run(Self.history + "mkdir -p /run/sojourn/leases; echo '{\"sessions\":[{\"id\":\"4-a\"}]}' >/run/sojourn/leases/alice.json; $S who alice")
    #expect(ran.output.contains("4-a  2026-11-21T10:00:00Z  lives now, at the latest until"), "\(ran.output)")
  }

  /// T30: a log that somebody else wrote into steers no terminal.
  @Test func hostileTextsOfTheLogSteerNoTerminal() throws {
    let ran = try PrivateRoot.run(Self.history + #"""
      printf '%s\n' '{"time":"2026-11-21T11:00:00Z","event":"grant","session":"5\u001b[2J","name":"al\u202eice","uid":65540,"login":{"service":"s\u0007","remote":"\u009b1m"},"credential":{"key_id":"\u001b]0;t\u0007","serial":"\r\n"},"decision":{"endpoint":"e\u0000"},"groups":["g\t"]}' >>/var/log/sojourn/audit.jsonl
      sed -i 's/\\u0000//' /var/log/sojourn/audit.jsonl
      touch "/var/log/sojourn/audit.jsonl.$(printf '\033[31m').xz"
      $S who 65540; $S who 65540 --json
      """#)
    #expect(ran.output.contains("5\\x1b[2J") && ran.output.contains("\\x1b]0;t\\x07"), "\(ran.output)")
    #expect((ran.output + ran.errors).unicodeScalars.allSatisfy { ($0.value >= 32 && $0.value < 127) || $0 == "\n" }, "\((ran.output + ran.errors).debugDescription)")
  }

  @Test func aReaderThatGoesAwayIsNoError() throws {
    let ran = try PrivateRoot.run(Self.history + "$S who 65540 2>/dev/null | head -n 1; echo \"status ${PIPESTATUS[0]}\"; $S who 65540 >/dev/full; echo \"status $?\"")
    #expect(ran.output.hasSuffix("status 0\nstatus 1\n"), "\(ran.output)\(ran.errors)")
  }
}
