#!/usr/bin/env python3
"""far_test.py NAME --binary PANGLOT [TEST...] - near and far give the same answers: the cases of
tests/blackbox/NAME_test.py, as they are, on a platform whose roles are processes of their own.
"""
import pathlib
import runpy
import sys

import split
import harness  # split.py has told where it is

if __name__ == "__main__":
    name = sys.argv.pop(1)
    harness.Server = split.Split  # before shop.py derives from it
    path = pathlib.Path(split.BLACKBOX) / f"{name}_test.py"
    sys.argv[0] = str(path)
    runpy.run_path(str(path), run_name="__main__")
