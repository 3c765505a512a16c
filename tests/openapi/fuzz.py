#!/usr/bin/env python3
"""fuzz.py PROGRAM BUILD_DIR - what Schemathesis makes of /openapi.json, and of our answers

Aim:     whatever the document allows, or just does not, is answered as the document says: no 5xx,
         no status, type of body or body that is not described, nothing taken that does not fit.
Method:  an operator asks a demo platform every operation but the stream that never ends: the
         document's examples, the bounds of its schemas (bounds.py) and made-up values; the seed,
         the checks and those that cannot hold are in schemathesis.toml. It comes from PyPI into
         BUILD_DIR.
"""
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "blackbox"))

import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
FETCH_SECONDS_MAX = 100
SUITE_SECONDS_MAX = 280
CONFIG = HERE / "schemathesis.toml"
PACKAGES = ("schemathesis==4.1.0", "hypothesis==6.116.0", "hypothesis-jsonschema==0.23.1",
            "jsonschema==4.26.0", "pyrate-limiter==3.9.0", "pytest==8.4.2")


def fetch(venv):
    """Whether it is there."""
    program = venv / "bin/schemathesis"
    try:
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", venv], check=True,
                           timeout=FETCH_SECONDS_MAX)
            subprocess.run([venv / "bin/pip", "install", "--quiet", *PACKAGES], check=True,
                           timeout=FETCH_SECONDS_MAX)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"cannot be had: schemathesis: {error}")
        return False
    return True


def commands(venv, url, token):
    yield [venv / "bin/schemathesis", "--config-file", CONFIG, "run", url, "--no-color",
           "--header", f"Authorization: Bearer {token}", "--exclude-path", "/api/v1/orders/endings"]
    yield [venv / "bin/python", HERE / "bounds.py", CONFIG, url, token]


def main():
    shop.options.binary, folder = [pathlib.Path(path).resolve() for path in sys.argv[1:3]]
    if not fetch(folder / "schemathesis"):
        return SKIPPED
    environment = {**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "table_bodies"}
    store = shop.Shop("--demo")
    try:
        token = store.token("fuzz", "--role", "operator")
        url = f"http://{store.address[0]}:{store.address[1]}/openapi.json"
        until = time.monotonic() + SUITE_SECONDS_MAX
        started = [subprocess.Popen(command, cwd=store.folder, env=environment)
                   for command in commands(folder / "schemathesis", url, token)]
        try:
            codes = [process.wait(until - time.monotonic()) for process in started]
        finally:
            for process in started:
                process.kill()
                process.wait()
    finally:
        store.close()
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
