"""One request and the bytes of its answer."""

import json
import socket
import struct
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

LARGEST_BODY = 1 << 20


class Refused(Exception):
    """The request is answered with an HTTP error and a sentence (AuthZEN 1.0, "Error Responses")."""

    def __init__(self, status: int, text: str, headers: tuple = ()):
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


class Exchange(BaseHTTPRequestHandler):
    """What the endpoint and the control interface have in common. An answer leaves in one write."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def setup(self):
        super().setup()
        if hasattr(self.connection, "do_handshake"):
            self.connection.do_handshake()

    def read_body(self) -> bytes:
        """The request's body. Raises Refused."""
        length = self.headers.get("Content-Length")
        if length is None or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Refused(411, "Content-Length is missing")
        if not (length.isascii() and length.isdigit() and len(length) <= 10):
            self.close_connection = True
            raise Refused(400, "Content-Length is not a number")
        if int(length) > LARGEST_BODY:
            self.close_connection = True
            raise Refused(413, f"a request has at most {LARGEST_BODY} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            raise Refused(400, "the body is shorter than Content-Length")
        return body

    def require_json(self):
        """Raises Refused unless the request says that it is JSON."""
        if self.headers.get_content_type() != "application/json" or "Content-Type" not in self.headers:
            raise Refused(400, "Content-Type is not application/json")

    def head(self, status: int, headers) -> bytes:
        """The status line and the headers, as given, and nothing else."""
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {text}" for name, text in headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send(self, status: int, headers, body: bytes):
        """A whole answer with its right length."""
        closing = [("Connection", "close")] if self.close_connection else []
        self.raw(self.head(status, [*headers, ("Content-Length", str(len(body))), *closing]) + body)

    def send_json(self, document, status: int = 200, headers=()):
        self.send(status, [("Content-Type", "application/json"), *headers], json.dumps(document).encode())

    def send_json_as(self, document, status: int, content: str, headers):
        """JSON under another name, or with a status that means something else."""
        self.send(status, [("Content-Type", content), *headers], json.dumps(document).encode())

    def send_text(self, status: int, text: str, headers=()):
        self.send(status, [("Content-Type", "text/plain; charset=utf-8"), *headers], text.encode() + b"\n")

    def raw(self, data: bytes):
        """Bytes as they are."""
        self.wfile.write(data)

    def hang_up(self, reset: bool = False):
        """Ends the connection, at once and with RST if `reset`."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format, *arguments):
        """The journal is the log."""
