"""Listening: TCP on loopback, plain or TLS, one thread a connection."""

import socket
import ssl
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

from .journal import Journal


def tls_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Server side of TLS 1.2 or later; with `client_ca`, a client without a certificate of it gets no connection.
    Raises ssl.SSLError, OSError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Listener(ThreadingHTTPServer):
    """An HTTP/1.1 server for one handler class. `application` is whatever the handler serves."""

    # Hundreds ask at one moment; who finds the queue full comes again a second later, or three.
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], handler, application, tls: ssl.SSLContext | None = None):
        """Raises OSError if the address cannot be bound."""
        self.application = application
        self._tls = tls
        super().__init__(address, handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def base_url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{self.server_address[0]}:{self.port}"

    def server_bind(self):
        # HTTPServer would look up the host's name here, which can take as long as a resolver likes.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake runs in the connection's own thread: a silent client must not stop the others.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            Journal.complain(f"{client_address}: {error!r}")
