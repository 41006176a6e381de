"""The SSH wire format and the test authorities, for the scripts that put certificates together by hand.

Arguments of every such script: the directory with the keys of `regenerate`, and the time (seconds since 1970) at which the
certificates begin.
"""
import base64
import hashlib
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

keys = sys.argv[1]
BEGIN = int(sys.argv[2])
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 base point (RFC 8032 section 5.1)
CURVES = {"secp256r1": ("nistp256", hashes.SHA256()), "secp384r1": ("nistp384", hashes.SHA384()), "secp521r1": ("nistp521", hashes.SHA512())}


def s(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def u64(value):
    return struct.pack(">Q", value)


def u32(value):
    return struct.pack(">I", value)


def mpint(value):
    return s(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def blob(name):
    with open(os.path.join(keys, name + ".pub")) as f:
        return base64.b64decode(f.read().split()[1])


def strings(data, count=1 << 20):
    """The first `count` strings of wire data."""
    found = []
    while data and len(found) < count:
        size = struct.unpack(">I", data[:4])[0]
        found.append(data[4:4 + size])
        data = data[4 + size:]
    return found


def key_type(name):
    return strings(blob(name), 1)[0].decode()


def key_fields(name):
    """What follows the type, alike in a plain key and in a certificate."""
    return blob(name)[4 + len(key_type(name)):]


def certificate_type(name):
    plain = key_type(name)
    return plain.replace("@openssh.com", "") + "-cert-v01@openssh.com"


loaded = {}


def private(name):
    if name not in loaded:
        with open(os.path.join(keys, name), "rb") as f:
            data = f.read()
        load = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
        loaded[name] = load(data, None)
    return loaded[name]


def raw(key, message, digest=None):
    """The signature as the algorithm's own string holds it, without its length."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), digest or hashes.SHA512())
    r, t = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest or CURVES[key.curve.name][1])))
    return mpint(r) + mpint(t)


def security_key_message(name, message, flags, counter, application=None):
    application = strings(blob(name))[-1] if application is None else application
    return hashlib.sha256(application).digest() + bytes([flags]) + u32(counter) + hashlib.sha256(message).digest()


def signature(name, message, algorithm=None, digest=None, flags=1, counter=7, application=None):
    """What an authority puts at a certificate's end."""
    key, plain = private(name), key_type(name)
    if plain.startswith("sk-"):
        inner = raw(key, security_key_message(name, message, flags, counter, application))
        return s(algorithm or plain) + s(inner) + bytes([flags]) + u32(counter)
    if plain == "ssh-rsa":
        algorithm = algorithm or "rsa-sha2-512"
        digest = digest or {"rsa-sha2-256": hashes.SHA256(), "ssh-rsa": hashes.SHA1()}.get(algorithm, hashes.SHA512())
    return s(algorithm or plain) + s(raw(key, message, digest))


def sign(message, ca="ca"):
    return raw(private(ca), message)


def option(name, data=b""):
    return s(name) + s(data)


def value(name, text):
    return option(name, s(text))


FLAGS = b"".join(option(n) for n in ("permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding",
                                     "permit-pty", "permit-user-rc"))
TYPE = "ssh-ed25519-cert-v01@openssh.com"


def body(type=TYPE, nonce=b"n" * 32, key=None, serial=7, kind=1, key_id="alice@example.com", principals=s("alice"),
         after=BEGIN, before=BEGIN + 8 * 3600, critical=b"", extensions=FLAGS, reserved=b"", ca=None):
    key = s(blob("user")[-32:]) if key is None else key
    ca = blob("ca") if ca is None else ca
    return (s(type) + s(nonce) + key + u64(serial) + u32(kind) + s(key_id) + s(principals) + u64(after) + u64(before)
            + s(critical) + s(extensions) + s(reserved) + s(ca))


def certificate(sig=None, tail=b"", signer="ca", **fields):
    signed = body(**fields)
    return signed + s(sig(signed) if sig else signature(signer, signed)) + tail


def show(name, verdict, data):
    print(name, verdict, base64.b64encode(data).decode())


def make(name, verdict, **fields):
    show(name, verdict, certificate(**fields))

FORM, SIZE, SIGNATURE = "certificate-form", "certificate-size", "certificate-signature"
OPTION, EXTENSION = "certificate-option-form", "certificate-extension-form"
# Every rule that could refuse it is as good as any other.
REFUSED = "refused"
