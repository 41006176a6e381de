"""Shows every certificate to the sshd at 127.0.0.1 port 2222, as alice, with a client that sends whatever bytes it is given.

Prints "NAME yes" or "NAME no" for each: whether sshd would let that certificate log in if a signature followed
(SSH_MSG_USERAUTH_PK_OK, RFC 4252 section 7); and "NAME entered" for one certificate of each key type with which it did log in.

Arguments: directory of the keys, begin of the certificates, directory of issued.txt and hostile.txt.
"""
import os
import queue
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Vectors"))
import paramiko  # noqa: E402
from paramiko.message import Message  # noqa: E402
from wire import base64, certificate_type, key_fields, key_type, s, signature, strings  # noqa: E402

SERVICE_ACCEPT, FAILURE, SUCCESS, BANNER, PK_OK = 6, 51, 52, 53, 60
KEYS, DIRECTORY = sys.argv[1], sys.argv[3]


class Closed(Exception):
    pass


class Answers:
    """Stands where paramiko's own authentication would, and only passes the server's answers on."""

    def __init__(self):
        self.queue = queue.Queue()
        self._handler_table = {number: self.put(number) for number in (SERVICE_ACCEPT, FAILURE, SUCCESS, BANNER, PK_OK)}

    def put(self, number):
        return lambda *message: self.queue.put(number)

    def is_authenticated(self):
        return False

    def abort(self):
        self.queue.put(None)


class Client:
    def __init__(self):
        self.transport = paramiko.Transport(socket.create_connection(("127.0.0.1", 2222)))
        self.transport.start_client(timeout=20)
        self.answers = Answers()
        self.transport.auth_handler = self.answers
        self.send(b"\x05" + s("ssh-userauth"))
        if self.answer() != SERVICE_ACCEPT:
            raise Closed

    def send(self, payload):
        message = Message()
        message.add_bytes(payload)
        self.transport._send_message(message)

    def answer(self):
        for _ in range(2000):
            try:
                number = self.answers.queue.get(timeout=0.01)
            except queue.Empty:
                if not self.transport.is_active():
                    raise Closed
                continue
            if number is None:
                raise Closed
            if number != BANNER:
                return number
        raise Closed

    def ask(self, algorithm, blob, sign=None):
        head = b"\x32" + s("alice") + s("ssh-connection") + s("publickey") + (b"\1" if sign else b"\0") + s(algorithm) + s(blob)
        self.send(head + (s(sign(s(self.transport.session_id) + head)) if sign else b""))
        return self.answer()


def algorithm_of(blob):
    """RSA keys sign with SHA-2, and say so in the algorithm's name (RFC 8332 section 3)."""
    name = strings(blob, 1)[0].decode("latin-1") if len(blob) > 3 and int.from_bytes(blob[:4], "big") < 200 else "ssh-ed25519-cert-v01@openssh.com"
    return "rsa-sha2-512-cert-v01@openssh.com" if name == "ssh-rsa-cert-v01@openssh.com" else name


def holder(blob):
    """The name of the private key that the certificate is for; None if there is none."""
    kind, nonce = strings(blob, 2)
    rest = blob[8 + len(kind) + len(nonce):]
    for file in sorted(os.listdir(KEYS)):
        name = file[:-4]
        if file.endswith(".pub") and not file.endswith("-cert.pub") and certificate_type(name).encode() == kind and rest.startswith(key_fields(name)):
            return name
    return None


client, entered = None, set()
for file in ("issued.txt", "hostile.txt"):
    for line in open(os.path.join(DIRECTORY, file)):
        name, _, *text = line.split()
        blob = base64.b64decode(text[0]) if text else b""
        try:
            client = client if client and client.transport.is_active() else Client()
            accepted = client.ask(algorithm_of(blob), blob) == PK_OK
        except Closed:
            client, accepted = None, False
        print(name, "yes" if accepted else "no")
        if accepted and "force" not in name and (key := holder(blob)) and key_type(key) not in entered:
            algorithm = "rsa-sha2-512" if key_type(key) == "ssh-rsa" else None
            try:
                if Client().ask(algorithm_of(blob), blob, lambda message: signature(key, message, algorithm)) == SUCCESS:
                    entered.add(key_type(key))
                    print(name, "entered")
            except Closed:
                pass
sys.stdout.flush()
os._exit(0)
