"""The table of misbehaviours: name, what each attacks, how it is done, and its options with their defaults."""

from dataclasses import dataclass, field
from typing import Callable

from . import wire
from .wire import YES, reply


@dataclass(frozen=True)
class Mode:
    """One way to misbehave. `act(exchange, answer, options)` writes the answer."""

    name: str
    attacks: str
    act: Callable
    options: dict = field(default_factory=dict)


def granted(**members):
    """A yes whose grant says this as well, or instead."""
    return reply({"decision": True, "context": {"host_grant": {**YES["context"]["host_grant"], **members}}})


def context(**members):
    """A yes whose context has these members beside the grant."""
    return reply({"decision": True, "context": {**YES["context"], **members}})


def denied(**members):
    """A no with these members in its context."""
    return reply({"decision": False, "context": members})


def status(code: int, *headers, body=None):
    """An HTTP status with the body of a yes: a client that reads the body first is let in."""
    return reply(body, status=code, headers=headers)


def forged(body: bytes):
    """An answer with right headers and these bytes."""
    return reply(body)


ESC = "\x1b"
NAUGHTY = (f"{ESC}[2J{ESC}[1;1HWelcome! {ESC}]0;title\x07{ESC}]52;c;ZWNobyBwd25lZA==\x07 \x9b31m"
           "\r\nLast login: yesterday\x07\x08\x7f \u202Edrowssap\u202C \u2066x\u2069 \u200b")
GRANT = b'{"decision":true,"context":{"host_grant":{"groups":[],"shell":"/bin/bash","max_session_seconds":%s}}}'
OTHER_REDIRECT = "http://127.0.0.1:1/elsewhere"

TABLE = (
    # Time and connection
    Mode("slow", "the total deadline: the right answer, after `seconds`", wire.late, {"seconds": 10}),
    Mode("slow-drip", "deadlines that start anew with each byte: one byte every `seconds`", wire.drip, {"seconds": 0.5}),
    Mode("silent", "a connection that accepts and says nothing for `seconds`, then closes", wire.silent, {"seconds": 120}),
    Mode("close", "closed without an answer: an empty reply is not a yes", wire.close),
    Mode("reset", "connection reset by peer instead of an answer", wire.reset),
    Mode("close-in-head", "closed in the middle of the headers", wire.close_in_head),
    Mode("close-in-body", "a whole yes, but fewer bytes than Content-Length announced", wire.close_in_body),
    Mode("close-in-chunk", "a whole yes in chunks, but the last chunk never comes", wire.close_in_chunk),
    Mode("two-answers", "a no, and a yes left over on the connection for the next question", wire.two_answers),
    # Size
    Mode("huge", "the response cap: a proper yes of more than `bytes`, with Content-Length", wire.huge, {"bytes": 128 << 10}),
    Mode("huge-chunked", "the response cap where no length is announced", wire.huge_chunked, {"bytes": 128 << 10}),
    Mode("compressed", "a cap counted before decompression: gzip that nobody asked for", wire.compressed, {"bytes": 16 << 20}),
    Mode("endless", "the response cap: chunks of white space for ever", wire.endless),
    Mode("endless-head", "memory: headers for ever", wire.endless_head),
    Mode("endless-continue", "interim 100 answers for ever", wire.endless_continue),
    # Statuses; each carries the body of a yes
    Mode("400", "a question that the endpoint did not understand", status(400)),
    Mode("401", "the host is not authenticated to the endpoint", status(401, ("WWW-Authenticate", "Bearer"))),
    Mode("403", "the host may not ask", status(403)),
    Mode("404", "a wrong path", status(404)),
    Mode("429", "the retry rule: short Retry-After", status(429, ("Retry-After", "1"))),
    Mode("429-long", "the retry rule: Retry-After beyond any deadline", status(429, ("Retry-After", "3600"))),
    Mode("503", "the retry rule: short Retry-After", status(503, ("Retry-After", "1"))),
    Mode("503-date", "Retry-After as an HTTP date long past", status(503, ("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"))),
    Mode("503-garbage", "Retry-After that is no number", status(503, ("Retry-After", "-99999999999999999999"))),
    Mode("500", "an endpoint with a fault", status(500)),
    Mode("502", "a proxy in front of a dead endpoint", status(502)),
    Mode("201", "success that is not 200", status(201)),
    Mode("204", "success without a body", reply(b"", status=204)),
    Mode("redirect", "following redirects: Location says yes to everything", status(302, ("Location", "/elsewhere"))),
    Mode("redirect-keeping-method", "following redirects: 307 to the same", status(307, ("Location", "/elsewhere"))),
    Mode("redirect-away", "being sent to another server", status(301, ("Location", OTHER_REDIRECT))),
    # Headers
    Mode("type-html", "a portal's page: the wrong content type over a yes", reply(content="text/html")),
    Mode("type-missing", "no content type", reply(content=None)),
    Mode("type-similar", "content types compared by prefix", reply(content="application/json-seq")),
    Mode("type-problem", "an error document taken for a decision", reply(content="application/problem+json")),
    Mode("request-id-wrong", "an answer to somebody else's question", reply(echo=False, headers=[("X-Request-ID", "0")])),
    Mode("request-id-missing", "nothing: AuthZEN tolerates it, a proper yes", reply(echo=False)),
    Mode("request-id-twice", "which of two headers is compared", reply(headers=[("X-Request-ID", "0")])),
    # JSON
    Mode("garbage", "bytes that are not HTTP", wire.noise),
    Mode("garbage-body", "bytes that are not JSON", forged(b"\x00\xff\xfe not json {{{")),
    Mode("empty-body", "200 with nothing", forged(b"")),
    Mode("truncated", "half a yes", forged(wire.yes()[:-20])),
    Mode("trailing", "bytes after the document", forged(wire.yes() + b" x")),
    Mode("two-documents", "a no and a yes in one body", forged(b'{"decision":false}{"decision":true}')),
    Mode("duplicate-yes-last", "duplicate names: no, then yes", forged(b'{"decision":false,"decision":true}')),
    Mode("duplicate-yes-first", "duplicate names: yes, then no", forged(b'{"decision":true,"decision":false}')),
    Mode("duplicate-escaped", "duplicate names, one spelt with an escape", forged(b'{"decision":false,"d\\u0065cision":true}')),
    Mode("duplicate-in-grant", "duplicate names deeper down",
         forged(b'{"decision":true,"context":{"host_grant":{"groups":[],"groups":["root"]}}}')),
    Mode("nested", "the parser's stack: arrays in arrays", forged(b'{"decision":true,"context":{"x":' + b"[" * 20000 + b"]" * 20000 + b"}}")),
    Mode("byte-order-mark", "a BOM before the document", forged(b"\xef\xbb\xbf" + wire.yes())),
    Mode("utf-16", "another encoding", forged(wire.yes().decode().encode("utf-16"))),
    Mode("not-utf-8", "bytes that are no UTF-8 within a string", forged(b'{"decision":true,"context":{"x":"\xc0\x80\xff"}}')),
    Mode("lone-surrogate", "an escape that is half a character", forged(b'{"decision":true,"context":{"x":"\\ud800"}}')),
    Mode("raw-nul", "a NUL byte that ends the document for C code", forged(b'{"decision":true}\x00{"decision":false}')),
    Mode("array", "a document that is no object", forged(b'[{"decision":true}]')),
    Mode("bare-true", "a document that is only a boolean", forged(b"true")),
    # The decision
    Mode("decision-string", "truthiness", reply({"decision": "true"})),
    Mode("decision-one", "truthiness", reply({"decision": 1})),
    Mode("decision-null", "null read as a default", reply({"decision": None})),
    Mode("decision-missing", "a grant without a decision", reply({"context": YES["context"]})),
    Mode("decision-array", "truthiness", reply({"decision": [True]})),
    Mode("decision-object", "OPA's wrapped result where AuthZEN is spoken", reply({"result": {"decision": True}})),
    Mode("decision-case", "names compared without regard to case", reply({"Decision": True})),
    Mode("context-string", "a context that is no object", reply({"decision": True, "context": "yes"})),
    Mode("context-null", "a context that is null", reply({"decision": True, "context": None})),
    # The grant
    Mode("no-grant", "nothing: a bare yes, opened with the host's own limits", reply({"decision": True})),
    Mode("grant-null", "a grant that is null", context(host_grant=None)),
    Mode("grant-array", "a grant that is no object", context(host_grant=[])),
    Mode("grant-on-a-no", "reading the grant before the decision", reply({**YES, "decision": False})),
    Mode("grant-unknown-member", "a member that the host cannot satisfy", granted(sudoers=["ALL"])),
    Mode("uid-zero", "becoming root by the grant", granted(uid=0)),
    Mode("uid-other", "a number that is not the person's", granted(uid=65535)),
    Mode("uid-string", "a number as text", granted(uid="0")),
    Mode("uid-wraps", "a number that is 0 in 32 bits", granted(uid=1 << 32)),
    Mode("gid-zero", "a member that is not offered at all", granted(gid=0)),
    Mode("groups-root", "group root", granted(groups=["root"])),
    Mode("groups-zero", "group 0 by number", granted(groups=["0"])),
    Mode("groups-unknown", "a group that no host has", granted(groups=["no-such-group"])),
    Mode("groups-shadow", "a group that amounts to root", granted(groups=["shadow"])),
    Mode("groups-marker", "the group that marks our own accounts", granted(groups=["sojourn"])),
    Mode("groups-own-range", "the private group of another leased person", granted(groups=["bob"])),
    Mode("groups-string", "text where an array belongs", granted(groups="dbops")),
    Mode("groups-number", "a number among the names", granted(groups=[27])),
    Mode("groups-empty-name", "an empty name", granted(groups=[""])),
    Mode("groups-separator", "names that split a line of a group file", granted(groups=["dbops,root", "a:b", "a\nroot:x:0:"])),
    Mode("groups-nul", "a NUL that ends the name for C code", granted(groups=["dbops\0x"])),
    Mode("groups-twice", "one name twice", granted(groups=["dbops", "dbops"])),
    Mode("groups-many", "a very long list, within the response cap", granted(groups=[f"g{n}" for n in range(5000)])),
    Mode("shell-missing", "a shell that does not exist", granted(shell="/no/such/shell")),
    Mode("shell-relative", "a shell found by the working directory", granted(shell="bash")),
    Mode("shell-directory", "a shell that is a directory", granted(shell="/bin")),
    Mode("shell-not-executable", "a shell that cannot run", granted(shell="/etc/passwd")),
    Mode("shell-unlisted", "a program that is not in /etc/shells", granted(shell="/usr/bin/env")),
    Mode("shell-climbing", "a path with ..", granted(shell="/bin/../bin/bash")),
    Mode("shell-separator", "a path that splits a passwd line", granted(shell="/bin/bash:x\nroot::0:0::/:/bin/sh")),
    Mode("shell-nul", "a NUL that ends the path for C code", granted(shell="/bin/bash\0/x")),
    Mode("shell-empty", "an empty shell, which means /bin/sh to many", granted(shell="")),
    Mode("shell-gate", "the gate shell as its own real shell: a loop", granted(shell="/usr/libexec/sojourn/shell")),
    Mode("shell-long", "a path longer than PATH_MAX", granted(shell="/" + "x" * 5000)),
    Mode("shell-number", "a shell that is no text", granted(shell=1)),
    Mode("reevaluate", "a yes that is to be asked for again: to be held", granted(reevaluate_seconds=60)),
    Mode("reevaluate-zero", "asking again without a pause", granted(reevaluate_seconds=0)),
    Mode("reevaluate-fraction", "an interval that is no integer", granted(reevaluate_seconds=0.5)),
    Mode("record-required", "a promise that the host cannot keep: to record", granted(record="required")),
    Mode("record-true", "a word that is none of those agreed on", granted(record=True)),
    Mode("limit-zero", "a session of no length, or of endless length", granted(max_session_seconds=0)),
    Mode("limit-negative", "a deadline in the past, or far away when unsigned", granted(max_session_seconds=-1)),
    Mode("limit-fraction", "a limit that is no integer", granted(max_session_seconds=0.5)),
    Mode("limit-string", "a limit as text", granted(max_session_seconds="3600")),
    Mode("limit-null", "null read as no limit", granted(max_session_seconds=None)),
    Mode("limit-64-bit", "arithmetic on the deadline", granted(max_session_seconds=(1 << 63) - 1)),
    Mode("limit-overflow", "an integer past 64 bits", forged(GRANT % b"18446744073709551617")),
    Mode("limit-infinite", "a number past all floats", forged(GRANT % b"1e999")),
    # Obligations
    Mode("obligation-unknown", "an obligation that the host does not know, on a yes",
         context(obligations=[{"id": "1", "type": "urn:example:unheard-of", "properties": {}}])),
    Mode("obligation-without-type", "an obligation without a type", context(obligations=[{"id": "1"}])),
    Mode("obligation-custom", "the type that means what two parties agreed on: nobody here did",
         context(obligations=[{"id": "1", "type": "custom", "properties": {"action": "watermark"}}])),
    Mode("obligation-without-id", "an obligation without an id",
         context(obligations=[{"type": "notification", "properties": {"to": "syslog", "body": "x"}}])),
    Mode("obligation-without-properties", "an obligation without properties", context(obligations=[{"id": "1", "type": "step-up"}])),
    Mode("obligation-id-twice", "two obligations of one id",
         context(obligations=[{"id": "1", "type": "notification", "properties": {"to": "syslog", "body": "x"}}] * 2)),
    Mode("obligation-step-up", "a step that a login cannot go",
         context(obligations=[{"id": "1", "type": "step-up", "properties": {"acr_value": "urn:example:loa:3", "amr_values": ["mfa", "hwk"]}}])),
    Mode("obligation-notification-of-nothing", "a notification without a body",
         context(obligations=[{"id": "1", "type": "notification", "properties": {"to": "syslog"}}])),
    Mode("obligation-termination-of-a-list", "sessions of several subjects at once",
         context(obligations=[{"id": "1", "type": "session_termination", "properties": {"subject": ["alice", "bob"]}}])),
    Mode("obligations-many", "a very long list, within the response cap",
         context(obligations=[{"id": str(n), "type": "notification", "properties": {"to": "syslog", "body": "x"}} for n in range(500)])),
    Mode("obligations-object", "obligations that are no array", context(obligations={"id": "1", "type": "step-up"})),
    Mode("obligations-null", "obligations that are null", context(obligations=None)),
    Mode("obligation-on-a-no", "a no that an obligation turns into something else",
         denied(obligations=[{"id": "1", "type": "urn:example:unheard-of", "properties": {}}])),
    # Reasons; all of these are a no
    Mode("reason-escapes", "the terminal and the log: escape sequences, line breaks, bidirectional overrides",
         denied(reason_user={"en": NAUGHTY}, reason_admin={"en": NAUGHTY})),
    Mode("reason-long", "the terminal and the log: 40,000 characters",
         denied(reason_user={"en": "no " * 13333}, reason_admin={"en": "No " * 6000})),
    Mode("reason-long-with-escape", "cutting in the middle of a sequence or a character",
         denied(reason_user={"en": f"{ESC}[31m\u202e€" * 2000})),
    Mode("reason-nul", "a NUL that ends the reason for C code", denied(reason_user={"en": "no\0%s%n"}, reason_admin={"en": "no\0"})),
    Mode("reason-format", "printf and syslog formats", denied(reason_user={"en": "%s%s%n%x"}, reason_admin={"en": "%m %n"})),
    Mode("reason-string", "a reason that is no object", denied(reason_user="no", reason_admin="no")),
    Mode("reason-odd-languages", "language tags as keys: empty, numeric, hostile",
         denied(reason_user={"": "a", "403": "b", f"{ESC}[2J": "c", "x" * 500: "d", "en": 1})),
    # Anything else
    Mode("custom", "what the test says: `status`, `headers`, and `json` or `text`", wire.custom, {"status": 200}),
)
