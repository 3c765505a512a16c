#!/usr/bin/env python3
"""twice_test.py PANGLOT - one seed, run twice, is the same run; another seed is another one."""
import re
import subprocess
import sys

SEEDS, ORDERS = (7, 8, 9), "200"


def hash_of(binary, seed):
    done = subprocess.run([binary, "sim", "--seed", str(seed), "--orders", ORDERS],
                          stdout=subprocess.PIPE, text=True, check=True)
    return re.search(r"hash=([0-9a-f]+)", done.stdout).group(1)


def main():
    first = [hash_of(sys.argv[1], seed) for seed in SEEDS]
    again = [hash_of(sys.argv[1], seed) for seed in SEEDS]
    assert first == again, f"the same seeds, other runs: {first} {again}"
    assert len(set(first)) == len(SEEDS), f"other seeds, the same run: {first}"


if __name__ == "__main__":
    main()
