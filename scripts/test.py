#!/usr/bin/env python3
"""test.py [--prove] [--only STAGE] [--with STAGE] - builds Panglot in each way that finds bugs, and
runs its tests.

The stages are the table below: what is built, and which of ctest's labels run on it. Each says one
line when it is done. The counts come from ctest's own JUnit file. The last line is
"N passed, N failed, N skipped". The exit code is 1 if anything failed, if nothing ran at all, or,
on the build machine (CI=true), if a test was skipped that could have run there.

A test skips by returning 77; its last line of output says why. Where the reason is something that
no package brings (a vendor's server, say), that line begins with "cannot be had".
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent

STAGES = [  # name, preset, what is built, ctest's labels (None: all), left out unless --prove
    ("release", "release", "all", None, "prove|interop"),
    ("asan", "asan", "unit_tests", "unit", "prove"),
    ("tsan", "tsan", "threads_tests", "threads", "prove"),
    ("fuzz", "fuzz", "all", "fuzz", "prove"),  # clang: its warnings are errors too
    ("interop", "release", "all", "interop", "prove"),  # fetches what others have made
]
ONLY_WHEN_ASKED_FOR = {"interop"}
PLACES = "4"  # two a core: what computes takes both, what waits takes one (cmake/Tests.cmake)
TEST_SECONDS_MAX = "600"  # for a test that does not name its own limit
PROGRESS = re.compile(r"^\[\d+/\d+\] .*\n", re.M)  # of ninja, which also says what went well
CANNOT_BE_HAD = "cannot be had"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--prove", action="store_true", help="the long forms as well")
    parser.add_argument("--only", choices=[stage[0] for stage in STAGES])
    parser.add_argument("--with", choices=sorted(ONLY_WHEN_ASKED_FOR), dest="more",
                        help="this stage too, behind the others")
    options = parser.parse_args()
    wanted = {options.only} if options.only else {stage[0] for stage in STAGES}
    if not options.only:
        wanted -= ONLY_WHEN_ASKED_FOR - {options.more}

    passed, failed, skipped = [], [], []
    for stage in STAGES:
        if stage[0] in wanted:
            run_stage(stage, options.prove, passed, failed, skipped)

    for name, why in skipped:
        print(f"skipped: {name}: {why}")
    for name, _ in failed:
        print(f"failed: {name}")
    must_run = [why for _, why in skipped if not why.startswith(CANNOT_BE_HAD)]
    strict = os.environ.get("CI") == "true" and must_run
    if strict:
        print("a test was skipped that could have run here: on the build machine that is a failure")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or strict or not passed else 0)


def run_stage(stage, prove, passed, failed, skipped):
    """Adds (name, output or reason) to the three lists: one for each test, or one for the build."""
    name, preset, target, labels, left_out = stage
    build = ROOT / "build" / preset
    started = time.monotonic()
    for command in (["cmake", "--preset", preset], ["ninja", "-k0", "-C", str(build), target]):
        status, output = call(command)
        if status != 0:
            failed.append((f"{name}: build", output))
            print(f"{name:8} does not build\n{tail(PROGRESS.sub('', output))}", flush=True)
            return
    built = time.monotonic()

    junit = build / "tests.xml"
    junit.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(build), "-j", PLACES, "--timeout", TEST_SECONDS_MAX,
               "--output-junit", str(junit), "--test-output-size-passed", "65536"]
    command += ["-L", labels] if labels else []
    command += [] if prove else ["-LE", left_out]
    status, output = call(command)
    results = read_junit(junit)
    mine = {kind: [(f"{name}: {test}", said) for test, what, said in results if what == kind]
            for kind in ("passed", "failed", "skipped")}
    if status != 0 and not mine["failed"]:
        mine["failed"].append((f"{name}: ctest", output))
    if not results:
        mine["skipped"].append((f"{name}: all", f"no test has the label {labels}"))

    print(f"{name:8} {len(mine['passed']):4} passed {len(mine['failed']):3} failed "
          f"{len(mine['skipped']):3} skipped   built in {built - started:.0f} s, "
          f"tested in {time.monotonic() - built:.0f} s", flush=True)
    for test, said in mine["failed"]:
        print(f"---- {test}\n{tail(said)}\n----", flush=True)
    passed += mine["passed"]
    failed += mine["failed"]
    skipped += [(test, said.strip().split("\n")[-1]) for test, said in mine["skipped"]]


def read_junit(path):
    """(test, "passed" | "failed" | "skipped", output) of each test that ctest was to run."""
    if not path.exists():
        return []
    results = []
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        said = case.findtext("system-out") or ""
        what = {"run": "passed", "notrun": "skipped", "disabled": "skipped"}.get(
            case.get("status"), "failed")
        if case.get("status") == "notrun" and "SKIP_RETURN_CODE" not in skip_reason(case):
            what, said = "failed", said or skip_reason(case)  # a program that was not built
        results.append((case.get("name"), what, said))
    return results


def skip_reason(case):
    skipped = case.find("skipped")
    return "" if skipped is None else skipped.get("message", "")


def call(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def tail(text, lines_max=80):
    return "\n".join(text.rstrip().split("\n")[-lines_max:])


if __name__ == "__main__":
    main()
