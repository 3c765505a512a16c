#!/usr/bin/env python3
"""oversell_test.py - the last unit, wanted by everybody.

Aim:     500 clients at once want the one unit that is left: one gets it, and nobody else pays.
Method:  all but one unit of a product are bought. Then each client, on a connection of its own,
         waits for the same starting shot. Meanwhile somebody watches the shelves.
"""
import threading

import shop

CLIENTS, CUSTOMERS = 500, 25


def setUpModule():
    global store
    store = shop.Shop("--demo")


def tearDownModule():
    store.close()


class LastUnit(shop.Case):
    def test_has_one_buyer(self):
        product = min(store.products().values(), key=lambda product: product["available"])
        sku = product["sku"]
        early = store.person("early").buy((sku, product["available"] - 1))
        self.assertEqual(early["status"], "CONFIRMED")
        self.assertEqual(store.stock(sku)["available"], 1)

        stop, seen = threading.Event(), []
        watcher = threading.Thread(target=self.watch, args=[sku, stop, seen])
        watcher.start()
        orders = self.rush(sku)
        stop.set()
        watcher.join()

        confirmed = [order for order in orders if order["status"] == "CONFIRMED"]
        failed = [order for order in orders if order["status"] == "FAILED"]
        self.assertEqual((len(confirmed), len(failed)), (1, CLIENTS - 1))
        for order in failed:
            self.assertIn("out of stock", order["reason"])
        self.assertEqual(store.stock(sku)["available"], 0)
        self.assertGreater(len(seen), 1)
        for stock in seen:
            self.assertIn(stock["available"], (0, 1))
            for place in stock["warehouses"]:
                self.assertGreaterEqual(place["onHand"] - place["reserved"], 0)

        operator = store.person("operator", "operator")
        taken = [operator.payment(order["id"])["capturedMinor"] for order in orders]
        self.assertEqual(sorted(taken), [0] * (CLIENTS - 1) + [product["priceMinor"]])
        code, said = store.run("verify")
        self.assertEqual(code, 0, said)

    def watch(self, sku, stop, seen):
        watcher = store.stranger()
        while not stop.wait(0.005):
            seen.append(watcher.get(f"/api/v1/inventory/{sku}"))

    def rush(self, sku):
        for n in range(CUSTOMERS):
            store.person(f"late-{n}")  # one token each, for many clients
        ready = threading.Barrier(CLIENTS)

        def want(n):
            client = store.person(f"late-{n % CUSTOMERS}")
            client.connection.connect()
            ready.wait(60)
            order = client.buy((sku, 1), key=f"want-{n}")
            client.close()
            return order

        return shop.at_once(want, range(CLIENTS), threads=CLIENTS)


if __name__ == "__main__":
    shop.main()
