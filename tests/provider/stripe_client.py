#!/usr/bin/env python3
"""Stripe's own client against our provider: PROGRAM BUILD_DIR

The client comes from npm into the build tree; what it does is in check_stripe.mjs.
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import npm  # pylint: disable=wrong-import-position

SKIPPED = 77
CHECK_SECONDS_MAX = 60


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    if not npm.fetch(HERE, ("check_stripe.mjs",), folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="pgl-stripe-") as data:
        return subprocess.run(["node", "check_stripe.mjs", program, data + "/data"], cwd=folder,
                              check=False, timeout=CHECK_SECONDS_MAX).returncode


if __name__ == "__main__":
    sys.exit(main())
