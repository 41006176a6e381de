"""First logins of many people at one moment."""
import time

from host import SojournHost, WORK
from table import Table, Verdict, median

COUNTS = (1, 10, 100, 500)


def run(rounds, say):
    table = Table("First logins of so many people at one moment, by libpam (Tests/LoadDriver: login, `id` in the session); ms", ["people", "until all are in", "median", "longest", "failures", "until all are gone"],
                  ["Policy through the relay, deadline 20 s. How many connections sshd takes at once (MaxStartups) is another question."])
    failures = 0
    host = SojournHost("relay")
    try:
        host.run('install -m 0755 "$1/load-driver" /usr/libexec/load-driver', WORK)
        host.start_all()
        driver = host.talk("bash", "-c", f"exec -a 'sshd: bench [priv]' /usr/libexec/load-driver /etc/load.d {WORK}/people/list")
        begin = 1  # the list begins with somebody who has an account elsewhere
        for count in COUNTS if rounds >= 20 else COUNTS[:-1]:
            begun = time.monotonic()
            driver.say(f"open {begin} {count}")
            begin += count
            logins = [driver.hear().split("\t") for _ in range(count)]
            all_in = (time.monotonic() - begun) * 1000
            failed = [words for words in logins if words[3:5] != ["open_session", "0"]]
            for words in failed[:3]:
                say("many: " + " ".join(words))
            took = [int(words[5]) for words in logins if words not in failed]
            closed = driver.ask("close").split()[1]
            host.wait_for("! ls /run/sojourn/leases | grep -q json", seconds=180)
            table.add(str(count), all_in, median(took), max(took, default=float("nan")), str(len(failed)), closed)
            failures += len(failed)
            say(f"many: {count} done")
    finally:
        host.stop()
    return [table], [Verdict("nobody of those who log in together is refused", failures == 0, f"{failures} failures")]
