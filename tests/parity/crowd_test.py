#!/usr/bin/env python3
"""crowd_test.py --binary PANGLOT - as many clients at once as a gateway has for a process on its
own are answered with 201 where every role is one: nothing between them is refused, no stream ends.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import split

CONNECTIONS = 600
SECONDS = 4


def load(platform):
    """What `panglot bench orders` says: each order followed to its end, by a stream of endings."""
    host, port = platform.address
    done = subprocess.run(
        [platform.binary, "bench", "orders", "--url", f"http://{host}:{port}",
         "--data", platform.data, "--connections", str(CONNECTIONS), "--seconds", str(SECONDS),
         "--warm-up", "1s", "--json"], stdout=subprocess.PIPE, text=True, check=False, timeout=100)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-crowd-"))
    with split.running(options.binary, folder) as platform:
        report = load(platform)
        if not report["good"] or set(report["statuses"]) != {"201"} or report["streamBreaks"] > 0:
            sys.exit(f"not everybody was served: {report}")
        print(f"{CONNECTIONS} clients had {report['accepted']} orders accepted, none refused")


if __name__ == "__main__":
    main()
