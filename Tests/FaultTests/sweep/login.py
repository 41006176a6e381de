"""One login and its end, through libpam and the built module, as sshd makes them; and a look at what is there of it."""
import json
import os
import pwd
import select
import subprocess
import time

DRIVER = "/usr/sbin/fault-driver"
STACK = "/run/fault-pam"
KEYS = "/root/fault-keys"
AUDIT = "/var/log/sojourn/audit.jsonl"
SPOOL = "/run/sojourn/audit-spool.jsonl"
LEASES = "/run/sojourn/leases"
HOMES = "/var/lib/sojourn/home"
UIDS = "/var/lib/sojourn/uids"


def prepare():
    """The lines of the shipped stack that are Sojourn's, and nothing else that could let anybody in."""
    os.makedirs(STACK, exist_ok=True)
    os.makedirs(KEYS, exist_ok=True)
    with open("/etc/pam.d/sshd") as file:
        lines = [line for line in file if "pam_sojourn.so" in line and not line.startswith("#")]
    with open(STACK + "/sshd", "w") as file:
        file.write("".join(lines) + "account required pam_permit.so\nsession required pam_permit.so\n")
    if not os.path.exists(KEYS + "/key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEYS + "/key"], check=True)


serial = time.time_ns() // 1000


def certificate(name):
    """What sshd says of a fresh certificate for that name."""
    global serial
    serial += 1
    public = f"{KEYS}/{name}.pub"
    with open(KEYS + "/key.pub") as source, open(public, "w") as target:
        target.write(source.read())
    subprocess.run(["ssh-keygen", "-q", "-s", "/root/ca", "-I", f"{name}@example.com", "-n", name, "-z", str(serial), "-V", "-5m:+8h", public], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{KEYS}/{name}-cert.pub") as file:
        words = file.read().split()
    return f"publickey {words[0]} {words[1]}\n"


class Login:
    """A process in the place of sshd's monitor."""

    def __init__(self, name, shown):
        self.name = name
        self.lines = []
        self.rest = b""
        self.process = subprocess.Popen(
            [f"sshd: {name} [priv]", STACK, "sshd", name, "-e", "SSH_AUTH_INFO_0=" + shown, "-e", "SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22", "-r", "192.0.2.7",
             "mark", "acct_mgmt", "open_session", "pause", "close_session", "mark"],
            executable=DRIVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})

    def read(self, until, seconds):
        """Until a line begins with that, or the process is gone."""
        end = time.monotonic() + seconds
        while not any(line.startswith(until) for line in self.lines):
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return False
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                return False
            *whole, self.rest = (self.rest + chunk).split(b"\n")
            self.lines += [line.decode(errors="replace") for line in whole]
        return True

    def code(self, phase):
        for line in self.lines:
            if line.startswith(phase + " "):
                return int(line.split()[1])
        return None

    def finish(self, closes):
        """close_session where a session was opened, and the end of the process."""
        try:
            self.process.stdin.write(b"go\n" if closes else b"stop\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.read("user ", 10)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


class Person:
    """What sshd runs for who was let in: the login shell, with the groups that NSS says, in a process of the person's."""

    def __init__(self, name, leaves="cd; umask 077; echo mine > note; echo mine > /tmp/note-$$;"):
        entry = pwd.getpwnam(name)
        groups = os.getgrouplist(name, entry.pw_gid)
        self.process = subprocess.Popen([entry.pw_shell, "-c", leaves + "id -un; id -Gn; exec sleep 1000"], executable=entry.pw_shell,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", user=entry.pw_uid, group=entry.pw_gid, extra_groups=groups,
                                        start_new_session=True, env={"HOME": entry.pw_dir, "PATH": "/usr/bin:/bin", "LC_ALL": "C"})
        self.said = [self.process.stdout.readline().decode().strip() for _ in range(2)]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def runs_nothing(name):
    """The shell that NSS names for who has no lease, if NSS names any."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return True
    return subprocess.run([entry.pw_shell, "-c", "true"], user=entry.pw_uid, group=entry.pw_gid, cwd="/", stderr=subprocess.DEVNULL).returncode == 254


def uid_of(name):
    for entry in os.listdir(UIDS):
        if os.readlink(f"{UIDS}/{entry}") == name:
            return int(entry)
    return None


def tree(*roots):
    """Every entry below; what is mounted there is another's."""
    found = set()
    for root in roots:
        device = os.lstat(root).st_dev if os.path.exists(root) else None
        for folder, folders, files in os.walk(root):
            found.update(os.path.join(folder, entry) for entry in folders + files)
            folders[:] = [entry for entry in folders if os.lstat(os.path.join(folder, entry)).st_dev == device]
    return found


def places():
    """Where something could be left, besides what is meant to stay: claims, used certificates, marks of what is still to be looked for, the spool."""
    kept = (UIDS + "/", "/var/lib/sojourn/used/", "/var/lib/sojourn/strays", SPOOL)
    return {path for path in tree("/run/sojourn", "/var/lib/sojourn", "/tmp", "/var/tmp", "/dev/shm") if not path.startswith(kept)}


def evidence(offset=0):
    """The log from that byte on and the spool: objects, and what is no whole line."""
    events, torn = [], []
    for path, begin in ((AUDIT, offset), (SPOOL, 0)):
        try:
            with open(path, "rb") as file:
                file.seek(begin)
                text = file.read()
        except FileNotFoundError:
            continue
        if text and not text.endswith(b"\n"):
            torn.append(text[-80:].decode(errors="replace"))
        for line in text.split(b"\n"):
            if not line:
                continue
            try:
                event = json.loads(line)
                events.append(event)
                if not isinstance(event, dict):
                    torn.append(line.decode(errors="replace"))
            except ValueError:
                torn.append(line[:200].decode(errors="replace"))
    return [event for event in events if isinstance(event, dict)], torn
