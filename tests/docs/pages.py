"""pages.py - the Markdown of the repository, as the checks beside this file read it."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOT_OURS = {".git", "build", "node_modules"}
FENCE = re.compile(r"^```(\S*)\s*$")


def all_pages():
    """Every Markdown file, as a path from the root."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(path for path in found if not NOT_OURS & set(path.parts))


def pages_that_tell():
    """Those that tell their reader what to type."""
    return [path for path in all_pages() if path.parts[0] in ("README.md", "docs")]


def fences(text):
    """(line, language, content) of each fenced block."""
    begun = None
    for number, line in enumerate(text.split("\n"), 1):
        found = FENCE.match(line)
        if begun is not None and line == "```":
            yield begun[0], begun[1], "\n".join(begun[2])
            begun = None
        elif begun is not None:
            begun[2].append(line)
        elif found:
            begun = (number, found.group(1), [])
    if begun is not None:
        yield begun[0], "never closed", ""


def prose(text):
    """The page without its fenced blocks and code spans; line for line."""
    lines, is_inside = [], False
    for line in text.split("\n"):
        if FENCE.match(line) and (not is_inside or line == "```"):
            is_inside = not is_inside
            lines.append("")
        else:
            lines.append("" if is_inside else re.sub(r"`[^`]*`", "``", line))
    return "\n".join(lines)
