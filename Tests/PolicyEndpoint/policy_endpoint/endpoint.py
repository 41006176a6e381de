"""The AuthZEN endpoint: paths, statuses and headers (AuthZEN 1.0, "Transport")."""

from .decision import Decision, DecisionPoint
from .document import MalformedDocument, read_object
from .evaluation import Batch, Evaluation, MalformedRequest
from .exchange import Exchange, Refused
from .journal import Journal
from .misbehaviour import Switch

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
METADATA = "/.well-known/authzen-configuration"
ELSEWHERE = "/elsewhere"  # says yes to everything: only a client that follows redirects gets here


class Endpoint:
    """What the handler serves: the decision point, the journal, and the switch for misbehaviour."""

    def __init__(self, decisions: DecisionPoint, journal: Journal, switch: Switch):
        self.decisions, self.journal, self.switch = decisions, journal, switch

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
            elif path in (EVALUATION, EVALUATIONS):
                self.require_json()
                entry["request"] = document = read_object(body)
                answer, trace = (endpoint.evaluation if path == EVALUATION else endpoint.evaluations)(document)
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

    def do_GET(self):
        entry = {"method": "GET", "path": self.path, "request_id": self.headers.get("X-Request-ID"), "client": self.client()}
        self.echo = [("X-Request-ID", text) for text in self.headers.get_all("X-Request-ID", [])[:1]]
        base = self.server.base_url
        documents = {ELSEWHERE: {"decision": True},
                     METADATA: {"policy_decision_point": base, "access_evaluation_endpoint": base + EVALUATION,
                                "access_evaluations_endpoint": base + EVALUATIONS}}
        path = self.path.split("?")[0]
        if path in (EVALUATION, EVALUATIONS):
            self.refuse(Refused(405, "evaluations are asked by POST", (("Allow", "POST"),)), entry)
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
