#!/usr/bin/env python3
"""points_test.py PANGLOT - each point of base/buggify.h strikes in some run: one that never does is
on no way, or too seldom to test anything."""
import re
import subprocess
import sys

ARGUMENTS = "--seed 1 --runs 40 --orders 400 --verbose".split()


def main():
    done = subprocess.run([sys.argv[1], "sim", *ARGUMENTS], stdout=subprocess.PIPE, text=True,
                          check=True)
    hits = dict(re.findall(r"^point=(\S+) hits=(\d+)$", done.stdout, re.M))
    missed = [name for name, count in hits.items() if count == "0"]
    assert len(hits) > 20 and not missed, f"of {len(hits)} points never hit: {missed}"


if __name__ == "__main__":
    main()
