"""Every key type under every type of authority, and what can be wrong with each.

Prints "name verdict base64" lines.
"""
from curve_points import odd_points
from wire import *

USERS = {"ed25519": "user", "p256": "user_p256", "p384": "user_p384", "p521": "user_p521", "rsa": "user_rsa", "sk": "user_sk", "sk-ecdsa": "user_sk_ecdsa"}
AUTHORITIES = {"ed25519": "ca", "p256": "ecdsa_ca", "p384": "p384_ca", "p521": "p521_ca", "rsa": "rsa_ca", "sk": "sk_ca", "sk-ecdsa": "sk_ecdsa_ca"}
KEY, CA_KEY = "certificate-public-key", "certificate-authority-key"


def of(user="user", ca="ca", **fields):
    """A certificate for that key by that authority."""
    defaults = {"type": certificate_type(user), "key": key_fields(user), "ca": blob(ca), "signer": ca}
    return certificate(**{**defaults, **fields})


def made(name, verdict, **fields):
    show(name, verdict, of(**fields))


for kind, user in USERS.items():
    for authority, ca in AUTHORITIES.items():
        made(f"{kind}-by-{authority}", "accepted", user=user, ca=ca)

# Keys.
made("rsa-3072", "accepted", user="user_rsa3072")
made("rsa-1024", KEY, user="user_rsa1024")
made("rsa-authority-2048", CA_KEY, ca="small_rsa_ca")
e, n = (int.from_bytes(x, "big") for x in strings(key_fields("user_rsa")))
rsa_cert = certificate_type("user_rsa")


def rsa_key(name, verdict, fields):
    made(name, verdict, type=rsa_cert, key=fields)


rsa_key("rsa-exponent-3", "accepted", mpint(3) + mpint(n))
rsa_key("rsa-exponent-1", KEY, mpint(1) + mpint(n))
rsa_key("rsa-exponent-even", KEY, mpint(65536) + mpint(n))
rsa_key("rsa-exponent-0", FORM, mpint(0) + mpint(n))
rsa_key("rsa-exponent-of-9-bytes", KEY, mpint(2**64 + 1) + mpint(n))
rsa_key("rsa-exponent-negative", FORM, s(b"\x81\0\1") + mpint(n))
rsa_key("rsa-modulus-even", KEY, mpint(e) + mpint(n - 1))
rsa_key("rsa-modulus-of-2047-bits", KEY, mpint(e) + mpint((n >> 1) | 1))
rsa_key("rsa-modulus-0", FORM, mpint(e) + mpint(0))
rsa_key("rsa-modulus-negative", FORM, mpint(e) + s(n.to_bytes(256, "big")))
rsa_key("rsa-modulus-with-zeros", FORM, mpint(e) + s(b"\0\0" + n.to_bytes(256, "big")))
rsa_key("rsa-exponent-with-zeros", FORM, s(b"\0\1\0\1") + mpint(n))
rsa_key("rsa-modulus-of-16384-bits", "accepted", mpint(e) + mpint(2**16383 + 1))
rsa_key("rsa-modulus-of-16385-bits", KEY, mpint(e) + mpint(2**16384 + 1))
rsa_key("rsa-modulus-of-60000-bits", KEY, mpint(e) + mpint(2**60000 + 1))
rsa_key("rsa-fields-swapped", KEY, mpint(n) + mpint(e))
rsa_key("rsa-without-modulus", REFUSED, mpint(e))

for kind, size in (("p256", 32), ("p384", 48), ("p521", 66)):
    user = USERS[kind]
    curve, point = strings(key_fields(user))
    cert = certificate_type(user)

    def ec_key(name, verdict, fields):
        made(f"{kind}-{name}", verdict, type=cert, key=fields)

    off = bytearray(point)
    off[-1] ^= 1
    ec_key("point-off-the-curve", KEY, s(curve) + s(bytes(off)))
    ec_key("point-of-zeros", KEY, s(curve) + s(b"\4" + b"\0" * (2 * size)))
    ec_key("point-beyond-the-field", KEY, s(curve) + s(b"\4" + b"\xff" * (2 * size)))
    ec_key("point-compressed", FORM, s(curve) + s(bytes([2 + (point[-1] & 1)]) + point[1:1 + size]))
    ec_key("point-hybrid", FORM, s(curve) + s(bytes([6 + (point[-1] & 1)]) + point[1:]))
    ec_key("point-at-infinity", FORM, s(curve) + s(b"\0"))
    ec_key("point-empty", FORM, s(curve) + s(b""))
    ec_key("point-too-short", FORM, s(curve) + s(point[:-1]))
    ec_key("point-too-long", FORM, s(curve) + s(point + b"\0"))
    for name, taken, odd in odd_points(kind):
        ec_key(name, "accepted" if taken else KEY, s(curve) + s(odd))
        # None of the test authorities: the tests put it on the list where they want it to be one.
        show(f"{kind}-authority-{name}", "certificate-authority", certificate(ca=s(key_type(user)) + s(curve) + s(odd), signer="ca"))
    ec_key("curve-of-another", FORM, s("nistp384" if kind != "p384" else "nistp256") + s(point))
    ec_key("curve-empty", FORM, s("") + s(point))
    ec_key("curve-with-nul", FORM, s(curve + b"\0") + s(point))
    ec_key("curve-unknown", FORM, s("secp256k1") + s(point))
made("p384-point-in-p256", FORM, type=certificate_type("user_p256"), key=key_fields("user_p384"))
made("p256-key-in-p384", FORM, type=certificate_type("user_p384"), key=key_fields("user_p256"))
made("rsa-key-in-ed25519", FORM, type=certificate_type("user"), key=key_fields("user_rsa"))

sk_point = strings(key_fields("user_sk"))[0]
sk_cert, sk_ecdsa_cert = certificate_type("user_sk"), certificate_type("user_sk_ecdsa")
made("sk-other-application", "accepted", type=sk_cert, key=s(sk_point) + s("ssh:somewhere"))
made("sk-application-with-nul", FORM, type=sk_cert, key=s(sk_point) + s(b"ssh:\0"))
made("sk-application-missing", REFUSED, type=sk_cert, key=s(sk_point))
made("sk-key-of-31-bytes", FORM, type=sk_cert, key=s(sk_point[:-1]) + s("ssh:"))
made("sk-ecdsa-off-the-curve", KEY, type=sk_ecdsa_cert, key=s("nistp256") + s(b"\4" + b"k" * 64) + s("ssh:"))
for name, taken, odd in odd_points("p256"):
    made(f"sk-ecdsa-{name}", "accepted" if taken else KEY, type=sk_ecdsa_cert, key=s("nistp256") + s(odd) + s("ssh:"))
made("sk-ecdsa-other-curve", FORM, type=sk_ecdsa_cert, key=key_fields("user_p384") + s("ssh:"))
made("sk-ecdsa-application-missing", REFUSED, type=sk_ecdsa_cert, key=key_fields("user_p256"))
for kind in ("sk", "sk-ecdsa"):
    user = USERS[kind]
    made(f"{kind}-verify-required", "accepted", user=user, critical=option("verify-required"))
    made(f"{kind}-verify-required-with-value", OPTION, user=user, critical=value("verify-required", "x"))
    made(f"{kind}-no-touch-required", "accepted", user=user, extensions=option("no-touch-required"))
    made(f"{kind}-no-touch-required-with-value", EXTENSION, user=user, extensions=value("no-touch-required", "x"))
    made(f"{kind}-no-touch-required-as-critical", "certificate-critical-option", user=user, critical=option("no-touch-required"))
    made(f"{kind}-verify-required-as-extension", EXTENSION, user=user, extensions=option("verify-required"))
for kind in ("p256", "p384", "p521", "rsa"):
    made(f"{kind}-verify-required", "certificate-security-key-option", user=USERS[kind], critical=option("verify-required"))

# Types that are none of ours.
webauthn = "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"
made("type-webauthn", "certificate-type", type=webauthn, key=key_fields("user_sk_ecdsa"))
made("type-composite", "certificate-type", type="ssh-mldsa44-ed25519-cert-v01@openssh.com", key=s(b"k" * 1344))
made("type-composite-by-foreign", "certificate-type", type="ssh-mldsa44-ed25519-cert-v01@openssh.com", key=s(b"k" * 1344), ca="foreign_ca")
made("type-of-the-algorithm", "certificate-type", type="rsa-sha2-512-cert-v01@openssh.com", key=key_fields("user_rsa"))
made("type-of-security-key-in-ed25519", REFUSED, type=certificate_type("user"), key=key_fields("user_sk"))

# Signatures: RSA.
made("rsa-signature-of-sha256", "accepted", ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "rsa-sha2-256"))
made("rsa-signature-of-sha1", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "ssh-rsa"))
made("rsa-signature-of-sha1-named-sha256", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "rsa-sha2-256", hashes.SHA1()))
made("rsa-signature-of-the-other-digest", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "rsa-sha2-512", hashes.SHA256()))
made("rsa-signature-with-pss", SIGNATURE, ca="rsa_ca", sig=lambda m: s("rsa-sha2-512") + s(private("rsa_ca").sign(
    m, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())))
made("rsa-signature-with-zero-before", SIGNATURE, ca="rsa_ca", sig=lambda m: s("rsa-sha2-512") + s(b"\0" + raw(private("rsa_ca"), m)))
made("rsa-signature-cut", SIGNATURE, ca="rsa_ca", sig=lambda m: s("rsa-sha2-512") + s(raw(private("rsa_ca"), m)[:-1]))
made("rsa-signature-empty", SIGNATURE, ca="rsa_ca", sig=lambda m: s("rsa-sha2-512") + s(b""))
made("rsa-signature-of-the-modulus", SIGNATURE, ca="rsa_ca", sig=lambda m: s("rsa-sha2-512") + s(strings(blob("rsa_ca"))[2][1:]))
made("rsa-signature-with-byte-left", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m) + b"\0")
made("rsa-signature-named-ed25519", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "ssh-ed25519"))
made("rsa-signature-named-as-certificate", SIGNATURE, ca="rsa_ca", sig=lambda m: signature("rsa_ca", m, "rsa-sha2-512-cert-v01@openssh.com"))
for attempt in range(4096):  # one in 256 begins with a zero, which may be left out
    fields = {"type": certificate_type("user"), "key": key_fields("user"), "ca": blob("rsa_ca"), "nonce": u32(attempt) * 8}
    signed = body(**fields)
    short = raw(private("rsa_ca"), signed)
    if short[0] == 0:
        show("rsa-signature-without-its-zero", "accepted", signed + s(s("rsa-sha2-512") + s(short.lstrip(b"\0"))))
        break

# Signatures: ECDSA.
ORDERS = {"ecdsa_ca": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
          "p384_ca": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
          "p521_ca": int("1" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16)}
for ca, order in ORDERS.items():
    kind = next(k for k, v in AUTHORITIES.items() if v == ca)
    name = s(key_type(ca))

    def pair(message, ca=ca):
        return [int.from_bytes(x, "big") for x in strings(raw(private(ca), message))]

    def ecdsa(case, verdict, inner, ca=ca, name=name):
        made(f"{kind}-signature-{case}", verdict, ca=ca, sig=lambda m: name + s(inner(m)))

    # The other of the two signatures that always go together: everybody can make it, and it is as good to sshd.
    ecdsa("mirrored", "accepted", lambda m: (lambda p: mpint(p[0]) + mpint(order - p[1]))(pair(m)))
    ecdsa("r-0", SIGNATURE, lambda m: mpint(0) + mpint(pair(m)[1]))
    ecdsa("s-0", SIGNATURE, lambda m: mpint(pair(m)[0]) + mpint(0))
    ecdsa("both-0", SIGNATURE, lambda m: mpint(0) * 2)
    ecdsa("both-1", SIGNATURE, lambda m: mpint(1) * 2)
    ecdsa("both-the-order", SIGNATURE, lambda m: mpint(order) * 2)
    ecdsa("r-beyond-the-order", SIGNATURE, lambda m: (lambda p: mpint(p[0] + order) + mpint(p[1]))(pair(m)))
    ecdsa("r-negative", SIGNATURE, lambda m: s(b"\xff" * 32) + mpint(pair(m)[1]))
    ecdsa("with-zeros", SIGNATURE, lambda m: (lambda p: s(b"\0\0" + p[0].to_bytes(66, "big")) + mpint(p[1]))(pair(m)))
    ecdsa("of-1000-bytes", SIGNATURE, lambda m: s(b"\1" * 1000) + mpint(pair(m)[1]))
    ecdsa("as-der", SIGNATURE, lambda m: private(ca).sign(m, ec.ECDSA(CURVES[private(ca).curve.name][1])))
    ecdsa("byte-left-inside", SIGNATURE, lambda m: raw(private(ca), m) + b"\0")
    ecdsa("without-s", SIGNATURE, lambda m: mpint(pair(m)[0]))
    ecdsa("empty", SIGNATURE, lambda m: b"")
    made(f"{kind}-signature-byte-left", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m) + b"\0")
    made(f"{kind}-signature-of-other-digest", SIGNATURE, ca=ca, sig=lambda m: signature(
        ca, m, digest=hashes.SHA512() if kind != "p521" else hashes.SHA256()))
    made(f"{kind}-signature-named-other-curve", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m, "ecdsa-sha2-nistp384" if kind != "p384" else "ecdsa-sha2-nistp256"))

# Signatures: security keys.
for kind, ca in (("sk", "sk_ca"), ("sk-ecdsa", "sk_ecdsa_ca")):
    def sk(case, verdict, ca=ca, kind=kind, **how):
        made(f"{kind}-signature-{case}", verdict, ca=ca, sig=lambda m: signature(ca, m, **how))

    sk("verified-person", "accepted", flags=5)
    sk("all-flags", "accepted", flags=0xFF)
    sk("counter-0", "accepted", counter=0)
    sk("counter-largest", "accepted", counter=2**32 - 1)
    sk("untouched", SIGNATURE, flags=0)
    sk("verified-untouched", SIGNATURE, flags=4)
    sk("other-application", SIGNATURE, application=b"https://example.com")
    sk("named-webauthn", SIGNATURE, algorithm="webauthn-sk-ecdsa-sha2-nistp256@openssh.com")
    sk("named-plain", SIGNATURE, algorithm="ssh-ed25519" if kind == "sk" else "ecdsa-sha2-nistp256")
    made(f"{kind}-signature-other-flags", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m)[:-5] + b"\5" + u32(7))
    made(f"{kind}-signature-other-counter", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m)[:-4] + u32(8))
    made(f"{kind}-signature-without-counter", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m)[:-4])
    made(f"{kind}-signature-without-flags", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m)[:-5])
    made(f"{kind}-signature-byte-left", SIGNATURE, ca=ca, sig=lambda m: signature(ca, m) + b"\0")
    made(f"{kind}-signature-of-the-message-itself", SIGNATURE, ca=ca, sig=lambda m: s(key_type(ca)) + s(raw(private(ca), m)) + b"\1" + u32(7))

# The authority's key.
for kind, ca in AUTHORITIES.items():
    show(f"{kind}-authority-cut", REFUSED, certificate(ca=blob(ca)[:-1], signer=ca))
    show(f"{kind}-authority-longer", REFUSED, certificate(ca=blob(ca) + b"\0", signer=ca))
    show(f"{kind}-authority-certified-itself", "certificate-self-signed", of(user=ca, ca=ca))
    show(f"{kind}-authority-signed-by-another", SIGNATURE, of(ca=ca, signer="second_ca"))
