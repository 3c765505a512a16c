#!/usr/bin/env python3
"""history.py [JOURNAL] - what clients were told, and whether it can all be true.

The journal is the clients' own memory: a line of JSON before each request (`do`) and one after its
answer (`did`). Each order is touched by one client, which asks one thing at a time, so the lines of
an order are in the order in which things happened. The rules need nothing else: no database, no
clock, none of the server's code. Run on its own it judges a journal that was kept.
"""
import collections
import json
import pathlib
import sys
import threading

RANKS = {"PENDING": 0, "AUTHORIZED": 1, "RESERVED": 2, "CONFIRMED": 3, "FAILED": 3, "CANCELLED": 3}
FINAL = 3
FOR_EVER = ("id", "currency", "totalMinor", "lines", "createdAt")
ORDERED = ("lineNo", "sku", "quantity", "unitPriceMinor", "totalMinor")  # of a line

RULES = {
    "kept": "an order answered 201 is readable for ever",
    "same": "what was ordered never changes",
    "once": "one key makes one order",
    "replayed": "a key asked again gets the first answer, and hears that it is a replay",
    "refused": "a key with another body is refused",
    "total": "a total is the sum of its lines",
    "forward": "neither status nor version goes back",
    "final": "a final status never changes",
    "streamed": "a stream is numbered without hole or repeat, behind what its reader has",
    "agree": "reads, lists and streams tell one story",
    "grows": "as a list of changes, an order only grows, for everybody",
    "answered": "who asks again is answered in the end",
    "expected": "nothing is answered but what the contract lists",
    "paid": "a card order that is confirmed was captured once, and in full",
    "unpaid": "of a card order that is not confirmed nothing was captured, and nothing is held",
    "owed": "money is taken for no other orders",
    "told": "a webhook tells how each order ended, once at least, and nothing else",
    "works": "orders are confirmed, not all refused",
    "settled": "every order reaches a final status",
    "alive": "the server ends only when it is ended",
    "ready": "the server is soon ready again",
    "drained": "SIGTERM ends it with exit code 0",
    "verified": "panglot verify finds nothing wrong",
}


def ordered(value):
    """Of lines what was ordered: how much of it is paid and shipped is not for ever."""
    if not isinstance(value, list):
        return value
    return [{name: line.get(name) for name in ORDERED} if isinstance(line, dict) else line
            for line in value]


class History:
    """Notes records one by one. `wrong` has (rule, id or key, text); `checked` counts by rule."""

    def __init__(self):
        self.wrong = []
        self.checked = collections.Counter()
        self.first = {}  # key: the body of its first 201
        self.keys = {}  # id: its key
        self.last = {}  # id: (status, version) as last heard
        self.at = {}  # id: {version: status}
        self.ends = collections.defaultdict(set)  # id: the ends that webhooks told of

    def note(self, record):
        rule = {"create": self.created, "reuse": self.reused, "read": self.was_read,
                "cancel": self.cancelled, "stream": self.streamed,
                "list": self.listed, "tell": self.told}.get(record.get("did"))
        if rule:
            rule(record)

    def check(self, rule, holds, name, text):
        self.checked[rule] += 1
        if not holds:
            self.wrong.append((rule, name, text))
        return holds

    def created(self, record):
        key, body = record["key"], record["body"]
        if not self.check("expected", record["code"] == 201, key, f"create: {record['code']}"):
            return
        first = self.first.get(key)
        if first is not None:
            if self.check("once", body["id"] == first["id"], key, f"{first['id']}, {body['id']}"):
                self.check("replayed", body == first and record["replayed"], key,
                           f"first {first}, then {body}, replayed: {record['replayed']}")
            return
        self.first[key] = body
        owner = self.keys.setdefault(body["id"], key)
        self.check("once", owner == key, body["id"], f"the answer to both {owner} and {key}")
        self.check("total", body["totalMinor"] == record["totalMinor"], body["id"],
                   f"{record['totalMinor']} expected, {body['totalMinor']} answered")
        self.heard(body)

    def reused(self, record):
        self.check("refused", record["code"] == 422, record["key"], f"answered {record['code']}")

    def was_read(self, record):
        name, body = record["id"], record["body"]
        if record["code"] == 404:
            self.check("kept", False, name, "answered 201 once, now 404")
        elif self.check("expected", record["code"] == 200, name, f"read: {record['code']}"):
            if not self.check("kept", body["id"] == name, name, f"is answered by {body['id']}"):
                return
            first = self.first[self.keys[name]]
            changed = [field for field in FOR_EVER
                       if field in body and ordered(body[field]) != ordered(first.get(field))]
            self.check("same", not changed, name,
                       "; ".join(f"{f}: {first.get(f)}, now {body[f]}" for f in changed))
            self.heard(body)

    def cancelled(self, record):
        if record["code"] == 404:
            self.check("kept", False, record["id"], "answered 201 once, 404 to its cancel")
        else:
            self.check("expected", record["code"] in (200, 202, 409), record["id"],
                       f"cancel: {record['code']}")

    def streamed(self, record):
        """Messages that somebody got who had those up to `after`."""
        name, after = record["id"], record["after"]
        if record["code"] == 404:
            self.check("kept", False, name, "answered 201 once, 404 to who follows it")
            return
        if not self.check("expected", record["code"] in (200, 204), name,
                          f"stream: {record['code']}"):
            return
        numbers = [number for number, _ in record["heard"]]
        expected = list(range(after + 1, after + 1 + len(numbers)))
        self.check("streamed", numbers == expected, name, f"behind {after}: {numbers}")
        for number, status in record["heard"]:
            self.agrees(name, number, status)
        if record.get("is_whole"):  # from the first message until it ended by itself
            last = self.last.get(name, (None, None))[0]
            heard = record["heard"][-1][1] if record["heard"] else None
            self.check("agree", heard == last, name, f"read {last}, its stream ends {heard}")

    def listed(self, record):
        """All orders of a client, when all of them are final."""
        statuses = dict(record["items"])
        for name in record["ids"]:
            last = self.last.get(name, (None, None))[0]
            self.check("agree", statuses.get(name) == last, name,
                       f"read {last}, listed {statuses.get(name)}")

    def told(self, record):
        """A webhook that was taken: again and again, perhaps."""
        self.ends[record["id"]].add(record["status"])

    def untold(self):
        return [name for name in self.last if name not in self.ends]

    def settle_told(self):
        """To be asked when everything has been told that will be."""
        for name, (status, _) in self.last.items():
            ends = self.ends.get(name, set())
            self.check("told", ends == {status}, name, f"is {status}, told {sorted(ends)}")

    def agrees(self, name, version, status):
        known = self.at.setdefault(name, {}).setdefault(version, status)
        self.check("agree", known == status, name, f"version {version} is {known}, and {status}")

    def heard(self, body):
        """A status that came with an order; may not contradict the one before it."""
        name, status, version = body["id"], body["status"], body.get("version", 0)
        if not self.check("expected", status in RANKS, name, f"status {status}"):
            return
        if "version" in body:
            self.agrees(name, version, status)
        before, version_before = self.last.get(name, (status, version))
        text = f"{before} at version {version_before}, then {status} at version {version}"
        if RANKS[before] == FINAL:
            self.check("final", status == before, name, text)
        self.check("forward", RANKS[status] >= RANKS[before] and version >= version_before,
                   name, text)
        self.last[name] = (status, version)

    def paid(self, name, taken, held):
        """What the bank's ledger has for an order that is paid by card."""
        status, _ = self.last[name]
        total = self.first[self.keys[name]]["totalMinor"]
        if status == "CONFIRMED":
            self.check("paid", taken == [total] and held == 0, name,
                       f"{total} confirmed; captured {taken}, held {held}")
        else:
            self.check("unpaid", not taken and held == 0, name,
                       f"{status}; captured {taken}, held {held}")

    def statuses(self):
        return collections.Counter(status for status, _ in self.last.values())

    def settle(self):
        """To be asked last, when everything has had its time."""
        for name, (status, _) in self.last.items():
            self.check("settled", RANKS[status] == FINAL, name, f"is still {status}")
        self.check("works", self.statuses()["CONFIRMED"] > 0, "all", str(dict(self.statuses())))


class Journal:
    """Appends records to a file and notes them in the history; for any thread.

    A line is handed to the system before the request is sent, so it outlives the checker. It is not
    synced: it is the server that is killed here, not the machine."""

    def __init__(self, path):
        self.file = pathlib.Path(path).open("a", encoding="utf-8")
        self.history = History()
        self.lock = threading.Lock()

    def write(self, **record):
        with self.lock:
            self.file.write(json.dumps(record, separators=(",", ":")) + "\n")
            self.file.flush()
            self.history.note(record)

    def judge(self, rule, holds, name, text):
        """What the journal's lines do not show: how the server began and ended."""
        with self.lock:
            self.history.check(rule, holds, name, text)

    def close(self):
        self.file.close()


def report(history, wrong_shown_max=5):
    """A line a rule, what is wrong below it; True if all that was checked holds."""
    failed = {rule for rule, _, _ in history.wrong}
    for rule, text in RULES.items():
        if history.checked[rule]:
            mark = "FAILED" if rule in failed else "ok"
            print(f"{mark:7} {rule:9} {text} ({history.checked[rule]} times)")
        for _, name, wrong in [w for w in history.wrong if w[0] == rule][:wrong_shown_max]:
            print(f"        {name}: {wrong}")
    print(f"{len(+history.checked) - len(failed)} passed, {len(failed)} failed, 0 skipped")
    return not failed


if __name__ == "__main__":
    told = History()
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            told.note(json.loads(line))
    sys.exit(0 if report(told) else 1)
