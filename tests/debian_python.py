"""debian_python.py - for tests whose Python modules are Debian's packages, and so are not there for
every Python of a machine."""
import importlib
import os
import sys

SKIPPED = 77
SYSTEM_PYTHON = "/usr/bin/python3"


def need(modules, packages):
    """Goes on with a Python that has them all, or ends the test as skipped."""
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError:
        if os.path.exists(SYSTEM_PYTHON) and sys.executable != SYSTEM_PYTHON:
            os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
        print(f"this needs {packages}")
        sys.exit(SKIPPED)
