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
    """One line of a table: a question, and what must come of it. A table is about logins at a `time`, or about `sudo to` a target."""

    def __init__(self, cells: list[str], column: str):
        self.cells = cells
        who, says, host, labels, particular, outcome = cells
        self.is_sudo = column == "sudo to"
        kind, _, name = who.rpartition(" ")
        properties = {name: values.split("+") for name, values in pairs(says).items()}
        self.question = login(name, account=name.split("@")[0], subject=name, labels=pairs(labels), host=host, properties=properties,
                              **({} if self.is_sudo else {"time": particular}))
        if self.is_sudo:
            told = {"service": "sudo", "account": name.split("@")[0], **({"target": particular} if particular else {})}
            self.question["action"] = {"name": "sudo", "properties": told}
        self.question["subject"]["type"] = kind or "user"
        self.allowed = outcome.split(",")[0] == ("yes" if self.is_sudo else "in")
        self.groups = [group.strip() for group in outcome.split(",")[1:]]


def table(file: Path) -> list[Line]:
    lines = [re.sub(r"^(//|#) ", "", line) for line in file.read_text().splitlines() if re.match(r"(//|#) \|", line)]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    found, column = [], None
    for row in rows:
        if row[0] == "who":
            column = row[4]
            assert column in ("time", "sudo to"), (file, row)
        elif not row[0].startswith("--"):
            found.append(Line(row, column))
    return found


class Examples(unittest.TestCase):
    def check(self, file: Path, ask):
        lines = table(file)
        self.assertTrue(any(line.allowed for line in lines) and any(not line.allowed for line in lines), file)
        for line in lines:
            answer = ask(line.question)
            self.assertIs(answer["decision"], line.allowed, (file.name, line.cells, answer))
            if line.allowed:
                if line.is_sudo:  # a host refuses a yes that grants anything
                    self.assertNotIn("host_grant", answer.get("context", {}), (file.name, line.cells))
                else:
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

    def test_roles_decide_about_sudo_and_the_others_refuse_it(self):
        for folder, ending in (("cedar", "cedar"), ("opa", "rego")):
            about_sudo = [need for need in NEEDS if any(line.is_sudo for line in table(EXAMPLES / folder / f"{need}.{ending}"))]
            self.assertEqual(about_sudo, ["roles"])
        endpoint = RunningEndpoint("--rego", EXAMPLES / "opa", policies=None, entities=None)
        self.addCleanup(endpoint.stop)
        with_cedar = RunningEndpoint(policies=EXAMPLES / "cedar", entities=None)
        self.addCleanup(with_cedar.stop)
        for need in NEEDS:
            for line in table(EXAMPLES / "opa" / f"{need}.rego"):
                if not line.allowed or line.is_sudo:
                    continue
                action = {"name": "sudo", "properties": {**line.question["action"]["properties"], "target": "root"}}
                question = {**line.question, "action": action}
                self.assertIs(endpoint.ask(question, f"/v0/data/sojourn/{need}/answer")["decision"], False, (need, line.cells))
                self.assertIs(with_cedar.ask(question)["decision"], False, (need, line.cells))

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
