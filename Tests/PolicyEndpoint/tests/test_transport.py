"""HTTP, TLS, start, end and journal."""

import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from tests.endpoint import EVALUATION, EndpointTests, RunningEndpoint, login

JSON = {"Content-Type": "application/json"}


class Transport(EndpointTests):
    def test_one_connection_carries_many_questions(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.endpoint.port, timeout=10)
        self.addCleanup(connection.close)
        connection.connect()
        first = connection.sock
        for who, expected in (("alice", True), ("bob", False)) * 20:
            connection.request("POST", EVALUATION, json.dumps(login(who)), JSON)
            self.assertIs(json.loads(connection.getresponse().read())["decision"], expected)
        connection.request("POST", EVALUATION, "{}", JSON)
        self.assertEqual(connection.getresponse().read(), b"`subject` is missing\n")
        connection.request("POST", EVALUATION, json.dumps(login("alice")), JSON)
        self.assertIs(json.loads(connection.getresponse().read())["decision"], True)
        self.assertIs(connection.sock, first)

    def test_many_connections_at_once_are_answered_rightly(self):
        wrong = []

        def work(who, expected):
            for _ in range(25):
                if self.endpoint.ask(login(who))["decision"] is not expected:
                    wrong.append(who)
        threads = [threading.Thread(target=work, args=pair) for pair in (("alice", True), ("bob", False)) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(wrong, [])

    def test_a_silent_client_stops_nobody(self):
        with socket.create_connection(("127.0.0.1", self.endpoint.port)) as silent:
            silent.sendall(b"POST ")
            self.assertGranted(login("alice"))

    def test_a_body_is_bounded_and_its_length_known(self):
        for head, status in ((b"Content-Length: 1048577", b"413"), (b"Content-Length: -1", b"400"), (b"Content-Length: 1_0", b"400"),
                             (b"X: y", b"411"), (b"Transfer-Encoding: chunked", b"411")):
            with socket.create_connection(("127.0.0.1", self.endpoint.port), timeout=10) as connection:
                connection.sendall(b"POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n")
                self.assertEqual(connection.recv(100).split()[1], status, head)

    def test_the_journal_has_every_question_with_its_answer_before_the_client_has_it(self):
        question = login("bob")
        answer = self.endpoint.ask(question)
        entry = self.endpoint.journal()[-1]
        self.assertEqual((entry["request"], entry["answer"], entry["status"]), (question, answer, 200))
        self.assertEqual((entry["path"], entry["policies"], entry["misbehaviour"]), (EVALUATION, ["production-databases"], None))
        self.endpoint.post(EVALUATION, body=b'{"broken\xff', headers={**JSON, "X-Request-ID": "r-7"})
        entry = self.endpoint.journal()[-1]
        self.assertEqual((entry["request"], entry["status"], entry["request_id"]), ('{"broken\\xff', 400, "r-7"))


class StartAndEnd(unittest.TestCase):
    def test_it_is_ready_promptly_and_ends_at_sigterm(self):
        started = time.monotonic()
        endpoint = RunningEndpoint()
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(endpoint.facts["pid"], endpoint.process.pid)
        self.assertEqual(endpoint.facts["url"], f"http://127.0.0.1:{endpoint.port}{EVALUATION}")
        # Connections that are open, and one that is being misbehaved to, do not hold it up.
        with socket.create_connection(("127.0.0.1", endpoint.port)):
            endpoint.misbehave("silent")
            waiting = threading.Thread(target=endpoint.raw, args=(login("alice"),))
            waiting.start()
            time.sleep(0.2)
            ended = time.monotonic()
            self.assertEqual(endpoint.stop(), 0)
            self.assertLess(time.monotonic() - ended, 10)
            waiting.join(20)
        self.assertFalse(endpoint.ready_file.exists())
        self.assertIn(f"listening on {endpoint.facts['url']}, control on http://127.0.0.1:{endpoint.control_port}", endpoint.output)
        self.assertEqual(endpoint.complaints, "")


class TLS(unittest.TestCase):
    """HTTPS, and mutual TLS, with certificates made for the test."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        for name, purpose in (("server", "subjectAltName=IP:127.0.0.1"), ("host", "subjectAltName=DNS:db1"), ("stranger", "subjectAltName=DNS:x")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", f"/CN={name}", "-addext", purpose, "-keyout", cls.file(name, "key"), "-out", cls.file(name, "pem")],
                           check=True, capture_output=True)

    @classmethod
    def file(cls, name, kind):
        return str(cls.folder / f"{name}.{kind}")

    def start(self, *arguments):
        endpoint = RunningEndpoint("--certificate", self.file("server", "pem"), "--key", self.file("server", "key"), *arguments)
        self.addCleanup(endpoint.stop)
        return endpoint

    def ask(self, endpoint, client=None):
        context = ssl.create_default_context(cafile=self.file("server", "pem"))
        if client:
            context.load_cert_chain(self.file(client, "pem"), self.file(client, "key"))
        connection = http.client.HTTPSConnection("127.0.0.1", endpoint.port, context=context, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", EVALUATION, json.dumps(login("alice")), JSON)
        return json.loads(connection.getresponse().read())["decision"]

    def test_https_is_spoken_and_announced(self):
        endpoint = self.start()
        self.assertIs(self.ask(endpoint), True)
        self.assertEqual(endpoint.facts["url"], f"https://127.0.0.1:{endpoint.port}{EVALUATION}")

    def test_a_client_that_never_shakes_hands_stops_nobody(self):
        endpoint = self.start()
        with socket.create_connection(("127.0.0.1", endpoint.port)):
            self.assertIs(self.ask(endpoint), True)

    def test_plain_http_gets_no_answer_from_an_https_endpoint(self):
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.start().post(EVALUATION, login("alice"))

    def test_with_a_client_ca_only_its_clients_are_served(self):
        endpoint = self.start("--client-ca", self.file("host", "pem"))
        self.assertIs(self.ask(endpoint, "host"), True)
        self.assertEqual(endpoint.journal()[-1]["client"]["certificate"], "commonName=host")
        for client in (None, "stranger"):
            with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                self.ask(endpoint, client)
        self.assertEqual(len(endpoint.journal()), 1)

    def test_it_misbehaves_over_tls_too(self):
        endpoint = self.start()
        for mode in ("close", "reset", "close-in-body"):
            endpoint.misbehave(mode)
            with self.assertRaises((http.client.HTTPException, OSError)):
                self.ask(endpoint)
