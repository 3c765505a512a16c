#!/usr/bin/env python3
"""points_test.py PANGLOT - the points of base/buggify.h strike in some runs: one that never does is
on no way, or too seldom to test anything. In so few runs some may be missed; in the long one
(long.py) none."""
import re
import subprocess
import sys

ARGUMENTS = "--seed 1 --runs 40 --orders 300 --verbose".split()


def main():
    done = subprocess.run([sys.argv[1], "sim", *ARGUMENTS], stdout=subprocess.PIPE, text=True,
                          check=True)
    hits = dict(re.findall(r"^point=(\S+) hits=(\d+)$", done.stdout, re.M))
    missed = [name for name, count in hits.items() if count == "0"]
    print(f"of {len(hits)} points never hit: {missed}")
    assert len(hits) > 80 and len(missed) < len(hits) / 8


if __name__ == "__main__":
    main()
