#!/usr/bin/env python3
"""floods_test.py - hostile clients of HTTP/2 cost themselves more than they cost others.

Aim:     under each flood the platform grows by 64 MiB at most, spends a small part of a core, and
         takes at most twice as long for everybody else as beside honest clients; floods that no
         honest client could be taken for are ended with ENHANCE_YOUR_CALM.
Method:  each flood of floods.py from a process of its own against a platform of its own, over as
         many connections as one address is likely to have, for --seconds. AT_ONCE of them at a
         time, and beside them the same process with honest clients against one more platform: one
         client asks all platforms in turn. What it waits because the machine runs somebody else
         (schedstat has it of each thread) is taken off: what is left is what the flood does inside.
"""
import argparse
import contextlib
import itertools
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
AT_ONCE = 3
GROWTH_KIB_MAX = 64 * 1024
CORE_SHARE_MAX = 0.10   # of the thread that serves all connections; idle clients take 0.03
NOISE_SECONDS = 0.001   # in nobody's account: interrupts, and the machine below this one
CONNECT_SECONDS = 0.02  # between two new connections: what one address may
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
    make, _, pause = floods.FLOODS.get(name, floods.HONEST)
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


class Place:
    """A platform, who comes to it, and how long it takes for somebody else."""

    def __init__(self):
        self.shop = shop.Shop("--demo")
        self.client = harness.Client(self.shop.address)
        tasks = pathlib.Path(f"/proc/{self.shop.process.pid}/task").iterdir()
        self.task = next(task for task in tasks if (task / "comm").read_text() == "front\n")

    def begin(self, name, seconds):
        self.name, self.took, self.gross = name, [], []
        self.results = multiprocessing.Queue()
        self.rss_before = self.rss_most = self.rss_kib()
        self.cpu_before, self.began = self.cpu_ns(), time.monotonic()
        self.attacker = multiprocessing.Process(target=attack, daemon=True, args=(
            self.shop.address, name, seconds, self.results))
        self.attacker.start()

    def ask(self):
        waited, began = self.waited_ns(), time.monotonic()
        answer = self.client.ask("GET", "/livez")
        took = time.monotonic() - began
        self.gross.append(took)
        self.took.append(max(0.0, took - (self.waited_ns() - waited) / 1e9))
        if answer.code != 200:
            raise AssertionError(f"{answer.code} for somebody else under {self.name}")
        if len(self.took) % 50 == 0:
            self.rss_most = max(self.rss_most, self.rss_kib())

    def end(self):
        """What is judged."""
        self.core_share = (self.cpu_ns() - self.cpu_before) / 1e9 / (time.monotonic() - self.began)
        self.grown_kib = max(self.rss_most, self.rss_kib()) - self.rss_before
        self.took.sort()
        self.slow = self.took[len(self.took) * 99 // 100]
        self.attacker.join()
        self.ended, self.calmed = self.results.get()
        self.gross.sort()
        print(f"{self.name:15} p99 {self.slow * 1e3:6.2f} ms of {len(self.took)} "
              f"({self.gross[len(self.took) * 99 // 100] * 1e3:.2f} ms with the machine's waits); "
              f"{self.core_share * 100:4.1f} % of a core; {self.grown_kib / 1024:5.1f} MiB more; "
              f"{self.ended} connections ended, {self.calmed} of them calmed", flush=True)

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.shop.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def cpu_ns(self):
        return int((self.task / "schedstat").read_text().split()[0])

    def waited_ns(self):
        """Ready to run and not running: the thread that serves, and ourselves."""
        tasks = (self.task, pathlib.Path("/proc/thread-self"))
        return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks)


def setUpModule():
    with contextlib.ExitStack() as stack:
        for _ in range(AT_ONCE + 1):
            places.append(Place())
            stack.callback(places[-1].shop.close)
        unittest.addModuleCleanup(stack.pop_all().close)


places = []


class Floods(unittest.TestCase):
    maxDiff = None


def test_of(names):
    def test(self):
        honest, *under = places[:len(names) + 1]
        for place, name in zip((honest, *under), ("honest", *names)):
            place.begin(name, options.seconds)
        while all(place.attacker.is_alive() for place in under):
            for place in (honest, *under):
                place.ask()
            time.sleep(0.001)
        for place in (honest, *under):
            place.end()
        for place in under:
            with self.subTest(place.name):
                self.assertLessEqual(place.grown_kib, GROWTH_KIB_MAX)
                self.assertLessEqual(place.core_share, CORE_SHARE_MAX)
                self.assertLessEqual(place.slow, 2 * honest.slow + NOISE_SECONDS)
                if floods.FLOODS[place.name][1]:
                    self.assertGreater(place.calmed, 0)
    return test


left_to_test = iter(floods.FLOODS)
while some := tuple(itertools.islice(left_to_test, AT_ONCE)):
    setattr(Floods, "test_" + "_and_".join(some).replace(" ", "_"), test_of(some))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], add_help=False)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each flood")
    _, left = parser.parse_known_args(namespace=options)
    sys.argv[1:] = left
    shop.main()
