#!/usr/bin/env python3
"""made.py --build FOLDER [--write] PAGE... - do the pages show the tables that the program has?

A part of a page that is made stands between two marks, the first of which says by which command:

    <!-- made: docs_draw order -->
    <!-- made end -->

The programs lie in the build folder. What docs_draw prints is Markdown; what any other prints is
shown as it is. With --write the pages are brought up to date.
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PART = re.compile(r"(<!-- made: ([^\n]+) -->\n)(.*?)(<!-- made end -->\n)", re.S)
BEGIN = "<!-- made: "


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, type=pathlib.Path, help="where the programs lie")
    parser.add_argument("--write", action="store_true", help="bring the pages up to date")
    parser.add_argument("pages", nargs="+")
    options = parser.parse_args()
    build = options.build.resolve()
    sys.exit(max(check(build, page, options.write) for page in options.pages))


def check(build, page, is_write):
    """The exit code for one page."""
    path = ROOT / page
    text = path.read_text()
    parts = len(PART.findall(text))
    if parts == 0 or parts != text.count(BEGIN):
        print(f"{page}: {text.count(BEGIN)} marks, {parts} whole parts")
        return 1
    wanted = PART.sub(lambda part: part[1] + make(build, part[2]) + part[4], text)
    if wanted == text:
        print(f"{page}: {parts} parts are as the program has them")
        return 0
    if is_write:
        path.write_text(wanted)
        print(f"{page}: written")
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        text.splitlines(True), wanted.splitlines(True), page, "as the program has it"))
    print(f"to bring it up to date: tests/docs/made.py --build {build} --write {page}")
    return 1


def make(build, command):
    words = command.split()
    said = subprocess.run([build / words[0], *words[1:]], stdout=subprocess.PIPE, text=True,
                          timeout=30, check=True).stdout
    return said if words[0] == "docs_draw" else f"```text\n{said}```\n"


if __name__ == "__main__":
    main()
