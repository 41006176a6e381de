"""`source-address` in every spelling, extensions as products write them, and lengths that lie.

Prints "name verdict base64" lines. The client is at 127.0.0.1.
"""
from wire import *

SOURCE = "certificate-source-address"
good = ["127.0.0.1", "127.0.0.1/32", "127.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8,127.0.0.0/8", "::1,127.0.0.1", "2001:db8::/32,127.0.0.1/32",
        ",".join(["10.0.0.%d/32" % i for i in range(200)] + ["127.0.0.1"])]
bad = ["127.0.0.2", "10.0.0.0/8", "::1", "::/0", "2001:db8::/32", "127.0.0.1/8", "10.0.0.1/8", "127.0.0.1/33", "127.0.0.1/-1", "127.0.0.1/032",
       "127.0.0.1/", "/32", "127.1", "127.1/32", "0177.0.0.1", "0x7f000001", "127.0.0.01", "127.0.0.1.", "localhost", "!127.0.0.1", "*", "127.*",
       "127.0.0.1 ", " 127.0.0.1", "127.0.0.1,", ",127.0.0.1", "127.0.0.1,,127.0.0.1", "127.0.0.1,localhost", "127.0.0.1,10.0.0.1/8", "::ffff:127.0.0.1",
       "::ffff:127.0.0.1/128", "::1/129", "127.0.0.1;127.0.0.1", "127.0.0.1\n", "127.0.0.1/32/32", "127.0.0.1/4294967328", "x" * 5000]
for index, text in enumerate(good):
    make(f"source-address-taken-{index}", "accepted", critical=value("source-address", text))
for index, text in enumerate(bad):
    make(f"source-address-not-taken-{index}", SOURCE, critical=value("source-address", text))

# What products write (their names are theirs, the values are made up).
make("teleport", "accepted", key_id="alice", principals=s("alice") + s("-teleport-internal-join"), extensions=b"".join([
    option("permit-agent-forwarding"), option("permit-port-forwarding"), option("permit-pty"),
    value("private-key-policy", "none"), value("teleport-roles", '{"version":"v1","roles":["dba","sre"]}'), value("teleport-route-to-cluster", "example"),
    value("teleport-traits", '{"groups":["db","web"],"logins":["alice"]}')]))
make("step-ca", "accepted", extensions=value("login@github.com", "alice") + option("permit-pty"))
make("vault", "accepted", key_id="vault-oidc-alice", extensions=value("groups@example.com", "db, web,,ops") + value("login@foobar.com", "alice") + option("permit-pty"))
make("workload", "accepted", key_id="spiffe://example.com/ci", principals=s("alice") + s("root"), extensions=option("break-glass@example.com")
     + value("roles@example.com", '["deploy"]'))
make("attribute-of-broken-json", "accepted", extensions=value("roles@example.com", '["deploy"'))
make("attribute-of-numbers", "accepted", extensions=value("roles@example.com", "[1,2]"))
make("attribute-of-no-text", "accepted", extensions=value("roles@example.com", b"\xff\xfe"))
make("attribute-not-nested", "accepted", extensions=option("roles@example.com", "deploy"))
make("attribute-with-control-character", "accepted", extensions=value("roles@example.com", '["a\\u001b"]'))
make("attribute-nested-deeply", "accepted", extensions=value("roles@example.com", "[" * 5000))
make("attribute-of-many", "accepted", extensions=value("roles@example.com", "[" + ",".join(['"r"'] * 300) + "]"))
make("attribute-of-an-object", "accepted", extensions=value("roles@example.com", '{"a":["x"]}'))

# Every length says too much, too little, nothing, and everything; the authority has signed it all the same.
whole = body(critical=value("force-command", "/bin/true"))
places, at = [], 0
for name in ("type", "nonce", "key", 8, 4, "key-id", "principals", 8, 8, "critical", "extensions", "reserved", "authority"):
    if isinstance(name, int):
        at += name
        continue
    size = struct.unpack(">I", whole[at:at + 4])[0]
    places.append((name, at, size))
    at += 4 + size
for name, at, size in places:
    for lie, number in (("one-more", size + 1), ("one-less", size - 1), ("nothing", 0), ("all", 2**32 - 1), ("two-gib", 2**31), ("the-rest", len(whole) - at - 4)):
        if number in (size, -1):
            continue
        signed = whole[:at] + u32(number) + whole[at + 4:]
        show(f"{name}-length-{lie}", REFUSED, signed + s(signature("ca", signed)))
for name, at, size in places:
    signed = whole[:at] + whole[at + 4 + size:]
    show(f"{name}-left-out", REFUSED, signed + s(signature("ca", signed)))
    signed = whole[:at] + whole[at:at + 4 + size] * 2 + whole[at + 4 + size:]
    show(f"{name}-twice", REFUSED, signed + s(signature("ca", signed)))
inner = certificate()
for _ in range(6):
    inner = certificate(extensions=option("nested@example.com", inner))
show("nested-six-times", "accepted", inner)
show("certificate-within-principals", REFUSED, certificate(principals=s(certificate())))
show("certificate-as-key-id", REFUSED, certificate(key_id=certificate()))
show("two-in-one", FORM, certificate() * 2)
