"""The control interface for tests, on a port of its own."""

from .document import MalformedDocument, read_object
from .exchange import Exchange, Refused
from .misbehaviour import Misbehaviour, Switch, UnknownMisbehaviour


class ControlExchange(Exchange):
    """GET /modes, GET /misbehave, POST /misbehave, DELETE /misbehave."""

    def do_GET(self):
        if self.path == "/modes":
            self.send_json([{"mode": mode.name, "attacks": mode.attacks, "options": mode.options} for mode in self.switch.table])
        elif self.path == "/misbehave":
            self.send_json(self.switch.summary)
        else:
            self.send_text(404, "GET /modes or /misbehave")

    def do_POST(self):
        try:
            body = self.read_body()
            if self.path != "/misbehave":
                raise Refused(404, "POST /misbehave")
            self.switch.set(Misbehaviour.read(read_object(body), self.switch.table))
            self.send_json(self.switch.summary)
        except (MalformedDocument, UnknownMisbehaviour) as error:
            self.send_text(400, str(error))
        except Refused as refused:
            self.send_text(refused.status, refused.text)

    def do_DELETE(self):
        if self.path != "/misbehave":
            self.send_text(404, "DELETE /misbehave")
            return
        self.switch.set(None)
        self.send_json(self.switch.summary)

    @property
    def switch(self) -> Switch:
        return self.server.application
