#!/usr/bin/env python3
"""variants.py - what the choices of the schema are worth, on the real program.

Each variant is the shipped tree with one change; it is built in a folder of its own, and then all
of them are measured in turns (A B C A B C ...), so that a machine that slows down slows all alike.
Prints a table: orders a second, server CPU an order and answer times as medians, and the ratio to
the shipped program, round by round. An order has two lines; a closed loop of 256 connections.

Usage: variants.py [--rounds 3] [--seconds 8] [--only NAME ...] [--keep FOLDER]
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/blackbox"))
import harness  # noqa: E402

NOT_COPIED = shutil.ignore_patterns(".git", "build", "node_modules", "__pycache__", "panglot-data*")
ORDERS_SQL = "src/services/orders/sql/0001_orders.sql"

# name: what it shows, (file, text, replacement) or None, options of serve
VARIANTS = {
    "shipped": ("the program as it is", None, []),
    "key-index": ("a unique index for idempotency keys, kept in every transaction",
                  (ORDERS_SQL, ") STRICT, WITHOUT ROWID;", ") STRICT, WITHOUT ROWID;\n"
                   "CREATE UNIQUE INDEX by_key ON orders (tenant, customer, idempotency_key);"),
                  []),
    "list-index": ("an index for a customer's list, in place of the chain",
                   (ORDERS_SQL, ") STRICT, WITHOUT ROWID;",
                    ") STRICT, WITHOUT ROWID;\n"
                    "CREATE INDEX by_customer ON orders (tenant, customer, order_id);"), []),
    "plain-vfs": ("SQLite's own VFS: each frame of the WAL in two writes",
                  ("src/app/boot.c", '.vfs_name = "panglot"', ".vfs_name = NULL"), []),
    "savepoints": ("a savepoint around each command",
                   ("src/store/writer.c", "    call->status = call->method->command(",
                    '    PGL_TRY(pgl_database_run(&writer->db, "SAVEPOINT one"));\n'
                    "    call->status = call->method->command("), []),
    "normal": ("synchronous=NORMAL, a bound: it can lose acknowledged orders",
               ("src/store/database.c", "PRAGMA synchronous=FULL;", "PRAGMA synchronous=NORMAL;"),
               []),
    "batch-128": ("at most 128 in a transaction", None, ["--batch", "128"]),
    "batch-2048": ("at most 2,048 in a transaction", None, ["--batch", "2048"]),
    "checkpoint-8M": ("the WAL copied at 8 MiB", None, ["--checkpoint-pages", "2048"]),
    "checkpoint-128M": ("the WAL copied at 128 MiB", None, ["--checkpoint-pages", "32768"]),
    "cache-4M": ("4 MiB of page cache a writer", None, ["--cache-kib", "4096"]),
}


def build(folder, name, change):
    tree = folder / name
    if not tree.exists():
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED)
    if change:
        path, text, replacement = change
        file = tree / path
        code = (ROOT / path).read_text()
        if code.count(text) != 1:
            sys.exit(f"{name}: its text stands {code.count(text)} times in {path}, not once")
        file.write_text(code.replace(text, replacement))
    for command in (["cmake", "--preset", "release"], ["ninja", "-C", "build/release", "panglot"]):
        subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)
    return tree / "build/release/panglot"


def measure(binary, generator, options, seconds):
    """One fresh folder, one run: the load generator's own report."""
    with tempfile.TemporaryDirectory() as folder:
        server = harness.Server(binary, pathlib.Path(folder) / "data", ["--demo", *options])
        server.start()
        try:
            if not server.wait_ready():
                sys.exit(f"{binary} does not start: {server.log.read_text()}")
            host, port = server.address
            done = subprocess.run(
                [generator, "bench", "orders", "--url", f"http://{host}:{port}",
                 "--data", server.data, "--seconds", str(seconds),
                 "--pid", str(server.process.pid), "--json"],
                stdout=subprocess.PIPE, text=True, check=True)
            return json.loads(done.stdout)
        finally:
            server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--only", nargs="+", default=list(VARIANTS))
    parser.add_argument("--keep", help="build in this folder and leave it there")
    options = parser.parse_args()
    names = list(dict.fromkeys(["shipped", *options.only]))
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(options.keep or scratch)
        binaries = {name: build(folder, name, VARIANTS[name][1])
                    for name in names if VARIANTS[name][1]}
        shipped = build(folder, "shipped", None)
        results = {name: [] for name in names}
        for number in range(options.rounds):
            for name in names:
                result = measure(binaries.get(name, shipped), shipped, VARIANTS[name][2],
                                 options.seconds)
                results[name].append(result)
                print(f"round {number + 1}: {name}", file=sys.stderr)
    show(results)


def show(results):
    base = [r["confirmedPerSecond"] for r in results["shipped"]]
    print("| variant | what it is | confirmed/s, median (range) | ratio to shipped, median (range) "
          "| server CPU us an order | p99 ms, answered / confirmed |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, runs in results.items():
        rates = [r["confirmedPerSecond"] for r in runs]
        ratios = [rate / first for rate, first in zip(rates, base)]

        def median(*path):
            values = []
            for run in runs:
                value = run
                for key in path:
                    value = value[key]
                values.append(value)
            return statistics.median(values)

        print(f"| {name} | {VARIANTS[name][0]} "
              f"| {statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f}) "
              f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
              f"| {median('serverCpuUsPerOrder'):.0f} "
              f"| {median('answeredMs', 'p99'):.0f} / {median('confirmedMs', 'p99'):.0f} |")


if __name__ == "__main__":
    main()
