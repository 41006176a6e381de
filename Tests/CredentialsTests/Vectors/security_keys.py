"""Keys of the FIDO types with their private halves in files, which no device would give away: what it would sign, `wire.py`
signs. Argument: the directory to write `sk_ca`, `user_sk` and their like to.
"""
import base64
import os
import struct
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519


def s(data):
    return struct.pack(">I", len(data)) + data


def write(name, key, blob, comment):
    path = os.path.join(sys.argv[1], name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    type = blob[4:4 + struct.unpack(">I", blob[:4])[0]].decode()
    with open(path + ".pub", "w") as f:
        f.write(f"{type} {base64.b64encode(blob).decode()} {comment}\n")


for name, comment in (("sk_ca", "sk_ca"), ("user_sk", "alice")):
    key = ed25519.Ed25519PrivateKey.generate()
    point = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    write(name, key, s(b"sk-ssh-ed25519@openssh.com") + s(point) + s(b"ssh:"), comment)
for name, comment in (("sk_ecdsa_ca", "sk_ecdsa_ca"), ("user_sk_ecdsa", "alice")):
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    write(name, key, s(b"sk-ecdsa-sha2-nistp256@openssh.com") + s(b"nistp256") + s(point) + s(b"ssh:"), comment)
