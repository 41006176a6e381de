"""Approvals over HTTP: what can be asked about, what an approval is good for, and what it is not."""

import json
import re

from tests.endpoint import FOLDER, EndpointTests, login

WEB = {"environment": "production", "role": "web"}
REQUESTS = "/access/v1/requests"


class Approvals(EndpointTests):
    def setUp(self):
        self.trick("none")
        self.control("/requests", {"at_once": False, "seconds": 3600})

    def control(self, path, document):
        status, _, body = self.endpoint.post(path, document, port=self.endpoint.control_port)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def trick(self, name):
        self.control("/trick", {"trick": name})

    def denied(self, question=None):
        answer = self.endpoint.ask(question or login("bob", labels=WEB))
        self.assertIs(answer["decision"], False)
        return answer["context"]

    def submit(self, context, question=None, key="k", **changes):
        offer = context["access_request"]
        question = question or login("bob", labels=WEB)
        denial = {"evaluation_id": context["evaluation_id"], "expires_at": offer["expires_at"], "binding_token": offer["binding_token"], **changes}
        return self.endpoint.post(REQUESTS, {**question, "denial": denial}, headers={"Content-Type": "application/json", "Idempotency-Key": key})

    def look(self, task):
        return self.endpoint.request("GET", task["status_endpoint"].split(str(self.endpoint.port), 1)[1])

    def approved(self, key, question=None, verdict="approve", **options):
        """The approval of a request, as its status shows it."""
        status, headers, body = self.submit(self.denied(question), question, key)
        task = json.loads(body)["task"]
        self.assertEqual((status, task["status"], headers["Location"]), (202, "pending", task["status_endpoint"]))
        self.assertEqual(json.loads(self.look(task)[2])["task"]["status"], "pending")
        self.assertEqual(self.control("/requests", {"verdict": verdict, "account": "bob", "id": task["id"], **options}), {"settled": 1})
        return json.loads(self.look(task)[2])

    def again(self, approval, question=None):
        question = question or login("bob", labels=WEB)
        return self.endpoint.ask({**question, "context": {**question["context"], "approval": approval}})

    def test_only_what_is_marked_can_be_asked_about(self):
        context = self.denied()
        self.assertEqual(context["reason"], "approval_required")
        self.assertEqual(context["access_request"]["template"], "manager_approval")
        self.assertIn("need an approval", context["reason_user"]["en"])
        for other in (login("bob"), login("erin", labels=WEB), login("bob", account="alice", labels=WEB), login("mallory", labels=WEB)):
            self.assertNotIn("access_request", self.denied(other))

    def test_with_the_approval_the_same_question_is_a_yes_until_then(self):
        document = self.approved("with")
        approval = document["result"]["approval"]
        self.assertEqual(document["result"]["mode"], "reevaluate")
        # Another certificate, another time, another address: the same login.
        again = login("bob", labels=WEB, time="2026-11-20T13:00:00Z")
        again["context"]["credential"]["serial"] = "43"
        answer = self.again(approval, again)
        self.assertEqual(answer, {"decision": True, "context": {"host_grant": {"groups": [], "max_session_seconds": 7200},
                                                               "approval": {"id": approval["id"], "approved_until": approval["approved_until"]}}})
        self.assertNotIn("approval", self.denied())

    def test_for_another_subject_action_or_resource_it_is_none(self):
        approval = self.approved("scope")["result"]["approval"]
        for other in (login("bob", labels=WEB, host="web2"), login("bob", labels={**WEB, "x": "1"}), login("bob", labels=WEB, properties={"roles": ["x"]})):
            answer = self.again(approval, other)
            self.assertIs(answer["decision"], False)
            self.assertEqual((answer["context"]["reason"], answer["context"]["next_action"]), ("out_of_scope", "request"))
            self.assertIn("access_request", answer["context"])
        actor = login("bob", labels=WEB, properties={"act": {"sub": "bot"}})
        self.assertIs(self.again(approval, actor)["decision"], True)

    def test_forged_changed_and_revoked_approvals_are_none(self):
        approval = self.approved("forged")["result"]["approval"]
        for forged in ({**approval, "approved_until": "2030-01-01T00:00:00Z"}, {**approval, "state": 1}, {**approval, "id": "apr_0"}, {}, "yes", True):
            answer = self.again(forged)
            self.assertIs(answer["decision"], False)
            self.assertEqual((answer["context"]["reason"], answer["context"]["next_action"]), ("approval_unverifiable", "none"))
        self.control("/requests", {"verdict": "revoke"})
        self.assertEqual(self.again(approval)["context"]["reason"], "approval_expired")

    def test_an_approval_that_is_over_is_none(self):
        approval = self.approved("over", seconds=-1)["result"]["approval"]
        context = self.again(approval)["context"]
        self.assertEqual((context["reason"], context["next_action"]), ("approval_expired", "request"))

    def test_an_approval_lifts_nothing_else(self):
        approval = self.approved("else")["result"]["approval"]
        question = {**login("bob", labels=WEB), "context": {**login("bob", labels=WEB)["context"], "approved": True}}
        self.assertIs(self.endpoint.ask(question)["decision"], False)
        self.assertIs(self.again(approval, login("bob"))["decision"], False)

    def test_other_verdicts_bring_no_result(self):
        for verdict, status in (("deny", "denied"), ("cancel", "cancelled"), ("expire", "expired"), ("fail", "failed")):
            document = self.approved(verdict, verdict=verdict)
            self.assertEqual(document["task"]["status"], status)
            self.assertNotIn("result", document)

    def test_a_request_must_be_of_its_denial(self):
        context = self.denied()
        for changes, question, name in (
            ({"binding_token": "v1.00"}, None, "invalid_denial_binding"), ({"evaluation_id": "eval_0"}, None, "invalid_denial_binding"),
            ({"expires_at": "2030-01-01T00:00:00Z"}, None, "invalid_denial_binding"), ({}, login("bob", labels=WEB, host="web2"), "invalid_denial_binding"),
        ):
            status, headers, body = self.submit(context, question, "bad", **changes)
            self.assertEqual((status, headers["Content-Type"]), (400, "application/problem+json"))
            self.assertTrue(json.loads(body)["type"].endswith(":" + name))

    def test_the_same_key_is_the_same_request(self):
        context = self.denied()
        first = json.loads(self.submit(context, key="same")[2])["task"]["id"]
        self.assertEqual(json.loads(self.submit(context, key="same")[2])["task"]["id"], first)
        status, _, body = self.submit(self.denied(), key="same")
        self.assertEqual((status, json.loads(body)["type"].split(":")[-1]), (409, "duplicate_request"))

    def test_unknown_tasks_are_problems(self):
        status, headers, body = self.endpoint.request("GET", REQUESTS + "/arq_0")
        self.assertEqual((status, headers["Content-Type"], json.loads(body)["type"].split(":")[-1]), (404, "application/problem+json", "unknown_task"))

    def test_metadata_name_the_desk(self):
        document = json.loads(self.endpoint.request("GET", "/.well-known/authzen-configuration")[2])
        self.assertEqual(document["access_request_endpoint"], f"http://127.0.0.1:{self.endpoint.port}{REQUESTS}")

    @staticmethod
    def shape(context) -> str:
        """A denial without what differs each time: ids, tokens, times of this day."""
        return re.sub(r"eval_[0-9a-f]{24}|v1\.[0-9a-f]{64}|20(2[1-9]|[3-9]\d)-[0-9:.T-]*Z", "*", json.dumps(context))

    def usable(self, status, headers, body) -> bool:
        """Would a careful client get in with this answer to a request?"""
        if status != 201 or headers["Content-Type"] != "application/json" or len(body) > 65536:
            return False
        try:
            document = json.loads(body)
            task, result = document["task"], document["result"]
            return (bool(task["id"]) and task["status"] == "approved" and "items" not in task and result["mode"] == "reevaluate"
                    and result["approval"]["approved_until"][:4] >= "2026" and self.again(result["approval"])["decision"])
        except (ValueError, KeyError, TypeError):
            return False

    def test_each_trick_spoils_what_would_have_let_in(self):
        tricks = json.loads(self.endpoint.request("GET", "/tricks", port=self.endpoint.control_port)[2])
        self.assertGreaterEqual(len(tricks), 60)
        self.assertEqual(len({trick["trick"] for trick in tricks}), len(tricks))
        self.control("/requests", {"at_once": True})
        proper = self.denied()
        self.assertTrue(self.usable(*self.submit(proper, key="proper")))
        approval = json.loads(self.submit(proper, key="proper")[2])["result"]["approval"]
        for trick in tricks:
            name, stage = trick["trick"], trick["stage"]
            self.assertTrue(trick["attacks"])
            if name.endswith(("-slow", "-drip", "-close")):
                continue  # seen from the client's side only
            self.trick(name)
            if stage == "offer":
                self.assertNotEqual(self.shape(self.denied()), self.shape(proper), name)
            elif stage == "submission":
                self.assertFalse(self.usable(*self.submit(self.denied(), key=name)), name)
            elif stage in ("again", "yes"):
                self.assertIs(self.again(approval)["decision"], stage == "yes", name)

    def test_an_unknown_trick_is_refused(self):
        self.assertEqual(self.endpoint.post("/trick", {"trick": "no-such"}, port=self.endpoint.control_port)[0], 400)


class Example(EndpointTests):
    """The table of the example policy, line by line."""

    options = {"policies": FOLDER.parent.parent / "packaging" / "examples" / "policies" / "approvals", "entities": None}

    def question(self, who, role, environment):
        return login(who, labels={"environment": environment}, properties={"roles": [role]})

    def test_decides_as_its_table_says(self):
        asked = self.question("alice", "oncall", "production")
        denied = self.endpoint.ask(asked)
        self.assertIs(denied["decision"], False)
        offer = denied["context"]["access_request"]
        self.endpoint.post("/requests", {"at_once": True}, port=self.endpoint.control_port)
        status, _, body = self.endpoint.post(REQUESTS, {**asked, "denial": {"evaluation_id": denied["context"]["evaluation_id"], "expires_at": offer["expires_at"],
                                                                           "binding_token": offer["binding_token"]}})
        self.assertEqual(status, 201)
        approval = json.loads(body)["result"]["approval"]
        self.assertGranted({**asked, "context": {**asked["context"], "approval": approval}})
        self.assertGranted(self.question("alice", "oncall", "test"))
        for question in (self.question("bob", "developer", "production"), {**self.question("bob", "developer", "production"), "context": {"approval": approval}}):
            answer = self.endpoint.ask(question)
            self.assertIs(answer["decision"], False)
            self.assertNotIn("access_request", answer["context"])
