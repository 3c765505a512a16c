#!/usr/bin/env python3
"""long.py PANGLOT [--runs N] [--orders N] [--crashes-min N] [--jobs N] [--journal FILE] - the long
run of the simulator, in chunks of seeds, and what it comes to.

With a journal it can be stopped at any time and goes on where it was: one line a chunk that went
well. The journal belongs to one program: another one begins anew. Exit 1 with the first violation.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

CHUNK = 10  # runs


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("panglot")
    parser.add_argument("--seed", type=int, default=1000, help="of the first run")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=2000, help="a run")
    parser.add_argument("--crashes-min", type=int, default=0, help="fewer are no proof")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--journal", help="where it goes on from")
    return parser.parse_args()


def run_command(command):
    """Its exit code, what it said on both, and the milliseconds of CPU that it took."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)  # waited for below
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        return (process.returncode, out.read(), err.read(),
                round(1000 * (used.ru_utime + used.ru_stime)))


def run_chunk(options, seed):
    """Its seed, exit code and sums, and what it said if something went wrong."""
    runs = min(CHUNK, options.seed + options.runs - seed)
    code, out, err, cpu_ms = run_command(
        [options.panglot, "sim", "--seed", str(seed), "--runs", str(runs), "--orders",
         str(options.orders), "--json", "--verbose"])
    sums = collections.Counter(cpu_ms=cpu_ms)
    for line in out.splitlines():
        point = re.match(r"point=(\S+) hits=(\d+)$", line)
        if point:
            sums["point " + point[1]] += int(point[2])
        elif line.startswith("{"):
            report = json.loads(line)
            sums.update({"runs": 1})
            sums.update({name: value for name, value in report.items()
                         if isinstance(value, int) and name not in ("seed", "isViolated")})
            sums.update({"fault " + name: count for name, count in report["faults"].items()})
    return seed, code, dict(sums), err


def name_of(options):
    """The program and what is asked of it: a journal of something else is of no use."""
    with open(options.panglot, "rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()} {options.orders}"


def read_journal(options):
    """Seed -> sums, of the chunks that are done."""
    if not options.journal or not os.path.exists(options.journal):
        return {}
    with open(options.journal, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.endswith("\n")]
    return {line["seed"]: line["sums"] for line in lines if line["of"] == name_of(options)}


def write_journal(options, seed, sums):
    if options.journal:
        with open(options.journal, "a", encoding="utf-8") as file:
            file.write(json.dumps({"of": name_of(options), "seed": seed, "sums": sums}) + "\n")


def run_all(options):
    """Every chunk once; their sums."""
    sums = collections.Counter()
    done = read_journal(options)
    seeds = range(options.seed, options.seed + options.runs, CHUNK)
    for seed in seeds:
        sums.update(done.get(seed, {}))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        todo = [pool.submit(run_chunk, options, seed) for seed in seeds if seed not in done]
        for future in concurrent.futures.as_completed(todo):
            seed, code, chunk, said = future.result()
            if code != 0:
                pool.shutdown(cancel_futures=True)
                sys.exit(f"seeds from {seed}: exit {code}\n{said}")
            write_journal(options, seed, chunk)
            sums.update(chunk)
            print(f"{sums['runs']} of {options.runs} runs, {sums['orders']} orders, "
                  f"{sums['crashes']} crashes", flush=True)
    return sums


def report(options, sums):
    """As bench/README.md has it."""
    print(f"runs {sums['runs']}, orders {sums['orders']} (confirmed {sums['confirmed']}, failed "
          f"{sums['failed']}, cancelled {sums['cancelled']}), crashes {sums['crashes']}, commits "
          f"audited {sums['commits']}, requests {sums['requests']}, virtual hours "
          f"{sums['virtualMs'] / 3600000:.1f}")
    print("faults: " + ", ".join(f"{name[6:]} {count}" for name, count in sorted(sums.items())
                                 if name.startswith("fault ")))
    hits = {name[6:]: count for name, count in sums.items() if name.startswith("point ")}
    rare = sorted(hits, key=hits.get)[:5]
    print(f"points {len(hits)}, never hit {[name for name in hits if not hits[name]]}; rarest "
          + ", ".join(f"{name} {hits[name]}" for name in rare))
    print(f"CPU seconds {sums['cpu_ms'] / 1000:.0f}: "
          f"{1000 * sums['orders'] / sums['cpu_ms']:.0f} orders a second and core")
    if any(count == 0 for count in hits.values()):
        sys.exit("a point was never hit")
    if sums["crashes"] < options.crashes_min:
        sys.exit(f"{options.crashes_min} crashes were asked for")


def main():
    options = parse_arguments()
    report(options, run_all(options))


if __name__ == "__main__":
    main()
