#!/usr/bin/env python3
"""after_test.py - what happens to an order beside its state: deadlines, refunds, parcels, stories;
and a card number that leaves no trace.

Method: one shop. Each story is played over REST and looked at from all sides; behind the card
numbers the whole folder, the log and the metrics are searched for them.
"""
import concurrent.futures
import json
import pathlib
import re
import socket
import tempfile
import time

import shop

CARD = "4242424242424242"
CARD_SPELLINGS = (CARD, "4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005",
                  "378282246310005", r"4242424242424\u0032\u0034\u0032", "x4222222222222y")
TABLES = {
    "catalog": shop.CATALOG + "".join(
        f"{sku},A {sku},,things,,{price},USD,1\n"
        for sku, price in (("CUP", 100), ("POT", 900), ("VASE", 300))),
    "stock": shop.STOCK + "CUP,WH-EU-1,100\nPOT,WH-EU-1,10\nVASE,WH-EU-1,6\n",
}


class After(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop(tables=TABLES)
        cls.anna = cls.shop.person("anna")
        cls.boss = cls.shop.person("boss", "operator")

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def setUp(self):
        self.addCleanup(self.assert_sound, self.shop)

    def confirmed(self, *lines, **changes):
        order = self.anna.buy(*lines, **changes)
        self.assertEqual(order["status"], "CONFIRMED", order)
        return order

    def refund(self, order, key, body, who=None):
        return (who or self.boss).ask("POST", f"/api/v1/orders/{order['id']}/refunds", body,
                                      idempotency_key=key)

    def order_now(self, order):
        return self.anna.get(f"/api/v1/orders/{order['id']}")


class Refunds(After):
    def test_give_money_back_line_by_line(self):
        order = self.confirmed(("CUP", 3), ("POT", 1))
        body = {"lines": [{"lineNo": 1, "quantity": 2}], "reason": "chipped"}
        answer = self.refund(order, "one", body)
        self.assertEqual(answer.code, 202, answer.body)
        refund = answer.json()
        self.assertEqual((refund["refundNo"], refund["status"], refund["amountMinor"]),
                         (1, "REQUESTED", 200))
        self.assertEqual(answer.headers["Location"], f"/api/v1/orders/{order['id']}")
        now = shop.wait_for(lambda: self.order_now(order), lambda now: now["refundedMinor"] == 200)
        self.assertEqual((now["status"], now["refunds"][0]["status"]), ("CONFIRMED", "REFUNDED"))
        self.assertEqual(now["lines"][0]["refundedQuantity"], 2)
        self.assertGreater(now["version"], order["version"])
        self.assertEqual(self.anna.payment(order["id"])["refundedMinor"], 200)

        again = self.refund(order, "one", body)
        self.assertEqual((again.code, again.json()), (202, refund))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assert_problem(self.refund(order, "one", {}), 422, "Idempotency-Key")

        rest = self.refund(order, "two", {}).json()
        self.assertEqual((rest["refundNo"], rest["amountMinor"]), (2, 1000))
        shop.wait_for(lambda: self.order_now(order), lambda now: now["refundedMinor"] == 1200)
        self.assert_problem(self.refund(order, "three", {}), 409, "refunded")
        texts = [event["text"] for event in self.anna.story(order["id"])]
        self.assertIn("Refund 1: 2.00 USD was given back.", texts)

    def test_are_for_operators_and_never_for_more_than_was_paid(self):
        order = self.confirmed(("CUP", 2))
        self.assert_problem(self.refund(order, "a", {}, who=self.anna), 403)
        self.assert_problem(self.boss.ask("POST", f"/api/v1/orders/{order['id']}/refunds", {}), 400)
        for lines, code, word in (
                ([{"lineNo": 1, "quantity": 3}], 422, "lines[0].quantity"),
                ([{"lineNo": 1, "quantity": 0}], 422, "lines[0].quantity"),
                ([{"lineNo": 2, "quantity": 1}], 422, "lines[0].lineNo"),
                ([{"lineNo": 1, "quantity": 1}] * 3, 422, "lines[2].quantity"),
                ([{"lineNo": 1, "quantity": 1, "price": 1}], 422, "price")):
            self.assert_problem(self.refund(order, "b", {"lines": lines}), code, word)
        self.assertEqual(self.order_now(order)["refunds"], [])
        failed = self.anna.buy(("POT", 11))
        self.assert_problem(self.refund(failed, "c", {}), 409, "confirmed")
        nobody = {"id": "019a0b1c-7000-7000-8000-0123456789ab"}
        self.assert_problem(self.refund(nobody, "d", {}), 404)


class Parcels(After):
    def test_are_shown_until_all_is_fulfilled(self):
        order, wanda = self.confirmed(("CUP", 3)), self.shop.person("wanda", "warehouse")
        path = f"/api/v1/orders/{order['id']}/shipments"
        shop.wait_for(lambda: wanda.get(path)["left"], bool)
        for number, quantity in enumerate((1, 2)):
            body = {"warehouse": "WH-EU-1", "lines": [{"lineNo": 1, "quantity": quantity}],
                    "carrier": "DHL", "tracking": f"T{number}"}
            answer = wanda.ask("POST", path, body, idempotency_key=f"{order['id']}-{number}")
            self.assertIn(answer.code, (200, 201), answer.body)
            sent = number + 1
            now = shop.wait_for(lambda: self.order_now(order),
                                lambda now: len(now["shipments"]) == sent)
            self.assertEqual(now["shipments"][-1]["tracking"], f"T{number}")
            self.assertEqual(now["fulfilment"], "FULFILLED" if number else "PARTIAL")
        self.assertEqual((now["status"], now["lines"][0]["shippedQuantity"]), ("CONFIRMED", 3))
        names = [event["name"] for event in self.anna.story(order["id"])]
        self.assertEqual(names.count("OrderFulfilled"), 1)


    def test_wake_whoever_watches(self):
        order, wanda = self.confirmed(("CUP", 1)), self.shop.person("wanda", "warehouse")
        path = f"/api/v1/orders/{order['id']}"
        self.assertEqual(self.anna.ask("GET", f"{path}/events",
                                       last_event_id=str(order["version"])).code, 204)
        self.assert_problem(self.anna.ask("GET", f"{path}/events?until=ever"), 422, "until")
        shop.wait_for(lambda: wanda.get(f"{path}/shipments")["left"], bool)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            stream = pool.submit(lambda: self.shop.person("anna").ask(
                "GET", f"{path}/events?until=fulfilled").body.decode())
            time.sleep(0.2)
            self.assertFalse(stream.done())
            self.assertEqual(wanda.ask("POST", f"{path}/shipments", {"warehouse": "WH-EU-1"},
                                       idempotency_key=f"watched-{order['id']}").code, 201)
            told = re.findall(r"event: (\w+)\ndata: (.*)", stream.result(10))
        kinds = [json.loads(data).get("what") for event, data in told if event == "change"]
        self.assertEqual(kinds, ["SHIPPED", "FULFILLED"])


class Stories(After):
    def test_say_what_happened_and_causes_come_first(self):
        order = self.confirmed(("POT", 1))
        events = self.anna.story(order["id"])
        told = set()
        for event in events:
            self.assertRegex(event["text"], r"^[0-9A-Za-z].*\.$")
            self.assertTrue(not event.get("cause") or event["cause"] in told, event)
            told.add(event["eventId"])
        self.assertIn("Confirmed: 9.00 USD was paid.", [event["text"] for event in events])

    def test_say_why_an_order_failed(self):
        order = self.anna.buy(("POT", 50))
        texts = [event["text"] for event in self.anna.story(order["id"])]
        self.assertTrue(any(text.startswith("Failed: ") for text in texts), texts)

    def test_a_cancel_that_came_too_late_is_a_conflict_with_a_name(self):
        order = self.confirmed(("CUP", 1))
        answer = self.anna.cancel(order["id"])
        self.assert_problem(answer, 409, "already confirmed")
        self.assertEqual(answer.json()["type"], "/problems/already-confirmed")


class Wishes(After):
    def test_a_deadline_is_within_a_day(self):
        for seconds in (0, 29, 86401, -1):
            self.assert_problem(self.anna.order(("CUP", 1), deadlineSeconds=seconds), 422,
                                "deadlineSeconds")
        order = self.anna.order(("CUP", 1), deadlineSeconds=30, allowPartial=True).json()
        self.assertTrue(order["allowPartial"])
        self.assertGreater(order["deadlineAt"], order["createdAt"])
        self.anna.wait_final(order["id"])

    def test_a_part_will_do_where_that_was_said(self):
        order = self.anna.buy(("VASE", 9), allowPartial=True)
        self.assertEqual(order["status"], "CONFIRMED", order)
        self.assertEqual((order["lines"][0]["confirmedQuantity"], order["confirmedMinor"]),
                         (6, 1800))
        self.assertEqual(self.anna.payment(order["id"])["capturedMinor"], 1800)
        texts = [event["text"] for event in self.anna.story(order["id"])]
        self.assertIn("Confirmed in part: 18.00 USD was paid, 3 of what was ordered were left out.",
                      texts)
        self.assert_problem(self.refund(order, "part", {"lines": [{"lineNo": 1, "quantity": 7}]}),
                            422, "6 of this line")


class Deadlines(shop.Case):
    """A bank that takes connections and never answers; an order that waits for it."""

    def test_end_what_is_not_settled_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as bank, tempfile.TemporaryDirectory() as keys:
            key = pathlib.Path(keys) / "key"
            key.write_text("sk_test_after")
            store = shop.Shop("--provider", f"http://127.0.0.1:{bank.getsockname()[1]}",
                              "--provider-key", str(key), "--deadline-least", "1s", tables=TABLES)
            self.addCleanup(store.close)
            anna = store.person("anna")
            card = {"method": "card", "cardToken": "pm_card_visa"}
            answer = anna.order(("CUP", 1), payment=card, deadlineSeconds=2)
            self.assertEqual(answer.code, 201, answer.body)
            self.assertEqual(answer.json()["payment"], {"method": "card"})
            patient = anna.order(("CUP", 1), payment=card, deadlineSeconds=600).json()
            started = time.monotonic()
            order = anna.wait_final(answer.json()["id"])
            self.assertLess(time.monotonic() - started, 7)  # the deadline and 5 s
            self.assertEqual((order["status"], order["reason"]), ("FAILED", "not settled in time"))
            texts = [event["text"] for event in anna.story(order["id"])]
            self.assertIn("Failed: it could not be settled by its deadline.", texts)
            self.assertEqual(anna.get(f"/api/v1/orders/{patient['id']}")["status"], "PENDING")
            self.assertNotIn("pm_card_visa", json.dumps(anna.get("/api/v1/orders")))


class CardNumbers(After):
    def test_leave_no_trace(self):
        porter = self.shop.person("porter", "warehouse")
        order = self.confirmed(("CUP", 1))
        for number, card in enumerate(CARD_SPELLINGS):
            bodies = (
                (self.anna, "/api/v1/orders",
                 shop.order_of(("CUP", 1), payment={"method": "card", "cardToken": "CARD"})),
                (self.anna, "/api/v1/orders", shop.order_of(("CARD", 1))),
                (self.anna, "/api/v1/orders", shop.order_of(("CUP", 1), note="my card CARD.")),
                (self.boss, f"/api/v1/orders/{order['id']}/refunds", {"reason": "to CARD"}),
                (porter, f"/api/v1/orders/{order['id']}/shipments",
                 {"warehouse": "WH-EU-1", "carrier": "CARD"}),
                (porter, "/api/v1/inventory/CUP/receipts",
                 {"warehouse": "CARD", "quantity": 1}),
            )
            for who, path, body in bodies:
                text = json.dumps(body).replace("CARD", card)
                answer = who.ask("POST", path, text.encode(), idempotency_key=f"card-{number}")
                self.assert_problem(answer, 422, "card")
                self.assertNotIn(card.encode(), answer.body)
        answer = self.anna.ask("POST", "/api/v1/orders", f'{{"broken {CARD}'.encode(),
                               idempotency_key="broken")
        self.assert_problem(answer, 422, "card")  # before anybody reads it
        self.assert_nowhere()

    def assert_nowhere(self):
        metrics = self.shop.stranger().ask("GET", "/metrics").body
        places = {"metrics": metrics, "log": self.shop.log.read_bytes()}
        for path in self.shop.folder.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_bytes()
        self.assertGreater(len(places), 4)
        for name, content in places.items():
            for card in CARD_SPELLINGS:
                self.assertIsNone(re.search(re.escape(card.encode()), content), (name, card))


if __name__ == "__main__":
    shop.main()
