#!/usr/bin/env python3
"""wrap_comments.py FILE... - brings C comments within 100 columns, and touches no other.

clang-format would do it (ReflowComments), but it takes the small table at the top of our headers
(Owner: ... Bounds: ...) for running text and spoils it. Here a line that is too wide hands its last
words to the next line of the same paragraph, under the same indent; a comment behind code goes
before it. A table drawn inside a comment is left to a person; names.py says where.
"""
import pathlib
import re
import sys

import names

COLUMNS_MAX = 100
LINE = re.compile(r"^( *)(/\*| \*)( +)(?=\S)")  # opens a comment, or goes on with one
LABEL = re.compile(r"[A-Z][a-z]+: +")  # in a header's table; what follows is indented under it
BEHIND = re.compile(r"^( *)([^ /][^\"]*[;,]|#define [^\"]*?\S) +(/\* .* \*/)$")
GLUE = "\x00"  # in place of the blank before */, which stays with the last word


def wrap(text):
    by_hand = names.BY_HAND.search(text)
    if by_hand:
        return wrap(text[:by_hand.start()]) + by_hand.group() + wrap(text[by_hand.end():])
    lines, wrapped = [], []
    for line in text.split("\n"):
        behind = BEHIND.match(line) if len(line) > COLUMNS_MAX and line.count("/*") == 1 else None
        lines += [behind[1] + behind[3], behind[1] + behind[2]] if behind else [line]
    lines = "\n".join(lines).replace(" */", GLUE + "*/").split("\n")
    while lines:
        line = lines.pop(0)
        opening = LINE.match(line)
        cut = line.rfind(" ", 0, COLUMNS_MAX + 1) if len(line) > COLUMNS_MAX and opening else -1
        if cut <= (opening.end() if opening else 0) or line.count(GLUE) > line.endswith("*/"):
            wrapped.append(line)
            continue
        indent, _, blanks = opening.groups()
        label = LABEL.match(line, opening.end())
        hang = indent + " *" + blanks + " " * (len(label.group()) if label else 0)
        wrapped.append(line[:cut].rstrip())
        rest = line[cut + 1:]
        if not rest.endswith("*/") and lines and goes_on(lines[0], hang):
            rest += " " + lines.pop(0)[len(hang):]
        lines.insert(0, hang + rest)
    return "\n".join(wrapped).replace(GLUE, " ")


def goes_on(line, hang):
    """Is it running text of the same paragraph?"""
    text = line[len(hang):]
    return (line.startswith(hang) and text[:1] not in (" ", "-", "*", "") and
            not LABEL.match(text) and "  " not in text)


def main():
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        before = path.read_text()
        after = wrap(before)
        if after != before:
            path.write_text(after)


if __name__ == "__main__":
    main()
