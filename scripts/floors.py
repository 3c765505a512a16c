#!/usr/bin/env python3
"""floors.py [ROOT] - keeps the house in order: who may include whom (ARCHITECTURE.md), and how big.

A file may include its own folder, the folders named in its row, and the made headers. The finer
lines are tables too, so a new folder or library is a new row here, or it does not build.
"""
import re

import tree

LOW = "wire resilience telemetry qsim platform base"
FLOORS = {  # folder: what it may include besides itself
    "src/base": "",
    "src/wire": "base",
    "src/resilience": "base",
    "src/telemetry": "base",
    "src/qsim": "base",
    "src/platform": "base",
    "src/platform/real": "platform base",
    "src/runtime": "platform telemetry base",
    "src/transport": "runtime " + LOW,
    "src/store": "runtime " + LOW,
    "src/events": "store runtime " + LOW,
    "src/edge": "transport runtime " + LOW,
    "src/saga": "events store runtime " + LOW,
    "src/services": None,  # each service is a folder of its own, added below
    "src/app": "*",
    "sim": "*",
    "fuzz": "*",
    "bench": "*",
    "tests": "*",
}
FACES = "gateway bff graphql grpc live sidecar console ops"
FLOORS |= {f"src/edge/{face}": "edge transport runtime " + LOW for face in FACES.split()}
SERVICES = "catalog orders payments inventory webhooks identity quantum"
FLOORS |= {f"src/services/{service}": "saga events store transport runtime " + LOW
           for service in SERVICES.split()}

LIBRARIES = {  # header: the only places that know it
    r"uv\.h|uv/.*|pthread\.h|threads\.h|netdb\.h|sys/(socket|epoll|un)\.h|(netinet|arpa)/.*":
        "src/platform/real/",
    r"sqlite3(ext)?\.h": "src/store/ sim/",
    r"libpq.*|postgresql/.*": "src/store/",
    r"(openssl|nghttp2)/.*|jansson\.h|zlib\.h|yaml\.h|protobuf-c/.*": "src/wire/ fuzz/",
    r"librdkafka/.*": "src/events/kafka.c",
    r"cmocka\.h": "_test.c _bench.h sim/ tests/",
}
THREADS_TEST = "_threads_test.c"  # makes the threads that the module under test never makes

MADE = re.compile(r"contract/\w+\.h|\w+_(migrations|pages)\.h")  # headers made in the build tree
WAITING = re.compile(r"(runtime|transport)/")
MAY_WAIT = re.compile(
    r"/(service|prices|provider(_http)?|worker|reconcile|run|lines)\.[ch]|_test\.c")
SEES_SIM = {"src/app/main.c", "src/app/sim_command.c"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')
GUARD = re.compile(r"^#ifndef (\w+)\n#define \1\n", re.M)
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60


def folder_of(path):
    """The longest row of FLOORS that holds the path."""
    parts = path.split("/")[:-1]
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in FLOORS:
            return "/".join(parts[:length])
    return None


def target_of(path, include):
    """Where a quoted include lies, seen from the repository's root."""
    if include.startswith("sim/"):
        return include
    if "/" not in include and not path.startswith("src/"):
        return path.rsplit("/", 1)[0] + "/" + include  # beside it, where there is one folder only
    return "src/" + include


def wrong_include(path, quote, include):
    """The rule that one include breaks, or None."""
    if path.endswith(THREADS_TEST) and include == "pthread.h":
        return None
    for header, places in LIBRARIES.items():
        if re.fullmatch(header, include):
            known = any(path.startswith(p) or path.endswith(p) for p in places.split())
            return None if known else f"<{include}> is known to {places} only"
    if quote == "<" or MADE.fullmatch(include):
        return None

    own, target = folder_of(path), folder_of(target_of(path, include))
    if target is None or target == "src":
        return f'"{include}" is not written from src/, or its folder is on no floor'
    if target == "sim" and own != "sim" and path not in SEES_SIM:
        return "sim/ is seen by nobody but itself and the command that starts it"
    if own.startswith("src/services/") and WAITING.match(include) and not MAY_WAIT.search(path):
        return f'"{include}": only service.c and outbound flows may wait; handlers stay pure'
    if path == "src/edge/gateway/routes.c" and target.startswith("src/edge"):
        return None  # the list of all faces
    below = FLOORS[own]
    if target == own or below == "*" or target in [f"src/{name}" for name in below.split()]:
        return None
    return f'"{include}": {own} may not include {target}'


def long_functions(lines):
    """(line, length) of each function: only a body's braces stand alone in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_LINES_MAX:
                yield start, number - start - 1
            start = None


def circles(graph):
    """Headers that include one another, each circle as a path of names."""
    done, found = set(), []

    def walk(header, way):
        if header in way:
            found.append(" -> ".join(way[way.index(header):] + [header]))
        elif header not in done:
            for below in graph.get(header, ()):
                walk(below, way + [header])
            done.add(header)

    for header in graph:
        walk(header, [])
    return found


def check(root):
    headers, guards = {}, {}
    for path, text in tree.files(root, ".c", ".h"):
        if folder_of(path) is None or FLOORS[folder_of(path)] is None:
            yield f"{path}:1: its folder is on no floor; give it a row in scripts/floors.py"
            continue
        lines = text.splitlines()
        includes = [(n, INCLUDE.match(line)) for n, line in enumerate(lines, 1)]
        includes = [(n, m.group(1), m.group(2)) for n, m in includes if m]
        for number, quote, include in includes:
            rule = wrong_include(path, quote, include)
            if rule:
                yield f"{path}:{number}: {rule}"
        if path.endswith(".h"):
            headers[path] = [target_of(path, name) for _, quote, name in includes if quote == '"']
            guard = GUARD.search(text)
            if guard is None:
                yield f"{path}:1: a header without a guard"
            elif guards.setdefault(guard.group(1), path) != path:
                yield f"{path}:1: has the same guard as {guards[guard.group(1)]}"
        if len(lines) > FILE_LINES_MAX:
            yield f"{path}:{len(lines)}: over {FILE_LINES_MAX} lines; find the second job inside"
        for number, length in long_functions(lines):
            yield f"note: {path}:{number}: a function of {length} lines"
    for circle in circles(headers):
        yield f"{circle.split(' ')[0]}:1: headers in a circle: {circle}"


if __name__ == "__main__":
    tree.report(check)
