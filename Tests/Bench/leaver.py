"""Runs in a private host: a person logs in, leaves something behind, and goes. "KIND NAME" gives the milliseconds from the last close until nothing is left:
no lease, no name, no home."""
import os
import subprocess
import sys
import time

work = sys.argv[1]
driver = subprocess.Popen(["bash", "-c", f"exec -a 'sshd: bench [priv]' /usr/libexec/bench-login /etc/load.d {work}/people/list"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def as_person(uid, do):
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        do()
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("what was to be left could not be made")


def processes():
    for _ in range(100):
        if os.fork() == 0:
            os.setsid()
            os.execv("/bin/sleep", ["sleep", "1000"])


def files(home):
    for directory in range(100):
        os.mkdir(f"{home}/{directory}")
        for number in range(1000):
            os.close(os.open(f"{home}/{directory}/{number}", os.O_CREAT | os.O_WRONLY, 0o600))


for line in sys.stdin:
    kind, name = line.split()
    driver.stdin.write(name + " hold\n")
    driver.stdin.flush()
    answer = driver.stdout.readline().split()
    if answer[1:] != ["held"]:
        sys.exit("no login: " + " ".join(answer))
    home = f"/var/lib/sojourn/home/{name}"
    uid = os.stat(home).st_uid
    if kind == "processes":
        as_person(uid, processes)
    elif kind == "files":
        as_person(uid, lambda: files(home))
    driver.stdin.write(f"close {name}\n")
    driver.stdin.flush()
    begun = time.perf_counter()
    left = [f"/run/sojourn/leases/{name}.json", f"/run/sojourn/nss/passwd/{name}", home]
    while any(os.path.lexists(path) for path in left) and time.perf_counter() - begun < 120:
        time.sleep(0.0005)
    print(f"{(time.perf_counter() - begun) * 1000:.2f}", flush=True)
    driver.stdout.readline()
