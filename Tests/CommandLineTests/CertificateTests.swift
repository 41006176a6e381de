import Foundation
import Testing

@Suite("sojourn certificate")
struct CertificateTests {
  /// Keys and a certificate of ssh-keygen's in /run/k, and `verdict`, which checks and says the exit status and the rules broken.
  static let prelude = """
    mkdir -p /run/k; cd /run/k
    for name in ca other alice; do ssh-keygen -q -t ed25519 -N '' -C '' -f $name; done
    sign() { ssh-keygen -q -s "$1" -I "$2" -n "$3" -z "$4" -V "$5" "${@:6}" alice.pub; }
    verdict() { $S certificate check alice-cert.pub --user alice --at 2026-01-01T04:00:00Z "$@" >/run/out 2>/run/err; echo "$? $(sed -n 's/^refused \\([a-z-]*\\):.*/\\1/p' /run/out | paste -sd,)"; }
    export TZ=UTC
    sign ca alice@example.com alice,bob 42 20260101030000:20260101080000

    """

  @Test func judgesByEveryRuleAndSaysWhichIsBroken() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      verdict --ca ca.pub; grep -c '^ok ' /run/out; grep -c '^refused\\|^-' /run/out
      verdict --ca other.pub --ca ca.pub
      verdict --ca other.pub
      verdict --ca ca.pub --user carol
      verdict --ca ca.pub --at 2026-01-02T00:00:00Z
      verdict --ca ca.pub --at 2025-12-31T00:00:00Z
      verdict --ca ca.pub --max-lifetime 1h
      verdict --ca ca.pub --user carol --max-lifetime 1h
      sign ca alice alice 42 20260101030000:20260101080000 -O source-address=192.0.2.0/24
      verdict --ca ca.pub --from 192.0.2.7
      verdict --ca ca.pub --from 198.51.100.7
      """)
    let lines = ran.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 12, "\(ran.output)\(ran.errors)")
    #expect(lines[0] == "0 " && (Int(lines[1]) ?? 0) > 20 && lines[2] == "0")
    #expect(Array(lines[3...]) == [
      "0 ", "1 certificate-authority", "1 certificate-login-name", "1 certificate-expired", "1 certificate-not-yet-valid", "1 certificate-lifetime",
      "1 certificate-lifetime,certificate-login-name", "0 ", "1 certificate-source-address",
    ], "\(ran.output)\(ran.errors)")
  }

  @Test func judgesByRevocationListsOfEveryForm() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      printf 'serial: 40-50\\n' >spec; ssh-keygen -q -k -f serials -s ca.pub spec; verdict --ca ca.pub --krl serials
      printf 'serial: 43-50\\n' >spec; ssh-keygen -q -k -f beside -s ca.pub spec; verdict --ca ca.pub --krl beside
      printf 'id: alice@example.com\\n' >spec; ssh-keygen -q -k -f ids -s ca.pub spec; verdict --ca ca.pub --krl beside --krl ids
      verdict --ca ca.pub --krl alice.pub
      verdict --ca ca.pub --krl ca.pub
      verdict --ca ca.pub --krl other.pub
      printf x >>serials; verdict --ca ca.pub --krl serials
      verdict --ca ca.pub --krl missing; cat /run/err
      sign ca alice alice 0 20260101030000:20260101080000; verdict --ca ca.pub --krl beside
      """)
    #expect(ran.output == """
      1 certificate-revoked
      0 
      1 certificate-revoked
      1 certificate-revoked
      1 certificate-revoked
      0 
      2 
      2 
      Sojourn: alice is not let in: this host's list of revoked certificates cannot be used, so it lets nobody in. Tell this host's administrator. (missing: open: No such file or directory)
      1 certificate-serial

      """, "\(ran.output)\(ran.errors)")
  }

  /// Without --ca: what is published on this host, lists included.
  @Test func goesByWhatIsPublished() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      verdict; cp ca.pub /etc/sojourn/user_ca.pub
      printf 'serial: 7\\n' >spec; ssh-keygen -q -k -f /etc/sojourn/revoked.krl -s ca.pub spec
      printf '[certificate]\\ntrusted_ca = ["/etc/sojourn/user_ca.pub"]\\nrevoked = ["/etc/sojourn/revoked.krl"]\\n[policy]\\nendpoints = ["http://127.0.0.1:8181/"]\\n' >/etc/sojourn/sojourn.toml
      $S apply --from-daemon; stat -c '%a %U' /run/sojourn/revoked; verdict
      printf 'serial: 42\\n' >spec; ssh-keygen -q -k -f /etc/sojourn/revoked.krl -s ca.pub spec
      verdict; $S apply --revocations-only; echo $?; verdict
      printf x >>/etc/sojourn/revoked.krl; sum >/run/before
      $S apply --from-daemon; echo $?; sum | cmp - /run/before && echo same; verdict
      $S apply --revocations-only; echo $?; verdict
      rm /run/sojourn/revoked; verdict
      sed -i /revoked/d /etc/sojourn/sojourn.toml; $S apply --from-daemon; verdict; ls /run/sojourn
      """)
    #expect(ran.output == """
      2 
      600 root
      0 
      0 
      0
      1 certificate-revoked
      1
      same
      1 certificate-revoked
      1
      2 revocation-lists-unusable
      2 revocation-lists-unusable
      0 
      config.json
      publication.lock

      """, "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("/etc/sojourn/revoked.krl: it ends within the section"))
  }

  /// One that has read the lists as they were must not put that in place after another has published what they are now.
  @Test func anEarlierReadingNeverTakesTheLaterOnesPlace() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      cp ca.pub /etc/sojourn/user_ca.pub
      printf '[certificate]\\ntrusted_ca = ["/etc/sojourn/user_ca.pub"]\\nrevoked = ["/etc/sojourn/revoked.krl"]\\n[policy]\\nendpoints = ["http://127.0.0.1:8181/"]\\n' >/etc/sojourn/sojourn.toml
      # Long enough that who has read it is busy for a while: 400,000 fingerprints of nobody's keys.
      python3 -c '
      import os, struct
      s = lambda b: struct.pack(">I", len(b)) + b
      open("long", "wb").write(b"SSHKRL\\n\\0" + struct.pack(">IQQQ", 1, 1, 1, 0) + s(b"") + s(b"") + b"\\5" + s(b"".join(s(os.urandom(32)) for _ in range(400000))))'
      printf 'serial: 42\\n' >spec; ssh-keygen -q -k -f short -s ca.pub spec
      size=$(stat -c %s long)
      for round in 1 2 3; do
        cp long /etc/sojourn/revoked.krl; $S apply --from-daemon; verdict
        $S apply --from-daemon & first=$!
        until [ "$(sed -n 's/^rchar: //p' /proc/$first/io 2>/dev/null || echo $size)" -ge "$size" ]; do :; done
        cp short /etc/sojourn/new; mv /etc/sojourn/new /etc/sojourn/revoked.krl
        $S apply --revocations-only; echo "published $?"; wait $first; echo "applied $?"; verdict
      done
      """)
    #expect(ran.output == String(repeating: "0 \npublished 0\napplied 0\n1 certificate-revoked\n", count: 3), "\(ran.output)\(ran.errors)")
  }

  /// Who is busy writing a list in place makes it half of one for whoever reads it now.
  @Test func refusesAListThatIsWrittenWhileItIsRead() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      cp ca.pub /etc/sojourn/user_ca.pub
      printf '[certificate]\\ntrusted_ca = ["/etc/sojourn/user_ca.pub"]\\nrevoked = ["/etc/sojourn/revoked"]\\n[policy]\\nendpoints = ["http://127.0.0.1:8181/"]\\n' >/etc/sojourn/sojourn.toml
      # Long, so that whoever reads it is always overtaken by one of the two who add to it.
      yes '# nothing' | head -c 50000000 >/etc/sojourn/revoked; echo >>/etc/sojourn/revoked; cat other.pub >>/etc/sojourn/revoked
      for i in 1 2; do while :; do echo '#' >>/etc/sojourn/revoked; done & writers="$writers $!"; done
      $S apply --from-daemon; echo "status $?"; kill -KILL $writers; wait $writers 2>/dev/null
      $S apply --from-daemon; echo "status $?"
      """)
    #expect(ran.output == "status 1\nstatus 0\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("/etc/sojourn/revoked: it is being written again and again while it is read") && ran.errors.contains("(mv)"))
  }

  @Test func saysWhatKindOfFileItGotInsteadOfACertificate() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      check() { $S certificate check "$1" --user alice --at 2026-01-01T04:00:00Z --ca "$2"; echo $?; }
      check alice.pub ca.pub; check alice ca.pub; check alice-cert.pub ca; check alice-cert.pub alice-cert.pub
      """)
    #expect(ran.output == "2\n2\n2\n2\n", "\(ran.output)\(ran.errors)")
    let said = ran.errors.split(separator: "\n").map(String.init)
    #expect(said == [
      "sojourn: alice.pub: a plain public key, which is no certificate; expected the file that the authority gave for it, such as id_ed25519-cert.pub",
      "sojourn: alice: a private key, or no OpenSSH public key; expected the .pub file", "sojourn: ca: a private key, or no OpenSSH public key; expected the .pub file",
      "sojourn: alice-cert.pub: a certificate; expected the public key of the authority that signs certificates",
    ], "\(ran.errors)")
  }

  @Test func saysWhatTheVerdictLeavesToOthers() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      for at in 04:00:00 08:00:10 02:59:50; do verdict --ca ca.pub --at 2026-01-01T${at}Z; cat /run/err; done
      verdict --ca ca.pub --user carol; cat /run/err
      """)
    let taken = "Every rule lets alice in with this certificate; the policy decides next, about the subject \"alice@example.com\".\n"
    let skewed = "But it is out of its time, by less than clock_skew. sshd knows no skew and refuses it before Sojourn is asked.\n"
    #expect(ran.output == "0 \n\(taken)0 \n\(taken)\(skewed)0 \n\(taken)\(skewed)1 certificate-login-name\n"
      + "Sojourn: carol is not let in: the certificate is not accepted: it is for alice, bob. Log in under one of the certificate's names.\n", "\(ran.output)\(ran.errors)")
  }

  /// An authority that is limited to names and subjects, as the login will hold it.
  @Test func judgesByTheSubjectsThatAnAuthorityMaySpeakFor() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      cp ca.pub /etc/sojourn/user_ca.pub
      write() { printf '[certificate]\\nsingle_use = true\\n[[ca]]\\nkey = "/etc/sojourn/user_ca.pub"\\nprincipals = ["a*"]\\n%s\\n[policy]\\nendpoints = ["http://127.0.0.1:8181/"]\\n' "$1" >/etc/sojourn/sojourn.toml; $S apply --from-daemon; echo "applied $?"; }
      write ''
      write 'subjects = ["spiffe://example.com/ci/*"]'; verdict
      sign ca spiffe://example.com/ci/deploy alice 42 20260101030000:20260101080000; verdict
      sign ca spiffe://example.com/ci/deploy alice 0 20260101030000:20260101080000; verdict
      """)
    #expect(ran.output == "applied 1\napplied 0\n1 certificate-authority-subjects\n0 \n1 certificate-serial\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("ca.subjects is missing"))
  }

  /// As ssh-keygen -L has it, but for what could steer a terminal.
  @Test func showsWhatStandsInACertificate() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      sign ca "$(printf 'al\\033[31m\\nice"\\342\\200\\256\\377')" alice,bob 18446744073709551615 always:forever -O force-command=/bin/true -O 'extension:login@example.com=al\tice'
      $S certificate show alice-cert.pub; echo "status $?"; ssh-keygen -lf alice.pub | cut -d' ' -f2; ssh-keygen -lf ca.pub | cut -d' ' -f2
      $S certificate show --json alice-cert.pub
      """)
    let lines = ran.output.split(separator: "\n").map(String.init)
    try #require(lines.count > 20, "\(ran.output)\(ran.errors)")
    let fingerprints = Array(lines[(lines.count - 3)..<(lines.count - 1)])
    #expect(lines.contains("        Public key: " + fingerprints[0]) && lines.contains("        Signing CA: " + fingerprints[1]))
    #expect(lines.contains("        Key ID: \"al\\x1b[31m\\x0aice\"\\xe2\\x80\\xae\\xff\""), "\(ran.output)")
    for line in ["        Type: ssh-ed25519-cert-v01@openssh.com user certificate", "        Serial: 18446744073709551615",
      "        Valid: from 1970-01-01T00:00:00Z to for ever", "                bob", "                force-command /bin/true", "                permit-pty",
      "                login@example.com al\\x09ice"] { #expect(lines.contains(line), "\(line) is not in \(ran.output)") }
    #expect(ran.output.utf8.allSatisfy { $0 == 10 || $0 >= 32 && $0 < 127 })
    let json = try #require(try JSONSerialization.jsonObject(with: Data((lines.last ?? "").utf8)) as? [String: Any])
    #expect(json["serial"] as? String == "18446744073709551615" && json["principals"] as? [String] == ["alice", "bob"])
    #expect((json["critical_options"] as? [[String: Any]])?.first?["value"] as? String == "/bin/true")
  }

  @Test func whatIsNoCertificateIsUnreadable() throws {
    let ran = try PrivateRoot.run(Self.prelude + """
      try() { $S certificate show "$1" 2>>/run/err; echo $?; cp "$1" alice-cert.pub 2>/dev/null; verdict --ca ca.pub | cut -c1; }
      for bytes in 10 60 200 400; do { printf 'ssh-ed25519-cert-v01@openssh.com '; cut -d' ' -f2 alice-cert.pub | base64 -d | head -c $bytes | base64 -w0; echo; } >cut-$bytes; done
      : >empty; cat alice-cert.pub alice-cert.pub >two
      for file in alice.pub alice ca empty two missing /dev/null cut-10 cut-60 cut-200 cut-400; do $S certificate show $file 2>/dev/null; echo $?; done | sort | uniq -c | tr -s ' '
      for file in alice empty two missing cut-10 cut-60 cut-200 cut-400; do $S certificate check $file --user alice --ca ca.pub >/dev/null 2>&1; echo $?; done | sort | uniq -c | tr -s ' '
      for wrong in '--at yesterday' '--from host' '--max-lifetime x'; do $S certificate check alice-cert.pub --user alice --ca ca.pub $wrong 2>/dev/null; echo $?; done | sort | uniq -c | tr -s ' '
      """)
    #expect(ran.output == " 11 2\n 8 2\n 3 64\n", "\(ran.output)\(ran.errors)")
  }
}
