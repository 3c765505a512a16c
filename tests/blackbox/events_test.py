#!/usr/bin/env python3
"""events_test.py - what operators are told of all that happened, from any position on.

Aim:     every event once, in the order of its log, whatever the size of an answer; nothing of
         another tenant, nothing of a card; a wait ends when something happens.
Method:  one platform with demo data; its events are read in answers of different sizes, and must be
         the same each time.
"""
import contextlib
import json
import re
import sqlite3
import subprocess
import threading
import time

import shop

EVENT = {"specversion": str, "id": str, "source": str, "type": str, "subject": str, "time": str,
         "sequence": str, "traceparent": str, "datacontenttype": str, "dataschema": str,
         "data": dict}
TRACE = "0af7651916cd43dd8448eb211c80319c"
NEXT = re.compile(r'^<(/api/v1/events\?after=[^>]*)>; rel="next"$')
PAGES_MAX = 200


def setUpModule():
    global store, sku, orders
    store = shop.Shop("--demo")
    sku = sorted(store.products())[0]
    ann = store.person("ann")
    orders = [ann.buy((sku, 1))["id"] for _ in range(5)] + [ann.buy((sku, 9000))["id"]]


def tearDownModule():
    store.close()


def read_on(person, path):
    """(the events, where it goes on)"""
    answer = person.ask("GET", path)
    if answer.code != 200:
        raise AssertionError(f"{path}: {answer.code} {answer.body!r}")
    if answer.headers["Content-Type"] != "application/cloudevents-batch+json":
        raise AssertionError(answer.headers)
    return answer.json(), NEXT.match(answer.headers["Link"])[1]


def read_all(person, path):
    """All there is, answer by answer."""
    events = []
    for _ in range(PAGES_MAX):
        batch, path = read_on(person, path)
        if not batch:
            return events, path
        events += batch
    raise AssertionError(f"{path}: no end")


def stream_of_endings(olga, last_id):
    """(its status, its first line or all of the refusal)"""
    olga.connection.request("GET", "/api/v1/orders/endings", headers={
        "Authorization": "Bearer " + olga.token, "Last-Event-ID": str(last_id)})
    answer = olga.connection.getresponse()
    said = answer.read() if answer.status != 200 else answer.readline()
    olga.close()
    return answer.status, said


class Events(shop.Case):
    def setUp(self):
        self.olga = store.person("olga", "operator")
        # What the last orders say may still be on its way.
        shop.wait_for(self.endings, lambda seen: seen == len(orders))

    def endings(self):
        """Orders of which nothing more will be said."""
        events, _ = read_all(self.olga, "/api/v1/events?max=500")
        last = ("panglot.inventory.committed.v1", "panglot.order.cancelled.v1")
        return sum(event["type"] in last for event in events)

    def test_any_size_gives_the_same_events(self):
        whole, _ = read_all(self.olga, "/api/v1/events?max=500")
        self.assertGreaterEqual(len(whole), 5 * 6 + 2)
        for size in (1, 2, 7):
            events, _ = read_all(self.olga, f"/api/v1/events?max={size}")
            self.assertEqual(sorted(e["id"] for e in events), sorted(e["id"] for e in whole))
            self.assertEqual(len({e["id"] for e in events}), len(events))
            for source in ("/panglot/orders", "/panglot/payments", "/panglot/inventory"):
                numbers = [e["sequence"] for e in events if e["source"] == source]
                self.assertEqual(numbers, sorted(numbers))

    def test_an_event_is_a_cloud_event(self):
        events, _ = read_all(self.olga, "/api/v1/events")
        for event in events:
            self.assert_shape(event, EVENT, optional=("traceparent",))
            self.assertEqual(event["specversion"], "1.0")
            self.assertIn(event["subject"], orders)
        self.assertEqual([e["time"] for e in events], sorted(e["time"] for e in events))

    def test_a_log_and_types_are_chosen(self):
        some, _ = read_all(self.olga, "/api/v1/events?log=payments")
        self.assertEqual({e["source"] for e in some}, {"/panglot/payments"})
        some, _ = read_all(self.olga, "/api/v1/events?types=inventory.*,panglot.order.confirmed.v1")
        self.assertEqual({e["type"] for e in some},
                         {"inventory.item.reserved", "panglot.order.confirmed.v1"})
        self.assertEqual(len(some), 2 * (len(orders) - 1))

    def test_a_wait_ends_when_something_happens(self):
        _, after = read_all(self.olga, "/api/v1/events?max=500&wait=0")
        ann, seen = store.person("ann"), []
        waiting = threading.Thread(
            target=lambda: seen.append(read_on(self.olga, after.replace("wait=0", "wait=10"))))
        started = time.monotonic()
        waiting.start()
        time.sleep(0.3)
        name = ann.ask("POST", "/api/v1/orders", shop.order_of((sku, 1)), idempotency_key="waited",
                       traceparent=f"00-{TRACE}-b7ad6b7169203331-01").json()["id"]
        orders.append(name)
        waiting.join()
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(seen[0][0][0]["subject"], name)
        self.assertIn(TRACE, seen[0][0][0]["traceparent"])
        ann.wait_final(name)

    def test_a_wait_ends_without_news(self):
        _, after = read_all(self.olga, "/api/v1/events?max=500")
        started = time.monotonic()
        events, _ = read_on(self.olga, after + "&wait=1")
        self.assertEqual(events, [])
        self.assertGreater(time.monotonic() - started, 0.8)

    def test_who_may(self):
        for person in (store.person("ann"), store.person("wanda", "warehouse")):
            self.assert_problem(person.ask("GET", "/api/v1/events"), 403)
        self.assertEqual(store.stranger().ask("GET", "/api/v1/events").code, 401)
        other = store.person("oscar", "operator")
        other.token = store.token("oscar", "--role", "operator", "--tenant", "other")
        self.assertEqual(read_on(other, "/api/v1/events?max=500")[0], [])

    def test_bad_questions(self):
        for query in ("after=x", "after=MQ", "after=MS4xLjIuMS4yLjEuLTE", "log=catalog", "log=",
                      "types=", "types=panglot.nothing", "types=*,", "max=0", "max=501", "max=x",
                      "wait=16", "wait=-1", "size=3", "types=" + ",".join(["*"] * 33)):
            self.assert_problem(self.olga.ask("GET", "/api/v1/events?" + query), 422)


class Pruned(shop.Case):
    """What is kept no longer: the files are shortened, as weeks would do."""
    FIRST_KEPT = 4

    def test_who_comes_too_late_is_told_and_a_newcomer_begins_with_what_there_is(self):
        kept = shop.Shop("--demo")
        try:
            ann, olga = kept.person("ann"), kept.person("olga", "operator")
            for _ in range(4):
                ann.buy((sku, 1))
            path = "/api/v1/events?log=orders"
            whole, _ = read_all(olga, path)
            _, begun = read_on(olga, path + "&max=1")
            last = int(whole[-1]["sequence"])
            kept.stop()
            with contextlib.closing(sqlite3.connect(kept.folder / "data/orders.db")) as file:
                with file:
                    file.execute("UPDATE log_head SET low = ?", (self.FIRST_KEPT,))
                    file.execute("DELETE FROM event WHERE seq < ?", (self.FIRST_KEPT,))
            kept.open()
            olga = kept.person("olga", "operator")
            some, _ = read_all(olga, path)
            self.assertEqual([int(event["sequence"]) for event in some], [
                int(event["sequence"]) for event in whole
                if int(event["sequence"]) >= self.FIRST_KEPT])
            self.assert_problem(olga.ask("GET", begun), 410, "pruned")
            for last_id, code in ((1, 410), (last + 1000, 422), (0, 200), (self.FIRST_KEPT, 200)):
                status, said = stream_of_endings(olga, last_id)
                self.assertEqual(status, code, said)
            self.assertRegex(said, rb"^id: \d+\n$")
            self.assertGreater(int(said[4:]), self.FIRST_KEPT)
        finally:
            kept.close()


class FarBehind(shop.Case):
    BEHIND_MAX = 10_000
    ROUNDS_MAX = 20

    def high(self, loaded):
        """How many events the log of orders has; they are numbered from 1 on."""
        done = subprocess.run([loaded.binary, "call", "EventLogService/Read",
                               '{"log":"LOG_ORDERS","max":1}',
                               "--url", "http://%s:%d" % loaded.address,
                               "--token", loaded.person("olga", "operator").token],
                              stdout=subprocess.PIPE, text=True, check=True)
        return int(json.loads(done.stdout).get("high", 0))

    def load(self, loaded):
        subprocess.run([loaded.binary, "bench", "orders", "--url", "http://%s:%d" % loaded.address,
                        "--data", loaded.data, "--seconds", "1", "--warm-up", "100ms"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def test_a_stream_begins_so_far_behind_and_no_further(self):
        loaded = shop.Shop("--demo")
        try:
            for _ in range(self.ROUNDS_MAX):
                self.load(loaded)
                if self.high(loaded) > self.BEHIND_MAX + 1:
                    break
            shop.wait_for(lambda: json.loads(loaded.run("verify", "--json")[1]),
                          lambda look: look["idle"])  # nothing is added any more
            high, olga = self.high(loaded), loaded.person("olga", "operator")
            self.assertGreater(high, self.BEHIND_MAX + 1)
            for behind, code in ((self.BEHIND_MAX, 200), (self.BEHIND_MAX + 1, 410)):
                status, said = stream_of_endings(olga, high - behind)
                self.assertEqual(status, code, said)
            self.assertIn(b"too far behind", said)
        finally:
            loaded.close()


class Catalogue(shop.Case):
    def test_the_document(self):
        answer = store.stranger().ask("GET", "/asyncapi.json")
        document = json.loads(answer.body)
        self.assertEqual(document["asyncapi"], "3.0.0")
        schema = document["components"]["schemas"]["OrderCreated"]
        self.assertIn("paymentMethod", schema["properties"])
        self.assertNotIn("paymentMethodRef", schema["properties"])


if __name__ == "__main__":
    shop.main()
