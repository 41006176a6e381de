"""Ways to answer wrongly on the wire. Each takes the exchange, the true answer, and the mode's options."""

import gzip
import json
import time

YES = {"decision": True, "context": {"host_grant": {"groups": [], "shell": "/bin/bash", "max_session_seconds": 3600}}}
JSON = ("Content-Type", "application/json")


def yes() -> bytes:
    """The bytes of a proper yes. Damage is done to a yes, never to a no: then only a client that forgives it says yes."""
    return json.dumps(YES).encode()


def reply(body=None, status=200, content=JSON[1], headers=(), echo=True):
    """A well-framed answer that is wrong in what it says. `body` is bytes, or a document, or None for a yes."""
    data = yes() if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()

    def act(exchange, answer, options):
        content_type = [("Content-Type", content)] if content else []
        exchange.send(status, [*content_type, *headers, *(exchange.echo if echo else [])], data)
    return act


def late(exchange, answer, options):
    time.sleep(options["seconds"])
    exchange.send_json(answer, headers=exchange.echo)


def drip(exchange, answer, options):
    body = json.dumps(answer).encode()
    whole = exchange.head(200, [JSON, *exchange.echo, ("Content-Length", str(len(body)))]) + body
    for byte in whole:
        exchange.raw(bytes([byte]))
        time.sleep(options["seconds"])


def silent(exchange, answer, options):
    time.sleep(options["seconds"])
    exchange.hang_up()


def close(exchange, answer, options):
    exchange.hang_up()


def reset(exchange, answer, options):
    exchange.hang_up(reset=True)


def close_in_head(exchange, answer, options):
    exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: applic")
    exchange.hang_up()


def close_in_body(exchange, answer, options):
    body = yes()  # all of the yes arrives, but less than was announced
    exchange.raw(exchange.head(200, [JSON, *exchange.echo, ("Content-Length", str(len(body) + 100))]) + body)
    exchange.hang_up()


def close_in_chunk(exchange, answer, options):
    body = yes()
    exchange.raw(exchange.head(200, [JSON, *exchange.echo, ("Transfer-Encoding", "chunked")]) + b"%x\r\n%s\r\n" % (len(body), body))
    exchange.hang_up()


def noise(exchange, answer, options):
    exchange.raw(bytes(range(256)) * 4 + b"\r\n\r\n")
    exchange.hang_up()


def huge(exchange, answer, options):
    body = json.dumps({**YES, "padding": "x" * options["bytes"]}).encode()
    exchange.send(200, [JSON, *exchange.echo], body)


def huge_chunked(exchange, answer, options):
    body = json.dumps({**YES, "padding": "x" * options["bytes"]}).encode()
    exchange.raw(exchange.head(200, [JSON, *exchange.echo, ("Transfer-Encoding", "chunked")])
                 + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def compressed(exchange, answer, options):
    body = gzip.compress(json.dumps({**YES, "padding": "x" * options["bytes"]}).encode())
    exchange.send(200, [JSON, ("Content-Encoding", "gzip"), *exchange.echo], body)


def endless(exchange, answer, options):
    exchange.raw(exchange.head(200, [JSON, *exchange.echo, ("Transfer-Encoding", "chunked")]) + b'12\r\n{"decision": true,\r\n')
    _for_ever(exchange, b"4000\r\n" + b" " * 0x4000 + b"\r\n")


def endless_head(exchange, answer, options):
    exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    _for_ever(exchange, b"X-Padding: " + b"x" * 4000 + b"\r\n")


def endless_continue(exchange, answer, options):
    _for_ever(exchange, b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def two_answers(exchange, answer, options):
    exchange.send(200, [JSON, *exchange.echo], b'{"decision": false}')
    exchange.send(200, [JSON, *exchange.echo], yes())


def custom(exchange, answer, options):
    body = options["text"].encode() if "text" in options else json.dumps(options.get("json", YES)).encode()
    headers = options.get("headers", {"Content-Type": "application/json"})
    exchange.send(options["status"], [*headers.items(), *exchange.echo], body)


def _for_ever(exchange, data: bytes):
    """Until the client has had enough; its hanging up ends the thread as a ConnectionError."""
    while True:
        exchange.raw(data)
