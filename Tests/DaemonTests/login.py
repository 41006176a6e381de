#!/usr/bin/python3
"""Plays the PAM module before the daemon: one process is one login, so that its number and its end are real."""
import argparse
import json
import os
import socket
import sys
import time

SOCKET = "/run/sojourn/sojournd.sock"
UIDS = "/var/lib/sojourn/uids"
FIRST, SIZE = 65536, 99999 - 65536 + 1


def candidate(name):
    """The uid that NSS would have answered: DESIGN 4."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) % (1 << 64)
    for step in range(256):
        uid = FIRST + (value % SIZE + step) % SIZE
        try:
            holder = os.readlink(f"{UIDS}/{uid}")
        except FileNotFoundError:
            return uid
        if holder == name:
            return uid
    return FIRST


def connect(patience=5.0):
    end = time.monotonic() + patience
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(30)
        try:
            connection.connect(SOCKET)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def ask(message, loginuid=None):
    connection = connect()
    connection.send(json.dumps({"version": 1, **message}).encode())
    if loginuid is not None:  # pam_loginuid, which marks the login as the person's before it is opened
        with open("/proc/self/loginuid", "w") as file:
            file.write(str(loginuid))
    return json.loads(connection.recv(1 << 20))


def tell(message):
    connection = connect()
    connection.send(json.dumps({"version": 1, **message}).encode())
    connection.close()


def opening(name, options):
    now = int(time.time())
    uid = options.uid if options.uid is not None else candidate(name)
    rights = {"root_equivalent_groups": options.root_equivalent.split(",")} if options.root_equivalent else {}
    return {
        **rights,
        "request": "open", "name": name, "uid": uid, "local": options.local,
        "login": {"service": "sshd", "tty": "ssh", "remote": "192.0.2.7"},
        "credential": {
            "kind": "ssh-cert", "key_id": options.key_id, "serial": "42", "key_fp": "SHA256:k", "ca_fp": "SHA256:c",
            "principals": [name], "not_before": now - 60, "not_after": now + 600},
        "decision": {"request_id": "r", "endpoint": "http://127.0.0.1/", "reason": "", "milliseconds": 3},
        "groups": [group for group in options.groups.split(",") if group], "shell": options.shell, "seconds": options.seconds,
    }


def say(value):
    print(json.dumps(value), flush=True)


def stay(session):
    """Reads orders: `close`, `as UID[:GID,…] COMMAND` (in the background, in a session of its own), `root COMMAND`, `end`."""
    for line in sys.stdin:
        words = line.split(None, 2)
        if words[0] == "close":
            say(ask({"request": "closed", "session": session}))
        elif words[0] == "as":
            pid = os.fork()
            if pid == 0:
                uid, _, groups = words[1].partition(":")
                os.setsid()
                os.setgroups([int(group) for group in groups.split(",") if group])
                os.setresgid(*[int(uid)] * 3)
                os.setresuid(*[int(uid)] * 3)
                os.chdir("/")
                os.execvp("bash", ["bash", "-c", words[2]])
            say({"pid": pid})
        elif words[0] == "root":
            pid = os.fork()
            if pid == 0:
                os.setsid()
                os.execvp("bash", ["bash", "-c", line.split(None, 1)[1]])
            say({"pid": pid})
        elif words[0] == "end":
            os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["login", "many", "ask", "tell", "raw", "silent", "flood"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--loginuid", type=int)
    parser.add_argument("--groups", default="")
    parser.add_argument("--root-equivalent", default="")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--shell", default="/bin/bash")
    parser.add_argument("--key-id", default="key of somebody")
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--expect", help="announces a login of that name first; then `--between` runs, and the opening follows")
    parser.add_argument("--between", default="true")
    options = parser.parse_args()
    if options.mode == "login":
        if options.expect:
            tell({"request": "expect", "name": options.expect, "uid": candidate(options.expect)})
            if os.system(options.between) != 0:
                sys.exit("what was to come between failed")
        reply = ask(opening(options.words[0], options), options.loginuid)
        say(reply)
        stay(reply.get("session", ""))
    elif options.mode == "tell":
        for word in options.words:
            tell(json.loads(word))
    elif options.mode == "many":
        # All at one moment: each child waits for the starting shot.
        shot, gun = os.pipe()
        children = []
        for name in options.words:
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(gun)
                os.close(reading)
                os.read(shot, 1)
                try:
                    reply = ask(opening(name, options))
                except OSError as error:
                    reply = {"reply": "error", "reason": str(error)}
                os.write(writing, json.dumps(reply).encode())
                os.close(writing)
                while True:
                    time.sleep(3600)
            os.close(writing)
            children.append((name, pid, reading))
        os.close(gun)
        for name, pid, reading in children:
            with os.fdopen(reading) as pipe:
                say({"name": name, "pid": pid, **json.loads(pipe.read() or '{"reply":"nothing"}')})
        for line in sys.stdin:
            break
        for _, pid, _ in children:
            os.kill(pid, 9)
    elif options.mode == "ask":
        say(ask(json.loads(options.words[0])))
    elif options.mode == "raw":
        connection = connect()
        for packet in options.words:
            connection.send(bytes.fromhex(packet))
        data = connection.recv(1 << 20)
        print(data.decode() if data else "closed", flush=True)
    elif options.mode == "silent":
        connection = connect()
        begin = time.monotonic()
        data = connection.recv(1 << 20)
        say({"got": data.decode(), "seconds": time.monotonic() - begin})
    elif options.mode == "flood":
        # Connections that say nothing, as many as it can have.
        held = []
        for _ in range(int(options.words[0])):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connection.settimeout(0.2)
            try:
                connection.connect(SOCKET)
            except OSError:
                break
            held.append(connection)
        say({"held": len(held)})
        for line in sys.stdin:
            break


if __name__ == "__main__":
    main()
