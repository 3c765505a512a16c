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
        "src/events/log.c src/events/consumer.c src/store/recent.c src/wire/jwt_cache.c "  # at open
        "sim/ bench/ fuzz/ tests/ _test.c " + REAL)

# A call, where it is no member of a struct: net->connect(...) is ours.
CALLS = [  # names, the only places that may call them, why
    ("time gettimeofday clock_gettime clock localtime gmtime", REAL,
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
    ("malloc calloc realloc free strdup strndup asprintf", HEAP, "memory comes from arenas"),
    ("strcpy strcat sprintf vsprintf gets strtok atoi atol atof", "",
     "unbounded, or blind to errors"),
]

ALL = (".c", ".h", ".py", ".sh", ".cmake", ".proto", ".sql", ".md", ".txt", ".json", ".js", ".css",
       ".html", ".yml", ".graphql")
LINES = [  # pattern, suffixes, why; the brackets keep a pattern from matching its own row
    (r"\bTO[D]O\b|\bFIX[M]E\b|\bX[X]X\b", ALL, "unfinished business"),
    (r"(?<![\w.-])/(wor[k]|roo[t]|hom[e]|User[s])/\w", ALL, "a path of somebody's machine"),
    (r"\t", tuple(set(ALL) - {".txt"}), "a tab"),
    (r"[ \r]$", ALL, "blanks at the end of the line"),
    (r"^.{101}", (".c", ".h", ".py", ".sh"), "over 100 columns"),
]

# Comments and texts, which may name what code may not call. Their lines stay, to keep the count.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_of(text):
    return NO_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)


def is_at(path, places):
    return any(path.startswith(place) or path.endswith(place) for place in places.split())


def check(root):
    calls = [(re.compile(rf"(?<![\w.>])({names.replace(' ', '|')})\s*\("), places, why)
             for names, places, why in CALLS]
    lines = [(re.compile(pattern), suffixes, why) for pattern, suffixes, why in LINES]
    for path, text in tree.files(root, *ALL):
        if path.endswith((".c", ".h")):
            for number, line in enumerate(code_of(text).splitlines(), 1):
                for call, places, why in calls:
                    found = call.search(line)
                    if found and not is_at(path, places):
                        yield f"{path}:{number}: {found.group(1)}: {why}"
        suffix = os.path.splitext(path)[1]
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, suffixes, why in lines:
                if suffix in suffixes and pattern.search(line):
                    yield f"{path}:{number}: {why}"
        if text.startswith("#!") and not os.access(os.path.join(root, path), os.X_OK):
            yield f"{path}:1: a script that is not executable"
        if text and not text.endswith("\n"):
            yield f"{path}:{text.count(chr(10)) + 1}: no end of line at the end of the file"


if __name__ == "__main__":
    tree.report(check)
