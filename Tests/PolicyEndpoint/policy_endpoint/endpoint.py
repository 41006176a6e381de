"""The AuthZEN endpoint: paths, statuses and headers (AuthZEN 1.0, "Transport")."""

import json
from copy import deepcopy

from .decision import Decision, DecisionPoint
from .desk import REQUESTS, Problem, UnknownRequest
from .document import MalformedDocument, read_object
from .evaluation import Batch, Evaluation, MalformedRequest
from .exchange import Exchange, Refused
from .journal import Journal
from .misbehaviour import Switch
from .tricks import TRICKS, Trick

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
METADATA = "/.well-known/authzen-configuration"
ELSEWHERE = "/elsewhere"  # says yes to everything: only a client that follows redirects gets here


class Endpoint:
    """What the handler serves: the decision point, the journal, and the switch for misbehaviour."""

    def __init__(self, decisions: DecisionPoint, journal: Journal, switch: Switch):
        self.decisions, self.journal, self.switch = decisions, journal, switch
        self.trick: Trick | None = None

    def set_trick(self, name: str | None):
        """What the access request service does wrong from now on; `none` ends it. Raises UnknownRequest."""
        if name not in TRICKS and name != "none":
            raise UnknownRequest(f"no trick {name!r}; GET /tricks lists them")
        self.trick = TRICKS.get(name)
        self.decisions.desk.approves_at_once = self.trick is not None and self.trick.stage != "status"

    def tricked(self, document: dict, answer: dict) -> dict:
        """A decision as the trick has it."""
        if self.trick is None:
            return answer
        context, stage = answer.get("context", {}), self.trick.stage
        has_approval = "approval" in document.get("context", {})
        if stage == "again" and has_approval:
            offer = self.decisions.desk.offer(Evaluation.read(document), "again")
            answer = {"decision": False, "context": {"reason_user": {"en": "No, again."}, **offer}}
        elif not (stage == "yes" and has_approval and answer["decision"]) and not (stage == "offer" and "access_request" in context):
            return answer
        answer = deepcopy(answer)
        self.trick.act(answer)
        return answer

    def evaluation(self, document: dict) -> tuple[dict, dict]:
        """Answer and trace of an Access Evaluation. Raises MalformedRequest."""
        decision = self.decisions.decide(Evaluation.read(document))
        return decision.answer, decision.trace

    def evaluations(self, document: dict) -> tuple[dict, dict]:
        """Answer and trace of an Access Evaluations request, or of the single evaluation that it amounts to.
        Raises MalformedRequest."""
        batch = Batch.read(document)
        if batch is None:
            return self.evaluation(document)
        decisions = []
        for item in batch.items:
            try:
                decisions.append(self.decisions.decide(Evaluation.read(item)))
            except MalformedRequest as error:
                decisions.append(Decision(False, {"error": {"status": 400, "message": str(error)}}))
            if batch.stops_after(decisions[-1].allowed):
                break
        return {"evaluations": [decision.answer for decision in decisions]}, {"evaluations": [d.trace for d in decisions]}


class EndpointExchange(Exchange):
    """One HTTP request to the endpoint."""

    def do_POST(self):
        endpoint: Endpoint = self.server.application
        path = self.path.split("?")[0]
        self.echo = [("X-Request-ID", text) for text in self.headers.get_all("X-Request-ID", [])[:1]]
        entry = {"method": "POST", "path": self.path, "request_id": self.headers.get("X-Request-ID"), "client": self.client()}
        mode = None
        try:
            body = self.read_body()
            entry["request"] = body.decode("utf-8", "backslashreplace")
            if path == ELSEWHERE:
                answer, trace = {"decision": True}, {}
            elif path == REQUESTS:
                self.require_json()
                entry["request"] = document = read_object(body)
                return self.take_request(document, entry)
            elif path.startswith(REQUESTS):
                return self.say_yes_elsewhere(entry)
            elif path in (EVALUATION, EVALUATIONS):
                self.require_json()
                entry["request"] = document = read_object(body)
                answer, trace = (endpoint.evaluation if path == EVALUATION else endpoint.evaluations)(document)
                answer = endpoint.tricked(document, answer)
                mode = endpoint.switch.take(document)
            else:
                raise Refused(404, "no such endpoint")
        except (MalformedDocument, MalformedRequest) as error:
            self.refuse(Refused(400, str(error)), entry)
            return
        except Refused as refused:
            self.refuse(refused, entry)
            return
        endpoint.journal.write(**entry, status=200, answer=answer, **trace, misbehaviour=None if mode is None else mode.name)
        if mode is None:
            self.send_json(answer, headers=self.echo)
        else:
            mode.act(self, answer)

    def take_request(self, document: dict, entry: dict):
        """An access request."""
        desk = self.server.application.decisions.desk
        key = self.headers.get("Idempotency-Key")
        try:
            status, task = desk.submit(document, key)
        except Problem as problem:
            self.send_problem(problem, {**entry, "key": key})
            return
        self.show(task, status, "submission", {**entry, "key": key})

    def show_task(self, identifier: str, entry: dict):
        """A look at a task."""
        application = self.server.application
        try:
            if application.trick is not None and application.trick.stage == "status":
                application.decisions.desk.settle({"id": identifier}, "approve", 3600)
            task = application.decisions.desk.task(identifier)
        except Problem as problem:
            self.send_problem(problem, entry)
            return
        self.show(task, 200, "status", entry)

    def show(self, task, status: int, stage: str, entry: dict):
        application = self.server.application
        document = application.decisions.desk.document(task)
        trick = application.trick if application.trick is not None and application.trick.stage == stage else None
        application.journal.write(**entry, status=status, answer=document, trick=None if trick is None else trick.name)
        if trick is not None:
            trick.act(self, status, document)
            return
        self.send_json(document, status, [("Location", document["task"]["status_endpoint"]), *self.echo])

    def say_yes_elsewhere(self, entry: dict):
        """Where redirects lead: an approval that only a client that follows them gets."""
        task = {"id": self.path.rsplit("/", 1)[-1], "status": "approved", "status_endpoint": self.server.base_url + self.path}
        document = {"task": task, "result": {"mode": "reevaluate", "approval": {"id": "apr_elsewhere", "approved_until": "2030-01-01T00:00:00Z"}}}
        self.server.application.journal.write(**entry, status=200, answer=document, misbehaviour=None)
        self.send_json(document, headers=self.echo)

    def send_problem(self, problem: Problem, entry: dict):
        self.server.application.journal.write(**entry, status=problem.status, answer=problem.document, misbehaviour=None)
        self.send(problem.status, [("Content-Type", "application/problem+json"), *self.echo], json.dumps(problem.document).encode())

    def do_GET(self):
        entry = {"method": "GET", "path": self.path, "request_id": self.headers.get("X-Request-ID"), "client": self.client()}
        self.echo = [("X-Request-ID", text) for text in self.headers.get_all("X-Request-ID", [])[:1]]
        base = self.server.base_url
        documents = {ELSEWHERE: {"decision": True},
                     METADATA: {"policy_decision_point": base, "access_evaluation_endpoint": base + EVALUATION,
                                "access_evaluations_endpoint": base + EVALUATIONS, "access_request_endpoint": base + REQUESTS,
                                "capabilities": ["urn:openid:authzen:capability:access-request"]}}
        path = self.path.split("?")[0]
        if path in (EVALUATION, EVALUATIONS):
            self.refuse(Refused(405, "evaluations are asked by POST", (("Allow", "POST"),)), entry)
        elif path == REQUESTS + "/elsewhere":
            self.say_yes_elsewhere(entry)
        elif path.startswith(REQUESTS + "/"):
            self.show_task(path.removeprefix(REQUESTS + "/"), entry)
        elif path not in documents:
            self.refuse(Refused(404, "no such endpoint"), entry)
        else:
            self.server.application.journal.write(**entry, status=200, answer=documents[path], misbehaviour=None)
            self.send_json(documents[path], headers=self.echo)

    def refuse(self, refused: Refused, entry: dict):
        self.server.application.journal.write(**entry, status=refused.status, answer=refused.text, misbehaviour=None)
        self.send_text(refused.status, refused.text, [*refused.headers, *self.echo])

    def client(self) -> dict:
        """Who asked, by address and, with mutual TLS, by the subject of the client's certificate."""
        certificate = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        subject = [f"{name}={text}" for rdn in (certificate or {}).get("subject", ()) for name, text in rdn]
        return {"address": self.client_address[0], "port": self.client_address[1], "certificate": ", ".join(subject) or None}
