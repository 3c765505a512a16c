#!/usr/bin/env python3
"""h2spec.py --binary PROGRAM --build BUILD_DIR - our HTTP/2 against h2spec's conformance suite

Aim:     what RFC 9113 and RFC 7541 ask of a server, as somebody else has read them.
Method:  every case of the suite against one platform; a table says which may fail, and why.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))

import shop

SKIPPED = 77
FETCH_SECONDS_MAX = 400
SUITE_SECONDS_MAX = 300
MODULE = "github.com/summerwind/h2spec/cmd/h2spec"
VERSION = "v2.2.1+incompatible"
FAILED = re.compile(r"^\s*× \d+: (.*)$", re.M)

CLOSED = "RFC 9113, 5.1: what comes for a closed stream may be an error; here it is ignored"
MAY_FAIL = {
    "Sends invalid connection preface":
        "whatever is no preface is HTTP/1.1, and answered as that before it is closed",
    "closed: Sends a DATA frame": CLOSED,
    "closed: Sends a DATA frame after sending RST_STREAM frame": CLOSED,
    "closed: Sends a HEADERS frame": CLOSED,
    "closed: Sends a HEADERS frame after sending RST_STREAM frame": CLOSED,
    "half closed (remote): Sends a DATA frame": "the answer is out by then: closed",
    "half closed (remote): Sends a HEADERS frame": "the answer may be out by then: closed",
    'Sends a DATA frame on the stream that is not in "open" or "half-closed (local)" state': CLOSED,
    "Sends stream identifier that is numerically smaller than previous":
        "looks like what is late for a closed stream; ignored as well",
    "Sends PRIORITY frame that depend on itself":
        "RFC 9113, 5.3.2: priorities are not used any more, and are counted and ignored",
}


def fetch(build):
    """The program, or None."""
    program, module = build / "h2spec", build / "h2spec-module"
    if program.exists():
        return program
    module.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    for command in (["go", "mod", "init", "spec"], ["go", "get", f"{MODULE}@{VERSION}"],
                    ["go", "build", "-o", str(program.resolve()), MODULE]):
        try:
            done = subprocess.run(command, cwd=module, env=environment, check=False,
                                  timeout=FETCH_SECONDS_MAX, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error)
            return None
        if done.returncode != 0 and command[2] != "init":
            print(done.stdout[-2000:])
            return None
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--build", required=True, type=pathlib.Path)
    arguments = parser.parse_args(namespace=shop.options)
    program = fetch(arguments.build)
    if program is None:
        print("h2spec could not be fetched or built")
        sys.exit(SKIPPED)
    store = shop.Shop("--demo", "--connect-rate", "100000")
    try:
        host, port = store.address
        done = subprocess.run([program.resolve(), "-h", host, "-p", str(port), "-P", "/livez"],
                              check=False, timeout=SUITE_SECONDS_MAX, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    finally:
        store.close()
    said = done.stdout
    print(said[said.find("Failures:"):] if "Failures:" in said else said[-300:])
    failed = set(FAILED.findall(said.partition("Failures:")[2]))
    wrong = sorted(failed - MAY_FAIL.keys())
    for case in wrong:
        print("wrong:", case)
    sys.exit(1 if wrong or " passed, " not in said else 0)


if __name__ == "__main__":
    main()
