#!/usr/bin/env python3
"""rolling_test.py --binary PANGLOT [--rate N] [--rounds N] [--mtls] - every role is started anew,
one after the other, while orders come: no client that tries again is refused, no order is lost.

Clients place orders by a schedule and try again, with the same key, where they got no answer or a
503; each has to get its 201. The schedule has to be kept. In the end the platform is verified while
it runs.
"""
import argparse
import http.client
import pathlib
import queue
import sys
import tempfile
import threading
import time

import split
import harness

CLIENTS = 32
TRY_AGAIN_SECONDS = 0.05
ANSWER_SECONDS_MAX = 20
CALM_SECONDS = 0.5  # between two restarts
SETTLED_SECONDS_MAX = 30
RATE_KEPT_LEAST = 0.8  # of the orders that were due; the rest came late
ORDER = {"currency": "USD", "lines": [{"sku": "KIT-101", "quantity": 1}],
         "payment": {"method": "account"}, "shipTo": {"region": "EU"}}


class Load:
    """Orders at a rate; `failed` has those that were given up."""

    def __init__(self, platform, rate):
        self.platform, self.rate = platform, rate
        self.token = platform.token("ann")
        self.due, self.is_over = queue.Queue(), threading.Event()
        self.placed, self.failed, self.tries = [], [], 0
        self.threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        self.clock = threading.Thread(target=self._clock)

    def __enter__(self):
        for thread in (*self.threads, self.clock):
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.clock.join()
        for _ in self.threads:
            self.due.put(None)
        for thread in self.threads:
            thread.join()

    def _clock(self):
        begun, count = time.monotonic(), 0
        while not self.is_over.is_set():
            while count < (time.monotonic() - begun) * self.rate:
                self.due.put(f"order-{count}")
                count += 1
            time.sleep(0.005)

    def _client(self):
        client = None
        for key in iter(self.due.get, None):
            until, answer = time.monotonic() + ANSWER_SECONDS_MAX, None
            while time.monotonic() < until:
                self.tries += 1
                try:
                    client = client or harness.Client(self.platform.address, self.token)
                    answer = client.ask("POST", "/api/v1/orders", ORDER, idempotency_key=key)
                    if answer.code != 503:
                        break
                except (OSError, http.client.HTTPException):
                    client = None
                time.sleep(TRY_AGAIN_SECONDS)
            if answer is not None and answer.code == 201:
                self.placed.append(answer.json()["id"])
            else:
                self.failed.append((key, answer and (answer.code, answer.body)))


def restart_all(platform):
    for role in split.ROLES:
        begun = time.monotonic()
        code = platform.stop_role(role)
        platform.start_role(role)
        if code != 0 or not platform.wait_role(role):
            sys.exit(f"{role}: ended with {code}, or did not start again")
        print(f"{role}: started anew within {time.monotonic() - begun:.2f} s")
        time.sleep(CALM_SECONDS)


def check_orders(platform, load):
    """All that were placed are there, once, and settled in time."""
    if len(set(load.placed)) != len(load.placed):
        sys.exit("one order for two keys")
    client, left = harness.Client(platform.address, load.token), set(load.placed)
    until = time.monotonic() + SETTLED_SECONDS_MAX
    while left and time.monotonic() < until:
        for order in list(left):
            answer = client.ask("GET", f"/api/v1/orders/{order}")
            if answer.code != 200:
                sys.exit(f"{order}: {answer.code}: it is lost")
            if answer.json()["status"] in ("CONFIRMED", "CANCELLED", "FAILED"):
                left.remove(order)
    if left:
        sys.exit(f"{len(left)} orders are not settled, such as {min(left)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--mtls", action="store_true", help="roles show each other certificates")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-rolling-"))
    mesh = split.PLAIN
    if options.mtls:
        split.make_certificates(folder / "tls")
        mesh = split.mutual_tls(folder / "tls")
    with split.running(options.binary, folder, split.NO_LIMITS, mesh) as platform:
        begun = time.monotonic()
        with Load(platform, options.rate) as load:
            for _ in range(options.rounds):
                restart_all(platform)
        rate = len(load.placed) / (time.monotonic() - begun)
        print(f"{len(load.placed)} orders at {rate:.0f}/s with {load.tries} requests, "
              f"{len(load.failed)} failed")
        if rate < RATE_KEPT_LEAST * options.rate:
            sys.exit(f"{options.rate}/s were due")
        if load.failed or not load.placed:
            sys.exit(f"not placed: {load.failed[:3]}")
        check_orders(platform, load)
        code, said = platform.run("verify")
        if code != 0:
            sys.exit(said)
        print(said.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
