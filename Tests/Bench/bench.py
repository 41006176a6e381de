"""`make bench`: what Sojourn costs, beside what an administrator would use instead; a table on the terminal, and docs/performance.md.

BENCH=login,far,nss,ends,many chooses parts; ROUNDS=n shortens. Nothing is changed outside of private namespaces and build/bench."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import importlib
import signal
import traceback

from host import CHECKOUT, HERE, WORK, Failure
import report

PARTS = ("login", "far", "nss", "ends", "many")


def main():
    if os.geteuid() != 0:
        sys.exit("make bench needs root: it makes mount and network namespaces and runs sshd in them")
    chosen = [part for part in os.environ.get("BENCH", ",".join(PARTS)).split(",") if part]
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        sys.exit(f"BENCH: there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rounds = int(os.environ.get("ROUNDS", "100"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    say("making certificates and programs")
    people = 1010 + rounds if "login" in chosen else 800
    subprocess.run([HERE + "/prepare.sh", CHECKOUT, WORK, str(people)], check=True)
    begun, results = time.time(), []
    for part in chosen:
        say(f"{part}: begins")
        try:
            module = importlib.import_module("login" if part == "far" else part)
            tables, verdicts = module.far(say) if part == "far" else module.run(rounds, say)
        except (Failure, subprocess.SubprocessError, OSError) as failure:
            say(f"{part}: could not be measured: {failure}")
            traceback.print_exc()
            results.append((part, [], [], str(failure)))
            continue
        results.append((part, tables, verdicts, None))
        for table in tables:
            print(table.terminal(), flush=True)
        for verdict in verdicts:
            print("  " + verdict.line(), flush=True)
        print(flush=True)
    path = os.environ.get("BENCH_REPORT", CHECKOUT + "/docs/performance.md")
    report.write(path, results, chosen, rounds, begun)
    say(f"written: {path}")


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


main()
