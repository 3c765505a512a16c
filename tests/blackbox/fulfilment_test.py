#!/usr/bin/env python3
"""fulfilment_test.py - parcels leave and come back, tills sell, shelves are counted; and the books
agree.

Method: one shop with two small warehouses. A warehouse ships what was reserved there, in parcels of
its own; what must not leave is tried as well. Behind each story `panglot verify` looks at
everything that there is.
"""
import datetime
import itertools

import shop

TABLES = {
    "catalog": shop.CATALOG + "".join(
        f"{sku},A {sku},,things,,{price},USD,1\n"
        for sku, price in (("CUP", 100), ("POT", 900), ("MUG", 300), ("JAR", 200),
                           ("PAN", 500), ("LID", 50), ("NIL", 900), ("BOX", 900), ("TIN", 90))),
    "stock": shop.STOCK + "CUP,WH-EU-1,4\nCUP,WH-US-1,9\nPOT,WH-EU-1,3\nMUG,WH-EU-1,10\n"
                          "JAR,WH-EU-1,5\nPAN,WH-EU-1,8\nPAN,WH-US-1,8\nLID,WH-EU-1,4\n"
                          "BOX,WH-EU-1,3\nTIN,WH-EU-1,10\n",
}


class Fulfilment(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop(tables=TABLES)
        cls.anna = cls.shop.person("anna")
        cls.wanda = cls.shop.person("wanda", "warehouse")
        cls.olga = cls.shop.person("olga", "operator")
        cls.keys = (f"move-{n}" for n in itertools.count(1))

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def setUp(self):
        self.addCleanup(self.assert_sound, self.shop)

    def ship(self, order, warehouse="WH-EU-1", key=None, who=None, **content):
        return (who or self.wanda).ask(
            "POST", f"/api/v1/orders/{order}/shipments", {"warehouse": warehouse, **content},
            idempotency_key=key or next(self.keys))

    def move(self, sku, what, who=None, key=None, **content):
        return (who or self.wanda).ask(
            "POST", f"/api/v1/inventory/{sku}/{what}", {"warehouse": "WH-EU-1", **content},
            idempotency_key=key or next(self.keys))

    def level(self, sku, warehouse="WH-EU-1"):
        return next(level for level in self.shop.stock(sku)["warehouses"]
                    if level["warehouse"] == warehouse)

    def confirmed(self, *lines):
        order = self.anna.buy(*lines)
        self.assertEqual(order["status"], "CONFIRMED")
        shop.wait_for(lambda: self.wanda.get(f"/api/v1/orders/{order['id']}/shipments")["left"],
                      bool)
        return order["id"]

    # ---- parcels ----

    def test_an_order_leaves_in_parcels_of_two_warehouses(self):
        order = self.confirmed(("CUP", 6), ("POT", 1))
        path = f"/api/v1/orders/{order}/shipments"
        self.assertEqual(self.wanda.get(path)["left"], [
            {"lineNo": 1, "sku": "CUP", "quantity": 4, "warehouse": "WH-EU-1"},
            {"lineNo": 1, "sku": "CUP", "quantity": 2, "warehouse": "WH-US-1"},
            {"lineNo": 2, "sku": "POT", "quantity": 1, "warehouse": "WH-EU-1"}])

        first = self.ship(order, lines=[{"lineNo": 1, "quantity": 3}], carrier="DHL",
                          tracking="JD01", key="parcel")
        self.assertEqual(first.code, 201, first.body)
        parcel = first.json()
        self.assert_shape(parcel, {"shipmentNo": int, "warehouse": str, "lines": list,
                                   "carrier": str, "tracking": str, "shippedAt": str,
                                   "complete": bool})
        self.assertEqual(parcel["lines"], [{"lineNo": 1, "sku": "CUP", "quantity": 3}])
        self.assertFalse(parcel["complete"])
        self.assertEqual((self.level("CUP")["onHand"], self.level("CUP")["reserved"]), (1, 1))

        again = self.ship(order, lines=[{"lineNo": 1, "quantity": 3}], carrier="DHL",
                          tracking="JD01", key="parcel")
        self.assertEqual((again.code, again.json()), (201, parcel))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assert_problem(self.ship(order, key="parcel"), 422, "another request")
        self.assert_problem(self.ship(order, lines=[{"lineNo": 1, "quantity": 2}]), 409,
                            "1 left to ship")

        self.assertEqual(self.ship(order).json()["lines"], [
            {"lineNo": 1, "sku": "CUP", "quantity": 1}, {"lineNo": 2, "sku": "POT", "quantity": 1}])
        self.assert_problem(self.ship(order), 409, "nothing left")
        last = self.ship(order, "WH-US-1").json()
        self.assertEqual((last["shipmentNo"], last["complete"]), (3, True))
        self.assert_problem(self.ship(order, "WH-US-1"), 409, "nothing of the order is left")

        shown = self.anna.get(path)
        self.assertEqual([item["shipmentNo"] for item in shown["items"]], [1, 2, 3])
        self.assertEqual(shown["left"], [])
        self.assertEqual([event["name"] for event in self.anna.story(order)].count(
            "InventoryShipped"), 3)
        self.assertEqual(self.level("CUP", "WH-US-1")["onHand"], 7)

    def test_only_what_is_paid_leaves_and_only_by_a_warehouse(self):
        order = self.confirmed(("MUG", 1))
        path = f"/api/v1/orders/{order}/shipments"
        self.assert_problem(self.ship(order, who=self.anna), 403)
        self.assert_problem(self.ship("nothing"), 404)
        self.assert_problem(self.ship("01a204e2-7046-72ff-bb99-3e2d965a0bc4"), 404)
        self.assert_problem(self.ship(order, "WH-MOON"), 422, "warehouse")
        self.assert_problem(self.ship(order, lines=[{"lineNo": 1, "quantity": 0}]), 422)
        self.assert_problem(self.ship(order, lines=[{"lineNo": 9, "quantity": 1}]), 409)
        self.assert_problem(self.ship(order, carrier="x" * 65), 422, "carrier")
        self.assert_problem(self.shop.person("bob").ask("GET", path), 404)
        self.assert_problem(self.shop.stranger().ask("GET", path), 401)
        lost = self.anna.buy(("MUG", 99))
        self.assertEqual(lost["status"], "FAILED")
        self.assert_problem(self.ship(lost["id"]), 409, "was not confirmed")
        self.assertEqual(self.anna.get(path)["items"], [])

    # ---- what comes back, and what was never there ----

    def refund(self, order, *lines):
        answer = self.olga.ask("POST", f"/api/v1/orders/{order}/refunds",
                               {"lines": list(lines), "reason": "it came back"},
                               idempotency_key=next(self.keys))
        self.assertIn(answer.code, (201, 202), answer.body)
        path = f"/api/v1/orders/{order}"
        return shop.wait_for(lambda: self.anna.get(path), lambda order: all(
            refund["status"] == "REFUNDED" for refund in order["refunds"]))

    def returned(self, order, times):
        shop.wait_for(lambda: [event["name"] for event in self.anna.story(order)].count(
            "InventoryReturned"), lambda seen: seen == times)

    def test_a_refund_gives_back_what_has_not_left_and_what_came_back(self):
        order = self.confirmed(("PAN", 4), ("LID", 3))
        self.assertEqual(self.ship(order, lines=[{"lineNo": 1, "quantity": 3}]).code, 201)
        # One pan has not left, so it is simply free again; the other came back, to the US.
        self.refund(order, {"lineNo": 1, "quantity": 2, "restock": True, "warehouse": "WH-US-1"})
        self.returned(order, 1)
        self.assertEqual((self.level("PAN")["onHand"], self.level("PAN")["reserved"]), (5, 0))
        self.assertEqual(self.level("PAN", "WH-US-1")["onHand"], 9)
        self.assertEqual(self.wanda.get(f"/api/v1/orders/{order}/shipments")["left"], [
            {"lineNo": 2, "sku": "LID", "quantity": 3, "warehouse": "WH-EU-1"}])
        self.assertTrue(self.ship(order).json()["complete"])

        shown = shop.wait_for(lambda: self.anna.get(f"/api/v1/orders/{order}"),
                              lambda order: order.get("fulfilment") == "FULFILLED")
        self.assertEqual(shown["status"], "CONFIRMED")
        self.assertEqual([(line["shippedQuantity"], line["refundedQuantity"])
                          for line in shown["lines"]], [(3, 2), (3, 0)])
        # All of it goes back, and nothing of it comes back.
        self.refund(order)
        self.returned(order, 2)
        self.assertEqual((self.level("PAN")["onHand"], self.level("LID")["onHand"]), (5, 1))

    def test_a_part_is_served_to_who_takes_a_part(self):
        self.assertEqual(self.anna.buy(("BOX", 7), allowPartial=True)["status"], "FAILED")
        self.assertEqual(self.anna.buy(("BOX", 4))["status"], "FAILED")
        order = self.anna.buy(("BOX", 4), ("NIL", 1), allowPartial=True)  # 3 of 5, all at 9.00
        self.assertEqual(order["status"], "CONFIRMED")
        self.assertEqual([line["confirmedQuantity"] for line in order["lines"]], [3, 0])
        self.assertEqual(self.anna.payment(order["id"])["capturedMinor"], 2700)
        self.assertEqual(self.level("BOX")["reserved"], 3)
        parcel = shop.wait_for(lambda: self.ship(order["id"]), lambda answer: answer.code == 201)
        self.assertTrue(parcel.json()["complete"])

    # ---- tills and counts ----

    def test_a_till_sells_what_was_promised_and_the_order_waits(self):
        order = self.confirmed(("JAR", 4))
        sold = self.move("JAR", "sales", quantity=3, key="till")
        self.assertEqual((sold.code, sold.json()), (201, {
            "warehouse": "WH-EU-1", "onHand": 2, "reserved": 4, "available": 0, "shortfall": 2}))
        self.assertEqual(self.move("JAR", "sales", quantity=3, key="till").json(), sold.json())
        self.assert_problem(self.move("JAR", "receipts", quantity=3, key="till"), 422)
        self.assertEqual(self.shop.stock("JAR")["shortfall"], 2)
        self.assertEqual(self.anna.buy(("JAR", 1))["status"], "FAILED")

        self.assert_problem(self.ship(order, lines=[{"lineNo": 1, "quantity": 4}]), 409,
                            "backorder", "only 2")
        self.assertEqual(self.ship(order).json()["lines"][0]["quantity"], 2)
        self.assert_problem(self.ship(order), 409, "backorder")
        self.assertEqual(self.move("JAR", "sales", quantity=1).json()["onHand"], -1)
        counted = self.move("JAR", "counts", counted=2).json()
        self.assertEqual((counted["onHand"], counted["shortfall"]), (2, 0))
        self.assertTrue(self.ship(order).json()["complete"])

    def test_an_older_message_of_a_source_changes_nothing(self):
        self.assertEqual(self.move("MUG", "receipts", quantity=5, source="scanner",
                                   sourceSeq=7).json()["onHand"], 15)
        late = self.move("MUG", "counts", counted=1, source="scanner", sourceSeq=6)
        self.assertEqual((late.code, late.json()["onHand"]), (201, 15))
        self.assertEqual(self.move("MUG", "receipts", quantity=5, source="scanner",
                                   sourceSeq=7).json()["onHand"], 15)
        self.assertEqual(self.move("MUG", "counts", counted=10, source="scanner",
                                   sourceSeq=8).json()["onHand"], 10)
        self.assert_problem(self.move("MUG", "counts", counted=1, sourceSeq=3), 422, "sourceSeq")

    def test_a_count_may_be_of_some_time_ago(self):
        before = self.level("TIN")["onHand"]
        then = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        self.move("TIN", "receipts", quantity=3)
        counted = self.move("TIN", "counts", counted=before - 1, countedAt=then + "Z")
        self.assertEqual(counted.json()["onHand"], before + 2)
        self.assertEqual(self.move("TIN", "counts", counted=before).json()["onHand"], before)
        for wrong in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday"):
            self.assert_problem(self.move("TIN", "counts", counted=1, countedAt=wrong), 422,
                                "countedAt")

    def test_what_tills_must_not_send(self):
        self.assert_problem(self.move("MUG", "sales", quantity=0), 422, "quantity")
        self.assert_problem(self.move("MUG", "counts", counted=-1), 422, "counted")
        before = self.level("MUG")
        self.assert_problem(self.move("MUG", "counts"), 422, "counted")
        self.assertEqual(self.level("MUG"), before)  # nothing said is not none found
        self.assert_problem(self.move("NOWHERE", "sales", quantity=1), 404)
        self.assert_problem(self.move("MUG", "sales", quantity=1, who=self.anna), 403)
        self.assert_problem(self.wanda.ask("POST", "/api/v1/inventory/MUG/sales",
                                           {"warehouse": "WH-EU-1", "quantity": 1}), 400)


if __name__ == "__main__":
    shop.main()
