#!/usr/bin/env python3
"""floods_test.py - hostile clients of HTTP/2 cost themselves more than they cost others.

Aim:     under each flood the platform grows by 64 MiB at most, answers everybody else, and takes
         at most twice as long for it as before; floods that no honest client could be taken for are
         ended with ENHANCE_YOUR_CALM.
Method:  each flood of floods.py from a process of its own, over as many connections as one address
         is likely to have, for --seconds. Before it and under it the same client asks for small
         answers one after another.
"""
import argparse
import multiprocessing
import pathlib
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))

import floods
import frames
import harness
import shop

CONNECTIONS = 20
GROWTH_KIB_MAX = 64 * 1024
CALM_SECONDS = 2
CONNECT_SECONDS = 0.02  # between two new connections: what one address may
NOISE_SECONDS = 0.030   # what a busy machine adds to the slowest of a hundred by itself
options = argparse.Namespace(seconds=10.0)


class Attacker:
    """One connection, begun anew whenever the server has ended it."""

    def __init__(self, address, make):
        self.address, self.make = address, make
        self.peer, self.parts, self.left = None, None, b""
        self.heard, self.ended, self.calmed, self.next_at = b"", 0, 0, 0.0

    def connect(self):
        self.peer = socket.create_connection(self.address, 5)
        self.peer.setblocking(False)
        self.parts, self.left, self.heard = self.make(), b"", b""

    def lose(self, now):
        self.ended += 1
        self.calmed += frames.goodbye(self.heard) == frames.ENHANCE_YOUR_CALM
        self.peer.close()
        self.peer, self.next_at = None, now + CONNECT_SECONDS * CONNECTIONS

    def listen(self):
        """Keeps the end of what it hears; False when that was all."""
        while True:
            try:
                said = self.peer.recv(65536)
            except BlockingIOError:
                return True
            if not said:
                return False
            self.heard = self.heard + said if len(self.heard) < 1 << 18 else said

    def step(self, now, pause):
        try:
            if self.peer is None:
                if now < self.next_at:
                    return
                self.connect()
            if now >= self.next_at:
                self.left = self.left or next(self.parts)
                if self.left:
                    self.left = self.left[self.peer.send(self.left):]
                if not self.left:
                    self.next_at = now + pause
            if not self.listen():
                self.lose(now)
        except BlockingIOError:
            if not self.hears():
                self.lose(now)
        except OSError:
            if self.peer is not None:
                self.lose(now)

    def hears(self):
        try:
            return self.listen()
        except OSError:
            return False


def attack(address, name, seconds, results):
    make, _, pause = floods.FLOODS[name]
    attackers = [Attacker(address, make) for _ in range(CONNECTIONS)]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for attacker in attackers:
            attacker.step(time.monotonic(), pause)
        time.sleep(0.001)
    for attacker in attackers:
        if attacker.peer is not None:
            attacker.peer.close()
    results.put((sum(a.ended for a in attackers), sum(a.calmed for a in attackers)))


def setUpModule():
    global store
    store = shop.Shop("--demo")


def tearDownModule():
    store.close()


def rss_kib():
    status = pathlib.Path(f"/proc/{store.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def watch(client, seconds, goes_on=lambda: True):
    """(the slowest of a hundred requests, the largest resident set)."""
    took, largest = [], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until and goes_on():
        began = time.monotonic()
        answer = client.ask("GET", "/livez")
        took.append(time.monotonic() - began)
        if answer.code != 200:
            raise AssertionError(f"{answer.code} for somebody else")
        if len(took) % 50 == 0:
            largest = max(largest, rss_kib())
        time.sleep(0.001)
    took.sort()
    return took[len(took) * 99 // 100], max(largest, rss_kib())


class Floods(unittest.TestCase):
    maxDiff = None


def test_of(name, is_calmed):
    def test(self):
        client = harness.Client(store.address)
        before, rss_before = watch(client, CALM_SECONDS)
        results = multiprocessing.Queue()
        attacker = multiprocessing.Process(target=attack, daemon=True,
                                           args=(store.address, name, options.seconds, results))
        attacker.start()
        under, rss_under = watch(client, options.seconds + 30, attacker.is_alive)
        attacker.join()
        ended, calmed = results.get()
        print(f"{name:15} p99 {before * 1e3:6.2f} ms, then {under * 1e3:6.2f} ms; "
              f"{(rss_under - rss_before) / 1024:5.1f} MiB more; {ended} connections ended, "
              f"{calmed} of them calmed", flush=True)
        self.assertLessEqual(rss_under - rss_before, GROWTH_KIB_MAX)
        self.assertLessEqual(under, 2 * before + NOISE_SECONDS)
        if is_calmed:
            self.assertGreater(calmed, 0)
    return test


for flood, (_, is_calmed, _) in floods.FLOODS.items():
    setattr(Floods, "test_" + flood.replace(" ", "_"), test_of(flood, is_calmed))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], add_help=False)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each flood")
    _, left = parser.parse_known_args(namespace=options)
    sys.argv[1:] = left
    shop.main()
