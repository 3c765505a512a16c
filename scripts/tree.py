"""tree.py - which files the checks of form look at, and how they say what they found."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOT_OURS = {".git", "build", "node_modules", "__pycache__", "corpus"}


def files(root, *suffixes):
    """Our files below root as (path from the root, text), sorted; not what is built or fetched."""
    for path in sorted(pathlib.Path(root).rglob("*")):
        parts = path.relative_to(root).parts
        if path.suffix not in suffixes or not path.is_file() or path.is_symlink():
            continue
        if not any(part in NOT_OURS or part.startswith("panglot-data") for part in parts):
            yield "/".join(parts), path.read_text(errors="replace")


def report(check):
    """Runs check(root) on the folder named on the command line, or on this repository."""
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    found = list(check(root))
    for line in found:
        print(line)
    wrong = sum(not line.startswith("note: ") for line in found)
    print(f"{pathlib.Path(sys.argv[0]).name}: {wrong} wrong")
    sys.exit(1 if wrong else 0)
