"""What one login costs: with sshd and without it, beside what an administrator would use instead."""
import json
import time

from host import Failure, Host, SojournHost, WORK
from table import Table, Verdict, median, number, spread

SIZES = (50, 5000)
# Local accounts up to that many lines; who logs in under an account that exists has the last one.
FILL = r"""
    install -m 0600 "$2/host-key" /etc/ssh/bench-key
    printf '127.0.0.1 %s\n' "$(cut -d ' ' -f 1,2 "$2/host-key.pub")" > /root/known_hosts
    printf 'HostKey /etc/ssh/bench-key\nMaxStartups 100\n' > /etc/ssh/sshd_config.d/10-bench.conf
    awk -v lines="$1" -v have="$(wc -l < /etc/passwd)" 'BEGIN { for (i = have; i < lines - 1; i++) printf "f%05d:x:%d:%d::/nonexistent:/usr/sbin/nologin\n", i, 20000 + i, 20000 + i }' > /tmp/more
    cat /tmp/more >> /etc/passwd
    awk -F: '{ print $1 ":x:" $3 ":" }' /tmp/more >> /etc/group
    awk -F: '{ print $1 ":*:19000::::::" }' /tmp/more >> /etc/shadow
    echo 'peer:x:3000:3000::/home/peer:/bin/bash' >> /etc/passwd
    echo 'peer:x:3000:' >> /etc/group
    echo 'peer:*:19000::::::' >> /etc/shadow
    cp -r /etc/skel /home/peer; chmod 0700 /home/peer; chown -R 3000:3000 /home/peer
"""
PLAIN = r"""
    install -m 0644 "$1/authority.pub" /etc/ssh/authority.pub
    echo 'TrustedUserCAKeys /etc/ssh/authority.pub' >> /etc/ssh/sshd_config.d/10-bench.conf
    install -m 0755 "$1/login" /usr/libexec/bench-login
    cp -r /etc/pam.d /etc/load.d; sed -i '/pam_motd/d' /etc/load.d/sshd
"""
# sshd knows nobody whose name no source has before the login, so what useradd makes is a second account; it costs the same.
EXEC = r"""
    for stack in /etc/pam.d/sshd /etc/load.d/sshd; do
        sed -i '/^session.*pam_loginuid/a session required pam_exec.so quiet type=open_session /usr/sbin/useradd -m -s /bin/bash guest\nsession required pam_exec.so quiet type=close_session /usr/sbin/userdel -r guest' $stack
    done
"""


class Contender:
    def __init__(self, kind, lines):
        self.kind, self.lines = kind, lines
        self.client, self.server, self.alone, self.policy = [], [], [], []
        self.host = SojournHost("relay" if kind == "bare" else kind) if self.is_ours else Host()
        if kind == "bare":
            self.host.run("sed -i 's/ systemd//' /etc/nsswitch.conf")
        self.host.run(FILL, lines, WORK)
        if not self.is_ours:
            self.host.run(PLAIN, WORK)
        if kind == "pam_exec":
            self.host.run(EXEC)
        self.host.start("/usr/sbin/sshd", "-D", "-e", "-o", "PidFile=/run/bench-sshd.pid", log=f"{WORK}/sshd-{kind}-{lines}.log")
        self.host.wait_for("test -s /run/bench-sshd.pid")
        if self.is_ours:
            self.host.start_all()
        self.runner = self.host.talk("/usr/bin/python3", "-B", __file__.replace("login.py", "runner.py"), WORK)
        self.driver = self.host.talk("bash", "-c", f"exec -a 'sshd: bench [priv]' /usr/libexec/bench-login /etc/load.d {WORK}/people/list")

    @property
    def is_ours(self):
        return self.kind in ("relay", "bare", "direct")

    def log_in(self, name, keep):
        who = name if self.is_ours else "peer"
        status, client, server = self.runner.ask(who).split()
        if status != "0":
            raise Failure(f"{self.kind}: the SSH login of {who} failed: " + self.host.run("tail -n 5 /tmp/ssh.log"))
        if keep:
            self.client.append(float(client))
            self.server.append(float(server))
        self.rest()

    def log_in_alone(self, name, keep):
        words = self.driver.ask(name if self.is_ours else "peer").split()
        if words[1] != "0":
            raise Failure(f"{self.kind}: the login by libpam failed: " + " ".join(words))
        if keep:
            self.alone.append([int(word) / 1000 for word in words[3:10]])
        self.rest()

    def rest(self):
        """Until the host is clean again: what comes after a login is not to disturb the next one."""
        if self.is_ours:
            for _ in range(500):
                if self.host.is_clean():
                    break
                time.sleep(0.01)
        time.sleep(0.01)

    def read_policy(self):
        """The module's own timing, in milliseconds."""
        if self.is_ours:
            text = self.host.run("grep '\"event\":\"grant\"' /var/log/sojourn/audit.jsonl | grep -o '\"microseconds\":[0-9]*' | cut -d : -f 2")
            self.policy = [int(line) / 1000 for line in text.split()]

    @property
    def policy_time(self):
        return median(self.policy) if self.policy else 0.0

    @property
    def sums(self):
        return [sum(row) for row in self.alone]


REASON = ("Most of it: glibc asks files and libnss-systemd before us at each of some twenty lookups by PAM modules and shells; certificate, question, lease and home are work that the other has "
          "done before; the gate shell is one more program")
NAMES = {"plain": "an account that exists", "relay": "Sojourn, relay", "bare": "the same without systemd in nsswitch.conf", "direct": "Sojourn, direct", "pam_exec": "pam_exec, useradd, userdel -r"}


def run(rounds, say):
    contenders = [Contender(kind, lines) for lines in SIZES for kind in NAMES if kind != "bare" or lines == SIZES[0]]
    try:
        for number_of_round in range(-2, rounds):  # the first two are not counted
            keep = number_of_round >= 0
            for contender in contenders:
                contender.log_in(f"p{number_of_round + 2:05d}", keep)
            for contender in contenders:
                contender.log_in_alone(f"p{number_of_round + 1002:05d}", keep)
            if number_of_round % 20 == 0:
                say(f"login: {number_of_round} of {rounds}")
        for contender in contenders:
            contender.read_policy()
        return tables(contenders, rounds)
    finally:
        for contender in contenders:
            contender.host.stop()


def tables(contenders, rounds):
    by = {(c.kind, c.lines): c for c in contenders}
    ssh = Table(f"One SSH login: stock client, BatchMode, `true`; {rounds} each, in turn; ms: median (p10 to p90)",
                ["", "lines in /etc/passwd", "client", "until the server is done", "more than the first line, in pairs", "of it policy"],
                ["Each of Sojourn's is the first login of its name on that host. `pam_exec` makes and removes a second account, because sshd knows nobody whom no source knows before.",
                 "Most of a login is sshd's key exchange. In pairs: the median of the differences to the login of the first line in the same round."])
    alone = Table(f"The same by libpam alone, without sshd's work; {rounds} each, in turn; ms",
                  ["", "lines", "all", "lookup", "start", "account", "open", "run", "close", "end", "adds, without policy"])
    verdicts = []
    for lines in SIZES:
        plain = by["plain", lines]
        for kind in NAMES:
            if (kind, lines) not in by:
                continue
            c = by[kind, lines]
            pairs = [ours - theirs for ours, theirs in zip(c.server, plain.server)]
            ssh.add(NAMES[kind], str(lines), spread(c.client), spread(c.server), "" if kind == "plain" else median(pairs), c.policy_time if c.is_ours else "")
            adds = median(c.sums) - median(plain.sums) - c.policy_time
            alone.add(NAMES[kind], str(lines), spread(c.sums), *[median(column) for column in zip(*c.alone)], adds if kind != "plain" else "")
        relay, useradd = by["relay", lines], by["pam_exec", lines]
        adds = median(relay.sums) - median(plain.sums) - relay.policy_time
        other = median(useradd.sums) - median(plain.sums)
        verdicts.append(Verdict(f"a login by the relay adds at most 5 ms without policy time ({lines} lines)", adds <= 5, number(adds) + " ms", REASON))
        verdicts.append(Verdict(f"that is at most a tenth of useradd and userdel ({lines} lines)", adds <= other / 10, f"{number(adds)} ms of {number(other)} ms, 1/{number(other / adds)}", "Here the file system is in memory; on a disk useradd and userdel wait for theirs"))
    return [ssh, alone], verdicts


def far(say):
    """The endpoint is 50 ms away: what a login waits for, and how often it goes there and back."""
    table = Table("The policy endpoint 50 ms away, https; 10 logins by libpam each; ms", ["", "policy time of a login", "round trips", "connections for 10 logins"],
                  ["The delay is on every packet, by a line between two network namespaces (Tests/Bench/delay.c: this kernel may have no sch_netem)."])
    trips = {}
    for kind in ("relay", "direct"):
        host = SojournHost(kind)
        try:
            host.run(r"""
                sed -i 's/^127.0.0.1 policy.bench/10.9.0.2 policy.bench/' /etc/hosts
                mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
            """)
            host.start("unshare", "--net", "bash", "-c", "echo $$ > /run/far.pid; exec sleep infinity")
            host.wait_for("test -s /run/far.pid")
            host.start("bash", "-c", f"exec {WORK}/delay 25 $(cat /run/far.pid)")
            host.wait_for("test -e /sys/class/net/near || ip link show near > /dev/null 2>&1")
            host.run(r"""
                far="nsenter -t $(cat /run/far.pid) --net"
                for i in $(seq 100); do $far ip link show far > /dev/null 2>&1 && break; sleep 0.05; done
                ip addr add 10.9.0.1/24 dev near; ip link set near up
                $far ip link set lo up; $far ip addr add 10.9.0.2/24 dev far; $far ip link set far up
            """)
            host.start("bash", "-c", f"exec nsenter -t $(cat /run/far.pid) --net {WORK}/endpoint 10.9.0.2 8443 {WORK}/tls.pem {WORK}/tls.key")
            host.wait_for("exec 3<> /dev/tcp/10.9.0.2/8443")
            host.start_daemon()
            driver = host.talk("bash", "-c", f"exec -a 'sshd: bench [priv]' /usr/libexec/bench-login /etc/load.d {WORK}/people/list")
            before = None
            for i in range(12):
                words = driver.ask(f"p{i:05d}").split()
                if words[1] != "0":
                    raise Failure(f"far, {kind}: " + " ".join(words))
                time.sleep(0.1)
                if i == 1:
                    before = count(host)
            after = count(host)
            took = [int(line) / 1000 for line in host.run("grep '\"event\":\"grant\"' /var/log/sojourn/audit.jsonl | grep -o '\"microseconds\":[0-9]*' | cut -d : -f 2").split()][2:]
            trips[kind] = median(took) / 50
            table.add(NAMES[kind], spread(took), trips[kind], str(after - before))
            say(f"far: {kind} done")
        finally:
            host.stop()
    return [table], [Verdict("a policy call through the relay is one round trip", 1 <= trips["relay"] < 1.5, number(trips["relay"]))]


def count(host):
    return json.loads(host.run("curl -s --cacert $1/tls.pem --resolve policy.bench:8443:10.9.0.2 https://policy.bench:8443/count", WORK))["connections"]
