"""Who is this name, who is this number: what one question costs a process, and what the first one costs."""
import glob
import os
import shutil
import subprocess

from host import Failure, Host, STAGE, WORK
from table import Table, Verdict, median

QUESTIONS = ("by-name", "by-uid", "miss", "groups")
BASE = 2013265920  # the large pool

# What sojournd would have written: Sources/Accounts/Projection.swift says how.
LEASES = r"""
import os, sys
root, count, base = "/run/sojourn/nss", int(sys.argv[1]), int(sys.argv[2])
for kind in ("passwd", "passwd-uid", "group", "group-gid", "member", "shell"):
    os.makedirs(f"{root}/{kind}", exist_ok=True)
def put(path, line):
    with open(f"{root}/{path}", "w") as file:
        file.write(line + "\n")
for i in range(count):
    name, uid = f"n{i:06d}", base + i
    user = f"{name}:*:{uid}:{uid}:Sojourn transient account:/var/lib/sojourn/home/{name}:/usr/libexec/sojourn/shell"
    put(f"shell/{uid}", "/bin/bash"); put(f"member/{name}", "994,27"); put(f"group-gid/{uid}", f"{name}:*:{uid}:")
    put(f"group/{name}", f"{name}:*:{uid}:"); put(f"passwd-uid/{uid}", user); put(f"passwd/{name}", user)
"""
FILES = r"""
import sys
path, lines, base = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(path + "/passwd", "w") as passwd, open(path + "/group", "w") as group:
    passwd.write("root:x:0:0:root:/root:/bin/bash\n"); group.write("root:x:0:\n")
    for i in range(lines - 1):
        name, uid = f"n{i:06d}", base + i
        passwd.write(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n"); group.write(f"{name}:x:{uid}:\n")
    group.write(f"team:x:994:n{lines - 2:06d}\n")
"""
USERDB = r"""
import os, json, sys
os.makedirs("/etc/userdb", exist_ok=True)
for i in range(int(sys.argv[1])):
    name, uid = f"n{i:06d}", int(sys.argv[2]) + i
    for kind, text in (("user", {"userName": name, "uid": uid, "gid": uid, "homeDirectory": "/home/" + name, "shell": "/bin/bash"}), ("group", {"groupName": name, "gid": uid})):
        with open(f"/etc/userdb/{name}.{kind}", "w") as file:
            json.dump(text, file)
        os.symlink(f"{name}.{kind}", f"/etc/userdb/{uid}.{kind}")
    open(f"/etc/userdb/{name}:team.membership", "w").close()
with open("/etc/userdb/team.group", "w") as file:
    json.dump({"groupName": "team", "gid": 994}, file)
os.symlink("team.group", "/etc/userdb/994.group")
"""
PROCESSES = r"""
import os, statistics, sys, time
taken = []
for _ in range(int(sys.argv[1])):
    begun = time.perf_counter()
    pid = os.posix_spawn("/usr/bin/id", ["id", sys.argv[2]], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    if os.waitpid(pid, 0)[1] != 0: sys.exit("id failed")
    taken.append((time.perf_counter() - begun) * 1000)
print(statistics.median(taken))
"""


class Source:
    """A line of nsswitch.conf, and who is asked for: the one whom a search from the top finds last."""

    def __init__(self, title, services, name, uid, prepare):
        self.title, self.services, self.name, self.uid, self.prepare = title, services, name, uid, prepare
        self.times = {question: [] for question in QUESTIONS}
        self.once, self.process = [], []
        self.instructions, self.heap, self.load = {}, "", 0

    def arguments(self, question):
        return ["nobody-of-that-name" if question == "miss" else self.name, str(self.uid)]


def sources(host, say):
    def files(lines):
        host.run(f"mkdir -p /srv/files-{lines}; /usr/bin/python3 -c \"$1\" /srv/files-{lines} {lines} 20000", FILES)
        return Source(f"files, {lines:,} lines", "files", f"n{lines - 2:06d}", 20000 + lines - 2, f"cp /srv/files-{lines}/* /etc/")

    made = [files(50), files(5000)]
    for count in (1, 1000, 100000):
        say(f"nss: {count} leases")
        where = f"/srv/leases-{count}"
        host.run(f"mkdir -p {where} /run/sojourn; mount -t tmpfs -o size=5G,nr_inodes=0 tmpfs {where}; mount --bind {where} /run/sojourn; "
                 f"/usr/bin/python3 -c \"$1\" {count} {BASE}; umount /run/sojourn", LEASES)
        made.append(Source(f"sojourn, {count:,} leases", "sojourn", f"n{count - 1:06d}", BASE + count - 1, f"cp /srv/files-50/* /etc/; mount --bind {where} /run/sojourn"))
    made.append(Source("files systemd sojourn, as shipped; 50 lines, 1,000 leases", "files systemd sojourn", "n000999", BASE + 999, "cp /srv/files-50/* /etc/; mount --bind /srv/leases-1000 /run/sojourn"))
    missing = []
    if glob.glob("/usr/lib/*/libnss_systemd.so.2"):
        host.run("/usr/bin/python3 -c \"$1\" 1000 30000", USERDB)
        made.append(Source("systemd, 1,000 drop-ins of userdb", "systemd", "n000999", 30999, "cp /srv/files-50/* /etc/"))
    else:
        missing.append("libnss-systemd is not on this machine: skipped.")
    if extrausers(host):
        for lines in (50, 5000):
            made.append(Source(f"extrausers, {lines:,} lines", "extrausers", f"n{lines - 2:06d}", 20000 + lines - 2, f"mkdir -p /var/lib/extrausers; cp /srv/files-{lines}/* /var/lib/extrausers/; printf 'root:x:0:0::/root:/bin/sh\\n' > /etc/passwd"))
    else:
        missing.append("libnss-extrausers could not be had from the package archive: skipped.")
    return made, missing


def extrausers(host):
    """The package, unpacked in the host alone; nothing is installed on this machine."""
    packages = WORK + "/packages"
    os.makedirs(packages, exist_ok=True)
    if not glob.glob(packages + "/libnss-extrausers_*.deb"):
        os.chmod(packages, 0o777)  # apt's own user writes there
        subprocess.run(["apt-get", "-qq", "download", "libnss-extrausers"], cwd=packages, capture_output=True)
    found = glob.glob(packages + "/libnss-extrausers_*.deb")
    if found:
        host.run("dpkg-deb --fsys-tarfile \"$1\" | tar -C / -x --skip-old-files ./usr 2> /dev/null || dpkg-deb --fsys-tarfile \"$1\" | tar -C / -x --skip-old-files; "
                 "ldconfig; ldconfig -p | grep -q libnss_extrausers", found[0])
    return bool(found)


def choose(host, source):
    host.run(f"while umount /run/sojourn 2> /dev/null; do :; done; mkdir -p /run/sojourn; {source.prepare}; "
             f"printf 'passwd: {source.services}\\ngroup: {source.services}\\ninitgroups: {source.services}\\nshadow: files\\n' > /etc/nsswitch.conf")


def ask(host, times, question, source, wrap="", deadline=600):
    return host.run(f"{wrap} {WORK}/ask {times} {question} \"$@\" 2>&1", *source.arguments(question), deadline=deadline)


def instructions(host, times, question, source):
    text = ask(host, times, question, source, "valgrind --tool=callgrind --callgrind-out-file=/dev/null")
    return int(text.split("Collected :")[1].split()[0])


def allocations(host, times, question, source):
    text = ask(host, times, question, source, "valgrind --leak-check=no")
    return int(text.split("total heap usage:")[1].split()[0].replace(",", ""))


def run(rounds, say):
    host = Host(STAGE)
    try:
        host.run("ldconfig; getent group sojourn > /dev/null || groupadd --system sojourn")
        made, missing = sources(host, say)
        repeats = max(1, rounds // 10)
        for repeat in range(repeats):
            for source in made:
                choose(host, source)
                for question in QUESTIONS:
                    took, answered = ask(host, 2000, question, source).split()
                    if question == "groups" and int(answered) == 0 and source.services == "systemd":
                        continue  # it answers none from drop-ins: the cell says so
                    if (int(answered) > 0) != (question != "miss"):
                        raise Failure(f"{source.title}, {question}: {answered} answered")
                    source.times[question].append(float(took) / 1000)
                source.once.append(float(ask(host, "once", "by-name", source).split()[0]))
                source.process.append(float(host.run("/usr/bin/python3 -c \"$1\" 20 \"$2\"", PROCESSES, source.name)))
            say(f"nss: {repeat + 1} of {repeats}")
        counted = shutil.which("valgrind") is not None
        for source in made if counted else []:
            choose(host, source)
            for question in QUESTIONS:
                source.instructions[question] = (instructions(host, 30, question, source) - instructions(host, 10, question, source)) / 20
            source.heap = (allocations(host, 30, "by-name", source) - allocations(host, 10, "by-name", source)) / 20
            source.load = instructions(host, "once", "by-name", source)
            say(f"nss: counted {source.title}")
        return tables(made, missing, counted)
    finally:
        host.stop()


def tables(made, missing, counted):
    time = Table("One question to glibc, in a process that has asked before; microseconds", ["nsswitch.conf", "hit by name", "hit by uid", "miss", "initgroups"],
                 missing + ["Asked for is who stands last. The first lines are of one source alone; the chain as shipped asks `files` and `systemd` first, which is most of its time."])
    count = Table("The same in instructions (callgrind), and heap allocations of a hit by name (valgrind)", ["nsswitch.conf", "hit by name", "hit by uid", "miss", "initgroups", "allocations"],
                  [] if counted else ["valgrind is not here: not counted."])
    whole = Table("A process that asks once", ["nsswitch.conf", "its first question, microseconds", "whole process, instructions", "`id NAME`, ms"])
    for source in made:
        time.add(source.title, *[median(source.times[question]) if source.times[question] else "no answer" for question in QUESTIONS])
        if counted:
            count.add(source.title, *[f"{source.instructions[question]:,.0f}" for question in QUESTIONS], f"{source.heap:g}")
        whole.add(source.title, median(source.once), f"{source.load:,}" if counted else "", median(source.process))
    by = {source.title: source for source in made}
    files = by["files, 50 lines"]
    ours = [by[f"sojourn, {n} leases"] for n in ("1", "1,000", "100,000")]
    factor = median(ours[1].times["by-name"]) / median(files.times["by-name"])
    flat = median(ours[2].times["by-name"]) / median(ours[0].times["by-name"])
    verdicts = [Verdict("an NSS hit costs at most 1.5 times a hit in a passwd of 50 lines", factor <= 1.5, f"{factor:.2f} times"),
                Verdict("and the same with 100,000 leases as with one (a tenth more is noise)", flat <= 1.1, f"{flat:.2f} times")]
    if counted:
        verdicts.append(Verdict("no heap", ours[1].heap == 0, f"{ours[1].heap:g} allocations a hit"))
    return [time, count, whole] if counted else [time, whole], verdicts
