import Foundation
import Testing

@Suite("sojourn sign")
struct SignTests {
  /// Every kind of key, and what the host will ask: this certificate, these very bytes, this namespace.
  @Test func printsOneLineThatIsTheSignatureOfTheCertificate() throws {
    let ran = try Client.run("""
      for kind in ed25519 p256 p384 p521 rsa2048; do
        make $kind $kind; certify $kind -1m:+1h alice
        line=$(sign --key $kind "$C" 2>/run/err); echo "$kind $? $(wc -l <<<"$line")"; grep -c 'BEGIN\\|END' <<<"$line"
        verified "$line" "$C"; verified "$line" "$C "; verified "$line" "${C/db1/db2}"; verified "$line" "$C" file
      done
      """)
    let each = "0\nverified 0\nverified 255\nverified 255\nverified 255\n"
    #expect(ran.output == ["ed25519", "p256", "p384", "p521", "rsa2048"].map { "\($0) 0 1\n" + each }.joined(), "\(ran.output)\(ran.errors)")
  }

  /// An Ed25519 signature of the same bytes is the same one.
  @Test func signsTheSameBytesHoweverTheWordsAreGiven() throws {
    let ran = try Client.run("""
      make id ed25519; certify id -1m:+1h alice
      sign "$C" >/run/one; sign $C >/run/two; echo "$C" | sign - >/run/three; echo "$C" | sign >/run/four; printf '%s' "$C" | sign >/run/five
      printf '  %s\\r\\n' "$C" | sign - >/run/six; fold -s -w 40 <<<"$C" | sign - >/run/seven; sign - <<<"$C" --key id >/run/eight; sign --key id.pub "$C" >/run/nine; sign --key id-cert.pub "$C" >/run/ten
      for file in two three four five six seven eight nine ten; do cmp /run/one /run/$file; done; verified "$(cat /run/one)" "$C"
      ssh-keygen -Y sign -q -n sojourn -f id-cert.pub <<<"$C" | sed /^-/d | tr -d '\\n' | cmp - <(tr -d '\\n' </run/one) && echo 'as ssh-keygen'
      """)
    #expect(ran.output == "verified 0\nas ssh-keygen\n", "\(ran.output)\(ran.errors)")
  }

  @Test func showsWhatIsSignedForWhomAndByWhat() throws {
    let ran = try Client.run("""
      make id ed25519; certify id -1m:+1h alice
      D="sojourn-1 host=db1.example.com user=alice service=sudo-i by=ann as=root tty=/dev/pts/3 until=2099-01-01T00:00:00Z nonce=0123456789abcdef0123456789abcdef"
      sign "$D" >/run/line; echo $?; verified "$(cat /run/line)" "$D"
      """)
    #expect(ran.output == "0\nverified 0\n", "\(ran.output)\(ran.errors)")
    for line in ["        Host: db1.example.com\n", "        User: alice\n", "        Service: sudo-i\n", "        Asked by: ann\n", "        To become: root\n", "        Terminal: /dev/pts/3\n",
      "        Until: 2099-01-01T00:00:00Z (", "It signs: /run/ann/.ssh/id-cert.pub, key ID \"id@example.com\", until 2"] { #expect(ran.errors.contains(line), "\(line): \(ran.errors)") }
  }

  @Test func letsNothingOfACertificateSteerTheTerminal() throws {
    let ran = try Client.run("""
      make id ed25519; ssh-keygen -q -s /run/ca/ca -I "$(printf 'a\\033[31m\\nb"\\377')" -n "$(printf 'alice,b\\033c')" -V -1m:+1h id.pub
      sign "$C" >/run/line; echo $?; sign "$(for_user bob)"; echo $?; verified "$(cat /run/line)" "$C"
      """)
    #expect(ran.output == "0\n1\nverified 0\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains(#"key ID "a\x1b[31m\x0ab\x22\xef\xbf\xbd", until"#) && ran.errors.contains(#"id-cert.pub: it is for alice, b\x1bc"#), "\(ran.errors)")
    #expect(ran.errors.utf8.allSatisfy { $0 == 10 || $0 >= 32 && $0 < 127 })
  }

  @Test func takesTheCertificateThatEndsLastOfThoseThatFit() throws {
    let ran = try Client.run("""
      for name in short long bob over later host command keyless; do make $name ed25519; done
      certify short -1m:+1h alice; certify long -1m:+2h bob,alice; certify bob -1m:+9h bob; certify over -2h:-1h alice; certify later +1h:+9h alice
      certify host -1m:+9h alice -h; certify command -1m:+9h alice -O force-command=/bin/true; certify keyless -1m:+9h alice; rm keyless; echo ssh-x >broken-cert.pub
      sign "$C" 2>/run/err | cmp - <(sign --key long "$C" 2>/dev/null) && grep signs: /run/err; rm short* long*
      sign "$C" 2>&1; echo $?
      """)
    let lines = ran.output.split(separator: "\n").map(String.init)
    try #require(lines.count > 2, "\(ran.output)\(ran.errors)")
    #expect(lines[0].hasPrefix("2 certificates fit; the one that ends last signs: /run/ann/.ssh/long-cert.pub, "), "\(ran.output)")
    for file in ["bob-cert.pub: it is for bob", "over-cert.pub: it ended at 2", "later-cert.pub: it is valid from 2", "host-cert.pub: it is no user's certificate but a host's",
      "command-cert.pub: it is for one command only (force-command)", "keyless-cert.pub: its private key is not beside it", "broken-cert.pub: no OpenSSH public key or certificate"] {
      #expect(lines.contains { $0.hasPrefix("        /run/ann/.ssh/" + file) }, "\(file): \(ran.output)")
    }
    #expect(lines.contains("        the agent: there is none (SSH_AUTH_SOCK is not set)") && lines.last == "1")
  }

  /// A home that a person keeps elsewhere, as a link.
  @Test func looksIntoADirectoryOfKeysThatIsALink() throws {
    let ran = try Client.run("make id ed25519; certify id -1m:+1h alice; mv /run/ann/.ssh /run/elsewhere; ln -s /run/elsewhere /run/ann/.ssh; verified \"$(sign \"$C\")\" \"$C\"")
    #expect(ran.output == "verified 0\n", "\(ran.output)\(ran.errors)")
  }

  @Test func signsWithCertificatesOfTheAgentAndLeavesNoFile() throws {
    let ran = try Client.run("""
      mount -t tmpfs -o mode=1777 tmpfs /tmp; make id ed25519; certify id -1m:+1h alice; make other ed25519; certify other -1m:+2h alice
      cat >/run/agent <<'END'
      S=$1 C=$2; cd ~/.ssh; ssh-add -q other; mkdir away; mv other* away
      $S sign --agent "$C" >/run/ann/by-agent; echo $?; $S sign "$C" >/run/ann/by-file; echo $?
      mv id away; $S sign "$C" >/run/ann/fallen-back; echo $?
      ssh-add -q -d away/other; $S sign --agent "$C"; echo $?; ssh-add -q away/other; ssh-add -q -d away/other-cert.pub; $S sign --agent "$C"; echo $?
      END
      ann ssh-agent bash /run/agent $S "$C"
      for file in by-agent by-file fallen-back; do verified "$(cat /run/ann/$file)" "$C"; done; cmp /run/ann/by-agent /run/ann/fallen-back
      SSH_AUTH_SOCK=/run/nowhere sign --agent "$C"; echo $?; find /tmp -mindepth 1 ! -path '/tmp/ssh-*'
      """)
    #expect(ran.output.hasPrefix("0\n0\n0\n1\n1\nverified 0\nverified 0\nverified 0\n1\n"), "\(ran.output)\(ran.errors)")
    #expect(ran.output.hasSuffix("verified 0\n1\n"), "left: \(ran.output)")
    #expect(ran.errors.contains("It signs: the agent's certificate of SHA256:") && ran.errors.contains("the agent: it holds no key") && ran.errors.contains("the agent: ssh-add -L failed (exit status 2)"), "\(ran.errors)")
    #expect(ran.errors.contains("the agent: 1 plain key and no certificate"), "\(ran.errors)")
  }

  @Test func asksForAPassphraseThroughAskpass() throws {
    let ran = try Client.run("""
      make id ed25519 'open sesame'; certify id -1m:+1h alice
      printf '#!/bin/sh\\necho "$1" >>/run/ann/asked; cat /run/ann/word\\n' >/run/ann/askpass; chmod 755 /run/ann/askpass; export SSH_ASKPASS=/run/ann/askpass DISPLAY=:9
      echo 'open sesame' >/run/ann/word; verified "$(sign "$C")" "$C"; cut -d' ' -f1-2 /run/ann/asked | tr -d :
      echo 'wrong' >/run/ann/word; sign "$C"; echo $?
      """)
    #expect(ran.output == "verified 0\nEnter passphrase\n1\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("incorrect passphrase") && ran.errors.contains("ssh-keygen did not sign (exit status 255)"), "\(ran.errors)")
  }

  /// What a person does at a terminal: `on COMMAND`, typed into as soon as it asks.
  static let terminal = """
    cat >/run/on.py <<'END'
    import os, pty, signal, sys
    # As at a terminal, also where the tests themselves run in the background.
    for number in (signal.SIGINT, signal.SIGQUIT): signal.signal(number, signal.SIG_DFL)
    word, command = sys.argv[1], sys.argv[2:]
    pid, master = pty.fork()
    if pid == 0: os.execvp(command[0], command)
    shown, typed = b"", False
    while True:
      try: read = os.read(master, 65536)
      except OSError: break
      if not read: break
      shown += read
      if b"Enter passphrase" in shown and not typed:
        typed = True  # the echo is off before it asks
        os.write(master, b"\\x03" if word == "^C" else word.encode() + b"\\n")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(shown.decode().replace("\\r\\n", "\\n")); print("status", status)
    END
    on() { word=$1; shift; setpriv --reuid 1000 --regid 1000 --clear-groups timeout 60 python3 /run/on.py "$word" "$@"; }

    """

  /// With a desktop but no program that asks there: the terminal asks, though the challenge is piped in.
  @Test func asksForAPassphraseAtTheTerminal() throws {
    let ran = try Client.run(Self.terminal + """
      make id ed25519 'open sesame'; certify id -1m:+1h alice; export DISPLAY=:9
      on 'open sesame' bash -c "echo '$C' | $S sign - 2>/dev/tty | cat" >/run/shown; tail -1 /run/shown; verified "$(grep ^U1NI /run/shown)" "$C"; grep -c 'sesame' /run/shown
      on 'wrong' $S sign "$C" >/run/shown; tail -1 /run/shown; grep -c ^U1NI /run/shown
      on '^C' $S sign "$C" >/run/shown; tail -2 /run/shown; grep -c ^U1NI /run/shown
      """)
    #expect(ran.output == "status 0\nverified 0\n0\nstatus 1\n0\nssh-keygen did not sign (exit status 130).\nstatus 1\n0\n", "\(ran.output)\(ran.errors)")
  }

  @Test func warnsOfALineThatTheSSHClientCannotSend() throws {
    let ran = try Client.run("""
      make small ed25519; certify small -1m:+1h alice; make large rsa3072; certify large -1m:+1h alice
      make huge ed25519; certify huge -1m:+1h alice -O extension:note@example.com=$(head -c 4000 /dev/zero | tr '\\0' x)
      for name in small large huge; do sign --key $name "$C" 2>/run/err | tr -d '\\n' | wc -c; grep -o 'The line has [0-9]* bytes: [a-z ]*' /run/err; done
      """)
    let lines = ran.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 5, "\(ran.output)\(ran.errors)")
    #expect((Int(lines[0]) ?? 9999) <= 1023)
    #expect(lines[2] == "The line has \(lines[1]) bytes: the ssh client cannot send more than " && lines[4] == "The line has \(lines[3]) bytes: no prompt takes more than ", "\(ran.output)")
  }

  @Test func drawsAQRCodeOnATerminalOnly() throws {
    let ran = try Client.run(Self.terminal + """
      make id ed25519; certify id -1m:+1h alice
      on '' $S sign --qr "$C" >/run/shown; tail -1 /run/shown; line=$(grep ^U1NI /run/shown); verified "$line" "$C"
      sed -n '/^U1NI/,$p' /run/shown | sed '1d;$d' | cmp - <(printf %s "$line" | qrencode -t UTF8) && echo drawn
      sign --qr "$C" | wc -l
      mkdir /run/path; ln -s /usr/bin/ssh-keygen /run/path; PATH=/run/path /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/python3 /run/on.py '' $S sign --qr "$C" | tail -2
      """)
    #expect(ran.output == "status 0\nverified 0\ndrawn\n1\nNo QR code: qrencode is not installed (package qrencode).\nstatus 0\n", "\(ran.output)\(ran.errors)")
    #expect(ran.errors.contains("No QR code: standard output is no terminal."))
  }
}
