#!/usr/bin/env python3
"""far_test.py NAME [--mtls] --binary PANGLOT [TEST...] - near and far give the same answers: the
cases of tests/blackbox/NAME_test.py, as they are, on a platform whose roles are processes of their
own, which show each other certificates with --mtls. Cases that are of one process say why
(harness.of_one_process).
"""
import contextlib
import pathlib
import runpy
import sys
import tempfile

import split
import harness  # split.py has told where it is

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with contextlib.ExitStack() as kept:
        if "--mtls" in sys.argv:
            sys.argv.remove("--mtls")
            folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="pgl-mtls-"))
            split.make_certificates(folder)
            split.Split.usual_mesh = split.mutual_tls(folder)
        harness.Server = split.Split  # before shop.py derives from it
        path = pathlib.Path(split.BLACKBOX) / f"{name}_test.py"
        sys.argv[0] = str(path)
        runpy.run_path(str(path), run_name="__main__")
