#!/usr/bin/env python3
"""elle.py JOURNAL [HISTORY] - the journal as a history of list-append transactions, and what it
shows.

Each order is a list to which its changes append their versions; who reads the order at version 3
has read [1 2 3], and so has who followed it to its end. The history is written as EDN, a map a
line, as Elle reads it. Our own checker of it knows what a list that only grows allows, in time that
is linear in the history:

- incompatible: two reads of a list of which neither is the beginning of the other
- repeated: a list has an element twice
- phantom: somebody has read what nobody appended
- stale: a read began when another had ended, and has seen less
"""
import json
import sys


def transactions(records):
    """(process, key, elements that were read) in the order in which they ended."""
    for record in records:
        body = record.get("body")
        if record.get("did") == "read" and record.get("code") == 200:
            yield record.get("client", ""), record["id"], list(range(1, body["version"] + 1))
        elif record.get("did") == "stream" and record.get("is_whole"):
            yield record.get("client", ""), record["id"], [n for n, _ in record["heard"]]


def history(records):
    """The maps of the history: appends where they first must have been made, then the reads."""
    appended, processes, lines = {}, {"shop": 0}, []

    def note(kind, process, value):
        lines.append({"type": kind, "f": "txn", "process": process, "value": value,
                      "index": len(lines)})

    for client, key, seen in transactions(records):
        process = processes.setdefault(client, len(processes))
        for element in seen[appended.get(key, 0):]:
            note("invoke", 0, [["append", key, element]])
            note("ok", 0, [["append", key, element]])
        appended[key] = max(appended.get(key, 0), len(seen))
        note("invoke", process, [["r", key, None]])
        note("ok", process, [["r", key, seen]])
    return lines


def edn(value):
    """As much of EDN as a history needs."""
    if value is None:
        return "nil"
    if isinstance(value, list):
        return "[" + " ".join(map(edn, value)) + "]"
    return str(value) if isinstance(value, int) else json.dumps(value)


def write(lines, out):
    for line in lines:
        operations = " ".join(f"[:{op} {edn(key)} {edn(seen)}]" for op, key, seen in line["value"])
        out.write(f"{{:type :{line['type']}, :f :txn, :process {line['process']}, "
                  f":value [{operations}], :index {line['index']}}}\n")


def anomalies(lines):
    """(kind, key, text) of what a list that only grows does not allow."""
    longest, appended, found = {}, {}, []
    for line in lines:
        if line["type"] != "ok":
            continue
        for op, key, seen in line["value"]:
            if op == "append":
                appended.setdefault(key, set()).add(seen)
                continue
            before = longest.get(key, [])
            short, long = sorted((before, seen), key=len)
            if len(set(seen)) != len(seen):
                found.append(("repeated", key, f"{seen}"))
            elif not set(seen) <= appended.get(key, set()):
                found.append(("phantom", key, f"{seen}"))
            elif long[:len(short)] != short:
                found.append(("incompatible", key, f"{before}, then {seen}"))
            elif len(seen) < len(before):
                found.append(("stale", key, f"{before}, then {seen}"))
            longest[key] = long
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as journal:
        lines = history(map(json.loads, journal))
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as out:
            write(lines, out)
    found = anomalies(lines)
    for kind, key, text in found[:20]:
        print(f"{kind}: {key}: {text}")
    print(f"{len(lines) // 2} transactions, {len(found)} anomalies")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
