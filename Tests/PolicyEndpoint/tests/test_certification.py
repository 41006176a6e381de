"""The certification scenario of OpenID AuthZEN 1.0 (certification/authorization-api-1_0-scenario.md)."""

import json

from tests.endpoint import EVALUATION, EVALUATIONS, FOLDER, EndpointTests


def question(who, what, record="record-1", subject=None, resource=None, action=None):
    def entity(plain, properties):
        return plain if properties is None else {**plain, "properties": properties}
    return {"subject": entity({"type": "user", "id": who}, subject), "action": entity({"name": what}, action),
            "resource": entity({"type": "record", "id": record}, resource)}


class Certification(EndpointTests):
    options = {"policies": FOLDER / "fixtures" / "certification", "entities": None}

    def decide(self, *arguments, **members):
        return self.endpoint.ask(question(*arguments, **members))["decision"]

    def test_decides_the_fixture(self):
        archived = {"status": "archived"}
        for expected, decision in (
                (True, self.decide("alice", "read")), (True, self.decide("alice", "write")),
                (True, self.decide("bob", "read")), (False, self.decide("bob", "write")),
                (False, self.decide("alice", "write", "record-2", resource=archived)),
                (True, self.decide("bob", "write", "record-2", subject={"role": "admin"}, resource=archived)),
                (True, self.decide("alice", "delete", action={"soft": True})),
                (False, self.decide("alice", "delete", action={"soft": False}))):
            self.assertIs(decision, expected)

    def test_context_and_unknown_members_are_accepted(self):
        document = {**question("alice", "read"), "context": {"time": "2026-11-20T12:00:00Z"}, "more": {"x": [None, 1.5]}}
        self.assertIs(self.endpoint.ask(document)["decision"], True)

    def assertBadRequest(self, document=None, body=None, headers=None, path=EVALUATION):
        status, _, text = self.endpoint.post(path, document, body, headers)
        self.assertEqual(status, 400, (document, body, text))

    def test_a_missing_entity_is_a_bad_request(self):
        for name in ("subject", "action", "resource"):
            document = question("alice", "read")
            del document[name]
            for path in (EVALUATION, EVALUATIONS):
                self.assertBadRequest(document, path=path)

    def test_a_missing_or_mistyped_member_is_a_bad_request(self):
        for name, member in (("subject", "type"), ("subject", "id"), ("resource", "type"), ("resource", "id"), ("action", "name")):
            document = question("alice", "read")
            del document[name][member]
            self.assertBadRequest(document)
            for wrong in (1, None, True, ["x"], {"x": "y"}):
                document[name][member] = wrong
                self.assertBadRequest(document)

    def test_a_mistyped_entity_properties_or_context_is_a_bad_request(self):
        for name in ("subject", "action", "resource"):
            for wrong in ("alice", 1, None, True, []):
                self.assertBadRequest({**question("alice", "read"), name: wrong})
                self.assertBadRequest({**question("alice", "read"), name: {**question("alice", "read")[name], "properties": wrong}})
        for wrong in ("x", 1, None, []):
            self.assertBadRequest({**question("alice", "read"), "context": wrong})

    def test_a_wrong_or_missing_content_type_is_a_bad_request(self):
        body = json.dumps(question("alice", "read")).encode()
        for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "json"}):
            self.assertBadRequest(body=body, headers=headers)
        self.assertEqual(self.endpoint.post(EVALUATION, body=body, headers={"Content-Type": "application/json; charset=utf-8"})[0], 200)

    def test_a_body_that_is_no_unambiguous_json_object_is_a_bad_request(self):
        twice = b'{"subject":{"type":"user","id":"bob","id":"alice"},"action":{"name":"write"},"resource":{"type":"record","id":"1"}}'
        for body in (b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 100000, twice):
            self.assertBadRequest(body=body)

    def test_the_request_id_is_echoed_if_there_was_one(self):
        for path, document in ((EVALUATION, question("alice", "read")), (EVALUATION, {}), ("/nowhere", {})):
            headers = {"Content-Type": "application/json", "X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
            self.assertEqual(self.endpoint.post(path, document, headers=headers)[1].get_all("X-Request-ID"), [headers["X-Request-ID"]])
        self.assertIsNone(self.endpoint.post(EVALUATION, question("alice", "read"))[1]["X-Request-ID"])

    def batch(self, *items, semantic=None, **defaults):
        options = {} if semantic is None else {"options": {"evaluations_semantic": semantic}}
        return self.endpoint.ask({**defaults, "evaluations": list(items), **options}, EVALUATIONS)

    def test_a_batch_answers_each_item_in_order(self):
        self.assertEqual(self.batch(question("alice", "write"), question("bob", "write"), question("bob", "read")),
                         {"evaluations": [{"decision": True}, *self.refusals(question("bob", "write")), {"decision": True}]})

    def refusals(self, *questions):
        return [self.endpoint.ask(item) for item in questions]

    def test_an_item_replaces_a_whole_default(self):
        default = question("alice", "write", "record-2", resource={"status": "archived"})
        # The item's resource has no `status`: if it were merged into the default, this would be a no.
        answer = self.batch({}, {"resource": {"type": "record", "id": "record-1"}}, {"subject": {"type": "user", "id": "bob"}}, **default)
        self.assertEqual([item["decision"] for item in answer["evaluations"]], [False, True, False])

    def test_a_bad_item_fails_alone(self):
        whole = question("alice", "read")
        lacking = {name: whole[name] for name in ("subject", "action")}
        items = self.batch(whole, lacking, "nonsense", whole)["evaluations"]
        self.assertEqual([item["decision"] for item in items], [True, False, False, True])
        self.assertEqual(items[1]["context"]["error"], {"status": 400, "message": "`resource` is missing"})
        self.assertEqual(items[2]["context"]["error"]["status"], 400)

    def test_the_three_semantics(self):
        yes, no = question("alice", "read"), question("bob", "write")
        for semantic, items, expected in (("execute_all", (yes, no, yes), [True, False, True]),
                                          ("deny_on_first_deny", (yes, no, yes), [True, False]),
                                          ("deny_on_first_deny", (yes, yes), [True, True]),
                                          ("permit_on_first_permit", (no, yes, no), [False, True]),
                                          ("permit_on_first_permit", (no, no), [False, False])):
            answer = self.batch(*items, semantic=semantic)
            self.assertEqual([item["decision"] for item in answer["evaluations"]], expected, semantic)
        self.assertBadRequest({"evaluations": [yes], "options": {"evaluations_semantic": "first_come"}}, path=EVALUATIONS)
        for wrong in ({"evaluations": {}}, {"evaluations": [yes], "options": []}):
            self.assertBadRequest({**yes, **wrong}, path=EVALUATIONS)

    def test_a_batch_without_items_is_a_single_evaluation(self):
        for more in ({}, {"evaluations": []}):
            self.assertEqual(self.endpoint.ask({**question("alice", "read"), **more}, EVALUATIONS), {"decision": True})

    def test_the_metadata_names_the_endpoints(self):
        status, headers, body = self.endpoint.request("GET", "/.well-known/authzen-configuration")
        base = f"http://127.0.0.1:{self.endpoint.port}"
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(json.loads(body), {"policy_decision_point": base, "access_evaluation_endpoint": base + EVALUATION,
                                            "access_evaluations_endpoint": base + EVALUATIONS,
                                            "access_request_endpoint": base + "/access/v1/requests",
                                            "capabilities": ["urn:openid:authzen:capability:access-request"]})

    def test_other_paths_and_methods_are_errors(self):
        self.assertEqual(self.endpoint.post("/access/v1/search/subject", {})[0], 404)
        self.assertEqual(self.endpoint.request("GET", "/")[0], 404)
        self.assertEqual(self.endpoint.request("GET", EVALUATION)[0], 405)
        self.assertEqual(self.endpoint.request("PUT", EVALUATION)[0], 501)

    def test_every_request_of_the_interoperability_events_is_understood(self):
        asked = 0
        for name in ("todo", "gateways"):
            vectors = json.loads((FOLDER / "fixtures" / "interop" / f"{name}.json").read_text())
            for vector in vectors["evaluation"]:
                self.assertIn(self.endpoint.ask(vector["request"])["decision"], (True, False))
                asked += 1
            for vector in vectors.get("evaluations", []):
                answer = self.endpoint.ask(vector["request"], EVALUATIONS)
                self.assertEqual(len(answer["evaluations"]), len(vector["expected"]))
                asked += 1
        self.assertEqual(asked, 40 + 3 + 25)
