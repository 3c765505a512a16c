#!/usr/bin/env python3
"""pairs.py - what a change costs or gains: an older binary and a newer one, in turns.

Each pair is a run of the one and a run of the other, each on a fresh folder; which goes first
alternates, so that a machine that slows down slows both alike. The load is a closed loop of 256
connections, an order has two lines, and the newer binary generates it for both. Prints a table of
all pairs and their medians. With `--card` each run has a payment provider in a process of its own,
and both binaries have to know cards.

Usage: pairs.py OLD NEW [--pairs 10] [--seconds 6] [--card]
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/blackbox"), str(ROOT / "tests/provider")]
import harness  # noqa: E402
import process  # noqa: E402

CARD = "pm_card_visa"


def measure(binary, generator, seconds, by_card):
    """One fresh folder, one run: the load generator's own report."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        options, provider = ["--demo"], None
        if by_card:
            provider = process.Provider(generator, folder / "provider").start()
            key = folder / "provider.key"
            key.write_text(process.KEY + "\n")
            options += ["--provider", provider.url, "--provider-key", str(key)]
        server = harness.Server(binary, folder / "data", options)
        try:
            server.start()
            if not server.wait_ready():
                sys.exit(f"{binary} does not start: {server.log.read_text()}")
            return load(server, generator, seconds, ["--card", CARD] if by_card else [])
        finally:
            server.stop()
            if provider:
                provider.stop()


def load(server, generator, seconds, options):
    host, port = server.address
    done = subprocess.run(
        [generator, "bench", "orders", "--url", f"http://{host}:{port}", "--data", server.data,
         "--seconds", str(seconds), "--pid", str(server.process.pid), "--json", *options],
        stdout=subprocess.PIPE, text=True, check=False)
    report = json.loads(done.stdout)
    if not report["good"]:
        print(f"{server.binary}: a run that was not good: {done.stdout}", file=sys.stderr)
    return report


def show(pairs):
    print("| pair | old: confirmed/s | new | new / old | old: CPU us an order | new | new / old "
          "| p99 ms, created to confirmed, old | new |")
    print("| --- " + "| ---: " * 8 + "|")
    rows = [[old["confirmedPerSecond"], new["confirmedPerSecond"],
             new["confirmedPerSecond"] / old["confirmedPerSecond"],
             old["serverCpuUsPerOrder"], new["serverCpuUsPerOrder"],
             new["serverCpuUsPerOrder"] / old["serverCpuUsPerOrder"],
             old["confirmedMs"]["p99"], new["confirmedMs"]["p99"]] for old, new in pairs]
    line = "| {} | {:,.0f} | {:,.0f} | {:.2f} | {:.1f} | {:.1f} | {:.2f} | {:.0f} | {:.0f} |"
    for number, row in enumerate(rows, 1):
        print(line.format(number, *row))
    columns = list(zip(*rows))
    print(line.format("least", *map(min, columns)))
    print(line.format("**median**", *map(statistics.median, columns)))
    print(line.format("most", *map(max, columns)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--card", action="store_true")
    options = parser.parse_args()
    old, new = options.old.resolve(), options.new.resolve()
    pairs = []
    for number in range(options.pairs):
        turns = [old, new] if number % 2 == 0 else [new, old]
        runs = [measure(binary, new, options.seconds, options.card) for binary in turns]
        pairs.append(runs if turns[0] == old else runs[::-1])
        print(f"pair {number + 1} of {options.pairs}", file=sys.stderr)
    show(pairs)


if __name__ == "__main__":
    main()
