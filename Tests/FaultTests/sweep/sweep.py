#!/usr/bin/python3
"""Disturbs one system call of one login and its end at a time, and says what came of it. Run in a private host as root.

    sweep.py record SEED            one line a point: {"way", "role", "call", "number", "fault"}
    sweep.py try < points           one line a point: the same with "hit", "outcome", "wrong", "milliseconds"
    sweep.py order                  the daemon's calls that write what must survive, and its answer, a line each, in their order
"""
import contextlib
import json
import os
import pwd
import shutil
import signal
import sys
import time

from daemon import Daemon, descriptors, processes
from login import (AUDIT, HOMES, LEASES, SPOOL, UIDS, Login, Person, certificate, evidence, places, prepare, runs_nothing, uid_of)
import strace

# Who makes the calls of each way into the host. What the daemon starts by itself is followed from its first instruction on;
# daemon and relay, which run for long, from just before the login.
WAYS = {
    "relay": ["module", "daemon", "relay", "vacancy", "teardown", "reaper", "start"],
    "direct": ["module"],
    "local": ["module", "daemon", "vacancy", "start"],
}
PROGRAM = {"module": "fault-driver", "vacancy": "vacancy", "teardown": "teardown", "reaper": "reaper", "start": "daemon"}
TRACE = "/run/fault-trace"
NAMES = [f"fault{number:02}" for number in range(20)]
LOCAL = "fault20"
# Out of memory, the Swift runtime ends the process: that is a crash like any, and systemd starts the daemon again.
DEADLY = {("mmap", "ENOMEM"), ("mprotect", "ENOMEM"), ("mremap", "ENOMEM")}

CRASHES = {signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP}
DENIED = 6  # PAM_PERM_DENIED, the module's own no


def configure(way):
    with open("/etc/sojourn/sojourn.toml.d/fault.toml", "w") as file:
        file.write('[policy]\nvia = "%s"\n' % ("direct" if way == "direct" else "relay"))


class Sweep:
    def __init__(self):
        prepare()
        self.daemon = Daemon("/var/log/sojournd.log")
        self.count = 0
        self.way = None

    def start(self, way):
        if self.way != way:
            if self.way is not None:
                self.daemon.kill()
            configure(way)
            self.way = way
            self.daemon.start()
        if not self.daemon.await_ready():
            raise RuntimeError("the daemon does not come up: " + open("/var/log/sojournd.log").read()[-2000:])

    def relay(self):
        for pid, (state, uid, name) in processes().items():
            if name == "sojourn-relay" and state != "Z":
                return pid
        return None

    def waiting(self):
        for pid, (state, uid, name) in processes().items():
            if name == "vacancy" and state != "Z":
                with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read().endswith(b"\0wait\0"):
                        return pid
        return None

    def follow(self, role, words):
        """How to follow the role no longer."""
        if role in PROGRAM:
            strace.await_start(PROGRAM[role], words)
            return lambda: strace.forget(PROGRAM[role], self.daemon.pid)
        return strace.Attached(self.daemon.pid if role == "daemon" else self.relay(), words).stop

    def name(self):
        self.count += 1
        return LOCAL if self.way == "local" else NAMES[self.count % len(NAMES)]

    # One point

    def attempt(self, way, followed, cut=None):
        """One login and its end while these roles are followed, each with its own arguments for strace; what is wrong with
        what came of it, and how it went.
        cut: says when the power fails; None: it does not."""
        self.start(way)
        wrong = []
        name = self.name()
        shown = certificate(name)
        if not self.settled(lambda: self.relay() is not None, 5):
            wrong.append("there is no relay")
        # The process that waits for the next question is there before each login, and so after each; and nothing else is being asked.
        self.settled(lambda: self.waiting() is not None and descriptors(self.daemon.pid).get("pipe", 0) <= 3, 10)
        before = Standing(self)
        offset = os.path.getsize(AUDIT)
        deaths = len(self.daemon.deaths)
        person, undo = None, []
        if "daemon" in followed or "relay" in followed:
            self.daemon.await_tick()
        undo += [self.follow(role, words) for role, words in followed.items() if role != "start"]
        if "vacancy" in followed:
            # What is followed from its first instruction is one that is started for the question.
            with contextlib.suppress(ProcessLookupError, TypeError):
                os.kill(self.waiting(), signal.SIGKILL)
            self.settled(lambda: self.waiting() is None, 5)
        if cut:
            self.daemon.let_die()
        try:
            login = Login(name, shown)
            is_cut = not self.settled(lambda: login.read("pause", 0) or login.process.poll() is not None, 30, cut)
            login.read("pause", 0)
            code = login.code("open_session")
            entered = code == 0
            if entered:
                person = self.check_entered(login, offset, wrong)
            else:
                # As `ssh -N` leaves a refused connection: open until somebody ends it. (What libpam or another module refuses after
                # ours has opened, the daemon hears of when the process ends.)
                if code in (None, DENIED) and not self.settled(lambda: not self.left(name), 10, cut) and not (cut and cut()):
                    wrong.append("refused, and there is: " + "; ".join(self.left(name)[:6]))
            if "start" in followed:
                # The daemon dies with the session open, and the login with it: what comes next has to see to all of that.
                self.daemon.kill()
                login.process.kill()
                login.process.wait()
                undo.append(self.follow("start", followed["start"]))
                self.daemon.start()
                status = None
            elif is_cut:
                status = None
            else:
                status = login.finish(entered)
                self.settled(lambda: not self.left(name), 20, cut)
            if cut:
                self.cut_power(login)
            if not self.settled(lambda: not self.left(name) or self.is_lost(name, offset), 20):
                wrong.append("left after the end: " + "; ".join(self.left(name)[:6]))
        finally:
            for step in undo:
                step()
            if person:
                person.end()
        if self.daemon.process.poll() is None and len(self.daemon.deaths) == deaths and "start" not in followed and not cut:
            if not self.settled(lambda: before.holds(descriptors(self.daemon.pid)), 7):
                wrong.append(f"descriptors of the daemon: {before.descriptors} before, {descriptors(self.daemon.pid)} after")
        if not self.settled(lambda: not before.more(), 7):
            wrong.append("there is more than before: " + ", ".join(before.more()[:6]))
        died = self.daemon.deaths[deaths:]
        # The next daemon finds nothing to do, and serves.
        self.daemon.restart()
        if not self.daemon.await_ready():
            wrong.append("no daemon can be started afterwards")
        if not self.settled(lambda: not before.more() and not self.left(name), 20):
            wrong.append("there is more after a restart: " + ", ".join((before.more() + self.left(name))[:6]))
        self.check_evidence(name, offset, cut, wrong)
        if entered:
            again = Login(name, shown)
            again.read("pause", 30)
            if again.code("open_session") == 0:
                wrong.append("a certificate that was used is taken again")
            again.finish(False)
        self.forget(name)
        outcome = "entered" if entered else f"refused ({code})" if code is not None else "the login died"
        return wrong, outcome, died, status

    def check_entered(self, login, offset, wrong):
        name = login.name
        events, _ = evidence(offset)
        granted = [event for event in events if event.get("event") == "grant" and event.get("name") == name]
        if not granted:
            # The module could not even be loaded: libpam goes on without it, as the shipped lines have it.
            if name == LOCAL:
                return None
            if not runs_nothing(name):
                wrong.append("let in without a grant in the log")
            return None
        # A local account's files are its own: nothing would take them away.
        person = Person(name, "") if name == LOCAL else Person(name)
        if (person.said[0] != name or "dbops" not in person.said[1].split()) and login.process.poll() is None:
            wrong.append(f"let in, and it does not work: {person.said}")
        return person

    def cut_power(self, login):
        """Every process is gone at once, and all that was in memory; what is in /var stays."""
        self.daemon.kill()
        login.process.kill()
        login.process.wait()
        for pid, (state, uid, name) in processes().items():
            if uid >= 65536 or name in ("sojourn-relay", "sojournd", "vacancy", "reaper"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for entry in os.scandir("/run/sojourn"):
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.unlink(entry)
        for entry in os.scandir("/tmp"):
            if entry.is_file(follow_symlinks=False):
                os.unlink(entry)
        self.daemon.start()
        self.daemon.await_ready()

    def check_evidence(self, name, offset, cut, wrong):
        if os.path.getsize(AUDIT) < offset:
            wrong.append("the audit log has become shorter")
        events, torn = evidence(offset)
        if torn:
            wrong.append(f"no whole lines in the audit log: {torn[:3]}")
        if cut:
            return  # who was in, and that it is over, is not known after a power cut; the grant is in the log
        if any("is damaged" in event.get("message", "") for event in events):
            return  # a file that could not be read says no more whose session it was; the daemon named it
        about = [event for event in events if event.get("name") == name]
        for grant in (event for event in about if event["event"] == "grant"):
            if not any(event["event"] == "session-end" and event.get("session") == grant.get("session") for event in about):
                wrong.append(f"a grant without the end of its session: {grant.get('session')}")
        if name != LOCAL and any(event["event"] == "grant" for event in about) and not any(event["event"] == "lease-end" for event in about):
            wrong.append("a grant without the end of its account")

    def is_lost(self, name, offset):
        """Nothing but processes is left of a local account's session, and the daemon has said that its file could not be read: nobody
        knows any more which groups they should lose."""
        return name == LOCAL and all(entry.startswith("process ") for entry in self.left(name)) and any("is damaged" in event.get("message", "") for event in evidence(offset)[0])

    def forget(self, name):
        """The host has never heard of the name: the next login claims its number anew."""
        uid = uid_of(name)
        if uid is not None:
            os.unlink(f"{UIDS}/{uid}")

    def left(self, name):
        found = []
        for path in (f"{HOMES}/{name}", f"{HOMES}/.new-{name}", f"{LEASES}/{name}.json", f"{LEASES}/{name}.json.new"):
            if os.path.lexists(path):
                found.append(path)
        for place in ("local", "local-ends", "nss/member"):
            found += [f"{place}/{entry}" for entry in os.listdir(f"/run/sojourn/{place}")] if os.path.exists(f"/run/sojourn/{place}") else []
        if name == LOCAL:
            # All that runs as it is what had the session's group.
            uid = pwd.getpwnam(name).pw_uid
            return found + [f"process {pid} {facts[2]}" for pid, facts in processes().items() if facts[1] == uid and facts[0] != "Z"]
        try:
            found.append(f"getpwnam: {pwd.getpwnam(name)}")
        except KeyError:
            pass
        uid = uid_of(name)
        if uid is not None:
            found += [f"process {pid} {facts[2]}" for pid, facts in processes().items() if facts[1] == uid and facts[0] != "Z"]
        return found

    def settled(self, condition, seconds, cut=None):
        end = time.monotonic() + seconds
        while True:
            if condition():
                return True
            if cut and cut():
                return False
            if time.monotonic() > end:
                return False
            time.sleep(0.01)

    # Recording and trying

    def record(self, seed):
        for way, roles in WAYS.items():
            # What the daemon starts is not followed together with the daemon: of a child that a tracer holds it hears too early.
            for together in ({"module", "daemon", "relay"}, {"vacancy", "teardown", "reaper"}, {"start"}):
                together = [role for role in roles if role in together]
                if not together:
                    continue
                followed = {role: strace.arguments(f"{TRACE}-{role}") for role in together}
                wrong, outcome, died, status = self.attempt(way, followed)
                if wrong or outcome != "entered" or died:
                    raise RuntimeError(f"a login that nothing disturbs: {way} {outcome} {wrong} {died}")
                for role in together:
                    for point in sorted(strace.points(f"{TRACE}-{role}", marks='write(1, "mark' if role == "module" else None)):
                        for fault in strace.faults(point, seed, cuts=way == "relay" and role in ("daemon", "teardown")):
                            say({"way": way, "role": role, "call": point[0], "number": point[1], "fault": fault})

    def order(self):
        """By what they are about: "claim", "use", "log" and "directory" are opened or made, "disk" is fsync(2), "answer" is sent."""
        wrong, outcome, died, status = self.attempt("relay", {"daemon": strace.arguments(f"{TRACE}-daemon")})
        if wrong or outcome != "entered":
            raise RuntimeError(f"a login that nothing disturbs: {outcome} {wrong} {died}")
        for name, line in strace.calls(f"{TRACE}-daemon"):
            if name == "symlink":
                say("claim" if UIDS in line else "use" if "/used/" in line else line)
            elif name == "openat" and "O_DIRECTORY" in line and "/var/lib/sojourn/" in line:
                say("directory " + line.split('"')[1])
            elif name == "openat" and "audit.jsonl" in line and "O_APPEND" in line:
                say("log")
            elif name == "fsync" and line.endswith("= 0"):
                say("disk")
            elif name == "sendto" and "opened" in line:
                say("answer")
                return

    def disturb(self, point):
        begin = time.monotonic()
        output = f"{TRACE}-try"
        if os.path.exists(output):
            os.unlink(output)
        call, fault = (point["call"], point["number"]), point["fault"]
        try:
            wrong, outcome, died, status = self.attempt(point["way"], {point["role"]: strace.arguments(output, call, fault)},
                                                        (lambda: strace.struck(output, call, fault)) if fault == "cut" else None)
        except Exception as error:
            wrong, outcome, died, status = [f"{type(error).__name__}: {error}"], "nothing", [], None
        if fault not in strace.DEATHS and (call[0], fault) not in DEADLY:
            # One that cannot start says so and ends; systemd tries again.
            if any(-status in CRASHES or point["role"] != "start" for status in died):
                wrong.append(f"an error ended the daemon: {died}")
            # A refused login that goes on is ended by the daemon, and by the end of its account.
            if status is not None and -status in CRASHES:
                wrong.append(f"an error ended the login's process: {status}")
        point["hit"] = strace.struck(output, call, fault)
        point["outcome"] = outcome
        point["deaths"] = len(died)
        point["wrong"] = wrong
        point["milliseconds"] = int((time.monotonic() - begin) * 1000)
        say(point)


class Standing:
    """What there is before a login."""

    def __init__(self, sweep):
        self.descriptors = descriptors(sweep.daemon.pid)
        self.places = places()
        self.processes = self.names()

    def names(self):
        found = {}
        for state, uid, name in processes().values():
            if state != "Z" and name != "strace":
                found[name] = found.get(name, 0) + 1
        return found

    def holds(self, now):
        return all(count <= self.descriptors.get(kind, 0) for kind, count in now.items())

    def more(self):
        now = self.names()
        return sorted(places() - self.places) + [f"process {name}" for name, count in now.items() if count > self.processes.get(name, 0)]


def say(value):
    print(json.dumps(value), flush=True)


def main():
    sweep = Sweep()
    try:
        if sys.argv[1] == "record":
            sweep.record(int(sys.argv[2]))
        elif sys.argv[1] == "order":
            sweep.order()
        else:
            for line in sys.stdin:
                sweep.disturb(json.loads(line))
    finally:
        sweep.daemon.kill()


main()
