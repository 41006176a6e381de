"""A private host: this machine's own Debian in namespaces of its own, and programs that run in it."""
import json
import os
import subprocess
import time

CHECKOUT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
HERE = os.path.join(CHECKOUT, "Tests", "Bench")
STAGE = os.environ.get("SOJOURN_STAGE") or os.path.join(CHECKOUT, "build", "stage")
WORK = os.path.join(os.environ.get("SOJOURN_BUILD") or os.path.join(CHECKOUT, "build"), "bench")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "SHLVL": "1"}


class Failure(Exception):
    """What a part of the bench could not do; the next part goes on."""


class Talk:
    """A program of a host that takes a line and answers with one."""

    def __init__(self, host, command):
        self.process = subprocess.Popen(host.entering(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def ask(self, line):
        self.say(line)
        return self.hear()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure("a program of the bench ended")
        return answer.rstrip("\n")


class Host:
    """`packaging/demo/private-host.sh` makes it; it ends with `stop`, or with this process."""

    def __init__(self, stage=None):
        self.first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private",
             "bash", CHECKOUT + "/packaging/demo/private-host.sh", stage or "-", CHECKOUT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        line = self.first.stdout.readline().strip()
        if not line.isdigit():
            raise Failure("no private host: " + line)
        self.pid = int(line)
        self.background = []

    def entering(self, command):
        return ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--"] + command

    def run(self, script, *arguments, check=True, deadline=600):
        """Runs a bash script in the host; what it printed."""
        done = subprocess.run(self.entering(["bash", "-e", "-c", script, "bash", *map(str, arguments)]), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=ENVIRONMENT, timeout=deadline)
        if check and done.returncode != 0:
            raise Failure(f"{script.strip()[:200]}: {done.returncode} {done.stdout[-500:]}{done.stderr[-2000:]}")
        return done.stdout

    def start(self, *command, log="/dev/null"):
        out = open(log, "a")
        process = subprocess.Popen(self.entering(list(command)), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=ENVIRONMENT)
        self.background.append(process)
        return process

    def wait_for(self, script, seconds=30, pause=0.05):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(script + " && echo yes || true").strip() == "yes":
                return
            time.sleep(pause)
        raise Failure("waited in vain for: " + script)

    def talk(self, *command):
        return Talk(self, list(command))

    def stop(self):
        self.first.stdin.close()
        try:
            self.first.wait(10)
        except subprocess.TimeoutExpired:
            self.first.kill()
        for process in self.background:
            process.wait()


class SojournHost(Host):
    """Sojourn is installed and set up in it, with the endpoint of the bench; its daemon runs after `start_all`."""

    def __init__(self, via, extra=""):
        super().__init__(STAGE)
        self.via = via
        self.run(
            """
            ldconfig
            "$1/packaging/demo/set-up-sojourn.sh" "$2/authority.pub"
            install -m 0755 "$2/login" /usr/libexec/bench-login
            cat > /etc/sojourn/sojourn.toml << TOML
[certificate]
trusted_ca = ["/etc/sojourn/user_ca.pub"]
[policy]
endpoints = ["https://policy.bench:8443/access/v1/evaluation"]
ca_file = "$2/tls.pem"
deadline = "20s"
via = "$3"
[host]
candidate_programs = ["/usr/sbin/sshd", "/usr/libexec/bench-login", "/usr/libexec/load-driver"]
labels = { role = "bench" }
[accounts]
groups = ["dbops", "deploy"]
TOML
            printf '%s' "$4" >> /etc/sojourn/sojourn.toml
            install -m 0600 "$2/tls.pem" /etc/sojourn/policy_ca.pem
            sed -i 's,^ca_file = .*,ca_file = "/etc/sojourn/policy_ca.pem",' /etc/sojourn/sojourn.toml
            chmod 0600 /etc/sojourn/sojourn.toml
            echo '127.0.0.1 policy.bench' >> /etc/hosts
            cp -r /etc/pam.d /etc/load.d; sed -i '/pam_motd/d' /etc/load.d/sshd
            """, CHECKOUT, WORK, via, extra)

    def start_all(self):
        self.start_endpoint()
        self.start_daemon()

    def start_endpoint(self):
        self.start(WORK + "/endpoint", "127.0.0.1", "8443", WORK + "/tls.pem", WORK + "/tls.key")
        self.wait_for("exec 3<> /dev/tcp/127.0.0.1/8443")

    def start_daemon(self):
        self.start("/usr/sbin/sojournd", log=WORK + f"/sojournd-{self.via}.log")
        self.wait_for("test -e /run/sojourn/nss/candidate")

    def count(self):
        """Connections and questions that the endpoint had so far."""
        return json.loads(self.run("curl -s --cacert $1/tls.pem --resolve policy.bench:8443:127.0.0.1 https://policy.bench:8443/count", WORK))

    def is_clean(self):
        return self.run("ls -A /run/sojourn/leases | grep -c json || true").strip() == "0"
