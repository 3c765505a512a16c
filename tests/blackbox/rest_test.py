#!/usr/bin/env python3
"""rest_test.py - what the REST API promises to those who do everything right.

Aim:     each call gives its members with their types, its headers, and to others nothing.
Method:  one platform with demo data. What an order has to have done is asked of every view that
         can tell: the order, its story, its stream, its money, the stock.
"""
import json
import re
import urllib.parse

import shop

PRODUCT = {"sku": str, "name": str, "description": str, "category": str, "imageUrl": str,
           "priceMinor": int, "currency": str, "available": int, "active": bool, "version": int}
WAREHOUSE = {"warehouse": str, "onHand": int, "reserved": int, "available": int,
             "shortfall": int}
ORDER = {"id": str, "status": str, "currency": str, "totalMinor": int, "lines": list,
         "payment": dict, "shipTo": dict, "createdAt": str, "updatedAt": str, "version": int,
         "deadlineAt": str, "refunds": list, "shipments": list}
CONFIRMED = {**ORDER, "confirmedMinor": int, "refundedMinor": int}
ORDER_LINE = {"sku": str, "quantity": int, "unitPriceMinor": int, "totalMinor": int, "lineNo": int}
AFTER = {"confirmedQuantity": int, "shippedQuantity": int, "returnedQuantity": int,
         "refundedQuantity": int}
EVENT = {"name": str, "at": str, "service": str, "eventId": str, "cause": str, "traceparent": str,
         "text": str}
UUID7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
INSTANT = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"

HAPPY_WAY = [  # event, its service, what it answers
    ("OrderCreated", "orders", None),
    ("PaymentAuthorized", "payments", "OrderCreated"),
    ("InventoryReserved", "inventory", "PaymentAuthorized"),
    ("PaymentCaptured", "payments", "InventoryReserved"),
    ("OrderConfirmed", "orders", "PaymentCaptured"),
    ("InventoryCommitted", "inventory", "PaymentCaptured"),
]
RANKS = {"PENDING": 0, "AUTHORIZED": 1, "RESERVED": 2, "CONFIRMED": 3}


def setUpModule():
    global store, skus
    store = shop.Shop("--demo")
    skus = sorted(store.products())


def tearDownModule():
    store.close()


def read_stream(person, name, last_id=None):
    """The messages of an order's stream, read to its end: [(id, event, data)]."""
    fields = {"last_event_id": str(last_id)} if last_id is not None else {}
    answer = person.ask("GET", f"/api/v1/orders/{name}/events", **fields)
    if answer.code == 200 and answer.headers["Content-Type"] != "text/event-stream":
        raise AssertionError(answer.headers)
    return answer, [dict(re.findall(r"^(\w+): (.*)$", block, re.M))
                    for block in answer.body.decode().split("\n\n") if "data:" in block]


class OpenToAll(shop.Case):
    def setUp(self):
        self.anyone = store.stranger()

    def test_health(self):
        for path in ("/livez", "/readyz"):
            answer = self.anyone.ask("GET", path)
            self.assertEqual((answer.code, answer.body), (200, b"ok\n"))
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_the_first_page_lists_every_call(self):
        answer = self.anyone.ask("GET", "/")
        self.assertEqual(answer.code, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
        page = answer.body.decode()
        for call in ("GET /livez", "GET /readyz", "GET /metrics", "GET /.well-known/jwks.json",
                     "GET /api/v1/products", "GET /api/v1/products/{sku}",
                     "GET /api/v1/inventory/{sku}", "POST /api/v1/inventory/{sku}/receipts",
                     "POST /api/v1/orders", "GET /api/v1/orders", "GET /api/v1/orders/{id}",
                     "GET /api/v1/orders/{id}/saga", "GET /api/v1/orders/{id}/events",
                     "POST /api/v1/orders/{id}/cancel", "GET /api/v1/payments/{orderId}"):
            self.assertIn(f"<code>{call}</code>", page)

    def test_keys_are_public_and_only_public(self):
        answer = self.anyone.ask("GET", "/.well-known/jwks.json")
        self.assertEqual(answer.code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/jwk-set+json")
        self.assertIn("max-age", answer.headers["Cache-Control"])
        key, = answer.json()["keys"]
        self.assertEqual((key["kty"], key["crv"], key["alg"]), ("EC", "P-256", "ES256"))
        self.assertTrue(key["kid"])
        self.assertNotIn("d", key)

    def test_metrics(self):
        store.person("meter").buy((skus[0], 1))
        answer = self.anyone.ask("GET", "/metrics")
        self.assertEqual(answer.code, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        lines = answer.body.decode().splitlines()
        series = [line for line in lines if line and not line.startswith("#")]
        for line in series:
            self.assertRegex(line, r'^[a-zA-Z_:][\w:]*(\{(\w+="[^"]*",?)+\})? [-+0-9.eE]+$')
        self.assertEqual(len(series), len({line.rsplit(" ", 1)[0] for line in series}))
        types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        self.assertEqual(len(types), len(set(types)))
        posts = [line for line in series
                 if line.startswith('panglot_http_requests_total{method="POST",'
                                    'route="/api/v1/orders",status="2xx"}')]
        self.assertGreaterEqual(float(posts[0].split()[-1]), 1)
        self.assertIn("panglot_log_lines_left_out_total 0", series)

    def test_products(self):
        products = store.products()
        self.assertGreaterEqual(len(products), 150)  # about 200 in the demo
        for product in products.values():
            self.assert_shape(product, PRODUCT)
            self.assertGreaterEqual(product["available"], 0)
        one = self.anyone.get(f"/api/v1/products/{skus[0]}")
        same = self.anyone.get(f"/api/v1/products/%{ord(skus[0][0]):02X}" + skus[0][1:])
        self.assertEqual({**one, "available": 0}, {**same, "available": 0})
        self.assertEqual({**one, "available": 0}, {**products[skus[0]], "available": 0})

    def test_a_list_is_walked_by_its_cursor(self):
        products = store.products()
        categories = {product["category"] for product in products.values()}
        self.assertGreater(len(categories), 1)
        for category in sorted(categories)[:3]:
            quoted = urllib.parse.quote(category)
            pages = list(self.anyone.pages(f"/api/v1/products?category={quoted}&limit=7"))
            self.assertTrue(all(len(page["items"]) <= 7 for page in pages))
            walked = [item["sku"] for page in pages for item in page["items"]]
            self.assertEqual(sorted(walked), sorted(
                sku for sku, product in products.items() if product["category"] == category))
        self.assertEqual(self.anyone.get("/api/v1/products?category=none-such"),
                         {"items": [], "next": None})
        self.assertLessEqual(len(self.anyone.get("/api/v1/products")["items"]), 20)

    def test_a_list_says_what_it_does_not_understand(self):
        for query in ("limit=0", "limit=101", "limit=-1", "limit=x", "limit=1.5", "limit=",
                      "limit=99999999999999999999", "colour=red"):
            for path, person in (("/api/v1/products", self.anyone),
                                 ("/api/v1/orders", store.person("asker"))):
                self.assert_problem(person.ask("GET", f"{path}?{query}"), 422, query.split("=")[0])
        for query in ("status=BROKEN", "status=confirmed", "status=UNSPECIFIED"):
            answer = store.person("asker").ask("GET", f"/api/v1/orders?{query}")
            self.assert_problem(answer, 422, "status")

    def test_stock(self):
        stock = store.stock(skus[0])
        self.assert_shape(stock, {"sku": str, "available": int, "warehouses": list,
                                  "shortfall": int})
        self.assertGreaterEqual(len(stock["warehouses"]), 3)
        for place in stock["warehouses"]:
            self.assert_shape(place, WAREHOUSE)
            self.assertEqual(place["available"], place["onHand"] - place["reserved"])
        self.assertEqual(stock["available"], sum(p["available"] for p in stock["warehouses"]))

    def test_what_is_not_there(self):
        for path in ("/api/v1/products/no-such", "/api/v1/inventory/no-such", "/api/v1", "/api/v2",
                     "/api/v1/products/", "//livez", "/livez/", "/LIVEZ", "/api/v1/products/a/b",
                     "/etc/passwd", "/..%2f..%2fetc/passwd", "/api/v1/products/None"):
            self.assert_problem(self.anyone.ask("GET", path), 404)
        for path in ("/api/v1/products/%2e%2e", "/api/v1/products/.", "/api/v1/products/%zz",
                     "/api/v1/products/%00", "/api/v1/products/%ff"):
            self.assert_problem(self.anyone.ask("GET", path), 400)

    def test_other_methods_are_told_which_there_are(self):
        for method, path, allowed in (("DELETE", "/api/v1/orders", {"GET", "HEAD", "POST"}),
                                      ("PUT", "/api/v1/inventory/X", {"GET", "HEAD"}),
                                      ("POST", "/livez", {"GET", "HEAD"}),
                                      ("PATCH", "/api/v1/orders/1/cancel", {"POST"}),
                                      ("HEAD", "/api/v1/orders/1/cancel", {"POST"}),
                                      # never the method of anything: no path is looked at
                                      ("TRACE", "/api/v1/orders",
                                       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})):
            answer = store.stranger().ask(method, path)
            self.assertEqual(set(answer.headers["Allow"].split(", ")), allowed | {"OPTIONS"},
                             (method, path))
            if method != "HEAD":
                self.assert_problem(answer, 405)
            self.assertEqual(answer.code, 405)

    def test_head_is_get_without_its_body(self):
        for path in ("/livez", f"/api/v1/products/{skus[0]}", "/.well-known/jwks.json",
                     "/api/v1/products/no-such"):
            head, get = (self.anyone.ask(method, path) for method in ("HEAD", "GET"))
            self.assertEqual((head.code, head.body), (get.code, b""))
            for name in ("Content-Type", "Content-Length", "Cache-Control"):
                self.assertEqual(head.headers[name], get.headers[name], name)


class OneOrder(shop.Case):
    """Made once; the tests look at it from all sides."""

    TRACE = "0af7651916cd43dd8448eb211c80319c"

    @classmethod
    def setUpClass(cls):
        cls.buyer = store.person("one-order")
        cls.lines = ((skus[1], 2), (skus[2], 3))
        cls.before = {sku: store.stock(sku) for sku, _ in cls.lines}
        cls.prices = {sku: store.products()[sku]["priceMinor"] for sku, _ in cls.lines}
        cls.created = cls.buyer.ask("POST", "/api/v1/orders", shop.order_of(*cls.lines),
                                    idempotency_key="the-one",
                                    traceparent=f"00-{cls.TRACE}-b7ad6b7169203331-01")
        cls.id = cls.created.json()["id"]
        _, cls.messages = read_stream(store.person("one-order"), cls.id)
        cls.order = cls.buyer.wait_final(cls.id)
        shop.wait_for(lambda: len(cls.buyer.story(cls.id)), lambda events: events >= len(HAPPY_WAY))

    def total(self):
        return sum(self.prices[sku] * quantity for sku, quantity in self.lines)

    def test_is_answered_201_pending(self):
        answer, order = self.created, self.created.json()
        self.assertEqual(answer.code, 201)
        self.assertEqual(answer.headers["Location"], f"/api/v1/orders/{self.id}")
        self.assertEqual(answer.headers["ETag"], '"1"')
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertNotIn("Idempotent-Replayed", answer.headers)
        self.assert_shape(order, ORDER)
        self.assertRegex(order["id"], UUID7)
        self.assertRegex(order["createdAt"], INSTANT)
        self.assertEqual((order["status"], order["version"]), ("PENDING", 1))
        self.assertEqual((order["currency"], order["totalMinor"]), ("USD", self.total()))
        self.assertEqual(order["payment"], {"method": "account"})
        self.assertEqual(order["shipTo"], {"region": "EU"})
        for number, line in enumerate(order["lines"]):
            sku, quantity = self.lines[number]
            self.assert_shape(line, ORDER_LINE)
            self.assertEqual(line, {"sku": sku, "quantity": quantity, "lineNo": number + 1,
                                    "unitPriceMinor": self.prices[sku],
                                    "totalMinor": self.prices[sku] * quantity})

    def test_is_confirmed(self):
        answer = self.buyer.ask("GET", self.created.headers["Location"])
        order = answer.json()
        self.assert_shape(order, CONFIRMED)
        self.assertEqual(order, self.order)
        self.assertEqual(order["status"], "CONFIRMED")
        self.assertEqual(answer.headers["ETag"], f'"{order["version"]}"')
        self.assertIn(answer.headers["Cache-Control"], ("no-store", "private, max-age=60"))
        first = self.created.json()
        for name in set(ORDER) - {"status", "updatedAt", "version", "lines"}:
            self.assertEqual(order[name], first[name], name)
        self.assertEqual(order["confirmedMinor"], order["totalMinor"])
        for line, was in zip(order["lines"], first["lines"], strict=True):
            self.assert_shape(line, {**ORDER_LINE, **AFTER})
            self.assertEqual(line, {**was, **dict.fromkeys(AFTER, 0),
                                    "confirmedQuantity": line["quantity"]})
        self.assertGreaterEqual(order["updatedAt"], order["createdAt"])

    def test_holds_its_stock(self):
        for sku, quantity in self.lines:
            before, now = self.before[sku], store.stock(sku)
            self.assertEqual(now["available"], before["available"] - quantity)
            self.assertEqual(store.stranger().get(f"/api/v1/products/{sku}")["available"],
                             now["available"])
            for place, was in zip(now["warehouses"], before["warehouses"], strict=True):
                near = "EU" in place["warehouse"]  # the nearest warehouse goes first
                self.assertEqual(place["reserved"], was["reserved"] + (quantity if near else 0))
                self.assertEqual(place["onHand"], was["onHand"])

    def test_is_paid(self):
        payment = self.buyer.payment(self.id)
        self.assertEqual(payment, {"orderId": self.id, "method": "account", "state": "CAPTURED",
                                   "currency": "USD", "amountMinor": self.total(),
                                   "authorizedMinor": self.total(), "capturedMinor": self.total(),
                                   "refundedMinor": 0})
        answer = self.buyer.ask("GET", f"/api/v1/payments/{self.id}")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_has_a_story_that_hangs_together(self):
        answer = self.buyer.ask("GET", f"/api/v1/orders/{self.id}/saga")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        story = answer.json()
        self.assert_shape(story, {"orderId": str, "items": list, "next": type(None)})
        self.assertEqual(story["orderId"], self.id)
        events = story["items"]
        names = [event["name"] for event in events]
        self.assertEqual(sorted(names), sorted(name for name, _, _ in HAPPY_WAY))
        by_name = {event["name"]: event for event in events}
        for name, service, answers in HAPPY_WAY:
            event = by_name[name]
            self.assert_shape(event, EVENT, optional=() if answers else ("cause",))
            self.assertRegex(event["at"], INSTANT)
            self.assertEqual(event["service"], service)
            self.assertEqual(event.get("cause"), answers and by_name[answers]["eventId"], name)
            if answers:
                self.assertLess(names.index(answers), names.index(name))
        self.assertEqual(len({event["eventId"] for event in events}), len(events))
        self.assertEqual([event["at"] for event in events],
                         sorted(event["at"] for event in events))

    def test_carries_the_trace_of_the_request(self):
        for event in self.buyer.story(self.id):
            self.assertRegex(event["traceparent"], f"^00-{self.TRACE}-[0-9a-f]{{16}}-01$")

    def test_streams_each_change_once_until_the_end(self):
        self.assertEqual([int(message["id"]) for message in self.messages],
                         list(range(1, self.order["version"] + 1)))
        self.assertEqual({message["event"] for message in self.messages}, {"status"})
        changes = [json.loads(message["data"]) for message in self.messages]
        for change, message in zip(changes, self.messages):
            self.assert_shape(change, {"version": int, "status": str, "at": str})
            self.assertEqual(change["version"], int(message["id"]))
        ranks = [RANKS[change["status"]] for change in changes]
        self.assertEqual(ranks, sorted(set(ranks)))
        self.assertEqual((ranks[0], ranks[-1]), (0, 3))

    def test_streams_on_from_where_one_was(self):
        for after in range(self.order["version"]):
            answer, messages = read_stream(self.buyer, self.id, last_id=after)
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(messages, self.messages[after:])
        answer, messages = read_stream(self.buyer, self.id, last_id=self.order["version"])
        self.assertIn(answer.code, (200, 204))  # 204 tells a browser to leave it at that
        self.assertEqual(messages, [])
        for bad in ("x", "-1", "1.5", "99999999999999999999"):
            answer, _ = read_stream(self.buyer, self.id, last_id=bad)
            self.assert_problem(answer, 422, "Last-Event-ID")

    def test_is_nobody_elses(self):
        calls = [("GET", f"/api/v1/orders/{self.id}"), ("GET", f"/api/v1/orders/{self.id}/saga"),
                 ("GET", f"/api/v1/orders/{self.id}/events"),
                 ("POST", f"/api/v1/orders/{self.id}/cancel"),
                 ("GET", f"/api/v1/payments/{self.id}")]
        nobody = "00000000-0000-7000-8000-000000000000"
        for method, path in calls:
            answer = store.person("somebody-else").ask(method, path)
            self.assert_problem(answer, 404)
            unknown = store.person("somebody-else").ask(method, path.replace(self.id, nobody))
            self.assert_problem(unknown, 404)  # the same words: who asks learns nothing
            self.assertEqual(answer.json()["detail"], unknown.json()["detail"])
            for name in ("x", "1", nobody[:-1], nobody + "0", nobody.replace("-", "_"), "%00"):
                self.assertIn(self.buyer.ask(method, path.replace(self.id, name)).code, (400, 404))
            answer = store.stranger().ask(method, path)
            self.assert_problem(answer, 401)
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_is_seen_by_an_operator(self):
        operator = store.person("operator", "operator")
        self.assertEqual(operator.get(f"/api/v1/orders/{self.id}"), self.order)
        self.assertEqual(operator.payment(self.id), self.buyer.payment(self.id))
        self.assertEqual(operator.story(self.id), self.buyer.story(self.id))
        self.assertEqual(read_stream(operator, self.id)[1], self.messages)
        listed = [order["id"] for page in operator.pages("/api/v1/orders?limit=100")
                  for order in page["items"]]
        self.assertIn(self.id, listed)

    def test_cannot_be_taken_back(self):
        self.assert_problem(self.buyer.cancel(self.id), 409, "confirmed")
        self.assertEqual(self.buyer.get(f"/api/v1/orders/{self.id}"), self.order)

    def test_head(self):
        head, get = (self.buyer.ask(method, f"/api/v1/orders/{self.id}")
                     for method in ("HEAD", "GET"))
        self.assertEqual((head.code, head.body), (200, b""))
        for name in ("ETag", "Content-Length", "Content-Type"):
            self.assertEqual(head.headers[name], get.headers[name])


class ManyOrders(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.buyer = store.person("many-orders")
        cls.ids = [cls.buyer.order((skus[n], 1)).json()["id"] for n in range(7)]
        for name in cls.ids:
            cls.buyer.wait_final(name)

    def walk(self, person, query):
        pages = list(person.pages(f"/api/v1/orders?{query}"))
        return [order["id"] for page in pages for order in page["items"]]

    def test_are_listed_newest_first_each_once(self):
        for limit in (1, 3, 7, 100):
            self.assertEqual(self.walk(self.buyer, f"limit={limit}"), self.ids[::-1])
        listed = self.buyer.get("/api/v1/orders?limit=100")["items"]
        self.assertEqual(listed[0], self.buyer.get(f"/api/v1/orders/{self.ids[-1]}"))

    def test_are_listed_by_status(self):
        self.assertEqual(self.walk(self.buyer, "status=CONFIRMED&limit=2"), self.ids[::-1])
        for status in shop.OPEN + ("FAILED", "CANCELLED"):
            self.assertEqual(self.walk(self.buyer, f"status={status}&limit=100"), [])

    def test_are_listed_while_new_ones_come(self):
        walker, buyer = store.person("walker"), store.person("walker")
        before = [buyer.order((skus[0], 1)).json()["id"] for _ in range(5)]
        seen, path = [], "/api/v1/orders?limit=2"
        while path:
            page = walker.get(path)
            seen += [order["id"] for order in page["items"]]
            path = page["next"] and f"/api/v1/orders?limit=2&cursor={page['next']}"
            buyer.order((skus[0], 1))
        self.assertEqual(seen, before[::-1])

    def test_a_cursor_opens_no_other_customers_list(self):
        cursor = self.buyer.get("/api/v1/orders?limit=1")["next"]
        other = store.person("no-orders")
        self.assertEqual(self.walk(other, "limit=100"), [])
        for made_up in (cursor, self.ids[3], "AAAA", "x" * 300, "%00", "-1"):
            answer = other.ask("GET", f"/api/v1/orders?limit=100&cursor={made_up}")
            self.assertIn(answer.code, (200, 400, 422), answer.body)
            if answer.code == 200:
                self.assertEqual(answer.json()["items"], [])

    def test_their_ends_are_streamed_to_operators(self):
        self.assert_problem(self.buyer.ask("GET", "/api/v1/orders/endings"), 403)
        operator = store.person("operator", "operator")
        operator.connection.request("GET", "/api/v1/orders/endings",
                                    headers={"Authorization": "Bearer " + operator.token})
        stream = operator.connection.getresponse()
        self.assertEqual(stream.status, 200)
        ended = self.buyer.buy((skus[0], 1))["id"]
        said = b""
        while ended.encode() not in said:
            said += stream.readline()
        self.assertIn(b'"status":"CONFIRMED"', said + stream.readline())
        operator.close()


class Receipts(shop.Case):
    def receive(self, person, sku, key, **receipt):
        fields = {"idempotency_key": key} if key else {}
        return person.ask("POST", f"/api/v1/inventory/{sku}/receipts", receipt, **fields)

    def test_goods_arrive_once(self):
        sku, porter = skus[-1], store.person("porter", "warehouse")
        before = store.stock(sku)
        place = before["warehouses"][1]
        first = self.receive(porter, sku, "crate-1", warehouse=place["warehouse"], quantity=12)
        self.assertEqual(first.code, 201, first.body)
        self.assert_shape(first.json(), WAREHOUSE)
        self.assertEqual(first.json()["onHand"], place["onHand"] + 12)
        again = self.receive(porter, sku, "crate-1", warehouse=place["warehouse"], quantity=12)
        self.assertEqual((again.code, again.body), (201, first.body))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assert_problem(self.receive(porter, sku, "crate-1", warehouse=place["warehouse"],
                                         quantity=13), 422)
        self.assertEqual(store.stock(sku)["available"], before["available"] + 12)
        operator = store.person("operator", "operator")
        self.assertEqual(self.receive(operator, sku, "crate-1", warehouse=place["warehouse"],
                                      quantity=1).code, 201)

    def test_are_refused(self):
        sku, porter = skus[-1], store.person("porter", "warehouse")
        name = store.stock(sku)["warehouses"][0]["warehouse"]
        before = store.stock(sku)
        self.assert_problem(self.receive(store.person("buyer"), sku, "k", warehouse=name,
                                         quantity=1), 403)
        self.assert_problem(self.receive(store.stranger(), sku, "k", warehouse=name, quantity=1),
                            401)
        self.assert_problem(self.receive(porter, sku, None, warehouse=name, quantity=1), 400,
                            "Idempotency-Key")
        self.assert_problem(self.receive(porter, sku, "k" * 256, warehouse=name, quantity=1), 400)
        for receipt in ({"quantity": 1}, {"warehouse": name}, {"warehouse": "none", "quantity": 1},
                        {"warehouse": name, "quantity": 0}, {"warehouse": name, "quantity": -1},
                        {"warehouse": name, "quantity": 2**53},
                        {"warehouse": name, "quantity": 1, "price": 1}):
            self.assert_problem(self.receive(porter, sku, "k", **receipt), 422)
        self.assertEqual(store.stock(sku), before)


if __name__ == "__main__":
    shop.main()
