#!/usr/bin/env python3
"""Stripe's own client against our provider: PROGRAM BUILD_DIR

The client comes from npm into the build tree; what it does is in check_stripe.mjs.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FILES = ("package.json", "package-lock.json", "check_stripe.mjs")
SKIPPED = 77
NPM_SECONDS_MAX = 120
CHECK_SECONDS_MAX = 60


def fetch(folder):
    """False without npm or a registry."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    if shutil.which("npm") is None:
        return False
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    return subprocess.run(install, cwd=folder, stdout=subprocess.DEVNULL, check=False,
                          timeout=NPM_SECONDS_MAX).returncode == 0


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    if not fetch(folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="pgl-stripe-") as data:
        return subprocess.run(["node", "check_stripe.mjs", program, data + "/data"], cwd=folder,
                              check=False, timeout=CHECK_SECONDS_MAX).returncode


if __name__ == "__main__":
    sys.exit(main())
