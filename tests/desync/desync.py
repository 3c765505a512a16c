#!/usr/bin/env python3
"""desync.py - behind nginx and HAProxy nobody is given another's answer, whatever strangers send.

Aim:     proxies and we agree where a request ends; else what a stranger hides behind its end would
         be taken for the next one's beginning, and that one would be given a wrong answer.
Method:  strangers send requests that parsers may disagree about (mutate.py), by HTTP/1.1 and
         HTTP/2. Behind each of them somebody asks for a product on a connection of his own to the
         same proxy, which keeps a few connections to us for everybody: he has to be given that
         product.
"""
import argparse
import pathlib
import select
import shutil
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import harness  # noqa: E402  pylint: disable=wrong-import-position
import mutate  # noqa: E402  pylint: disable=wrong-import-position
import proxies  # noqa: E402  pylint: disable=wrong-import-position

STRANGERS = 4             # for each proxy, at a time
HEARD_SECONDS = 0.004     # a stranger waits for an answer, or says no more
HTTP2_STREAMS = 5         # of a stranger's connection
HTTP2_EVERY = 20          # of a stranger's connections one speaks HTTP/2: a quarter of the requests
ANSWER_SECONDS_MAX = 10
SKUS = [f"{kind}-{thing}{colour:02}" for kind in ("KIT", "GAR", "OFF", "SPO")
        for thing in range(1, 6) for colour in range(1, 11)]


class Desync(Exception):
    pass


class Person:
    """Asks for one product after another, on one connection."""

    def __init__(self, port):
        self.port, self.peer, self.at, self.reopened = port, None, 0, 0

    def ask(self, sku):
        """Raises Desync with what was heard instead. A proxy may close what was idle."""
        for attempt in range(2):
            if self.peer is None:
                self.peer = socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS_MAX)
                self.reopened += 1
            try:
                self.peer.sendall(f"GET /api/v1/products/{sku} HTTP/1.1\r\n"
                                  f"Host: shop.example\r\n\r\n".encode())
                heard = self.hear()
            except OSError:
                heard = b""
            if heard:
                break
            self.peer.close()
            self.peer = None
            if attempt == 1:
                raise Desync(f"{sku}: no answer, twice")
        if not heard.startswith(b"HTTP/1.1 200") or f'"sku":"{sku}"'.encode() not in heard:
            raise Desync(f"{sku} was answered {heard!r}")

    def hear(self):
        """One whole answer; b"" when the connection ends before it began."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            piece = self.peer.recv(65536)
            if not piece:
                return b""
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = [line for line in lines if line.startswith(b"content-length:")]
        if len(length) != 1:
            raise Desync(f"an answer without a length: {heard!r}")
        left = int(length[0].split(b":")[1]) - len(body)
        while left > 0:
            piece = self.peer.recv(65536)
            if not piece:
                return b""
            heard += piece
            left -= len(piece)
        if left < 0:
            raise Desync(f"more than one answer: {heard!r}")
        return heard


def be_strange(port, said):
    """The status of what was answered first; None for nothing in time."""
    with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS_MAX) as peer:
        try:
            peer.sendall(said)
            if not select.select([peer], [], [], HEARD_SECONDS)[0]:
                return None
            heard = peer.recv(4096)
        except OSError:
            return None
    return heard[9:12].decode("latin-1") if heard.startswith(b"HTTP/1.") else None


class Run(threading.Thread):
    """One after another: a stranger, then a person."""

    def __init__(self, proxy, seed, numbers, stop):
        super().__init__(daemon=True)
        self.proxy, self.seed, self.numbers, self.stop = proxy, seed, numbers, stop
        self.people = [Person(port) for port in self.proxy.plain_ports]
        self.statuses, self.requests, self.wrong = {}, 0, None

    def run(self):
        number = None
        try:
            for number in self.numbers:
                if self.stop.is_set():
                    return
                which = number % len(self.people)
                if number % HTTP2_EVERY == 0:
                    be_strange(self.proxy.ports[2],
                               mutate.http2_requests(self.seed, number, HTTP2_STREAMS))
                    self.requests += HTTP2_STREAMS
                else:
                    status = be_strange(self.people[which].port,
                                        mutate.request(self.seed, number))
                    self.statuses[status] = self.statuses.get(status, 0) + 1
                    self.requests += 1
                self.people[which].ask(SKUS[(number * 7 + self.seed) % len(SKUS)])
        except (Desync, OSError) as wrong:
            self.wrong = f"{self.proxy.name}, seed {self.seed}, request {number}: {wrong}"
            self.stop.set()


def answered_by_us(address):
    """How many requests have come to us so far."""
    text = harness.Client(address).ask("GET", "/metrics").body.decode()
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("panglot_http_requests_total"))


def run_all(server, running, seed, count):
    """True when nobody was given a wrong answer."""
    stop, begun, before = threading.Event(), time.monotonic(), answered_by_us(server.address)
    per_request = HTTP2_STREAMS / HTTP2_EVERY + (HTTP2_EVERY - 1) / HTTP2_EVERY
    turns = int(count / len(running) / per_request) + 1
    runs = [Run(proxy, seed, range(stranger, turns, STRANGERS), stop)
            for proxy in running for stranger in range(STRANGERS)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    took = time.monotonic() - begun
    for proxy in running:
        mine = [run for run in runs if run.proxy is proxy]
        statuses = {}
        for run in mine:
            for status, times in run.statuses.items():
                statuses[status] = statuses.get(status, 0) + times
        shown = " ".join(f"{status or 'none'}={times}"
                         for status, times in sorted(statuses.items(), key=lambda row: -row[1]))
        print(f"{proxy.name}: {sum(run.requests for run in mine)} requests of strangers, "
              f"by what was answered: {shown}")
    markers = sum(sum(run.statuses.values()) for run in runs)
    forwarded = answered_by_us(server.address) - before
    print(f"{forwarded} came to us, {markers} and more of them from people; {took:.0f} s")
    for run in runs:
        if run.wrong:
            print(run.wrong)
    return not any(run.wrong for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--requests", type=int, default=10000, help="of strangers, in all (10000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-desync-"))
    server = harness.Server(options.binary, folder / "data", ("--demo", "--rates", "off",
                                                                "--proxy-protocol", "127.0.0.2"))
    running = []
    try:
        server.start()
        if not server.wait_ready():
            sys.exit("panglot serve is not ready")
        running = proxies.start_all(folder, server.address)
        if len(running) < 2:
            print("nginx and haproxy are not both here")
            sys.exit(77)
        is_well = run_all(server, running, options.seed, options.requests)
    finally:
        for proxy in running:
            proxy.close()
        code = server.stop()
        shutil.rmtree(folder)
    sys.exit(0 if is_well and code == 0 else 1)


if __name__ == "__main__":
    main()
