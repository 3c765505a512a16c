#!/usr/bin/env python3
"""stops_test.py PANGLOT - SIGTERM ends a simulation at once, and its run with it."""
import pathlib
import signal
import subprocess
import sys
import time

SECONDS_MAX = 5


def children_of(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def is_alive(pid):
    try:
        return ") Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def main():
    process = subprocess.Popen([sys.argv[1], "sim", "--seed", "1", "--orders", "100000"])
    until = time.monotonic() + SECONDS_MAX
    while not children_of(process.pid) and time.monotonic() < until:
        time.sleep(0.01)
    runs = children_of(process.pid)
    assert runs, "there is no run"
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS_MAX) == -signal.SIGTERM
    while any(map(is_alive, runs)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(is_alive, runs)), "the run goes on"


if __name__ == "__main__":
    main()
