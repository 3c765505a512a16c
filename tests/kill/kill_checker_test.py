#!/usr/bin/env python3
"""kill_checker_test.py - would the kill loop see it?

Aim:     a checker that finds nothing is worth as much as what it would have found.
Method:  the rules are tried one by one on small histories, good and bad. Then the whole loop runs
         against fake_server.py: a sound one passes, and each fault it can be ordered to have is
         found, by the rule that is there for it.
"""
import concurrent.futures
import io
import os
import pathlib
import re
import subprocess
import sys
import unittest

import bank
import elle
import fake_server
import history

HERE = pathlib.Path(__file__).resolve().parent
SEEDS_MAX = 5
LOOPS_AT_ONCE = 4  # they mostly sleep


def order(status="PENDING", version=1, **changes):
    return dict({"id": "o1", "status": status, "version": version, "currency": "USD",
                 "totalMinor": 5, "lines": [1], "createdAt": "t"}, **changes)


def created(body=None, code=201, replayed=False, key="k1", total=5):
    return {"did": "create", "key": key, "code": code, "body": body or order(),
            "replayed": replayed, "totalMinor": total}


def read(body, code=200):
    return {"did": "read", "id": "o1", "code": code, "body": body}


def cancelled(code):
    return {"did": "cancel", "id": "o1", "code": code}


def streamed(after, heard, code=200, **more):
    return dict({"did": "stream", "id": "o1", "code": code, "after": after, "heard": heard}, **more)


def listed(items):
    return {"did": "list", "items": items, "ids": ["o1"]}


CASES = [  # what was told, the one rule it breaks (None: it can all be true)
    ([created(), read(order("AUTHORIZED", 2)), read(order("CONFIRMED", 5))], None),
    ([created(), created(replayed=True), read(order("FAILED", 2)), read(order("FAILED", 2))], None),
    ([created(), created(key="k2", body=order(id="o2"))], None),
    ([created(), cancelled(202), read(order("CANCELLED", 2)), cancelled(409)], None),
    ([created(), {"did": "reuse", "key": "k1", "code": 422}], None),
    ([created(), read(None, 404)], "kept"),
    ([created(), cancelled(404)], "kept"),
    ([created(), read(order(id="o2"))], "kept"),
    ([created(), read(order(totalMinor=6))], "same"),
    ([created(), read(order(lines=[1, 2]))], "same"),
    ([created(order(lines=[{"sku": "a", "quantity": 2}])),
      read(order(lines=[{"sku": "a", "quantity": 2, "confirmedQuantity": 1}]))], None),
    ([created(order(lines=[{"sku": "a", "quantity": 2}])),
      read(order(lines=[{"sku": "a", "quantity": 1}]))], "same"),
    ([created(), read(order(currency="EUR"))], "same"),
    ([created(), read(order(createdAt="u"))], "same"),
    ([created(), created(order(id="o2"), replayed=True)], "once"),
    ([created(), created(key="k2")], "once"),
    ([created(), created(replayed=False)], "replayed"),
    ([created(), created(order("AUTHORIZED"), replayed=True)], "replayed"),
    ([created(), {"did": "reuse", "key": "k1", "code": 201}], "refused"),
    ([created(total=6)], "total"),
    ([created(), read(order("RESERVED", 3)), read(order("AUTHORIZED", 4))], "forward"),
    ([created(), read(order("AUTHORIZED", 3)), read(order("AUTHORIZED", 2))], "forward"),
    ([created(), read(order("CONFIRMED", 3)), read(order("FAILED", 4))], "final"),
    ([created(), read(order("CANCELLED", 3)), read(order("CONFIRMED", 4))], "final"),
    ([created(code=500)], "expected"),
    ([created(), read(order("LOST", 2))], "expected"),
    ([created(), read(None, 500)], "expected"),
    ([created(), cancelled(500)], "expected"),
    ([created(), streamed(0, [(1, "PENDING"), (2, "AUTHORIZED")]),
      streamed(2, [(3, "RESERVED")]), read(order("RESERVED", 3))], None),
    ([created(), streamed(0, [(1, "PENDING"), (3, "RESERVED")])], "streamed"),
    ([created(), streamed(1, [(1, "PENDING")])], "streamed"),
    ([created(), streamed(0, [(1, "PENDING"), (1, "PENDING")])], "streamed"),
    ([created(), streamed(0, [], code=404)], "kept"),
    ([created(), read(order("RESERVED", 2)), streamed(1, [(2, "AUTHORIZED")])], "agree"),
    ([created(), read(order("FAILED", 2)),
      streamed(0, [(1, "PENDING")], is_whole=True)], "agree"),
    ([created(), read(order("FAILED", 2)), listed([("o1", "FAILED")])], None),
    ([created(), read(order("FAILED", 2)), listed([("o1", "CONFIRMED")])], "agree"),
    ([created(), read(order("FAILED", 2)), listed([])], "agree"),
]

TOLD = [  # of an order that is CONFIRMED; whether that is right
    (["CONFIRMED"], True),
    (["CONFIRMED", "CONFIRMED"], True),
    ([], False),
    (["FAILED"], False),
    (["CONFIRMED", "CANCELLED"], False),
]

GROWTH = [  # what was read of one order's changes, one behind the other; the anomaly
    ([[1], [1, 2], [1, 2], [1, 2, 3]], None),
    ([[1, 2, 3], [1, 2]], "stale"),
    ([[1, 2, 2]], "repeated"),
    ([[1, 2], [1, 3, 2]], "incompatible"),
]


class HistoryTest(unittest.TestCase):
    def test_told(self):
        for statuses, is_right in TOLD:
            with self.subTest(statuses=statuses):
                told = history.History()
                for record in [created(), read(order("CONFIRMED", 5)),
                               *({"did": "tell", "id": "o1", "status": s} for s in statuses)]:
                    told.note(record)
                self.assertEqual(told.untold(), [] if statuses else ["o1"])
                told.settle_told()
                self.assertEqual({rule for rule, _, _ in told.wrong},
                                 set() if is_right else {"told"})

    def test_rules(self):
        for records, expected in CASES:
            with self.subTest(expected=expected, records=records):
                told = history.History()
                for record in records:
                    told.note(record)
                self.assertEqual({rule for rule, _, _ in told.wrong} - {expected}, set())
                self.assertEqual(bool(told.wrong), expected is not None)

    def test_what_is_settled(self):
        for status, expected in (("RESERVED", {"settled", "works"}), ("FAILED", {"works"}),
                                 ("CONFIRMED", set())):
            told = history.History()
            told.note(created())
            told.note(read(order(status, 2)))
            told.settle()
            self.assertEqual({rule for rule, _, _ in told.wrong}, expected)


class GrowthTest(unittest.TestCase):
    def test_a_list_only_grows(self):
        for reads, expected in GROWTH:
            with self.subTest(reads=reads):
                lines = [{"type": "ok", "value": [["append", "o1", n]]} for n in (1, 2, 3)]
                lines += [{"type": "ok", "value": [["r", "o1", seen]]} for seen in reads]
                self.assertEqual([kind for kind, _, _ in elle.anomalies(lines)],
                                 [expected] if expected else [])

    def test_nobody_reads_what_was_not_appended(self):
        self.assertEqual(elle.anomalies([{"type": "ok", "value": [["r", "o1", [1]]]}])[0][0],
                         "phantom")

    def test_a_journal_becomes_a_history(self):
        lines = elle.history([created(), read(order("AUTHORIZED", 2)),
                              streamed(1, [(2, "AUTHORIZED")]),
                              streamed(0, [(1, "PENDING"), (2, "AUTHORIZED"), (3, "RESERVED")],
                                       is_whole=True)])
        out = io.StringIO()
        elle.write(lines, out)
        self.assertIn('{:type :ok, :f :txn, :process 1, :value [[:r "o1" [1 2 3]]], :index 9}\n',
                      out.getvalue())
        self.assertEqual(elle.anomalies(lines), [])


MONEY = [  # the order's status, what the bank took, what it holds; the rule that this breaks
    ("CONFIRMED", [5], 0, None),
    ("FAILED", [], 0, None),
    ("CANCELLED", [], 0, None),
    ("CONFIRMED", [], 0, "paid"),
    ("CONFIRMED", [5, 5], 0, "paid"),
    ("CONFIRMED", [4], 0, "paid"),
    ("CONFIRMED", [5], 5, "paid"),
    ("FAILED", [5], 0, "unpaid"),
    ("CANCELLED", [5], 0, "unpaid"),
    ("FAILED", [], 5, "unpaid"),
]


class BankTest(unittest.TestCase):
    def test_money_and_status_are_held_together(self):
        for status, taken, held, expected in MONEY:
            with self.subTest(status=status, taken=taken, held=held):
                told = history.History()
                told.note(created())
                told.note(read(order(status, 2)))
                told.paid("o1", taken, held)
                self.assertEqual({rule for rule, _, _ in told.wrong},
                                 {expected} if expected else set())

    def test_the_ledger_takes_money_once(self):
        ledger = bank.Ledger(has_faults=False)
        form = {"amount": "5", "currency": "usd", "capture_method": "manual",
                "payment_method": "pm_card_visa", "metadata[order_id]": "o1"}
        made = ledger.post("/v1/payment_intents", form, "k1")[1]
        path = f"/v1/payment_intents/{made['id']}/"
        self.assertEqual(ledger.post(path + "capture", {}, "k2")[0], 400)  # nothing is held yet
        self.assertEqual(ledger.post(path + "confirm", {}, "k3")[1]["amount_capturable"], 5)
        self.assertEqual(ledger.held("o1"), 5)
        self.assertEqual(ledger.post(path + "capture", {}, "k4")[0], 200)
        self.assertEqual(ledger.post(path + "capture", {}, "k4"),
                         (200, ledger.find(made["id"]), True))
        self.assertEqual(ledger.post(path + "capture", {}, "k5")[0], 400)
        self.assertEqual(ledger.post(path + "cancel", {}, "k6")[0], 400)
        self.assertEqual((ledger.taken("o1"), ledger.held("o1")), ([5], 0))

    def test_a_burnt_key_stays_burnt(self):
        ledger = bank.Ledger(has_faults=False)
        ledger.burn("/v1/payment_intents", {}, "k")
        self.assertEqual(ledger.post("/v1/payment_intents", {}, "k")[0], 500)
        self.assertEqual(ledger.intents, {})


def loop_once(fault, seed):
    """(exit code, the rules that failed, all that was said)"""
    done = subprocess.run(
        [sys.executable, HERE / "kill_loop.py", "--binary", HERE / "fake_server.py",
         "--cycles", "3", "--clients", "8", "--up-ms-max", "600", "--settle-seconds", "4",
         "--seed", str(seed)],
        env=dict(os.environ, FAKE_FAULT=fault), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False)
    return done.returncode, re.findall(r"^FAILED +(\w+)", done.stdout, re.M), done.stdout


def loop_against(fault):
    """A fault shows only when a client looks at the right moment: it may take a few short loops. A
    sound server has to pass its one."""
    for seed in range(1, SEEDS_MAX + 1):
        result = loop_once(fault, seed)
        if not fault or result[1]:
            break
    return result


class LoopTest(unittest.TestCase):
    def test_a_sound_server_passes_and_each_fault_is_found(self):
        faults = ["", *fake_server.FAULTS]
        with concurrent.futures.ThreadPoolExecutor(LOOPS_AT_ONCE) as pool:
            for fault, (code, rules, said) in zip(faults, pool.map(loop_against, faults)):
                with self.subTest(fault=fault or "none"):
                    if fault:
                        self.assertIn(fake_server.FAULTS[fault], rules, said)
                    else:
                        self.assertEqual(rules, [], said)
                    self.assertEqual(code, 1 if fault else 0, said)


if __name__ == "__main__":
    unittest.main()
