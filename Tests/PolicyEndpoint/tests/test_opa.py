"""OPA's data API as it is asked by a login, and what it can get wrong."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.endpoint import FOLDER, RunningEndpoint, login

REGO = """package sojourn.login
import rego.v1
default answer := {"decision": false}
answer := {"decision": true} if input.subject.id == "alice"
undecided if input.subject.id == "nobody"
conflict := 1 if input.subject.id == "alice"
conflict := 2 if input.subject.id == "alice"
"""


class DataAPI(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        Path(cls.folder.name, "login.rego").write_text(REGO)
        cls.endpoint = RunningEndpoint("--rego", cls.folder.name, policies=None, entities=None)
        cls.addClassCleanup(cls.endpoint.stop)

    def setUp(self):
        self.endpoint.misbehave("none")

    def post(self, path, document, **headers):
        status, received, body = self.endpoint.post(path, document, headers={"Content-Type": "application/json", **headers})
        return status, received, json.loads(body)

    def test_the_bare_route_takes_the_input_and_gives_the_document(self):
        for who, expected in (("alice", True), ("bob", False)):
            status, headers, answer = self.post("/v0/data/sojourn/login/answer", login(who, subject=who))
            self.assertEqual((status, headers["Content-Type"], answer), (200, "application/json", {"decision": expected}))

    def test_the_other_route_wraps_both(self):
        status, _, answer = self.post("/v1/data/sojourn/login/answer", {"input": login("alice", subject="alice")})
        self.assertEqual((status, answer["result"]), (200, {"decision": True}))
        self.assertEqual(self.post("/v1/data/sojourn/login/answer", login("alice", subject="alice"))[2]["result"], {"decision": False}, "without `input`")

    def test_what_no_rule_decides_is_undefined(self):
        for path in ("sojourn/login/undecided", "sojourn/login/nothing", "sojourn/nowhere", "a-b", "sojourn/login/answer/decision/deeper"):
            status, _, answer = self.post(f"/v1/data/{path}", {"input": {}})
            self.assertEqual((status, "result" in answer), (200, False), path)
            status, _, answer = self.post(f"/v0/data/{path}", {})
            self.assertEqual((status, answer["code"]), (404, "undefined_document"), path)

    def test_a_conflict_is_an_error(self):
        self.assertEqual(self.post("/v1/data/sojourn/login/conflict", {"input": {"subject": {"id": "alice"}}})[0], 500)

    def test_the_request_id_is_not_echoed(self):
        headers = self.post("/v0/data/sojourn/login/answer", {}, **{"X-Request-ID": "4f2a"})[1]
        self.assertIsNone(headers["X-Request-ID"])

    def test_other_routes_and_bodies_are_refused(self):
        self.assertEqual(self.endpoint.post("/v1/policies", {})[0], 404)
        self.assertEqual(self.endpoint.request("GET", "/v1/data/sojourn")[0], 405)
        self.assertEqual(self.endpoint.post("/v1/data/sojourn/login/answer", body=b"{")[0], 400)

    def test_every_wrong_answer_arrives_well_framed_with_something_to_forgive(self):
        modes = json.loads(self.endpoint.request("GET", "/modes", port=self.endpoint.control_port)[2])
        self.assertGreater(len(modes), 40)
        for mode in modes:
            self.endpoint.misbehave(mode["mode"])
            status, headers, body = self.endpoint.post("/v0/data/sojourn/login/answer", login("bob"))
            self.assertEqual(headers["Content-Type"], "application/json")
            json.loads(body)
            if mode["mode"] in ("opa-not-found", "opa-bare-undefined", "opa-undefined-with-a-yes", "opa-bare-undefined-with-a-yes"):
                self.assertEqual(status, 404)
            else:
                self.assertEqual(status, 500 if mode["mode"] == "opa-error-with-a-yes" else 200, mode)
            if "yes" in mode["attacks"] or "grant" in mode["attacks"]:
                self.assertTrue(b"true" in body or mode["mode"] == "opa-result-false", mode)

    def test_faulty_rego_is_told_at_the_start(self):
        with tempfile.TemporaryDirectory() as folder:
            for text in (None, "package x\nnonsense("):
                if text is not None:
                    Path(folder, "x.rego").write_text(text)
                run = subprocess.run([sys.executable, FOLDER / "policy_endpoint", "--rego", folder, "--port", "0"], capture_output=True, text=True, timeout=30)
                self.assertEqual(run.returncode, 1, (text, run))
                self.assertIn("policy endpoint: ", run.stderr)
