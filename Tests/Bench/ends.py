"""What ends cost, what leases cost when many are open, and what the daemon needs for those who are in."""
import time

from host import Failure, HERE, SojournHost, WORK
from table import Table, spread

KINDS = {"idle": "an idle person", "processes": "100 processes", "files": "100,000 files"}


def run(rounds, say):
    tables = [leaving(rounds, say), growth(rounds, say), living(rounds, say)]
    return tables, []


def leaving(rounds, say):
    host = SojournHost("relay")
    try:
        host.start_all()
        leaver = host.talk("/usr/bin/python3", "-B", HERE + "/leaver.py", WORK)
        took, person = {kind: [] for kind in KINDS}, 0
        for number_of_round in range(max(2, rounds // 5)):
            for kind in KINDS:
                if kind == "files" and number_of_round >= max(1, rounds // 20):
                    continue
                took[kind].append(float(leaver.ask(f"{kind} p{person:05d}")))
                person += 1
        say("ends: measured")
    finally:
        host.stop()
    table = Table("From the last close until nothing is left (no process, no lease, no name, no home); ms", ["who goes", "logins", "median (p10 to p90)"],
                  ["The home is in memory: what a disk needs for 100,000 files is the disk's."])
    for kind, title in KINDS.items():
        table.add(title, str(len(took[kind])), spread(took[kind]))
    return table


def growth(rounds, say):
    table = Table("Leases, by the daemon's socket alone, one after the other; ms: median (p10 to p90)", ["that are open", "opened a second on the way there", "one more: opening", "closing", "until it is clean", "daemon, MB resident"])
    host = SojournHost("relay")
    try:
        host.start_all()
        player = host.talk(WORK + "/leases")
        for count in (10, 100, 1000, 10000) if rounds >= 50 else (10, 100, 1000):
            _, made, took = player.ask(f"grow {count}").split()
            turns = max(3, rounds // 5)
            player.say(f"turn {turns}")
            rows = [[int(word) / 1000 for word in player.hear().split()[1:]] for _ in range(turns)]
            total = int(host.run("ls /run/sojourn/leases | grep -c json").strip())
            table.add(f"{total:,}", f"{int(made) * 1000 / max(1, int(took)):,.0f}", *[spread(column) for column in zip(*rows)], footprint(host, "sojournd")[1] / 1024)
            say(f"ends: {total} leases are open")
            if total < count:
                table.notes.append(f"{count:,} were not reached in five minutes.")
                break
    finally:
        host.stop()
    return table


def footprint(host, name):
    """Private and resident KiB, and the seconds of processor that it has had, of the daemon or the relay."""
    text = host.run(r"""
        pid=$(pgrep -o -x "$1")
        awk '$1 == "Private_Dirty:" { print $2 }' /proc/$pid/smaps_rollup
        awk '$1 == "VmRSS:" { print $2 }' /proc/$pid/status
        awk -v hertz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hertz }' /proc/$pid/stat
    """, name).split()
    return int(text[0]), int(text[1]), float(text[2])


def living(rounds, say):
    """Real logins through PAM, which stay: the policy is asked about each of them again every 60 s."""
    people, seconds = (1000, 120) if rounds >= 50 else (100, 60)
    host = SojournHost("relay")
    try:
        host.start_all()
        before = {name: footprint(host, name) for name in ("sojournd", "sojourn-relay")}
        driver = host.talk("bash", "-c", f"exec -a 'sshd: bench [priv]' /usr/libexec/bench-login /etc/load.d {WORK}/people/list")
        for person in range(people):
            answer = driver.ask(f"p{person:05d} hold")
            if not answer.endswith(" held"):
                raise Failure("no login: " + answer)
        say(f"ends: {people} are in")
        time.sleep(65)  # the first round
        asked, at_first = host.count()["questions"], {name: footprint(host, name) for name in before}
        time.sleep(seconds)
        asked, then = host.count()["questions"] - asked, {name: footprint(host, name) for name in before}
    finally:
        host.stop()
    table = Table(f"{people:,} live sessions, the policy asked about each again every 60 s", ["", "memory of its own, MB", "for 1,000 sessions, MB", "processor, % of one"],
                  [f"In {seconds} s the policy was asked {asked:,} times ({asked / people / seconds * 60:.2f} times a session and minute)."])
    for name, title in (("sojournd", "daemon"), ("sojourn-relay", "relay")):
        table.add(title, then[name][0] / 1024, (then[name][0] - before[name][0]) / 1024 * 1000 / people, (then[name][2] - at_first[name][2]) / seconds * 100)
    return table
