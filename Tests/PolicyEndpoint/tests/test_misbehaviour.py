"""Each misbehaviour, as it arrives on the wire, and the switch that turns it on."""

import gzip
import json
import re
import socket
import time

from tests.endpoint import EVALUATION, EndpointTests, login

LARGEST_ANSWER = 64 << 10  # what a client must accept at most
YES = {"groups": [], "shell": "/bin/bash", "max_session_seconds": 3600}
STATUSES = {"400": 400, "401": 401, "403": 403, "404": 404, "429": 429, "429-long": 429, "503": 503, "503-date": 503, "503-garbage": 503,
            "500": 500, "502": 502, "201": 201, "204": 204, "redirect": 302, "redirect-keeping-method": 307, "redirect-away": 301}
RETRY_AFTER = {"429": "1", "429-long": "3600", "503": "1", "503-date": "Fri, 31 Dec 1999 23:59:59 GMT", "503-garbage": "-99999999999999999999"}
TYPES = {"type-html": "text/html", "type-missing": None, "type-similar": "application/json-seq", "type-problem": "application/problem+json"}
# Bodies that are no proper decision, by what they contain.
BODIES = {
    "garbage-body": b"\x00\xff\xfe not json", "empty-body": b"", "trailing": b"}}} x", "two-documents": b'{"decision":false}{"decision":true}',
    "duplicate-yes-last": b'{"decision":false,"decision":true}', "duplicate-yes-first": b'{"decision":true,"decision":false}',
    "duplicate-escaped": b'{"decision":false,"d\\u0065cision":true}', "duplicate-in-grant": b'"groups":[],"groups":["root"]',
    "nested": b"[" * 20000 + b"]" * 20000, "byte-order-mark": b"\xef\xbb\xbf{", "utf-16": b"\xff\xfe{\x00", "not-utf-8": b"\xc0\x80\xff",
    "lone-surrogate": b'"\\ud800"', "raw-nul": b'{"decision":true}\x00{"decision":false}', "array": b'[{"decision":true}]', "bare-true": b"true",
    "limit-overflow": b":18446744073709551617}", "limit-infinite": b":1e999}",
}
DECISIONS = {"decision-string": {"decision": "true"}, "decision-one": {"decision": 1}, "decision-null": {"decision": None},
             "decision-missing": {"context": {"host_grant": YES}}, "decision-array": {"decision": [True]},
             "decision-object": {"result": {"decision": True}}, "decision-case": {"Decision": True},
             "context-string": {"decision": True, "context": "yes"}, "context-null": {"decision": True, "context": None},
             "no-grant": {"decision": True}, "grant-null": {"decision": True, "context": {"host_grant": None}},
             "grant-array": {"decision": True, "context": {"host_grant": []}}, "grant-on-a-no": {"decision": False, "context": {"host_grant": YES}}}
GRANTS = {
    "grant-unknown-member": {"sudoers": ["ALL"]}, "uid-zero": {"uid": 0}, "uid-other": {"uid": 65535}, "uid-string": {"uid": "0"},
    "uid-wraps": {"uid": 4294967296}, "gid-zero": {"gid": 0}, "groups-root": {"groups": ["root"]}, "groups-zero": {"groups": ["0"]},
    "groups-unknown": {"groups": ["no-such-group"]}, "groups-shadow": {"groups": ["shadow"]}, "groups-marker": {"groups": ["sojourn"]},
    "groups-own-range": {"groups": ["bob"]}, "groups-string": {"groups": "dbops"}, "groups-number": {"groups": [27]},
    "groups-empty-name": {"groups": [""]}, "groups-separator": {"groups": ["dbops,root", "a:b", "a\nroot:x:0:"]},
    "groups-nul": {"groups": ["dbops\0x"]}, "groups-twice": {"groups": ["dbops", "dbops"]},
    "groups-many": {"groups": [f"g{n}" for n in range(5000)]}, "shell-missing": {"shell": "/no/such/shell"}, "shell-relative": {"shell": "bash"},
    "shell-directory": {"shell": "/bin"}, "shell-not-executable": {"shell": "/etc/passwd"}, "shell-unlisted": {"shell": "/usr/bin/env"},
    "shell-climbing": {"shell": "/bin/../bin/bash"}, "shell-separator": {"shell": "/bin/bash:x\nroot::0:0::/:/bin/sh"},
    "shell-nul": {"shell": "/bin/bash\0/x"}, "shell-empty": {"shell": ""}, "shell-gate": {"shell": "/usr/libexec/sojourn/shell"},
    "shell-long": {"shell": "/" + "x" * 5000}, "shell-number": {"shell": 1}, "limit-zero": {"max_session_seconds": 0},
    "limit-negative": {"max_session_seconds": -1}, "limit-fraction": {"max_session_seconds": 0.5}, "limit-string": {"max_session_seconds": "3600"},
    "reevaluate": {"reevaluate_seconds": 60}, "reevaluate-zero": {"reevaluate_seconds": 0}, "reevaluate-fraction": {"reevaluate_seconds": 0.5},
    "record-required": {"record": "required"}, "record-true": {"record": True}, "limit-null": {"max_session_seconds": None}, "limit-64-bit": {"max_session_seconds": 9223372036854775807},
}
UNHEARD_OF = [{"id": "1", "type": "urn:example:unheard-of", "properties": {}}]


def demand(type, id="1", **properties):
    return {"id": id, "type": type, "properties": properties}


TO_LOG = demand("notification", to="syslog", body="x")
OBLIGATIONS = {"obligation-custom": (True, [demand("custom", action="watermark")]),
               "obligation-without-id": (True, [{name: TO_LOG[name] for name in ("type", "properties")}]),
               "obligation-without-properties": (True, [{"id": "1", "type": "step-up"}]), "obligation-id-twice": (True, [TO_LOG] * 2),
               "obligation-step-up": (True, [demand("step-up", acr_value="urn:example:loa:3", amr_values=["mfa", "hwk"])]),
               "obligation-notification-of-nothing": (True, [demand("notification", to="syslog")]),
               "obligation-termination-of-a-list": (True, [demand("session_termination", subject=["alice", "bob"])]),
               "obligations-many": (True, [{**TO_LOG, "id": str(n)} for n in range(500)]), "obligation-unknown": (True, UNHEARD_OF), "obligation-without-type": (True, [{"id": "1"}]), "obligations-null": (True, None),
               "obligations-object": (True, {"id": "1", "type": "step-up"}), "obligation-on-a-no": (False, UNHEARD_OF)}
REASONS = {  # what the person would be shown, and the log would hold
    "reason-escapes": ("\x1b[2J", "\x1b]52;c;", "\r\nLast login", "\u202e", "\u2066", "\x07", "\x9b"), "reason-long": ("no " * 13333,),
    "reason-long-with-escape": ("\x1b[31m\u202e€" * 2000,), "reason-nul": ("no\0%s%n",), "reason-format": ("%s%s%n%x",)}
OWN_TESTS = {"slow", "slow-drip", "silent", "close", "reset", "close-in-head", "close-in-body", "close-in-chunk", "two-answers", "huge",
             "huge-chunked", "compressed", "endless", "endless-head", "endless-continue", "request-id-wrong", "request-id-missing",
             "request-id-twice", "garbage", "truncated", "reason-string", "reason-odd-languages", "custom"}


class Misbehaviour(EndpointTests):
    def setUp(self):
        self.endpoint.misbehave("none")

    def received(self, mode, who="bob", **options):
        """All bytes of an answer to a question whose right answer is no, and how it ended."""
        self.endpoint.misbehave(mode, **options)
        return self.endpoint.raw(login(who))

    def answered(self, mode, **options):
        """Status, headers (a list of pairs) and body of a well-framed answer."""
        data, end = self.received(mode, **options)
        self.assertEqual(end, "end", mode)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.assertEqual(dict(headers)["Content-Length"], str(len(body)), mode)
        return int(lines[0].split()[1]), headers, body

    def proper(self, mode, **options):
        """The document of an answer that is right in status, headers, size and JSON."""
        status, headers, body = self.answered(mode, **options)
        self.assertEqual((status, dict(headers)["Content-Type"], dict(headers)["X-Request-ID"]), (200, "application/json", "the-right-one"))
        self.assertLess(len(body), LARGEST_ANSWER, mode)
        return json.loads(body)

    def test_every_mode_has_a_test(self):
        status, _, body = self.endpoint.request("GET", "/modes", port=self.endpoint.control_port)
        modes = json.loads(body)
        tested = [*STATUSES, *TYPES, *BODIES, *DECISIONS, *GRANTS, *OBLIGATIONS, *REASONS, *OWN_TESTS]
        self.assertEqual(sorted(mode["mode"] for mode in modes), sorted(tested))
        self.assertTrue(all(mode["attacks"] for mode in modes))

    def test_statuses_carry_a_yes_in_their_body(self):
        for mode, expected in STATUSES.items():
            status, headers, body = self.answered(mode)
            self.assertEqual(status, expected)
            self.assertEqual(dict(headers).get("Retry-After"), RETRY_AFTER.get(mode))
            if mode != "204":
                self.assertIs(json.loads(body)["decision"], True)
        self.assertIn(("WWW-Authenticate", "Bearer"), self.answered("401")[1])

    def test_redirects_lead_to_a_yes_that_is_journalled(self):
        for mode in ("redirect", "redirect-keeping-method"):
            self.assertIn(("Location", "/elsewhere"), self.answered(mode)[1])
        for method in ("GET", "POST"):
            status, _, body = self.endpoint.request(method, "/elsewhere", b"")
            self.assertEqual((status, json.loads(body)), (200, {"decision": True}))
            self.assertEqual(self.endpoint.journal()[-1]["path"], "/elsewhere")
        self.assertIn(("Location", "http://127.0.0.1:1/elsewhere"), self.answered("redirect-away")[1])

    def test_content_types_are_wrong_over_a_yes(self):
        for mode, expected in TYPES.items():
            status, headers, body = self.answered(mode)
            self.assertEqual((status, dict(headers).get("Content-Type")), (200, expected))
            self.assertIs(json.loads(body)["decision"], True)

    def test_bodies_are_damaged_within_the_cap(self):
        for mode, expected in BODIES.items():
            status, headers, body = self.answered(mode)
            self.assertEqual((status, dict(headers)["Content-Type"]), (200, "application/json"))
            self.assertIn(expected, body, mode)
            self.assertLess(len(body), LARGEST_ANSWER, mode)
        self.assertEqual(self.answered("empty-body")[2], b"")
        body = self.answered("truncated")[2]
        self.assertTrue(body.startswith(b'{"decision": true'))
        with self.assertRaises(ValueError):
            json.loads(body)

    def test_decisions_and_contexts_are_no_decision(self):
        for mode, expected in DECISIONS.items():
            self.assertEqual(repr(self.proper(mode)), repr(expected))  # repr: 1 is not True here

    def test_grants_ask_for_what_must_not_be(self):
        for mode, members in GRANTS.items():
            self.assertEqual(self.proper(mode), {"decision": True, "context": {"host_grant": {**YES, **members}}}, mode)

    def test_obligations_cannot_be_met(self):
        for mode, (decision, obligations) in OBLIGATIONS.items():
            document = self.proper(mode)
            self.assertIs(document["decision"], decision)
            self.assertEqual(document["context"]["obligations"], obligations, mode)

    def test_reasons_attack_the_reader(self):
        for mode, parts in REASONS.items():
            document = self.proper(mode)
            self.assertIs(document["decision"], False)
            for part in parts:
                self.assertIn(part, document["context"]["reason_user"]["en"], mode)
        self.assertEqual(self.proper("reason-string")["context"]["reason_user"], "no")
        self.assertLessEqual({"", "403", "\x1b[2J", "en"}, self.proper("reason-odd-languages")["context"]["reason_user"].keys())

    def test_the_request_id_is_wrong_or_missing_or_there_twice(self):
        for mode, expected in (("request-id-wrong", ["0"]), ("request-id-missing", []), ("request-id-twice", ["0", "the-right-one"])):
            status, headers, body = self.answered(mode)
            self.assertEqual([text for name, text in headers if name == "X-Request-ID"], expected)
            self.assertIs(json.loads(body)["decision"], True)

    def test_a_slow_answer_is_the_right_one_after_its_delay(self):
        started = time.monotonic()
        self.assertIs(self.proper("slow", seconds=0.5, who="alice")["decision"], True)
        self.assertGreaterEqual(time.monotonic() - started, 0.5)

    def test_a_dripping_answer_comes_byte_by_byte(self):
        self.endpoint.misbehave("slow-drip", seconds=0.05)
        started = time.monotonic()
        data, end = self.endpoint.raw(login("alice"), seconds=2, limit=20)
        self.assertEqual((data, end), (b"HTTP/1.1 200 OK\r\nCon", "limit"))
        self.assertGreaterEqual(time.monotonic() - started, 0.9)
        self.assertIs(self.proper("slow-drip", seconds=0.0001, who="alice")["decision"], True)

    def test_silence_lasts_as_long_as_it_was_told(self):
        self.endpoint.misbehave("silent", seconds=0.6)
        self.assertEqual(self.endpoint.raw(login("alice"), seconds=0.3), (b"", "silence"))
        self.assertEqual(self.endpoint.raw(login("alice")), (b"", "end"))

    def test_connections_end_too_early(self):
        self.assertEqual(self.received("close"), (b"", "end"))
        self.assertEqual(self.received("reset"), (b"", "reset"))
        data, end = self.received("close-in-head")
        self.assertEqual((data, end), (b"HTTP/1.1 200 OK\r\nContent-Type: applic", "end"))
        data, end = self.received("close-in-body")
        head, _, body = data.partition(b"\r\n\r\n")
        self.assertIs(json.loads(body)["decision"], True)
        self.assertEqual(int(re.search(rb"Content-Length: (\d+)", head)[1]), len(body) + 100)
        self.assertEqual(end, "end")
        data, end = self.received("close-in-chunk")
        self.assertEqual(end, "end")
        self.assertIn(b"Transfer-Encoding: chunked", data)
        self.assertTrue(data.endswith(b"}\r\n") and b"\r\n0\r\n" not in data)

    def test_garbage_is_no_http(self):
        data, end = self.received("garbage")
        self.assertEqual((data[:4], end), (b"\x00\x01\x02\x03", "end"))

    def test_a_second_answer_follows_the_first(self):
        data, end = self.received("two-answers")
        self.assertEqual([json.loads(body)["decision"] for body in re.findall(rb"\r\n\r\n(\{.*?\})(?=HTTP|$)", data, re.S)], [False, True])

    def test_huge_answers_exceed_the_cap_and_are_a_proper_yes(self):
        status, headers, body = self.answered("huge")
        self.assertGreater(len(body), LARGEST_ANSWER)
        self.assertIs(json.loads(body)["decision"], True)
        self.assertGreater(len(self.answered("huge", bytes=1 << 20)[2]), 1 << 20)
        data, end = self.received("huge-chunked")
        head, _, chunks = data.partition(b"\r\n\r\n")
        size, _, rest = chunks.partition(b"\r\n")
        self.assertNotIn(b"Content-Length", head)
        self.assertGreater(int(size, 16), LARGEST_ANSWER)
        self.assertIs(json.loads(rest[:int(size, 16)])["decision"], True)
        status, headers, body = self.answered("compressed")
        self.assertIn(("Content-Encoding", "gzip"), headers)
        self.assertLess(len(body), LARGEST_ANSWER)
        self.assertGreater(len(gzip.decompress(body)), 16 << 20)

    def test_endless_answers_do_not_end(self):
        for mode, beginning in (("endless", b"\r\n\r\n12\r\n{\"decision\": true,\r\n4000\r\n"), ("endless-head", b"\r\nX-Padding: xxxx"),
                                ("endless-continue", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue")):
            data, end = self.received(mode)
            self.assertEqual(end, "limit", mode)
            self.assertIn(beginning, data[:1000])
        self.endpoint.misbehave("none")
        self.assertGranted(login("alice"))

    def test_a_custom_answer_is_what_the_test_says(self):
        status, headers, body = self.answered("custom", status=418, headers={"X-Tea": "yes"}, text="short\x00")
        self.assertEqual((status, body), (418, b"short\x00"))
        self.assertIn(("X-Tea", "yes"), headers)
        self.assertEqual(self.proper("custom", json={"decision": True, "context": {}}), {"decision": True, "context": {}})

    def test_it_is_counted(self):
        self.endpoint.misbehave("decision-one", count=2)
        answers = [self.endpoint.ask(login("alice"))["decision"] for _ in range(3)]
        self.assertEqual([type(answer) for answer in answers], [int, int, bool])

    def test_it_concerns_one_account_or_subject(self):
        for limit in ({"account": "bob"}, {"subject": "bob@example.com"}):
            self.endpoint.misbehave("no-grant", **limit)
            self.assertEqual(self.endpoint.ask(login("bob")), {"decision": True})
            self.assertGranted(login("alice"), {"groups": ["dbops"], "shell": "/bin/bash", "max_session_seconds": 3600})

    def test_it_is_journalled_with_the_right_answer(self):
        self.endpoint.misbehave("no-grant")
        self.endpoint.ask(login("bob"))
        entry = self.endpoint.journal()[-1]
        self.assertEqual((entry["misbehaviour"], entry["answer"]["decision"]), ("no-grant", False))

    def test_malformed_questions_are_refused_even_so(self):
        self.endpoint.misbehave("no-grant")
        self.assertEqual(self.endpoint.post(EVALUATION, {})[0], 400)

    def test_the_switch_says_what_is_on_and_is_turned_off(self):
        self.endpoint.misbehave("slow", seconds=3, count=7, account="bob")
        shown = self.endpoint.request("GET", "/misbehave", port=self.endpoint.control_port)
        self.assertEqual(json.loads(shown[2]), {"mode": "slow", "seconds": 3, "count": 7, "account": "bob", "subject": None})
        shown = self.endpoint.request("DELETE", "/misbehave", port=self.endpoint.control_port)
        self.assertEqual(json.loads(shown[2]), {"mode": "none"})
        self.assertRefused(login("bob"), "Production database hosts")

    def test_orders_that_cannot_be_meant_are_refused(self):
        for order in ({}, {"mode": 1}, {"mode": "politely"}, {"mode": "slow", "minutes": 1}, {"mode": "slow", "seconds": "1"},
                      {"mode": "slow", "seconds": -1}, {"mode": "slow", "seconds": True}, {"mode": "close", "seconds": 1},
                      {"mode": "close", "count": 0}, {"mode": "close", "count": "x"}, {"mode": "custom", "text": 1},
                      {"mode": "custom", "headers": {"a": 1}}, {"mode": "custom", "headers": {"a": "\u20ac"}}):
            self.assertEqual(self.endpoint.post("/misbehave", order, port=self.endpoint.control_port)[0], 400, order)
        self.assertEqual(self.endpoint.post("/misbehave", body=b"x", port=self.endpoint.control_port)[0], 400)
        self.assertRefused(login("bob"), "Production database hosts")

    def test_the_control_interface_is_not_on_the_endpoints_port(self):
        for method, path in (("GET", "/modes"), ("POST", "/misbehave")):
            self.assertEqual(self.endpoint.request(method, path, b"{}")[0], 404)


class MisbehaviourFromTheStart(EndpointTests):
    arguments = ("--misbehave", '{"mode": "no-grant", "account": "bob"}')

    def test_it_is_on_before_the_first_question(self):
        self.assertEqual(self.endpoint.ask(login("bob")), {"decision": True})
        self.assertRefused(login("erin"), "Your employment has ended.")
