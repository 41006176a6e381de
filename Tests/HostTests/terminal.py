#!/usr/bin/python3
"""Runs a program on a terminal of its own: standard input is typed on it, what it shows goes to standard output.

Unlike script(1), it gives the terminal to whom it belongs, and goes on when the program hangs the terminal up and opens it
again, as util-linux's login does. Ends as the program ends; the end of standard input takes the terminal away.
"""
import errno
import os
import select
import signal
import sys
import termios
import time


def start(owner, command):
    pid, master = os.forkpty()
    if pid != 0:
        return pid, master
    try:
        termios.tcsetwinsize(0, (50, 200))
        os.fchown(0, int(owner), -1)
        os.execvp(command[0], command)
    except OSError as error:
        print(error, file=sys.stderr)
    os._exit(127)


def copy(source, target):
    """Copies what there is to read; False at the end. A terminal that was hung up may come back."""
    try:
        data = os.read(source, 65536)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        time.sleep(0.01)
        return True
    left = data
    while left:
        left = left[os.write(target, left):]
    return bool(data)


def rest(master):
    """What the program showed before it ended. Others may still hold the terminal, or nobody."""
    while select.select([master], [], [], 0)[0]:
        try:
            os.write(1, os.read(master, 65536))
        except OSError:
            return


def main():
    pid, master = start(sys.argv[1], sys.argv[2:])
    sources = [0, master]
    while True:
        ready = select.select(sources, [], [], 0.05)[0]
        if master in ready:
            copy(master, 1)
        if 0 in ready and not copy(0, master):
            os.close(master)
            time.sleep(0.2)  # SIGHUP, and time for the program to go by itself
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return 129
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            rest(master)
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


sys.exit(main())
