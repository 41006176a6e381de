"""The example policies: every line of every table, asked of the real engines over HTTP."""

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from tests.endpoint import FOLDER, RunningEndpoint, login

EXAMPLES = FOLDER.parent.parent / "packaging" / "examples" / "policies"
NEEDS = ["contractors", "departments", "hours", "labels", "roles", "tickets", "workloads"]


def pairs(text: str) -> dict:
    return dict(pair.strip().split("=") for pair in text.split(",") if pair.strip())


class Line:
    """One line of a table: a question, and what must come of it."""

    def __init__(self, cells: list[str]):
        self.cells = cells
        who, says, host, labels, time, outcome = cells
        kind, _, name = who.rpartition(" ")
        properties = {name: values.split("+") for name, values in pairs(says).items()}
        self.question = login(name, account=name.split("@")[0], subject=name, labels=pairs(labels), time=time, host=host, properties=properties)
        self.question["subject"]["type"] = kind or "user"
        self.allowed = outcome.split(",")[0] == "in"
        self.groups = [group.strip() for group in outcome.split(",")[1:]]


def table(file: Path) -> list[Line]:
    lines = [re.sub(r"^(//|#) ", "", line) for line in file.read_text().splitlines() if re.match(r"(//|#) \|", line)]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Line(row) for row in rows[2:]]


class Examples(unittest.TestCase):
    def check(self, file: Path, ask):
        lines = table(file)
        self.assertTrue(any(line.allowed for line in lines) and any(not line.allowed for line in lines), file)
        for line in lines:
            answer = ask(line.question)
            self.assertIs(answer["decision"], line.allowed, (file.name, line.cells, answer))
            if line.allowed:
                grant = answer["context"]["host_grant"]
                self.assertEqual(grant.get("groups", []), line.groups, (file.name, line.cells))
                self.assertLessEqual(set(grant), {"groups", "max_session_seconds"})
                self.assertGreater(grant["max_session_seconds"], 0)
                # What a certificate's principals allow besides the person's own name is no way to be root.
                line.question["action"]["properties"]["account"] = "root"
                self.assertIs(ask(line.question)["decision"], False, (file.name, line.cells))
            else:
                self.assertTrue(answer["context"]["reason_user"]["en"].endswith("."), answer)
        return len(lines)

    def test_there_is_one_for_each_need_and_engine(self):
        for folder, ending in (("cedar", "cedar"), ("opa", "rego")):
            self.assertEqual(sorted(file.name for file in (EXAMPLES / folder).iterdir()), [f"{need}.{ending}" for need in NEEDS])
        readme = (EXAMPLES / "README.md").read_text()
        for need in NEEDS:
            self.assertIn(f"| `cedar/{need}.cedar` | `opa/{need}.rego` |", readme)

    def test_both_engines_are_asked_the_same(self):
        for need in set(NEEDS) - {"tickets"}:  # Cedar cannot look into the text of a ticket
            self.assertEqual([line.cells for line in table(EXAMPLES / "cedar" / f"{need}.cedar")],
                             [line.cells for line in table(EXAMPLES / "opa" / f"{need}.rego")])

    def test_cedar_decides_as_the_tables_say(self):
        for need in NEEDS:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(EXAMPLES / "cedar" / f"{need}.cedar", folder)
                endpoint = RunningEndpoint(policies=folder, entities=None)
                try:
                    self.check(EXAMPLES / "cedar" / f"{need}.cedar", endpoint.ask)
                finally:
                    endpoint.stop()

    def test_opa_decides_as_the_tables_say_bare_and_wrapped(self):
        endpoint = RunningEndpoint("--rego", EXAMPLES / "opa", policies=None, entities=None)
        self.addCleanup(endpoint.stop)
        for need in NEEDS:
            path = f"data/sojourn/{need}/answer"
            self.check(EXAMPLES / "opa" / f"{need}.rego", lambda question: endpoint.ask(question, f"/v0/{path}"))
            self.check(EXAMPLES / "opa" / f"{need}.rego", lambda question: endpoint.ask({"input": question}, f"/v1/{path}")["result"])

    def test_a_hurt_question_is_a_no(self):
        """What is missing, null or of another type is never taken for what a rule asks for."""
        endpoint = RunningEndpoint("--rego", EXAMPLES / "opa", policies=None, entities=None)
        self.addCleanup(endpoint.stop)
        with_cedar = RunningEndpoint(policies=EXAMPLES / "cedar", entities=None)
        self.addCleanup(with_cedar.stop)
        tried = 0
        for need in NEEDS:
            for line in table(EXAMPLES / "opa" / f"{need}.rego"):
                if not line.allowed:
                    continue
                for hurt in ({"subject": {**line.question["subject"], "id": "nobody", "properties": {}}},
                             {"resource": {"type": "host", "id": "elsewhere", "properties": {}}},
                             {"action": {"name": "sudo", "properties": {"account": "deploy"}}}):
                    if need == "hours" and "resource" in hurt:
                        continue  # these hours hold on every host
                    question = {**line.question, **hurt}
                    self.assertIs(endpoint.ask(question, f"/v0/data/sojourn/{need}/answer")["decision"], False, (need, line.cells, hurt))
                    self.assertIs(with_cedar.ask(question)["decision"], False, (need, line.cells, hurt))
                    tried += 1
        self.assertGreater(tried, 30)
