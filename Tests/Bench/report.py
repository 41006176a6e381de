"""docs/performance.md: the machine, the date, the commands, the figures, and what does not hold."""
import os
import platform
import subprocess
import time

from host import CHECKOUT

HOW = {
    "login": "`Tests/Bench/runner.py` runs the stock client and waits until the server has no process left for it; `Tests/Bench/login.c` does with libpam what sshd's monitor does for a connection, in a new process "
             "each time that has libcrypto loaded, as sshd has. Each contender is a private host of its own, all run at once, and each round asks every one of them. Before the next login the host is clean again. "
             "Policy time is what the module wrote into the audit log (`decision.microseconds`, the median).",
    "far": "",
    "nss": "`Tests/Bench/ask.c` asks glibc, 2,000 times in one process; sources are in turn. Sojourn's are files as `sojournd` writes them, in the large pool of uids. Instructions and allocations are those of 20 questions more, a question.",
    "ends": "",
    "many": "",
}
HEADINGS = {"login": "Login", "far": "A distant endpoint", "nss": "Names", "ends": "Ends", "many": "Many at once"}


def first(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.stdout.strip().split("\n")[0]


def machine(begun):
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f"- {first('sed -n s/^model.name[^:]*:.//p /proc/cpuinfo')}, {os.cpu_count()} processors, {first('free -g --si | sed -n 2p').split()[1]} GB of memory; "
        f"Linux {platform.release()}; {first('. /etc/os-release; echo $PRETTY_NAME $(cat /etc/debian_version)')}; OpenSSH {first('ssh -V 2>&1 | cut -d , -f 1').replace('OpenSSH_', '')}",
        f"- {time.strftime('%Y-%m-%d %H:%M', time.gmtime(begun))} UTC; Sojourn at {first('git -C ' + CHECKOUT + ' rev-parse --short HEAD')}; load at the end {load}",
    ]


def write(path, results, chosen, rounds, begun):
    failed = [verdict for _, _, verdicts, _ in results for verdict in verdicts if not verdict.holds]
    held = [verdict for _, _, verdicts, _ in results for verdict in verdicts if verdict.holds]
    lines = ["# What Sojourn costs", "",
             "Written by `make bench`, which measures everything below in one run on one machine, with real programs in private namespaces. No test asserts a time.", "",
             *machine(begun),
             f"- `make bench`" + (f" with `BENCH={','.join(chosen)}`" if len(chosen) < len(HEADINGS) else "") + (f" and `ROUNDS={rounds}`" if rounds != 100 else "") + ": median of that many, or as the tables say",
             *([f"- {os.environ['BENCH_NOTE']}"] if os.environ.get("BENCH_NOTE") else []),
             "- The policy endpoint is a small C program that says yes at once (https, TLS 1.3, `Tests/Bench/endpoint.c`), so that policy time is the way there and back.",
             "- The hosts' file systems are in memory: an fsync costs nothing here. An opening waits for two of them (uid registry, audit log), a close for one; add yours.",
             "- `sojourn` stands last in nsswitch.conf, after `systemd`, as shipped.", "",
             "## The budgets", ""]
    lines += [f"- {verdict.line()}" for verdict in held + failed] or ["- none of the parts that were run has one"]
    for part, tables, _, failure in results:
        lines += ["", f"## {HEADINGS[part]}", ""] + ([HOW[part], ""] if HOW[part] else [])
        if failure:
            lines += [f"Could not be measured: {failure.splitlines()[0][:200]}"]
        lines += ["\n".join(table.markdown() for table in tables).rstrip()] if tables else []
    with open(path, "w") as file:
        file.write("\n".join(lines).rstrip() + "\n")
