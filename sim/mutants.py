#!/usr/bin/env python3
"""mutants.py - would the tests notice? Puts the mistakes of mutants.toml into the code, one by one.

The tree is copied to a folder of its own and built there once; each mutant then costs the building
of one file and the run of its catcher, which has to fail within a minute of one core. A catcher has
to pass before its first mutant. Catchers are programs of mutants.toml, and `unit:NAME`, which is
that one unit test. One line a mutant, with what caught it; then `N passed, N failed, N skipped`;
exit code 0 when none failed. Skipped are mutants whose catcher cannot be built yet.

A mutant with `unseen` cannot be caught, for the reason that stands there. It is tried all the same,
and fails when it is caught after all.

With --shrink the run that has caught a mutant is made as small as it gets, and so is told how many
orders and faults it takes; at the end the medians.

Usage: mutants.py [--catcher NAME] [--only MUTANT] [--sample] [--preset release] [--keep FOLDER]
                  [--shrink]
"""
import argparse
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(".git", "build", "node_modules", "__pycache__", "panglot-data*")
CATCH_CPU_SECONDS = 60  # a catcher that works for longer has not caught anything
CATCH_SECONDS = 300  # nor one that waits for longer
UNIT = "unit:"
BUILD_SECONDS = 1800  # the first build makes everything below the catcher


def main():
    options = parse_options()
    table = tomllib.loads((ROOT / "sim/mutants.toml").read_text())
    mutants = [m for m in table["mutant"] if is_wanted(m, options)]
    if options.sample:
        mutants = first_of_each_catcher(mutants)
    if not mutants:
        print("no such mutant")
        return 2
    catchers = table["catcher"] | {m["catcher"]: unit_test(m["catcher"]) for m in table["mutant"]
                                   if m["catcher"].startswith(UNIT)}
    rotten = [why for m in table["mutant"] if (why := how_it_is_rotten(m, catchers))]
    if rotten:
        print("\n".join(rotten))
        return 1
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Tree(pathlib.Path(options.keep or folder), options.preset)
        return run_all(tree, mutants, catchers, options.shrink)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--catcher", help="only the mutants of this catcher; `unit`: of unit tests")
    parser.add_argument("--only", help="only this mutant")
    parser.add_argument("--sample", action="store_true", help="one for each catcher, the first")
    parser.add_argument("--preset", default="release", help="how to build")
    parser.add_argument("--keep", help="build in this folder and leave it there for the next run")
    parser.add_argument("--shrink", action="store_true", help="how little it takes to see each")
    return parser.parse_args()


def is_wanted(mutant, options):
    catcher = mutant["catcher"]
    return (options.catcher in (None, catcher, catcher.partition(":")[0])
            and options.only in (None, mutant["name"]))


def first_of_each_catcher(mutants):
    return list({m["catcher"]: m for m in reversed(mutants)}.values())[::-1]


def unit_test(catcher):
    target = catcher.removeprefix(UNIT)
    return {"target": target, "command": [f"{{build}}/{target}"]}


def edits_of(mutant):
    """Its one edit, and those it needs besides, because one guard stands behind another."""
    return [mutant, *mutant.get("also", [])]


def how_it_is_rotten(mutant, catchers):
    """None while the mutant still says what it says about the code."""
    name = mutant["name"]
    if mutant["catcher"] not in catchers:
        return f"{name}: no catcher {mutant['catcher']}"
    for edit in edits_of(mutant):
        path = ROOT / edit["file"]
        if not path.exists():
            return f"{name}: no file {edit['file']}"
        count = path.read_text().count(edit["from"])
        if count != 1:
            return f"{name}: its text stands {count} times in {edit['file']}, not once"
        if edit["from"] == edit["to"]:
            return f"{name}: changes nothing"
    return None


def run_all(tree, mutants, catchers, shrinks):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    trouble = {}  # by catcher: why it cannot be used
    sizes = []  # orders and faults of what was made small
    for name in dict.fromkeys(m["catcher"] for m in mutants):
        if catchers[name]["target"] not in tree.targets():
            trouble[name] = ("skipped", f"there is no {catchers[name]['target']} to build yet")
        else:
            trouble[name] = healthy(tree, catchers[name], mutants, name)
    for mutant in mutants:
        started = time.monotonic()
        result, words = trouble[mutant["catcher"]] or try_one(tree, mutant, catchers, shrinks)
        count[result] += 1
        seconds = time.monotonic() - started
        print(f"{result:8}{mutant['name']:34}{mutant['catcher']:32}{seconds:6.1f} s  {words}",
              flush=True)
        sizes += re.findall(r"shrunk: .* orders=(\d+) faults=(\d+)", words)
    for what, column in (("orders", 0), ("faults", 1)):
        if sizes:
            print(f"median {what}: {statistics.median(int(size[column]) for size in sizes):g}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 1 if count["failed"] else 0


def healthy(tree, catcher, mutants, name):
    """None if the catcher passes as it is, with every set of arguments in use."""
    built, words = tree.build(catcher["target"])
    if not built:
        return "failed", f"does not build as it is: {words}"
    for arguments in {tuple(m.get("arguments", [])) for m in mutants if m["catcher"] == name}:
        result, words = tree.run(catcher, arguments)
        if result != "passes":
            return "failed", f"{result} as it is: {words}"
    return None


def try_one(tree, mutant, catchers, shrinks):
    catcher = catchers[mutant["catcher"]]
    sound = {tree.folder / edit["file"]: (tree.folder / edit["file"]).read_text()
             for edit in edits_of(mutant)}
    for edit in edits_of(mutant):
        path = tree.folder / edit["file"]
        path.write_text(path.read_text().replace(edit["from"], edit["to"]))
    try:
        built, words = tree.build(catcher["target"])
        if not built:
            return "failed", f"the mutant does not build: {words}"
        result, words = tree.run(catcher, mutant.get("arguments", []), CATCH_CPU_SECONDS)
        if "unseen" in mutant:
            return ("failed", f"it can be seen after all: {words}") if result == "fails" else (
                "passed", f"unseen: {mutant['unseen']}")
        if result == "fails" and shrinks and "sim" in catcher["command"]:
            _, words = tree.run(catcher, [*mutant.get("arguments", []), "--shrink"])
            return "passed", f"shrunk: {words}"
        if result == "fails":
            return "passed", f"caught: {words}"
        return "failed", f"{result}, but {mutant['why']}"
    finally:
        for path, text in sound.items():
            path.write_text(text)


class Tree:
    """A copy of the sources with a build of its own."""

    def __init__(self, folder, preset):
        self.folder, self.build_folder = folder, folder / "build" / preset
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED, dirs_exist_ok=True,
                        copy_function=copy_if_changed)
        done = run(["cmake", "--preset", preset], BUILD_SECONDS, folder)
        if done.returncode != 0:
            sys.exit(f"cmake --preset {preset} fails:\n{done.stdout}")

    def targets(self):
        listed = run(["ninja", "-C", str(self.build_folder), "-t", "targets", "all"], CATCH_SECONDS)
        return {line.partition(":")[0] for line in listed.stdout.splitlines()}

    def build(self, target):
        done = run(["ninja", "-C", str(self.build_folder), target], BUILD_SECONDS)
        errors = [line for line in done.stdout.splitlines() if "error" in line]
        return done.returncode == 0, (errors or ["?"])[0]

    def run(self, catcher, arguments, cpu_seconds_max=None):
        """passes, fails or hangs, and what it said of that."""
        command = [part.format(build=self.build_folder) for part in catcher["command"]]
        try:
            done = run([*command, *arguments], CATCH_SECONDS, self.folder, cpu_seconds_max)
        except subprocess.TimeoutExpired:
            return "hangs", f"no end after {CATCH_SECONDS} s"
        if done.returncode == -signal.SIGXCPU:
            return "hangs", f"no end after {cpu_seconds_max} s of one core"
        return "fails" if done.returncode else "passes", what_it_said(done.stdout)


def what_it_said(output):
    """The names of the unit tests that failed, where there are any; else the last line."""
    failed = re.findall(r"^\[  FAILED  \] (\w+)$", output, re.M)
    begun = re.findall(r"^\[ RUN      \] (\w+)$", output, re.M)
    if failed:
        names = list(dict.fromkeys(failed))
        return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    if begun and "test(s) run" not in output:
        return f"{begun[-1]} stopped it"
    return (output.strip().splitlines() or [""])[-1]


def copy_if_changed(source, target):
    """What a former run left as it is keeps its time, and is not built again. What it left mutated,
    or restored and not yet built, is newer than its object."""
    source, target = pathlib.Path(source), pathlib.Path(target)
    if not target.exists() or source.read_bytes() != target.read_bytes():
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def run(command, seconds, folder=ROOT, cpu_seconds_max=None):
    def bound():
        if cpu_seconds_max is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds_max, cpu_seconds_max + 5))
    return subprocess.run(command, cwd=folder, timeout=seconds, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=bound)


if __name__ == "__main__":
    sys.exit(main())
