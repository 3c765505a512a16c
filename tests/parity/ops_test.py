#!/usr/bin/env python3
"""ops_test.py --binary PANGLOT - each process of a platform can be watched: it says that it lives,
whether it is ready, and its own metrics, until it ends; and listens nowhere for it unasked.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import split
import harness
from split import expect

NOTICE_SECONDS = 2


def ask(platform, role, method, path):
    return harness.Client(("127.0.0.1", platform.ops[role])).ask(method, path)


def check_answers(platform):
    for role in split.SERVICES:
        for path in ("/livez", "/readyz"):
            answer = ask(platform, role, "GET", path)
            expect(answer.code == 200 and answer.body == b"ok\n", f"{role}: {path}: {answer.code}")
        answer = ask(platform, role, "GET", "/metrics")
        expect(answer.code == 200, f"{role}: /metrics: {answer.code}")
        for other in split.SERVICES:
            has = f'panglot_commits_total{{service="{other}"}}'.encode() in answer.body
            expect(has == (other == role), f"the metrics of {role} and {other}")
        expect(ask(platform, role, "GET", "/").code == 404, f"{role}: /")
        answer = ask(platform, role, "POST", "/readyz")
        expect(answer.code == 405 and answer.headers["Allow"] == "GET, HEAD", f"{role}: POST")
        expect(ask(platform, role, "HEAD", "/livez").code == 200, f"{role}: HEAD")
    print(f"{len(split.SERVICES)} processes say that they live, are ready, and what they count")


def check_drain(platform):
    process = platform.processes["orders"]
    process.send_signal(signal.SIGTERM)
    until = time.monotonic() + NOTICE_SECONDS
    while ask(platform, "orders", "GET", "/readyz").code == 200:
        expect(time.monotonic() < until, "it is ready behind SIGTERM")
        time.sleep(0.01)
    expect(ask(platform, "orders", "GET", "/livez").code == 200, "it does not live while it drains")
    expect(process.wait(harness.STOP_SECONDS_MAX) == 0, "it did not end well")
    print("one that is to end is not ready, and alive")


def listening_ports(pid):
    own = {os.readlink(file) for file in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for table in ("tcp", "tcp6")
            for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows
            if row[3] == "0A" and f"socket:[{row[9]}]" in own}


def check_unasked(platform):
    with_ops = listening_ports(platform.processes["catalog"].pid)
    expect(with_ops == {platform.ports["catalog"], platform.ops["catalog"]}, f"ports: {with_ops}")
    platform.stop_role("catalog")
    del platform.ops["catalog"]
    platform.start_role("catalog")
    expect(platform.wait_role("catalog"), "the catalog is not there again")
    without = listening_ports(platform.processes["catalog"].pid)
    expect(without == {platform.ports["catalog"]}, f"ports of one that nobody asked to: {without}")
    print("who is not asked to listens nowhere for it")


def check_refused(binary, folder):
    done = subprocess.run([binary, "serve", "--data", folder / "none", "--ops", "127.0.0.1:0"],
                          capture_output=True, check=False, timeout=30)
    expect(done.returncode == 2 and b"--ops" in done.stderr, "a gateway with --ops")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-ops-"))
    check_refused(options.binary, folder)
    with split.running(options.binary, folder,
                       ("--demo", "--drain-notice", f"{NOTICE_SECONDS}s")) as platform:
        check_answers(platform)
        check_drain(platform)
        check_unasked(platform)


if __name__ == "__main__":
    main()
