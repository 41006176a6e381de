"""Certificates that ssh-keygen does not make: put together byte by byte around its keys and signed with the test CA.

Each is wrong in one place and right in all others, so that only the rule that it is meant for can refuse it.
Prints "name verdict base64" lines. Argument: the directory with the keys `ca`, `user`, ... of `regenerate`.
"""
import base64
import os
import struct
import subprocess
import sys

keys = sys.argv[1]
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 base point (RFC 8032 section 5.1)


def s(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def u64(value):
    return struct.pack(">Q", value)


def u32(value):
    return struct.pack(">I", value)


def blob(name):
    with open(os.path.join(keys, name + ".pub")) as f:
        return base64.b64decode(f.read().split()[1])


def seed(name):
    """The private seed in an unencrypted openssh-key-v1 file (PROTOCOL.key)."""
    with open(os.path.join(keys, name)) as f:
        raw = base64.b64decode("".join(f.read().split("\n")[1:-2]))
    public = blob(name)[-32:]
    at = raw.rindex(s(public)) + 4 + 32 + 4  # the last public key is followed by string seed || public key
    return raw[at:at + 32]


def pem(name):
    path = os.path.join(keys, name + ".pem")
    if not os.path.exists(path):
        der = bytes.fromhex("302e020100300506032b657004220420") + seed(name)  # RFC 8410 section 7
        with open(path, "w") as f:
            f.write("-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PRIVATE KEY-----\n")
    return path


def sign(message, ca="ca"):
    path = os.path.join(keys, "message")
    with open(path, "wb") as f:
        f.write(message)
    return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem(ca), "-in", path],
                          check=True, capture_output=True).stdout


def option(name, data=b""):
    return s(name) + s(data)


def value(name, text):
    return option(name, s(text))


FLAGS = b"".join(option(n) for n in ("permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding",
                                     "permit-pty", "permit-user-rc"))
BEGIN = 1767225600  # 2026-01-01 00:00 UTC
TYPE = "ssh-ed25519-cert-v01@openssh.com"


def body(type=TYPE, nonce=b"n" * 32, key=None, serial=7, kind=1, key_id="alice@example.com", principals=s("alice"),
         after=BEGIN, before=BEGIN + 8 * 3600, critical=b"", extensions=FLAGS, reserved=b"", ca=None):
    key = s(blob("user")[-32:]) if key is None else key
    ca = blob("ca") if ca is None else ca
    return (s(type) + s(nonce) + key + u64(serial) + u32(kind) + s(key_id) + s(principals) + u64(after) + u64(before)
            + s(critical) + s(extensions) + s(reserved) + s(ca))


def certificate(signature=None, tail=b"", signer="ca", **fields):
    signed = body(**fields)
    raw = s("ssh-ed25519") + s(sign(signed, signer)) if signature is None else signature(signed)
    return signed + s(raw) + tail


def show(name, verdict, data):
    print(name, verdict, base64.b64encode(data).decode())


def make(name, verdict, **fields):
    show(name, verdict, certificate(**fields))


FORM, SIZE, SIGNATURE = "certificate-form", "certificate-size", "certificate-signature"
OPTION, EXTENSION = "certificate-option-form", "certificate-extension-form"

make("control", "accepted")
make("tail", FORM, tail=b"\0")
make("long-tail", FORM, tail=b"x" * 1000)
make("empty-nonce", "certificate-reserved-fields", nonce=b"")
make("huge-nonce", "certificate-reserved-fields", nonce=b"n" * 257)
make("longest-nonce", "accepted", nonce=b"n" * 256)
make("reserved-used", "certificate-reserved-fields", reserved=b"x")

make("key-of-31-bytes", FORM, key=s(b"k" * 31))
make("key-of-33-bytes", FORM, key=s(b"k" * 33))
make("key-of-0-bytes", FORM, key=s(b""))
make("key-of-zeros", "accepted", key=s(b"\0" * 32))  # sshd takes it as well: nobody has its private key
make("kind-0", "certificate-not-for-users", kind=0)
make("kind-3", "certificate-not-for-users", kind=3)
make("kind-largest", "certificate-not-for-users", kind=2**32 - 1)

make("key-id-empty", "certificate-key-id", key_id="")
make("key-id-64-kib-less", "certificate-key-id", key_id="k" * 20000)
make("key-id-64-kib", SIZE, key_id="k" * 65536)
make("key-id-with-escape", "accepted", key_id="alice\n\x1b[2J")
make("key-id-not-utf-8", "certificate-key-id", key_id=b"alice\xff")
make("key-id-overlong-utf-8", "certificate-key-id", key_id=b"alice\xc0\xaf")
make("key-id-surrogate", "certificate-key-id", key_id=b"alice\xed\xa0\x80")
make("key-id-with-nul", FORM, key_id=b"alice\0root")

make("principals-none", "certificate-principals", principals=b"")
make("principal-empty", "certificate-principals", principals=s(""))
make("principal-empty-and-alice", "certificate-principals", principals=s("") + s("alice"))
make("principal-twice", "certificate-principals", principals=s("alice") * 2)
make("principal-thrice", "certificate-principals", principals=s("bob") + s("alice") + s("bob"))
make("principal-with-comma", "certificate-login-name", principals=s("alice,root"))
make("principal-with-newline", "certificate-login-name", principals=s("alice\nroot"))
make("principal-with-space", "certificate-login-name", principals=s("alice "))
make("principal-with-nul", FORM, principals=s(b"alice\0"))
make("principal-not-utf-8", "certificate-principals", principals=s("alice") + s(b"\xff"))
make("principals-256", "accepted", principals=b"".join(s("p%d" % i) for i in range(255)) + s("alice"))
make("principals-257", SIZE, principals=b"".join(s("p%d" % i) for i in range(256)) + s("alice"))
make("principals-cut-off", FORM, principals=s("alice") + u32(9) + b"bob")
make("principals-lying-length", FORM, principals=s("alice") + b"\xff\xff\xff\xff")
make("principals-with-bytes-left", FORM, principals=s("alice") + b"\0\0")

make("for-ever", "certificate-lifetime", after=0, before=2**64 - 1)
make("for-ever-from-now", "certificate-lifetime", before=2**64 - 1)
make("nearly-for-ever", "certificate-lifetime", after=0, before=2**64 - 2)
make("all-of-time-so-far", "certificate-lifetime", after=0, before=BEGIN + 5 * 3600)
make("ends-where-it-begins", "certificate-expired", before=BEGIN)
make("ends-before-it-begins", "certificate-expired", after=BEGIN + 3600, before=BEGIN)
make("begins-at-2-to-63", "certificate-not-yet-valid", after=2**63, before=2**63 + 3600)
make("begins-at-the-end-of-time", "certificate-not-yet-valid", after=2**64 - 1, before=2**64 - 1)
make("before-0", "certificate-expired", after=0, before=0)

force, source = value("force-command", "/bin/true"), value("source-address", "127.0.0.1/32")
make("options-in-order", "accepted", critical=force + source)
make("options-unsorted", OPTION, critical=source + force)
make("force-command-empty", OPTION, critical=value("force-command", ""))
make("force-command-without-value", OPTION, critical=option("force-command"))
make("force-command-with-nul", OPTION, critical=value("force-command", b"/bin/true\0x"))
make("force-command-twice", OPTION, critical=force + force)
make("force-command-twice-apart", OPTION, critical=force + source + force)
make("source-address-twice", OPTION, critical=source + source)
make("source-address-empty", OPTION, critical=value("source-address", ""))
make("option-value-not-nested", OPTION, critical=option("force-command", "/bin/true"))
make("option-value-with-bytes-left", OPTION, critical=option("force-command", s("/bin/true") + b"x"))
make("option-value-lying-length", OPTION, critical=option("force-command", u32(2**31) + b"x"))
make("option-without-data", FORM, critical=s("force-command"))
make("option-lying-length", FORM, critical=b"\xff\xff\xff\xff")
make("option-name-empty", OPTION, critical=option(""))
make("option-name-with-nul", FORM, critical=option(b"force-command\0"))
make("option-name-with-escape", OPTION, critical=option("\x1b[2J"))
make("option-known-as-extension", "certificate-critical-option", critical=option("permit-pty"))
make("option-unknown", "certificate-critical-option", critical=option("zzz@example.com", s("x")))
make("option-name-of-other-case", "certificate-critical-option", critical=value("Force-Command", "/bin/true"))
make("verify-required-with-value", OPTION, critical=value("verify-required", "x"))
make("verify-required", "certificate-security-key-option", critical=option("verify-required"))
make("options-65", SIZE, critical=b"".join(value("o%02d" % i, "x") for i in range(65)))
make("options-64", "certificate-critical-option", critical=b"".join(value("o%02d" % i, "x") for i in range(64)))

make("extension-unknown", "accepted", extensions=value("login@example.com", "alice"))
make("extension-unknown-of-odd-data", "accepted", extensions=option("login@example.com", b"\xff\0\x1b"))
make("extension-twice", OPTION, extensions=option("permit-pty") * 2)
make("extensions-unsorted", OPTION, extensions=option("permit-user-rc") + option("permit-pty"))
make("extension-flag-with-value", EXTENSION, extensions=value("permit-pty", "x"))
make("extension-flag-with-empty-string", EXTENSION, extensions=value("permit-pty", ""))
make("extension-force-command", EXTENSION, extensions=force)
make("extension-source-address", EXTENSION, extensions=source)
make("extension-verify-required", EXTENSION, extensions=option("verify-required"))
make("extension-no-touch-required", "certificate-security-key-option", extensions=option("no-touch-required"))
make("extension-name-empty", OPTION, extensions=option(""))
make("extension-name-with-space", OPTION, extensions=option("permit pty"))
make("extension-name-not-ascii", OPTION, extensions=option("ü"))
make("extension-without-data", FORM, extensions=s("permit-pty"))
make("extensions-65", SIZE, extensions=b"".join(option("o%02d" % i) for i in range(65)))
make("extensions-64", "accepted", extensions=b"".join(option("o%02d" % i) for i in range(64)))
make("extension-of-20-kb", "accepted", extensions=value("roles@example.com", "r" * 20000))
make("extension-of-40-kb", SIZE, extensions=value("roles@example.com", "r" * 40000))

make("ca-empty", FORM, ca=b"")
make("ca-of-unknown-type", "certificate-authority-type", ca=s("ssh-unknown") + s(b"k" * 32))
make("ca-with-byte-left", FORM, ca=blob("ca") + b"\0")
make("ca-key-of-31-bytes", FORM, ca=s("ssh-ed25519") + s(blob("ca")[-32:-1]))
make("ca-is-a-certificate", "certificate-authority-type", ca=certificate())
make("ca-foreign-signed-by-ours", "certificate-authority", ca=blob("foreign_ca"))
make("ca-ours-signed-by-foreign", SIGNATURE, signer="foreign_ca")
make("ca-ours-signed-by-the-other-of-ours", SIGNATURE, signer="second_ca")
make("self-signed-by-foreign", "certificate-authority", ca=blob("user"), signer="user")
make("self-signed-by-ours", "certificate-self-signed", key=s(blob("ca")[-32:]))

ed = s("ssh-ed25519")
make("signature-empty", FORM, signature=lambda m: b"")
make("signature-of-63-bytes", SIGNATURE, signature=lambda m: ed + s(sign(m)[:63]))
make("signature-of-65-bytes", SIGNATURE, signature=lambda m: ed + s(sign(m) + b"\0"))
make("signature-of-0-bytes", SIGNATURE, signature=lambda m: ed + s(b""))
make("signature-of-zeros", SIGNATURE, signature=lambda m: ed + s(b"\0" * 64))
make("signature-of-other-algorithm", SIGNATURE, signature=lambda m: s("rsa-sha2-256") + s(sign(m)))
make("signature-of-security-key", SIGNATURE, signature=lambda m: s("sk-ssh-ed25519@openssh.com") + s(sign(m)) + b"\1\0\0\0\1")
make("signature-with-byte-left", FORM, signature=lambda m: ed + s(sign(m)) + b"\0")
make("signature-of-other-bytes", SIGNATURE, signature=lambda m: ed + s(sign(m + b"x")))
make("signature-of-one-byte", SIGNATURE, signature=lambda m: ed + s(sign(b"x")))


def not_reduced(message):
    """S + L verifies by the equation alone, and so gives a second spelling of one certificate (RFC 8032 section 5.1.7)."""
    raw = sign(message)
    larger = int.from_bytes(raw[32:], "little") + ORDER
    return ed + s(raw[:32] + larger.to_bytes(32, "little"))


make("signature-not-reduced", SIGNATURE, signature=not_reduced)

good = certificate()
flipped = bytearray(good)
flipped[good.index(s("alice")) + 6] ^= 1
show("principal-changed-after-signing", SIGNATURE, bytes(flipped))
for cut in (0, 3, 4, 10, 60, 100, 150, 200, len(good) - 40, len(good) - 1):
    show("cut-to-%d" % cut, FORM, good[:cut])
show("plain-key", "certificate-type", blob("user"))
make("type-plain", "certificate-type", type="ssh-ed25519")
make("type-empty", "certificate-type", type="")
make("type-with-nul", "certificate-type", type=TYPE + "\0")
make("type-of-version-2", "certificate-type", type="ssh-ed25519-cert-v02@openssh.com")
sk = s("ssh:")
make("type-security-key", "certificate-type", type="sk-ssh-ed25519-cert-v01@openssh.com", key=s(blob("user")[-32:]) + sk)
make("type-security-key-ecdsa", "certificate-type", type="sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", key=s("nistp256") + s(b"\4" + b"k" * 64) + sk)
make("type-dsa", "certificate-type", type="ssh-dss-cert-v01@openssh.com", key=s("p") + s("q") + s("g") + s("y"))
make("type-ed448", "certificate-type", type="ssh-ed448-cert-v01@openssh.com", key=s(b"k" * 57))
show("garbage", FORM, b"\xff" * 400)
show("zeros", "certificate-type", b"\0" * 400)
show("length-of-everything", FORM, u32(2**32 - 1) + good[4:])
show("line-of-text", FORM, b"ssh-ed25519-cert-v01@openssh.com AAAA")
