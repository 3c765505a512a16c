#!/usr/bin/env python3
"""cancel_test.py --binary PANGLOT - who gives a call up is not worked for any more: Orders is held
still, clients ask it something and go away, and their places in the gateway are free at once, long
before their time would be over; what they asked for is not done when Orders goes on.
"""
import argparse
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import split
import harness

CLIENTS = 5
TIME_SECONDS = 5  # that a call of this class has
FREE_SECONDS = 2
IN_FLIGHT = re.compile(r"^panglot_concurrency_in_flight (\d+)$", re.M)


def in_flight(platform):
    return int(IN_FLIGHT.search(harness.Server.metrics(platform)).group(1))


def wait_for(platform, count):
    until = time.monotonic() + FREE_SECONDS
    while (now := in_flight(platform)) != count:
        if time.monotonic() > until:
            sys.exit(f"{now} calls are under way, {count} were expected")
        time.sleep(0.02)


def ask(platform, token, path):
    """A client of HTTP/2, which is gone when it is killed."""
    host, port = platform.address
    return subprocess.Popen(
        ["curl", "-s", "--http2-prior-knowledge", "-m", "20", "-o", "/dev/null",
         "-H", f"Authorization: Bearer {token}", f"http://{host}:{port}{path}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-cancel-"))
    with split.running(options.binary, folder, split.NO_LIMITS) as platform:
        token, orders = platform.token("ann"), platform.processes["orders"]
        wait_for(platform, 0)
        orders.send_signal(signal.SIGSTOP)
        clients = [ask(platform, token, "/api/v1/orders") for _ in range(CLIENTS)]
        try:
            wait_for(platform, CLIENTS)
            begun = time.monotonic()
            for client in clients[1:]:
                client.kill()
            wait_for(platform, 1)  # the one that stays is waited for
            took = time.monotonic() - begun
        finally:
            orders.send_signal(signal.SIGCONT)
            for client in clients[1:]:
                client.wait()
        code = clients[0].wait()
        if code != 0 or took >= TIME_SECONDS:
            sys.exit(f"curl ended with {code}, places were free after {took:.1f} s")
        wait_for(platform, 0)
        print(f"{CLIENTS - 1} places were free again {took:.2f} s after their clients had gone")


if __name__ == "__main__":
    main()
