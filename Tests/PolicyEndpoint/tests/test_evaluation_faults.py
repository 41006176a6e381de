"""What cannot be evaluated or understood is a no; what cannot be meant does not start."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.endpoint import EVALUATION, FOLDER, EndpointTests, RunningEndpoint, login

YES = "permit (principal, action, resource);"


class Faults(EndpointTests):
    def assertUnevaluable(self, document, why):
        answer = self.endpoint.ask(document)
        self.assertIs(answer["decision"], False)
        self.assertIn(why, answer["context"]["reason_admin"]["en"])
        self.assertIn("could not be evaluated", answer["context"]["reason_user"]["en"])

    def test_cedar_escapes_from_outside_are_refused(self):
        for escape in ({"__entity": {"type": "user", "id": "dave"}}, {"__extn": {"fn": "ip", "arg": "x"}}, {"__expr": "1"}):
            document = login("alice", labels={"environment": escape})
            self.assertUnevaluable(document, "is reserved")
            document = login("alice")
            document["context"]["x"] = [escape]
            self.assertUnevaluable(document, "is reserved")

    def test_a_type_that_cedar_cannot_name_is_refused(self):
        for name in ("a user", "", "in", 'user::"alice"', "user\0", "user\n"):
            for entity in ("subject", "resource"):
                document = login("alice")
                document[entity]["type"] = name
                self.assertUnevaluable(document, "reserved" if name == "in" else f"{entity}.type: Cedar has no such type name")

    def test_a_mistyped_label_is_refused(self):
        self.assertRefused(login("carol", labels={"environment": 1, "role": ["database"]}), "No policy permits you")

    def test_numbers_and_nulls_that_cedar_lacks_do_no_harm(self):
        document = login("alice")
        document["context"].update({"a": None, "b": 1.5, "c": 1 << 80, "d": [None, 1e300], "e": {"f": None}})
        self.assertGranted(document)

    def test_names_and_ids_with_any_characters_are_only_text(self):
        for subject in ('alice" || true', "alice\n", "alice\0", "\u202ealice", "a" * 100000):
            self.assertRefused(login("alice", subject=subject, principals=[]), "You are not in the directory")
        self.assertGranted(login("alice", host='db1"\n\0'))

    def test_nesting_of_any_depth_gets_an_answer(self):
        for depth in (10, 100, 200, 400, 490, 700, 900, 990, 1000, 5000, 50000):
            for opening, closing in (("[", "]"), ('{"a":', "}")):
                text = json.dumps(login("alice")).replace('"42"', opening * depth + "1" + closing * depth)
                status, _, body = self.endpoint.post(EVALUATION, body=text.encode())
                self.assertIn(status, (200, 400), depth)
                self.assertIn(b"nested too deeply" if status == 400 else b"decision", body, depth)

    def test_addresses_of_any_form_do_no_harm(self):
        for text in ("fe80::1%eth0", "::ffff:10.0.0.1", "nonsense", "", None, 7, ["10.0.0.1"]):
            document = login("alice")
            document["context"]["source_ip"] = text
            self.assertGranted(document)


class PolicyFolder(unittest.TestCase):
    """Endpoints over policies written for one test."""

    def run_with(self, policies: str, entities: dict | None = None) -> RunningEndpoint:
        folder = self.folder_with(policies, entities)
        endpoint = RunningEndpoint(policies=folder, entities=None if entities is None else folder / "people.json")
        self.addCleanup(endpoint.stop)
        return endpoint

    def folder_with(self, policies: str, entities=None) -> Path:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        if policies is not None:
            Path(folder.name, "rules.cedar").write_text(policies)
        if entities is not None:
            Path(folder.name, "people.json").write_text(entities if isinstance(entities, str) else json.dumps(entities))
        return Path(folder.name)

    def assertDoesNotStart(self, sentence, *arguments):
        result = subprocess.run([sys.executable, FOLDER / "policy_endpoint", "--port", "0", *arguments],
                                capture_output=True, text=True, timeout=20)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(sentence, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def test_a_forbid_that_fails_to_evaluate_is_a_no(self):
        endpoint = self.run_with(f"{YES} forbid (principal, action, resource) when {{ context.no_such_member == 1 }};")
        answer = endpoint.ask(login("alice"))
        self.assertIs(answer["decision"], False)
        self.assertIn("no_such_member", answer["context"]["reason_admin"]["en"])
        self.assertEqual(len(endpoint.journal()[0]["errors"]), 1)

    def test_a_permit_without_grants_gives_a_bare_yes(self):
        self.assertEqual(self.run_with(YES).ask(login("alice")), {"decision": True})

    def test_grants_that_conflict_are_a_no(self):
        endpoint = self.run_with('@id("a") @grant_shell("/bin/bash") permit (principal, action, resource);'
                                 '@id("b") @grant_shell("/bin/zsh") permit (principal, action, resource);')
        answer = endpoint.ask(login("alice"))
        self.assertIs(answer["decision"], False)
        self.assertEqual(answer["context"]["reason_admin"]["en"], "a and b grant different shells: /bin/bash, /bin/zsh")

    def test_groups_of_many_policies_are_joined_once_each_in_the_order_of_the_files(self):
        endpoint = self.run_with("".join(f'@id("p{n}") @grant_groups("g{n} common") permit (principal, action, resource);' for n in range(12)))
        grant = endpoint.ask(login("alice"))["context"]["host_grant"]
        self.assertEqual(grant, {"groups": ["g0", "common", *(f"g{n}" for n in range(1, 12))]})

    def test_policies_see_the_time_and_the_address(self):
        endpoint = self.run_with('permit (principal, action, resource) when { context.weekday == "Friday" && context.day == 5 && '
                                 'context.hour == 11 && context.minute == 59 && context.source_ip.isLoopback() && '
                                 'context.time < datetime("2026-11-20T12:00:00Z") && context.account == "alice" && context.service == "sshd" };')
        self.assertIs(endpoint.ask(login("alice", time="2026-11-20T11:59:59.9Z"))["decision"], True)
        self.assertIs(endpoint.ask(login("alice", time="2026-11-21T11:59:59.9Z"))["decision"], False)
        self.assertIs(endpoint.ask(login("alice", time="2026-11-20T12:00:00Z"))["decision"], False)

    def test_policies_that_cannot_be_meant_do_not_start(self):
        for policies, sentence in (
                ("permit (principal", "rules.cedar: "), (None, "no *.cedar file here"),
                ("permit (principal == ?principal, action, resource);", "templates are not used"),
                ('@grant_group("x") ' + YES, "rules.cedar, policy 1: unknown annotation @grant_group"),
                (YES + '@grant_groups("x") forbid (principal, action, resource);', "rules.cedar, policy 2: @grant_"),
                ('@reason_user_en("x") ' + YES, "@reason_… and @requestable belong on a forbid"),
                ('@requestable("x") ' + YES, "@reason_… and @requestable belong on a forbid"),
                ('@grant_max_session_seconds("1h") ' + YES, "not a positive number"),
                ('@grant_max_session_seconds("0") ' + YES, "not a positive number"),
                ("@grant_max_session_seconds " + YES, "not a positive number"),
                (f'@id("x") {YES} @id("x") {YES}', "two policies have the @id x")):
            self.assertDoesNotStart(sentence, "--policies", self.folder_with(policies))

    def test_a_directory_that_cannot_be_meant_does_not_start(self):
        for document, sentence in (
                ("{", "not JSON"), ("[]", "not a JSON object"), ({}, "`people` is missing"), ({"people": {"a": 1}}, "a: not an object"),
                ({"people": {"a": {}, "b": {"accounts": ["a"]}}}, "b: `a` already belongs to a"),
                ({"people": {"a": {}, "b": {"ids": ["a"]}}}, "b: `a` already belongs to a"),
                ({"people": {"a": {"accounts": "a"}}}, "`accounts` is not an array"), ({"domains": 1, "people": {}}, "`domains` is not an array"),
                ('{"people": {"a": {}, "a": {}}}', "occurs twice")):
            folder = self.folder_with(YES, document)
            self.assertDoesNotStart(sentence, "--policies", folder, "--entities", folder / "people.json")

    def test_options_that_cannot_be_meant_do_not_start(self):
        folder = self.folder_with(YES)
        for arguments, sentence in ((["--misbehave", "politely"], "no mode 'politely'"), (["--misbehave", "{"], "not JSON"),
                                    (["--certificate", "x"], "belong together"), (["--client-ca", "x"], "--client-ca needs"),
                                    (["--certificate", "x", "--key", "y"], "No such file"), (["--entities", "/nowhere"], "No such file")):
            self.assertDoesNotStart(sentence, "--policies", folder, *arguments)
