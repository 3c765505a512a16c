#!/usr/bin/env python3
"""twice_test.py PANGLOT - one seed, run twice, is the same run; so is what was written down of it,
played again; another seed is another one."""
import pathlib
import re
import subprocess
import sys
import tempfile

SEEDS, ORDERS = (7, 8, 9), "200"


def hash_of(binary, *arguments):
    done = subprocess.run([binary, "sim", *arguments], stdout=subprocess.PIPE, text=True,
                          check=True)
    return re.search(r"hash=([0-9a-f]+)", done.stdout).group(1)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="twice-") as folder:
        scripts = [str(pathlib.Path(folder) / f"{seed}.pg") for seed in SEEDS]
        first = [hash_of(binary, "--seed", str(seed), "--orders", ORDERS, "--record", script)
                 for seed, script in zip(SEEDS, scripts)]
        again = [hash_of(binary, "--seed", str(seed), "--orders", ORDERS) for seed in SEEDS]
        played = [hash_of(binary, "--script", script) for script in scripts]
    assert first == again, f"the same seeds, other runs: {first} {again}"
    assert first == played, f"the same choices, other runs: {first} {played}"
    assert len(set(first)) == len(SEEDS), f"other seeds, the same run: {first}"


if __name__ == "__main__":
    main()
