"""A policy endpoint running as its users run it, and questions to it."""

import http.client
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
DATABASE = {"environment": "production", "role": "database"}
NOON = "2026-11-20T12:00:00Z"


class RunningEndpoint:
    """The process. Ends with SIGTERM."""

    def __init__(self, *arguments, policies=FOLDER / "policies", entities=FOLDER / "directory.json"):
        self.folder = tempfile.TemporaryDirectory()
        ready, self.log = Path(self.folder.name, "ready"), Path(self.folder.name, "log")
        command = [sys.executable, FOLDER / "policy_endpoint", *(["--policies", policies] if policies else []), "--port", "0", "--control-port", "0",
                   "--log", self.log, "--ready-file", ready, *(["--entities", entities] if entities else []), *arguments]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"the endpoint did not start: {self.process.communicate()}")
            time.sleep(0.02)
        self.ready_file = ready
        self.facts = json.loads(ready.read_text())
        self.port, self.control_port = self.facts["port"], self.facts["control_port"]

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        self.output, self.complaints = self.process.communicate(timeout=20)
        self.folder.cleanup()
        return self.process.returncode

    def post(self, path, document=None, body=None, headers=None, port=None):
        """(status, headers, body) of a POST of `document`, or of the bytes `body`."""
        data = json.dumps(document).encode() if body is None else body
        return self.request("POST", path, data, {"Content-Type": "application/json"} if headers is None else headers, port)

    def request(self, method, path, body=None, headers=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def ask(self, document, path=EVALUATION) -> dict:
        """The answer, which must be a proper one."""
        status, headers, body = self.post(path, document)
        if status != 200 or headers["Content-Type"] != "application/json":
            raise AssertionError(f"{status} {headers['Content-Type']}: {body!r}")
        return json.loads(body)

    def misbehave(self, mode, **options):
        status, _, body = self.post("/misbehave", {"mode": mode, **options}, port=self.control_port)
        if status != 200:
            raise AssertionError(body)

    def raw(self, document, seconds=10, limit=1 << 22, request_id="the-right-one"):
        """All bytes of the answer, up to `limit`, or until `seconds` after the last ones; and how it ended:
        `end`, `reset`, `limit` or `silence`."""
        body = json.dumps(document).encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(f"POST {EVALUATION} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                               f"X-Request-ID: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            received = b""
            try:
                while len(received) < limit:
                    part = connection.recv(65536)
                    if not part:
                        return received, "end"
                    received += part
                return received, "limit"
            except ConnectionResetError:
                return received, "reset"
            except TimeoutError:
                return received, "silence"

    def journal(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def login(who="alice", account=None, subject=None, labels=DATABASE, time=NOON, principals=None, host="db1", properties=None):
    """The question that Sojourn asks at a login. `time` None leaves it out."""
    account = who if account is None else account
    properties = {} if properties is None else properties
    return {"subject": {"type": "user", "id": f"{who}@example.com" if subject is None else subject, "properties": properties},
            "action": {"name": "login", "properties": {"service": "sshd", "account": account}},
            "resource": {"type": "host", "id": host, "properties": {"labels": labels}},
            "context": {**({} if time is None else {"time": time}), "source_ip": "127.0.0.1", "tty": "ssh",
                        "credential": {"kind": "ssh-cert", "key_id": who, "serial": "42", "extensions": {"permit-pty": ""},
                                       "principals": [account] if principals is None else principals},
                        "pep": {"name": "pam_sojourn", "version": "0.1"}, "supported_obligations": []}}


class EndpointTests(unittest.TestCase):
    """Tests that share one endpoint, with the demo's policies unless a class says otherwise."""

    options: dict = {}
    arguments: tuple = ()

    @classmethod
    def setUpClass(cls):
        cls.endpoint = RunningEndpoint(*cls.arguments, **cls.options)
        cls.addClassCleanup(cls.endpoint.stop)

    def assertGranted(self, question, grant=None):
        answer = self.endpoint.ask(question)
        self.assertIs(answer["decision"], True, answer)
        if grant is not None:
            self.assertEqual(answer["context"], {"host_grant": grant})

    def assertRefused(self, question, sentence, language="en"):
        answer = self.endpoint.ask(question)
        self.assertIs(answer["decision"], False, answer)
        self.assertIn(sentence, answer["context"]["reason_user"][language])
        self.assertNotIn("host_grant", answer["context"])
        return answer
