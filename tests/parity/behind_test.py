#!/usr/bin/env python3
"""behind_test.py --binary PANGLOT - while a reader of a log is away for more than a minute, the
gateway, which is another process than the log's, takes no more orders; and takes them again once
the reader has caught up.
"""
import argparse
import itertools
import pathlib
import sys
import tempfile
import time

import split
import harness

BEHIND_SECONDS = 60  # PGL_KEEP_BEHIND_NS
ORDER = {"currency": "USD", "lines": [{"sku": "KIT-101", "quantity": 1}],
         "payment": {"method": "account"}, "shipTo": {"region": "EU"}}


def wait_for(platform, keys, code, seconds_max):
    """How long it took until an order was answered so."""
    token, begun = platform.token("ann"), time.monotonic()
    while time.monotonic() - begun < seconds_max:
        answer = harness.Client(platform.address, token).ask(
            "POST", "/api/v1/orders", ORDER, idempotency_key=f"k{next(keys)}")
        if answer.code == code and (code != 503 or b"wait to be settled" in answer.body):
            return time.monotonic() - begun
        time.sleep(0.5)
    sys.exit(f"{code} was expected within {seconds_max} s: {answer.code}: {answer.body}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder, keys = pathlib.Path(tempfile.mkdtemp(prefix="pgl-behind-")), itertools.count()
    with split.running(options.binary, folder, split.NO_LIMITS) as platform:
        wait_for(platform, keys, 201, 10)
        if platform.stop_role("payments") != 0:
            sys.exit("payments did not end")
        shed = wait_for(platform, keys, 503, BEHIND_SECONDS + 20)
        print(f"without its reader orders were taken for {shed:.0f} s, and then no more")
        if shed < BEHIND_SECONDS / 2:
            sys.exit("too early")
        platform.start_role("payments")
        taken = wait_for(platform, keys, 201, 20)
        print(f"{taken:.1f} s after it was started again they were taken")


if __name__ == "__main__":
    main()
