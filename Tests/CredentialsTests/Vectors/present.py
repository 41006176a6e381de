"""Signatures over a challenge (PROTOCOL.sshsig), as `ssh-keygen -Y sign` makes them and as it never would.

Arguments: those of `wire.py`, and the file that is signed. Prints "name verdict base64" lines: the verdict is `presented`, or what
the proof is refused for: `form`, `plain-key`, `signature`. What is about security keys, which no device gives away, and what is
wrong is put together by hand.
"""
import subprocess

from wire import *

CHALLENGE = sys.argv[3]
with open(CHALLENGE, "rb") as f:
    MESSAGE = f.read()
HASHES = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}


def by_keygen(key, namespace="sojourn", file=CHALLENGE, *options):
    """`ssh-keygen -Y sign`, without its armour."""
    with open(file, "rb") as f:
        armoured = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, *options, "-f", os.path.join(keys, key)], stdin=f,
                                  capture_output=True, check=True).stdout.decode()
    return base64.b64decode("".join(line for line in armoured.splitlines() if not line.startswith("-----")))


def by_hand(key, message=MESSAGE, namespace="sojourn", hash="sha512", reserved=b"", public=None, version=1, magic=b"SSHSIG", tail=b"", **how):
    digest = HASHES.get(hash, hashlib.sha512)(message).digest()
    signed = b"SSHSIG" + s(namespace) + s(reserved) + s(hash) + s(digest)
    public = certified(key) if public is None else public
    return magic + u32(version) + s(public) + s(namespace) + s(reserved) + s(hash) + s(signature(key, signed, **how)) + tail


def certified(key):
    return blob(key + "-cert")


for key in ("user", "user_p256", "user_p384", "user_p521", "user_rsa", "user_rsa3072"):
    show(f"keygen-{key}", "presented", by_keygen(key + "-cert.pub"))
show("keygen-sha256", "presented", by_keygen("user-cert.pub", "sojourn", CHALLENGE, "-O", "hashalg=sha256"))
show("keygen-plain-key", "plain-key", by_keygen("user.pub"))
show("keygen-other-namespace", "signature", by_keygen("user-cert.pub", "file"))
show("keygen-weak-key", "signature", by_hand("user_rsa1024"))

for key in ("user", "user_p256", "user_rsa", "user_sk", "user_sk_ecdsa"):
    show(f"hand-{key}", "presented", by_hand(key))
show("hand-reserved", "presented", by_hand("user", reserved=b"later"))
show("hand-verified-user", "presented", by_hand("user_sk", flags=5))
show("untouched", "signature", by_hand("user_sk", flags=0))
show("untouched-but-verified", "signature", by_hand("user_sk", flags=4))
show("other-application", "signature", by_hand("user_sk", application=b"ssh:other"))
show("rsa-sha2-256", "presented", by_hand("user_rsa", algorithm="rsa-sha2-256"))
show("rsa-sha1", "signature", by_hand("user_rsa", algorithm="ssh-rsa"))
show("other-message", "signature", by_hand("user", MESSAGE.replace(b"db1", b"db2")))
show("other-user", "signature", by_hand("user", MESSAGE.replace(b"alice", b"bob")))
show("other-service", "signature", by_hand("user", MESSAGE.replace(b"=login", b"=su")))
show("other-nonce", "signature", by_hand("user", MESSAGE.replace(b"nonce=0", b"nonce=1")))
show("without-newline", "signature", by_hand("user", MESSAGE[:-1]))
show("namespace-longer", "signature", by_hand("user", namespace="sojourn2"))
show("namespace-empty", "signature", by_hand("user", namespace=""))
show("other-certificate", "signature", by_hand("user", public=certified("user_p256")))
show("certificate-of-another-key", "signature", by_hand("user_p256", public=certified("user")))
show("hash-unknown", "signature", by_hand("user", hash="sha1"))
show("hash-of-nothing", "signature", by_hand("user", hash=""))
show("certificate-cut", "signature", by_hand("user", public=certified("user")[:-1]))
show("no-key", "plain-key", by_hand("user", public=b""))
show("other-type", "plain-key", by_hand("user", public=s("ssh-dss")))
show("version-2", "form", by_hand("user", version=2))
show("version-0", "form", by_hand("user", version=0))
show("bytes-left-over", "form", by_hand("user", tail=b"x"))
show("cut", "form", by_hand("user")[:-1])
show("other-magic", "form", by_hand("user", magic=b"SSHSIX"))
show("no-magic", "form", by_hand("user", magic=b""))
show("nothing", "form", b"")
show("a-certificate", "form", certified("user"))
show("too-large", "form", by_hand("user", reserved=b"x" * 40000))
