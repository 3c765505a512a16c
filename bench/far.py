#!/usr/bin/env python3
"""far.py - what calls between processes cost the order path: one process, and the same roles in
several, in turns.

Shapes: `near` (one process), `gateway` (it alone; all other roles in a second process), `split`
(each role its own), `mtls` (the same, and they show each other certificates). A round is a run of
each, every one on a fresh folder; which goes first moves on with each round, so that a machine
that slows down slows all alike. The load is that of
`panglot bench orders`: a closed loop, orders of two lines. CPU is that of all processes of the
platform together, from the first order to the last ending, by /proc.

On a machine of few processors `near` is a pipeline that keeps all of them busy: so the ratio of
the rates is about that of the CPU, and the latter is what a noisy machine tells better.

Usage: far.py BINARY [--rounds 5] [--seconds 6] [--connections 256]
              [--shapes near,gateway,split,mtls]
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/parity"), str(ROOT / "tests/blackbox")]
import split  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position

TICKS = os.sysconf("SC_CLK_TCK")
SHAPES = ("near", "gateway", "split", "mtls")
PROMISED = 0.70  # of the near rate
CUSTOMERS = 1000  # few, for the first look at a token costs more than an order


def platform(shape, binary, scratch):
    data = scratch / "data"
    if shape == "near":
        return harness.Server(binary, data)
    if shape == "gateway":
        return split.Split(binary, data, groups=(",".join(split.SERVICES), "gateway"))
    if shape == "split":
        return split.Split(binary, data)
    split.make_certificates(scratch / "tls")
    return split.Split(binary, data, mesh=split.mutual_tls(scratch / "tls"))


def cpu_seconds(processes):
    """User and system time of them all."""
    ticks = 0
    for process in processes:
        text = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()  # behind the name, which may have spaces
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def measure(shape, options):
    """One run on a fresh folder: orders accepted a second, microseconds of CPU an order."""
    with tempfile.TemporaryDirectory() as scratch:
        server = platform(shape, options.binary, pathlib.Path(scratch))
        try:
            server.start()
            if not server.wait_ready():
                sys.exit(f"{shape} does not start: {server.log.read_text()}")
            processes = getattr(server, "processes", {"near": server.process}).values()
            begun = cpu_seconds(processes)
            report = load(server, options)
            used = cpu_seconds(processes) - begun
        finally:
            server.stop()
    if not report["good"] or report["streamBreaks"] > 0 or set(report["statuses"]) != {"201"}:
        sys.exit(f"{shape}: a run that was not good: {report}")
    return report["acceptedPerSecond"], used * 1e6 / report["accepted"]


def load(server, options):
    host, port = server.address
    done = subprocess.run(
        [options.binary, "bench", "orders", "--url", f"http://{host}:{port}", "--data",
         server.data, "--seconds", str(options.seconds), "--connections",
         str(options.connections), "--customers", str(CUSTOMERS), "--json"],
        stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout)


def show(shapes, rounds):
    """Whether the promise was kept."""
    is_kept = True
    print("| shape | orders/s | CPU us an order | rate / near | CPU / near |")
    print("| --- " + "| ---: " * 4 + "|")
    for i, shape in enumerate(shapes):
        rates, costs = zip(*(one[i] for one in rounds))
        against = [[one[i][0] / one[0][0] for one in rounds],
                   [one[i][1] / one[0][1] for one in rounds]]
        cells = [spread(rates, ",.0f"), spread(costs, ".1f"),
                 *(spread(ratios, ".2f") for ratios in against)]
        print(f"| {shape} | " + " | ".join(cells) + " |")
        if shape != "near":
            met = statistics.median(against[0]) >= PROMISED
            is_kept = is_kept and met
            print(f"{shape}: {'at least' if met else 'LESS THAN'} {PROMISED:.0%} of near",
                  file=sys.stderr)
    return is_kept


def spread(numbers, form):
    """The median, and the least and the largest."""
    return (f"{statistics.median(numbers):{form}} "
            f"({min(numbers):{form}} to {max(numbers):{form}})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("binary", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--shapes", default=",".join(SHAPES), help="near first")
    options = parser.parse_args()
    shapes, rounds = options.shapes.split(","), []
    for number in range(options.rounds):
        turns = [shapes[(number + i) % len(shapes)] for i in range(len(shapes))]
        results = {shape: measure(shape, options) for shape in turns}
        rounds.append([results[shape] for shape in shapes])
        said = ", ".join(f"{shape} {rate:,.0f}/s {cost:.0f} us"
                         for shape, (rate, cost) in results.items())
        print(f"round {number + 1} of {options.rounds}: {said}", file=sys.stderr)
    sys.exit(0 if show(shapes, rounds) else 1)


if __name__ == "__main__":
    main()
