"""Runs in a private host: one SSH login for each line that is read. "NAME" gives "STATUS CLIENT SERVER" in milliseconds: until the client
is done, and until nothing of the connection is left at the server."""
import os
import sys
import time

work = sys.argv[1]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


listener = int(open("/run/bench-sshd.pid").read())
for line in sys.stdin:
    name = line.strip()
    command = ["/usr/bin/ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", f"IdentityFile={work}/people/key",
               "-o", f"CertificateFile={work}/people/{name}-cert.pub", "-o", "UserKnownHostsFile=/root/known_hosts", "-o", "StrictHostKeyChecking=yes",
               f"{name}@127.0.0.1", "true"]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], command, {"PATH": "/usr/bin:/bin", "HOME": "/root"},
                         file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/tmp/ssh.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)])
    _, status = os.waitpid(pid, 0)
    client = time.perf_counter()
    while children(listener):
        time.sleep(0.0005)
    server = time.perf_counter()
    print(status, f"{(client - begun) * 1000:.3f} {(server - begun) * 1000:.3f}", flush=True)
