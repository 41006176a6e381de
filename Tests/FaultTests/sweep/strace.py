"""Following one process of one role with strace(1), and what it says."""
import contextlib
import os
import re
import signal
import subprocess
import time

SPECIFICATIONS = "/run/fault"
CALL = re.compile(r"^(\w+)\(")
# These cannot fail, or fail only where the caller is wrong. (A close(2) that reports an error has closed; a futex(2) that only wakes
# has none to report.)
NEVER_FAIL = {"close", "exit_group", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "rt_sigprocmask", "rt_sigaction", "munmap", "brk", "umask",
              "set_tid_address", "rseq", "set_robust_list", "rt_sigreturn", "exit", "sched_yield", "restart_syscall", "clock_gettime", "sigaltstack", "arch_prctl",
              "madvise", "getppid", "futex"}
DEATHS = {"kill", "cut"}
# What manual pages list for the call, those first that a bad day brings.
ERRORS = {
    "openat": ["EMFILE", "EIO", "ENOMEM"], "open": ["EMFILE", "EIO"], "creat": ["ENOSPC"], "write": ["ENOSPC", "EIO", "EINTR"], "pwrite64": ["ENOSPC", "EIO"],
    "read": ["EIO", "EINTR"], "pread64": ["EIO", "EINTR"], "readlink": ["EIO", "ENOMEM"], "readlinkat": ["EIO", "ENOMEM"], "fsync": ["EIO", "ENOSPC"],
    "mmap": ["ENOMEM"], "mprotect": ["ENOMEM"], "mremap": ["ENOMEM"], "socket": ["EMFILE", "ENOMEM"], "pipe2": ["EMFILE"], "epoll_create1": ["EMFILE"],
    "epoll_ctl": ["ENOMEM", "ENOSPC"], "epoll_wait": ["EINTR"], "epoll_pwait": ["EINTR"], "poll": ["EINTR", "ENOMEM"], "ppoll": ["EINTR"],
    "connect": ["EINTR", "ENOMEM"], "accept4": ["EMFILE", "ENOMEM"], "sendto": ["ENOMEM", "EINTR"], "sendmsg": ["ENOMEM", "EINTR"],
    "recvfrom": ["ENOMEM", "EINTR"], "recvmsg": ["ENOMEM", "EINTR"], "clone": ["EAGAIN", "ENOMEM"], "clone3": ["EAGAIN", "ENOMEM"],
    "vfork": ["EAGAIN"], "waitid": ["EINTR"], "wait4": ["EINTR"], "pidfd_open": ["EMFILE", "ENOMEM"], "mkdir": ["ENOSPC", "EIO"], "mkdirat": ["ENOSPC", "EIO"],
    "rename": ["ENOSPC", "EIO"], "renameat": ["ENOSPC", "EIO"], "renameat2": ["ENOSPC", "EIO"], "symlink": ["ENOSPC", "EIO"], "symlinkat": ["ENOSPC", "EIO"],
    "unlink": ["EIO"], "unlinkat": ["EIO"], "rmdir": ["EIO"], "getdents64": ["EIO"], "getrandom": ["EINTR"], "fcntl": ["EMFILE", "ENOMEM"],
    "inotify_add_watch": ["ENOSPC"], "setresuid": ["EAGAIN"], "kill": ["EPERM"], "clock_nanosleep": ["EINTR"], "ftruncate": ["EIO"],
}


def calls(path):
    """The calls of a recording in their order."""
    found = []
    with open(path, errors="replace") as file:
        for line in file:
            match = CALL.match(line)
            if match:
                found.append((match.group(1), line.rstrip("\n")))
    return found


def points(path, marks=None):
    """Every call of a recording as (name, which of its name).
    marks: what the lines hold between which the calls count (all are numbered)."""
    counts, found, counting = {}, [], marks is None
    for name, line in calls(path):
        counts[name] = counts.get(name, 0) + 1
        if marks and marks in line:
            counting = not counting
        elif counting and not line.startswith(("write(1, ", "read(0, ", "newfstatat(0, ")):
            found.append((name, counts[name]))
    return found


def faults(point, seed, cuts=False):
    """The ways in which one call is disturbed: the process killed there, an error if it can have one, and the power cut if
    what survives that is written by these roles."""
    name, number = point
    yield "kill"
    if cuts:
        yield "cut"
    if name in NEVER_FAIL:
        return
    possible = ERRORS.get(name, ["EIO"])
    yield possible[(number + seed) % len(possible)]


def arguments(output, point=None, fault=None):
    if point is None:
        return ["-q", "-o", output]
    name, number = point
    how = "signal=KILL" if fault in DEATHS else f"error={fault}"
    return ["-q", "-o", output, "-e", f"trace={name}", "-e", f"inject={name}:{how}:when={number}"]


def await_start(role, words):
    """The next process of the role is followed from its start (follow.c)."""
    os.makedirs(SPECIFICATIONS, exist_ok=True)
    with open(f"{SPECIFICATIONS}/.{role}", "w") as file:
        file.write("\n".join(words) + "\n")
    os.rename(f"{SPECIFICATIONS}/.{role}", f"{SPECIFICATIONS}/{role}")


def forget(role, daemon):
    """No process of the role is followed any more; the daemon itself, if it is, is let go."""
    if role == "daemon":
        # Both may be gone this very moment.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{daemon}/status") as file:
                tracer = next((int(line.split()[1]) for line in file if line.startswith("TracerPid:")), 0)
            if tracer:
                os.kill(tracer, signal.SIGTERM)
    for name in (role, role + ".taken"):
        try:
            os.unlink(f"{SPECIFICATIONS}/{name}")
        except FileNotFoundError:
            pass


class Attached:
    """A process that runs already."""

    def __init__(self, pid, words):
        self.process = subprocess.Popen(["strace", "-p", str(pid)] + words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                with open(f"/proc/{pid}/status") as file:
                    if f"TracerPid:\t{self.process.pid}\n" in file.read():
                        return
            except (FileNotFoundError, ProcessLookupError):
                return  # killed in the very call that it was found in
            time.sleep(0.002)
        raise RuntimeError(f"strace does not follow {pid}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def struck(path, point, fault):
    """The line of the call that was disturbed; None if it was never made."""
    try:
        lines = open(path, errors="replace").read().split("\n")
    except FileNotFoundError:
        return None
    made = [line for line in lines if CALL.match(line)]
    if fault not in DEATHS:
        return next((line for line in made if "(INJECTED)" in line), None)
    return made[-1] if len(made) >= point[1] else None
