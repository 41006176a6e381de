#!/usr/bin/python3
"""An SSH agent that does not do what it is asked: agent.py MODE SOCKET [TRUE_AGENT [OTHER_AGENT]]

What a mode does not spoil goes to the true agent and comes from there. Prints "listening", then a line for each request.
"""
import os
import socket
import struct
import sys
import threading
import time

IDENTITIES, SIGN = 11, 13
IDENTITIES_ANSWER, SIGN_RESPONSE = 12, 14
FAILURE = struct.pack(">IB", 1, 5)


def string(data):
    return struct.pack(">I", len(data)) + data


def frame(kind, body):
    return string(bytes([kind]) + body)


def receive(connection):
    header = connection.recv(4, socket.MSG_WAITALL)
    return header and header + connection.recv(struct.unpack(">I", header)[0], socket.MSG_WAITALL)


def ask(path, request):
    with socket.socket(socket.AF_UNIX) as agent:
        agent.connect(path)
        agent.sendall(request)
        return receive(agent)


def strings(data, count):
    parts = []
    for _ in range(count):
        length = struct.unpack(">I", data[:4])[0]
        parts.append(data[4:4 + length])
        data = data[4 + length:]
    return parts, data


def first_key(path):
    """The blob of the first key of another agent that is no certificate."""
    answer = ask(path, frame(IDENTITIES, b""))[5:]
    count, rest = struct.unpack(">I", answer[:4])[0], answer[4:]
    for _ in range(count):
        (blob, _), rest = strings(rest, 2)
        if b"-cert-" not in blob[:64]:
            return blob
    raise ValueError("no plain key")


class Agent:
    def __init__(self, mode, agents):
        self.mode, self.agents, self.first = mode, agents, None

    def answer(self, connection, request):
        kind = request[4]
        if self.mode == "hangs":
            time.sleep(600)
        elif self.mode == "drips":
            for byte in frame(IDENTITIES_ANSWER, struct.pack(">I", 1) + bytes(600)):
                connection.sendall(bytes([byte]))
                time.sleep(1)
        elif self.mode == "floods":
            connection.sendall(struct.pack(">I", 0xFFFFFFFF))
            while True:
                connection.sendall(bytes(65536))
        elif self.mode == "lists-too-much":
            blob = string(b"ssh-ed25519") + string(bytes(32))
            connection.sendall(frame(IDENTITIES_ANSWER, struct.pack(">I", 6000) + 6000 * (string(blob) + string(b""))))
        elif self.mode == "counts-wrong":
            connection.sendall(frame(IDENTITIES_ANSWER, struct.pack(">I", 0xFFFFFFFF)))
        elif self.mode == "cuts-short":
            connection.sendall(struct.pack(">IB", 1000, IDENTITIES_ANSWER))
            return False
        elif self.mode == "talks-garbage":
            connection.sendall(frame(IDENTITIES_ANSWER, os.urandom(200)))
        elif self.mode == "answers-another-question":
            connection.sendall(frame(SIGN_RESPONSE, string(string(b"ssh-ed25519") + string(bytes(64)))))
        elif kind == SIGN and self.mode == "refuses":
            connection.sendall(FAILURE)
        elif kind == SIGN and self.mode == "makes-it-up":
            connection.sendall(frame(SIGN_RESPONSE, string(string(b"ssh-ed25519") + string(os.urandom(64)))))
        elif kind == SIGN and self.mode == "signs-with-another-key":
            (_, data), rest = strings(request[5:], 2)
            connection.sendall(ask(self.agents[1], frame(SIGN, string(first_key(self.agents[1])) + string(data) + rest)))
        elif kind == SIGN and self.mode == "signs-other-bytes":
            (blob, data), rest = strings(request[5:], 2)
            connection.sendall(ask(self.agents[0], frame(SIGN, string(blob) + string(data[:-1] + bytes([data[-1] ^ 1])) + rest)))
        elif kind == SIGN and self.mode == "repeats-itself":
            self.first = self.first or ask(self.agents[0], request)
            connection.sendall(self.first)
        else:
            connection.sendall(ask(self.agents[0], request))
        return True

    def serve(self, connection):
        with connection:
            try:
                while True:
                    request = receive(connection)
                    if not request:
                        return
                    print(request[4], flush=True)
                    if not self.answer(connection, request):
                        return
            except OSError:
                pass


def main():
    mode, path, *agents = sys.argv[1:]
    agent, listener = Agent(mode, agents), socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    print("listening", flush=True)
    while True:
        threading.Thread(target=agent.serve, args=(listener.accept()[0],), daemon=True).start()


main()
