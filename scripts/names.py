#!/usr/bin/env python3
"""names.py [ROOT] - names that may not be called, and small matters of form, as two tables.

Clock, randomness, threads and the network come from `struct pgl_platform`, memory from arenas: a
name that goes around them would not be simulated, or would not be bounded.
"""
import os
import re

import tree

REAL = "src/platform/real/"
HEAP = ("src/base/arena.c src/base/buffer.c src/base/map.c "
        "src/platform/twin.c sim/ bench/ fuzz/ tests/ _test.c _bench.h " + REAL)

# Pools and rings are taken once, when what holds them is opened, and given back when it is closed.
FROM_ARENAS = "memory comes from arenas, and from the heap only at open and close"
OPENS = re.compile(r"(^|_)(open|close)(_|$)")
FUNCTION = re.compile(r"^\w[\w\s*]*?\b(\w+)\(")  # its first line, which begins in column 0

# A call, where it is no member of a struct: net->connect(...) is ours.
CALLS = [  # names, the only places that may call them, why
    ("time gettimeofday clock_gettime clock localtime gmtime", REAL + " _threads_test.c",
     "the clock comes from the platform"),
    ("rand random srand srandom drand48 arc4random getrandom", REAL,
     "randomness comes from the platform"),
    ("getenv secure_getenv setenv putenv", REAL, "configuration is handed down by app"),
    ("sleep usleep nanosleep", REAL, "nothing blocks; use the loop's timers"),
    (r"pthread_\w+ thrd_\w+ mtx_\w+", REAL + " _threads_test.c", "loops share nothing"),
    ("socket socketpair fork vfork execv execve execvp system popen", REAL + " tests/",
     "the outside world comes from the platform"),
    ("exit _exit quick_exit", REAL + " src/app/main.c bench/ tests/", "a loop returns a status"),
    ("abort", "src/base/assert.c", "say PGL_ASSERT"),
    ("malloc calloc realloc free strdup strndup asprintf", HEAP, FROM_ARENAS),
    ("strcpy strcat sprintf vsprintf gets strtok atoi atol atof", "bench/ _test.c",
     "unbounded, or blind to errors"),
]

ALL = (".c", ".h", ".py", ".sh", ".cmake", ".proto", ".sql", ".md", ".txt", ".json", ".js", ".css",
       ".html", ".yml", ".graphql")
TOO_WIDE = "over 100 columns"
LINES = [  # pattern, suffixes, why; the brackets keep a pattern from matching its own row
    (r"\bTO[D]O\b|\bFIX[M]E\b|\bX[X]X\b", ALL, "unfinished business"),
    (r"(?<![\w.-])/(wor[k]|roo[t]|hom[e]|User[s])/\w", ALL, "a path of somebody's machine"),
    (r"\t", tuple(set(ALL) - {".txt"}), "a tab"),
    (r"[ \r]$", ALL, "blanks at the end of the line"),
    (r"^.{101}", (".c", ".h", ".py", ".sh"), TOO_WIDE),
]
BY_HAND = re.compile(r"/\* clang-format off \*/.*?/\* clang-format on \*/", re.S)  # of any width

# Comments and texts, which may name what code may not call. Their lines stay, to keep the count.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


CALL_RULES = [(re.compile(rf"(?<![\w.>])({names.replace(' ', '|')})\s*\("), places, why)
              for names, places, why in CALLS]
LINE_RULES = [(re.compile(pattern), suffixes, why) for pattern, suffixes, why in LINES]


def code_of(text):
    return NO_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)


def lines_by_hand(text):
    """The numbers of the lines of tables that are laid out by hand."""
    return {number for table in BY_HAND.finditer(text)
            for number in range(text.count("\n", 0, table.start()) + 1,
                                text.count("\n", 0, table.end()) + 1)}


def is_at(path, places):
    return any(path.startswith(place) or path.endswith(place) for place in places.split())


def wrong_calls(path, text):
    function = ""
    for number, line in enumerate(code_of(text).splitlines(), 1):
        begun = FUNCTION.match(line)
        function = begun.group(1) if begun else function
        for call, places, why in CALL_RULES:
            found = call.search(line)
            if not found or is_at(path, places) or (why == FROM_ARENAS and OPENS.search(function)):
                continue
            yield f"{path}:{number}: {found.group(1)}: {why}"


def wrong_lines(path, text):
    suffix, by_hand = os.path.splitext(path)[1], lines_by_hand(text)
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, suffixes, why in LINE_RULES:
            if suffix not in suffixes or (why == TOO_WIDE and number in by_hand):
                continue
            if pattern.search(line):
                yield f"{path}:{number}: {why}"
    if text and not text.endswith("\n"):
        yield f"{path}:{len(text.splitlines())}: no end of line at the end of the file"


def check(root):
    for path, text in tree.files(root, *ALL):
        if path.endswith((".c", ".h")):
            yield from wrong_calls(path, text)
        yield from wrong_lines(path, text)
        if text.startswith("#!") and not os.access(os.path.join(root, path), os.X_OK):
            yield f"{path}:1: a script that is not executable"


if __name__ == "__main__":
    tree.report(check)
