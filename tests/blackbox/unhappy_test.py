#!/usr/bin/env python3
"""unhappy_test.py - orders that fail, orders that are taken back, and requests that come twice.

Aim:     whatever happens to an order, money and stock agree with what its customer was told.
Method:  a small shop without demo data: known prices, few units, little credit. Money is measured
         from outside: an order for exactly the credit that must be left is confirmed, and then one
         for a cent more is declined.
"""
import collections
import json
import threading

import shop

CREDIT = 100_000  # of a customer who is not in the table
MANY = 1_000_000
CATALOG = shop.CATALOG + """\
CENT,One cent,Measures what is left.,small,,1,USD,1
LAMP,Lamp,Gives light.,home,,600,USD,1
VASE,Vase,The only one.,home,,500,USD,1
SOFA,Sofa,Two of them.,home,,10000,USD,1
TEA,Tea,Sold in euros.,small,,300,EUR,1
GONE,Gone,Sold no more.,small,,100,USD,0
"""
STOCK = shop.STOCK + f"""\
CENT,WH-EU-1,{MANY}
LAMP,WH-EU-1,400
LAMP,WH-US-1,{MANY}
VASE,WH-EU-1,1
SOFA,WH-EU-1,1
SOFA,WH-US-1,1
TEA,WH-EU-1,100
"""
CREDITS = shop.CREDIT + "default,poor,USD,1000\ndefault,rich,USD,900000000\n"

RACES, RACERS = 200, 20
ROUNDS_MAX = 10  # of races, until each end was seen


def setUpModule():
    global store
    store = shop.Shop("--credit", str(CREDIT),
                      tables={"catalog": CATALOG, "stock": STOCK, "credit": CREDITS})


def tearDownModule():
    store.close()


def names_of(story):
    return [event["name"] for event in story]


class Unhappy(shop.Case):
    def assert_credit_left(self, person, minor):
        self.assertGreater(minor, 0)
        while minor > 10_000:  # a line may have so many
            lamps = min(10_000, minor // 600 - 1)
            self.assertEqual(person.buy(("LAMP", lamps))["status"], "CONFIRMED")
            minor -= 600 * lamps
        self.assertEqual(person.buy(("CENT", minor))["status"], "CONFIRMED")
        self.assertEqual(person.buy(("CENT", 1))["status"], "FAILED")

    def assert_ended(self, person, order, status, reason, payment_state):
        """All views agree that an order took no money, and why."""
        self.assertEqual(order["status"], status, order)
        self.assertIn(reason, order["reason"])
        payment = person.payment(order["id"])
        self.assertEqual((payment["state"], payment["capturedMinor"]), (payment_state, 0))
        names = names_of(person.story(order["id"]))
        self.assertEqual(names.count("OrderCancelled"), 1)
        for never in ("PaymentCaptured", "InventoryCommitted", "OrderConfirmed"):
            self.assertNotIn(never, names)
        return payment, names


class Declined(Unhappy):
    def test_for_lack_of_credit(self):
        poor, before = store.person("poor"), store.stock("LAMP")
        order = poor.buy(("LAMP", 2))
        payment, names = self.assert_ended(poor, order, "FAILED", "declined", "DECLINED")
        self.assertEqual((payment["amountMinor"], payment["authorizedMinor"]), (1200, 0))
        self.assertTrue(payment["reason"])
        self.assertIn("PaymentDeclined", names)
        self.assertNotIn("InventoryReserved", names)
        self.assertEqual(store.stock("LAMP"), before)
        self.assert_credit_left(poor, 1000)

    def test_for_lack_of_what_other_orders_have_taken(self):
        buyer = store.person("by-and-by")
        self.assertEqual(buyer.buy(("CENT", 10_000))["status"], "CONFIRMED")
        self.assertEqual(buyer.buy(("LAMP", 151))["status"], "FAILED")
        self.assert_credit_left(buyer, CREDIT - 10_000)


class OutOfStock(Unhappy):
    def test_releases_the_money(self):
        buyer, before = store.person("too-many"), store.stock("SOFA")
        order = buyer.buy(("SOFA", 3))
        payment, names = self.assert_ended(buyer, order, "FAILED", "out of stock", "VOIDED")
        self.assertEqual(payment["authorizedMinor"], 30_000)
        for name in ("PaymentAuthorized", "InventoryReservationFailed", "PaymentVoided"):
            self.assertEqual(names.count(name), 1)
        self.assertEqual(store.stock("SOFA"), before)
        self.assert_credit_left(buyer, CREDIT)

    def test_is_all_or_nothing(self):
        buyer, before = store.person("half"), store.stock("VASE")
        order = buyer.buy(("VASE", 1), ("SOFA", 3))
        self.assert_ended(buyer, order, "FAILED", "out of stock", "VOIDED")
        self.assertEqual(store.stock("VASE"), before)
        order = buyer.buy(("VASE", 1), ("VASE", 1))  # each line alone could be had
        self.assert_ended(buyer, order, "FAILED", "out of stock", "VOIDED")
        self.assertEqual(store.stock("VASE"), before)

    def test_not_while_another_warehouse_has_it(self):
        buyer = store.person("patient")
        self.assertEqual(buyer.buy(("SOFA", 2))["status"], "CONFIRMED")
        self.assertEqual([place["available"] for place in store.stock("SOFA")["warehouses"]],
                         [0] * len(store.stock("SOFA")["warehouses"]))
        porter = store.person("porter", "warehouse")
        for place in ("WH-EU-1", "WH-US-1"):
            self.assertEqual(porter.ask("POST", "/api/v1/inventory/SOFA/receipts",
                                        {"warehouse": place, "quantity": 1},
                                        idempotency_key=f"back-{place}").code, 201)

    def test_cancelling_what_has_failed_changes_nothing(self):
        buyer = store.person("late")
        order = buyer.buy(("SOFA", 3))
        for _ in range(2):
            answer = buyer.cancel(order["id"])
            self.assertEqual((answer.code, answer.json()), (200, order))


class Cancelled(Unhappy):
    """The customer against the platform: who is first decides, and all views tell the same."""

    def test_races(self):
        buyer, seen = store.person("rich"), collections.Counter()
        for number in range(ROUNDS_MAX):
            before = store.stock("LAMP")["available"]
            results = shop.at_once(lambda n: self.race(f"race-{number}-{n}"), range(RACES), RACERS)
            for order, codes in results:
                self.check(buyer, order, codes)
                seen.update({order["status"]: 1, **{f"answered {code}": 1 for code in codes}})
            bought = sum(order["status"] == "CONFIRMED" for order, _ in results)
            shop.wait_for(lambda: store.stock("LAMP")["available"],
                          lambda available: available == before - bought)
            if seen["CANCELLED"] and seen["CONFIRMED"]:
                break
        self.assertTrue(seen["CANCELLED"] and seen["CONFIRMED"], seen)
        code, said = store.run("verify")
        self.assertEqual(code, 0, said)

    def race(self, key):
        """(the order at its end, what its two cancels were answered)"""
        buyer = store.person("rich")
        name = buyer.order(("LAMP", 1), key=key).json()["id"]
        answers = [buyer.cancel(name), buyer.cancel(name)]
        order = buyer.wait_final(name)
        for answer in answers:
            if answer.code == 202:
                self.assertEqual(answer.json()["id"], name)
                self.assertEqual(answer.json()["cancellation"], "REQUESTED")
            elif answer.code == 200:
                self.assertEqual(answer.json()["status"], "CANCELLED")
            else:
                self.assert_problem(answer, 409, "confirmed")
        self.assertEqual(buyer.cancel(name).code, 409 if order["status"] == "CONFIRMED" else 200)
        return order, [answer.code for answer in answers]

    def check(self, buyer, order, codes):
        self.assertIn(codes, ([202, 202], [202, 200], [202, 409], [409, 409]))
        asked = codes[0] == 202
        story = names_of(buyer.story(order["id"]))
        self.assertEqual(story.count("OrderCancelRequested"), int(asked))
        if order["status"] == "CANCELLED":
            self.assertTrue(asked)
            self.assertEqual(order["cancellation"], "ACCEPTED")
            self.assert_ended(buyer, order, "CANCELLED", "customer", "VOIDED")
            return
        self.assertEqual(order["status"], "CONFIRMED")
        self.assertEqual(order.get("cancellation"), "REJECTED" if asked else None)
        self.assertEqual(story.count("OrderCancelRejected"), int(asked))
        payment = buyer.payment(order["id"])
        self.assertEqual((payment["state"], payment["capturedMinor"]), ("CAPTURED", 600))

    def test_gives_the_money_back(self):
        """Every order is for all the credit there is: a hold that stayed would decline the next."""
        buyer, ends = store.person("all-or-nothing"), collections.Counter()
        for _ in range(200):
            name = buyer.order(("LAMP", 166), ("CENT", CREDIT - 166 * 600)).json()["id"]
            buyer.cancel(name)
            order = buyer.wait_final(name)
            ends[order["status"]] += 1
            if order["status"] == "CONFIRMED":
                break
            self.assertEqual(order["status"], "CANCELLED", order)
        if ends["CONFIRMED"]:
            self.assertEqual(buyer.buy(("CENT", 1))["status"], "FAILED")
        else:
            self.assert_credit_left(buyer, CREDIT)


class Twice(Unhappy):
    """The same request again, by a client who heard no answer; or by one who is confused."""

    def test_twins_are_one_order(self):
        ready, twins = threading.Barrier(100), 100

        def create(_):
            twin = store.person("twin")
            twin.connection.connect()
            ready.wait(30)
            return twin.order(("LAMP", 1), key="twin")

        store.person("twin")
        answers = shop.at_once(create, range(twins), threads=twins)
        self.assertEqual({answer.code for answer in answers}, {201})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        self.assertEqual(len({answer.headers["Location"] for answer in answers}), 1)
        self.assertEqual({answer.headers["ETag"] for answer in answers}, {'"1"'})
        replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
        self.assertEqual(collections.Counter(replayed), {None: 1, "true": twins - 1})
        twin = store.person("twin")
        self.assertEqual(len(twin.get("/api/v1/orders?limit=100")["items"]), 1)

        order = twin.wait_final(answers[0].json()["id"])
        later = twin.order(("LAMP", 1), key="twin")  # still what was answered first
        self.assertEqual((later.code, later.body), (201, answers[0].body))
        self.assertEqual(later.headers["Idempotent-Replayed"], "true")
        self.assertEqual(twin.get(f"/api/v1/orders/{order['id']}"), order)

    def test_one_body_may_be_written_in_many_ways(self):
        buyer = store.person("scribe")
        first = buyer.order(("LAMP", 1), key="k")
        body = dict(reversed(shop.order_of(("LAMP", 1)).items()))
        again = buyer.ask("POST", "/api/v1/orders", json.dumps(body, indent=2).encode(),
                          idempotency_key="k")
        self.assertEqual((again.code, again.body), (201, first.body))

    def test_another_body_is_refused(self):
        buyer = store.person("confused")
        first = buyer.order(("LAMP", 1), key="k")
        for lines, changes in (((("LAMP", 2),), {}), ((("CENT", 1),), {}),
                               ((("LAMP", 1), ("LAMP", 1)), {}),
                               ((("LAMP", 1),), {"shipTo": {"region": "US"}})):
            self.assert_problem(buyer.order(*lines, key="k", **changes), 422, "Idempotency-Key")
        self.assertEqual(buyer.order(("LAMP", 1), key="k").body, first.body)
        self.assertEqual(len(buyer.get("/api/v1/orders")["items"]), 1)

    def test_twins_with_two_bodies_are_one_order_and_refusals(self):
        ready = threading.Barrier(40)

        def create(n):
            twin = store.person("unlike")
            twin.connection.connect()
            ready.wait(30)
            return twin.order(("CENT", 1 + n % 2), key="unlike")

        store.person("unlike")
        answers = shop.at_once(create, range(40), threads=40)
        self.assertEqual(collections.Counter(answer.code for answer in answers),
                         {201: 20, 422: 20})
        self.assertEqual(len({a.json()["id"] for a in answers if a.code == 201}), 1)

    def test_keys_are_each_customers_own(self):
        ids = {store.person(name).order((sku, 1), key="shared").json()["id"]
               for name, sku in (("ann", "LAMP"), ("bob", "LAMP"), ("cy", "CENT"))}
        self.assertEqual(len(ids), 3)

    def test_a_refused_order_leaves_its_key_free(self):
        buyer = store.person("learner")
        self.assert_problem(buyer.order(("NONE", 1), key="k"), 422)
        self.assertEqual(buyer.order(("LAMP", 1), key="k").code, 201)

    def test_keys_are_compared_as_they_are(self):
        buyer = store.person("typist")
        ids = [buyer.order(("CENT", 1), key=key).json()["id"]
               for key in ("a", "A", "a.", "~", "!" * 255, "!" * 254, "%61", '"a"')]
        self.assertEqual(len(set(ids)), len(ids))


class NotForSale(Unhappy):
    def test_what_cannot_be_ordered(self):
        buyer = store.person("picky")
        self.assert_problem(buyer.order(("LAMP", 1), ("NONE", 1)), 422, "lines[1]", "NONE")
        self.assert_problem(buyer.order(("LAMP", 1), ("GONE", 1)), 422, "lines[1]", "GONE")
        self.assert_problem(buyer.order(("LAMP", 1), ("TEA", 1)), 422, "lines[1]", "EUR")
        self.assert_problem(buyer.ask("GET", "/api/v1/products/GONE"), 404)
        self.assertEqual(buyer.buy(("TEA", 2), currency="EUR")["totalMinor"], 600)
        self.assertEqual(buyer.get("/api/v1/orders?limit=100")["next"], None)
        self.assertEqual(len(buyer.get("/api/v1/orders?limit=100")["items"]), 1)


if __name__ == "__main__":
    shop.main()
