"""OPA's data API (REST API, "Data API"), as much of it as a login asks: `POST /v0/data/…` and `POST /v1/data/…`."""

import json
import uuid

from .document import MalformedDocument, read_object
from .exchange import Exchange, Refused
from .journal import Journal
from .misbehaviour import Switch
from .rego import FailedEvaluation, RegoPolicies, Undefined

BARE, WRAPPED = "/v0/data/", "/v1/data/"


class DataEndpoint:
    """What the handler serves: the policies, the journal, and the switch for misbehaviour."""

    def __init__(self, policies: RegoPolicies, journal: Journal, switch: Switch):
        self.policies, self.journal, self.switch = policies, journal, switch


class DataExchange(Exchange):
    """One HTTP request. As OPA does, it neither reads nor echoes `X-Request-ID`, and asks for no Content-Type."""

    echo: list = []

    def do_POST(self):
        endpoint: DataEndpoint = self.server.application
        path = self.path.split("?")[0]
        entry = {"method": "POST", "path": self.path, "request_id": self.headers.get("X-Request-ID")}
        try:
            body = self.read_body()
            if not path.startswith((BARE, WRAPPED)):
                raise Refused(404, "no such route")
            entry["request"] = document = read_object(body) if body else {}
            status, answer = self.answer(endpoint.policies, path, document)
            question = document.get("input", {}) if path.startswith(WRAPPED) else document
            mode = endpoint.switch.take(question)
        except MalformedDocument as error:
            self.send_json({"code": "invalid_parameter", "message": str(error)}, 400)
            return
        except Refused as refused:
            self.send_text(refused.status, refused.text)
            return
        endpoint.journal.write(**entry, status=status, answer=answer, misbehaviour=None if mode is None else mode.name)
        if mode is None:
            self.send_json(answer, status)
        else:
            mode.act(self, answer)

    def do_GET(self):
        self.send_text(405, "questions are asked by POST", (("Allow", "POST"),))

    @staticmethod
    def answer(policies: RegoPolicies, path: str, document: dict) -> tuple[int, dict]:
        """Status and body, as OPA has them: an undefined document is 404 in the bare form, and no `result` in the other."""
        is_bare = path.startswith(BARE)
        question = document if is_bare else document.get("input", {})
        try:
            value = policies.value(path[len(BARE):].split("/"), question)
        except Undefined:
            message = {"code": "undefined_document", "message": "document missing or undefined: data." + path[len(BARE):].replace("/", ".")}
            return (404, message) if is_bare else (200, {"decision_id": str(uuid.uuid4())})
        except FailedEvaluation as error:
            return 500, {"code": "internal_error", "message": str(error)}
        return 200, value if is_bare else {"decision_id": str(uuid.uuid4()), "result": value}

    def send_json(self, document, status: int = 200, headers=()):
        self.send(status, [("Content-Type", "application/json"), *headers], json.dumps(document).encode())
