import Foundation
import Testing

/// What `sojourn sign` never signs. A certificate that fits is there each time: nothing but the reason that is named stops it.
@Suite("sojourn sign refuses")
struct SignRefusalTests {
  /// `$N` is a nonce, `$U` a moment to come.
  static let prelude = "make id ed25519; certify id -1m:+1h alice; U=$(date -u -d '20 minutes' +%FT%TZ); N=0123456789abcdef0123456789abcdef\n"

  @Test("refuses whatever is no challenge", arguments: [
    ("''", "it is empty"), ("'any text'", "it does not begin with sojourn-1"), ("\"Sojourn-1 ${C#* }\"", "it does not begin with"), ("\"x $C\"", "it does not begin with"),
    ("\"sojourn-2 ${C#* }\"", "of a version that this command does not know (sojourn-2)"), ("sojourn-1", "host= is missing"),
    ("\"${C/host=db1 /}\"", "host= is missing"), ("\"${C/user=alice /}\"", "user= is missing"), ("\"${C/service=login /}\"", "service= is missing"),
    ("\"${C% nonce*}\"", "nonce= is missing"), ("\"${C/until=$U /}\"", "until= is missing"), ("\"$C nonce=$N\"", "nonce= stands there twice"), ("\"${C/user=/user=root user=}\"", "user= stands there twice"),
    ("\"${C/tty=tty1/shell=x}\"", "\"shell=x\" is nothing that a challenge has"), ("\"${C/tty=tty1/TTY=tty1}\"", "is nothing that a challenge has"), ("\"${C/tty=tty1/tty1}\"", "\"tty1\" is no NAME=VALUE"),
    ("\"${C/tty=tty1 /} tty=tty1\"", "tty= does not stand where it must"), ("\"${C/service=login tty=tty1/service=login tty=tty1 by=bob}\"", "by= does not stand where it must"),
    ("\"${C/host=db1/host=}\"", "host= has no value"), ("\"${C/host=db1/host=a=b}\"", "has letters that no challenge has"), ("\"${C/host=db1/host=d$(printf '\\033')b}\"", "\"host=d\\x1bb\" has letters"),
    ("\"${C/host=db1/host=dbö}\"", "has letters that no challenge has"), ("\"${C/host=db1/host=$(head -c 3000 /dev/zero | tr '\\0' x)}\"", "more than 2048 bytes"),
    ("\"${C/until=$U/until=tomorrow}\"", "is no time such as"), ("\"${C/until=$U/until=${U%Z}+00:00}\"", "is no time such as"), ("\"${C/until=$U/until=${U%Z}.5Z}\"", "is no time such as"), ("\"${C/$N/${N%f}}\"", "is not 32 hexadecimal digits"),
    ("\"${C/$N/${N%f}F}\"", "is not 32 hexadecimal digits"), ("\"${C/$N/${N}0}\"", "is not 32 hexadecimal digits"), ("- <<<\"$C $C\"", "is no NAME=VALUE"), ("- <<<\"$(head -c 9000 /dev/zero | tr '\\0' x)\"", "too long"), ("- </dev/null", "it is empty"),
    ("- </etc", "standard input cannot be read"),
  ])
  func isNoChallenge(_ call: String, _ why: String) throws {
    let ran = try Client.run(Self.prelude + "C=\"sojourn-1 host=db1 user=alice service=login tty=tty1 until=$U nonce=$N\"; sign \(call); echo \"status $?\"")
    #expect(ran.output == "status 2\n" && ran.errors.hasPrefix("sojourn: that is no challenge, and is not signed: ") && ran.errors.contains(why), "\(ran.output)\(ran.errors)")
  }

  @Test func refusesAChallengeThatIsOver() throws {
    let ran = try Client.run(Self.prelude + "sign \"$(for_user alice '1 second ago')\"; echo \"status $?\"")
    #expect(ran.output == "status 1\n" && ran.errors.contains("The challenge is over since 2"), "\(ran.output)\(ran.errors)")
  }

  @Test func refusesToSignForSomebodyWhomTheNamedCertificateIsNotFor() throws {
    let ran = try Client.run(Self.prelude + """
      sign --key id "$(for_user bob)"; echo $?; certify id -2h:-1h alice; sign --key id "$C"; echo $?
      sign --key missing "$C"; echo $?; rm id-cert.pub; sign --key id "$C"; echo $?; cp id.pub id-cert.pub; sign --key id "$C"; echo $?; certify id -1m:+1h alice; rm id; sign --key id "$C"; echo $?
      """)
    #expect(ran.output == "1\n1\n2\n2\n2\n1\n", "\(ran.output)\(ran.errors)")
    for said in ["        id-cert.pub: it is for alice\n", "        id-cert.pub: it ended at 2", "sojourn: missing-cert.pub: open: No such file", "sojourn: id-cert.pub: a plain public key, which is no certificate", "ssh-keygen did not sign (exit status 255)."] {
      #expect(ran.errors.contains(said), "\(said): \(ran.errors)")
    }
  }

  /// Programs that stand for a damaged or hostile ssh-keygen: the real one, asked for something else.
  @Test("refuses what is no signature of the challenge by the certificate", arguments: [
    ("exec $K -Y sign -n file -f id-cert.pub", "it was made for \"file\" and not for \"sojourn\""), ("exec $K -Y sign -n sojourn -f id", "by another key than the certificate's"), ("exec $K -Y sign -n sojourn -f other-cert.pub", "by another key than the certificate's"),
    ("$K \"$@\" | head -n -1", "no armoured SSH signature"), ("$K \"$@\" | sed 1d", "no armoured SSH signature"), ("$K \"$@\"; echo", "no armoured SSH signature"), ("echo hello", "no armoured SSH signature"), ("true", "no armoured SSH signature"),
    ("$K \"$@\" | sed '2s/U1NI/U1NJ/'", "it is not what ssh-keygen -Y sign writes"), ("exec $K \"$@\" <<<other", "What ssh-keygen printed cannot be used: "), ("$K \"$@\" | sed '3s/^./!/'", "it is not base64"), ("$K \"$@\" | sed '3s/....$//'", "its end is missing"),
    ("yes", "ssh-keygen cannot be run: read: File too large"), ("kill -9 $$", "did not sign (exit status 137)"),
  ])
  func isNoAnswer(_ program: String, _ why: String) throws {
    let ran = try Client.run(Self.prelude + """
      make other ed25519; certify other -1m:+1h alice
      mkdir /run/path; printf '#!/bin/bash\\nK=/usr/bin/ssh-keygen\\n%s\\n' '\(program.replacingOccurrences(of: "'", with: "'\\''"))' >/run/path/ssh-keygen; chmod 755 /run/path /run/path/ssh-keygen
      PATH=/run/path:$PATH sign --key id "$C"; echo "status $?"
      """)
    #expect(ran.output == "status 1\n" && ran.errors.contains(why), "\(ran.output)\(ran.errors)")
  }

  @Test func saysWhatIsNotInstalled() throws {
    let ran = try Client.run(Self.prelude + """
      bare() { PATH=/nowhere SSH_AUTH_SOCK=/run/x /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups $S sign "$@"; echo $?; }
      bare "$C"; bare --agent "$C"; unset HOME; sign "$C"; echo $?
      """)
    #expect(ran.output == "1\n1\n1\n", "\(ran.output)\(ran.errors)")
    for said in ["ssh-keygen is not installed (package openssh-client).", "the agent: ssh-add is not installed (package openssh-client)", "~/.ssh: HOME is not set"] { #expect(ran.errors.contains(said), "\(said): \(ran.errors)") }
  }

  /// One bit of every byte turned over (all eight in `make test-long`): refused, or signed as what it now says, of which an expression of Python's judges.
  @Test func signsNoChallengeWithAFlippedBitThatIsNoneAnyMore() throws {
    let bits = ProcessInfo.processInfo.environment["SOJOURN_TEST_LONG"] != nil ? 8 : 1
    let ran = try Client.run(Self.prelude + """
      cat >/run/flip.py <<'END'
      import re, subprocess, sys
      from datetime import datetime, timezone
      command, bits = sys.argv[1], int(sys.argv[2])
      whole = b"sojourn-1 host=db1 user=alice service=su by=bob as=ann tty=tty1 until=2099-10-10T10:10:10Z nonce=0123456789abcdef0123456789abcdef"
      value = rb"[A-Za-z0-9._:@/+-]+"
      form = re.compile(b"sojourn-1 host=%s user=(%s) service=%s( by=%s)?( as=%s)?( tty=%s)? until=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z) nonce=[0-9a-f]{32}" % ((value,) * 6))
      def expected(text):
        found = form.fullmatch(text)
        if not found: return 2
        try: until = datetime.strptime(found.group(5).decode(), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        except ValueError: return 2
        if until.year < 1970: return 2
        return 0 if found.group(1) == b"alice" and until > datetime.now(timezone.utc) else 1
      counts = {0: 0, 1: 0, 2: 0}
      for at in range(len(whole)):
        for bit in range(bits):
          text = bytearray(whole); text[at] ^= 1 << ((at + bit) % 8); text = bytes(text)
          ran = subprocess.run([command, "sign", "--key", "id", "-"], input=text, capture_output=True)
          # Blanks of every kind stand between words, and only there.
          signed = b" ".join(re.split(rb"[ \\t\\r\\n]+", text.strip(b" \\t\\r\\n")))
          if ran.returncode != expected(signed) or bool(ran.stdout) != (ran.returncode == 0): sys.exit(f"{text}: {ran}, expected {expected(signed)}")
          counts[ran.returncode] += 1
          if ran.returncode == 0:
            own = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "sojourn", "-f", "id-cert.pub"], input=signed + b"\\n", capture_output=True).stdout
            if b"".join(own.splitlines()[1:-1]) != ran.stdout.strip(): sys.exit(f"{text}: something else was signed")
      print(all(counts.values()), sum(counts.values()))
      END
      python3 /run/flip.py $S \(bits)
      """)
    #expect(ran.output == "True \(129 * bits)\n", "\(ran.output)\(ran.errors)")
  }
}
