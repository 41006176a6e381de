"""The control interface for tests, on a port of its own."""

from .desk import UnknownRequest
from .document import MalformedDocument, read_object
from .exchange import Exchange, Refused
from .misbehaviour import Misbehaviour, Switch, UnknownMisbehaviour
from .tricks import TABLE as TRICKS


class ControlExchange(Exchange):
    """GET /modes, GET /misbehave, POST /misbehave, DELETE /misbehave; GET /tricks, POST /trick; GET /requests, POST /requests."""

    def do_GET(self):
        if self.path == "/modes":
            self.send_json([{"mode": mode.name, "attacks": mode.attacks, "options": mode.options} for mode in self.switch.table])
        elif self.path == "/misbehave":
            self.send_json(self.switch.summary)
        elif self.path == "/tricks":
            self.send_json([{"trick": trick.name, "attacks": trick.attacks, "stage": trick.stage} for trick in TRICKS])
        elif self.path == "/requests":
            self.send_json(self.desk.summary)
        else:
            self.send_text(404, "GET /modes, /misbehave, /tricks or /requests")

    def do_POST(self):
        try:
            document = read_object(self.read_body())
            if self.path == "/misbehave":
                self.switch.set(Misbehaviour.read(document, self.switch.table))
                self.send_json(self.switch.summary)
            elif self.path == "/trick":
                self.server.application.set_trick(document.get("trick"))
                self.send_json({"trick": document["trick"]})
            elif self.path == "/requests":
                self.send_json({"settled": self.settle(document)})
            else:
                raise Refused(404, "POST /misbehave, /trick or /requests")
        except (MalformedDocument, UnknownMisbehaviour, UnknownRequest) as error:
            self.send_text(400, str(error))
        except Refused as refused:
            self.send_text(refused.status, refused.text)

    def do_DELETE(self):
        if self.path != "/misbehave":
            self.send_text(404, "DELETE /misbehave")
            return
        self.switch.set(None)
        self.send_json(self.switch.summary)

    def settle(self, document: dict) -> int:
        """`{"verdict": "approve", "seconds": 3600, "account": …, "id": …}`; `revoke` takes all approvals back; `at_once` approves
        whatever is asked for from now on. Raises UnknownRequest."""
        seconds = document.get("seconds", self.desk.seconds)
        if type(seconds) is not int:
            raise UnknownRequest("`seconds` is no number")
        if "at_once" in document:
            self.desk.approves_at_once, self.desk.seconds = bool(document["at_once"]), seconds
            return 0
        if document.get("verdict") == "revoke":
            return self.desk.revoke()
        return self.desk.settle(document, document.get("verdict"), seconds)

    @property
    def switch(self) -> Switch:
        return self.server.application.switch

    @property
    def desk(self):
        return self.server.application.decisions.desk
