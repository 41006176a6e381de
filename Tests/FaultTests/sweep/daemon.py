"""The daemon as systemd would run it: started again at once whenever it is gone, and heard (sd_notify(3))."""
import os
import signal
import socket
import subprocess
import threading
import time

CANDIDATES = "/run/sojourn/nss/candidate"
NOTICES = "/run/fault-notices"


class Daemon:
    def __init__(self, log):
        self.log = log
        self.process = None
        self.deaths = []  # how each one ended, as subprocess says it
        self.ticks = 0
        self.ready = threading.Event()
        self.tick = threading.Condition()
        self.supervised = False
        self.changing = threading.RLock()
        if os.path.exists(NOTICES):
            os.unlink(NOTICES)
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(NOTICES)
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        while True:
            text = self.notices.recv(4096).decode()
            if "READY=1" in text:
                self.ready.set()
            if "WATCHDOG=1" in text:
                with self.tick:
                    self.ticks += 1
                    self.tick.notify_all()

    def start(self):
        """Starts it and sees that it is started again (after a tenth of a second, as `RestartSec=` has it)."""
        with self.changing:
            self.supervised = True
            self.launch()

    def launch(self):
        self.ready.clear()
        output = open(self.log, "a")
        process = subprocess.Popen(["/usr/sbin/sojournd"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": NOTICES})
        output.close()
        self.process = process
        threading.Thread(target=self.watch, args=(process,), daemon=True).start()

    def watch(self, process):
        status = process.wait()
        while True:
            with self.changing:
                if process is not self.process or not self.supervised:
                    return
                self.deaths.append(status)
                self.launch()
                return

    def let_die(self):
        """Nobody starts it again."""
        with self.changing:
            self.supervised = False

    def kill(self):
        with self.changing:
            self.supervised = False
            if self.process is None:
                return
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    @property
    def pid(self):
        return self.process.pid

    def await_ready(self, seconds=60):
        """Until its configuration is read, the host was looked at, and names without an account may log in."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.ready.is_set() and os.path.exists(CANDIDATES) and self.process.poll() is None:
                return True
            time.sleep(0.005)
        return False

    def await_tick(self, seconds=5):
        """Until what it does once a second is done."""
        with self.tick:
            seen = self.ticks
            self.tick.wait_for(lambda: self.ticks > seen, seconds)
        time.sleep(0.04)


def descriptors(pid):
    """What a process has open, a kind each: files by their name, others by what they are; nothing if it has just died."""
    kinds = {}
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:
        return kinds
    for number in numbers:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            continue
        kind = target.split(":[")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


def processes():
    """Every process that is no kernel thread: pid, first word of its state, real uid, name."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/status") as file:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(entry)] = (lines["State"][0], int(lines["Uid"].split()[0]), lines["Name"])
    return found
