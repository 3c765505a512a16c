#!/usr/bin/env python3
"""http_test.py - what HTTP itself offers: conditions, keeping, packing, links, other origins.

Aim:     a client that minds the standards is served by them, and one that does not is not misled.
Method:  one platform with demo data, one whose pages of two origins may call.
"""
import gzip
import urllib.parse

import shop

ORIGIN = "https://shop.example"


class Conditions(shop.Case):
    def test_what_is_known_is_not_sent_again(self):
        for path in ("/asyncapi.json", "/.well-known/jwks.json", "/api/v1/products?limit=2",
                     f"/api/v1/inventory/{skus[0]}"):
            first = store.stranger().ask("GET", path)
            tag = first.headers["ETag"]
            self.assertRegex(tag, '^"[0-9a-f.]+"$')
            for known in (tag, f'"x", {tag}', "W/" + tag, "*", f'"a,b" , W/{tag}'):
                again = store.stranger().ask("GET", path, if_none_match=known)
                self.assertEqual((again.code, again.body), (304, b""), (path, known))
                self.assertEqual(again.headers["ETag"], tag)
                self.assertEqual(again.headers["Cache-Control"], first.headers["Cache-Control"])
                self.assertIsNone(again.headers["Content-Type"])
            for other in ('"x"', tag[:-1], tag.replace('"', ""), "W/", '"'):
                again = store.stranger().ask("GET", path, if_none_match=other)
                self.assertEqual((again.code, again.body), (200, first.body), (path, other))

    def test_an_order_that_has_not_changed_is_not_sent_again(self):
        ann = store.person("ann")
        order = ann.buy((skus[0], 1))
        path = f"/api/v1/orders/{order['id']}"
        tag = ann.ask("GET", path).headers["ETag"]
        self.assertEqual(ann.ask("GET", path, if_none_match=tag).code, 304)
        self.assertEqual(ann.ask("GET", path, if_none_match='"0"').code, 200)
        self.assertEqual(store.person("ben").ask("GET", path, if_none_match=tag).code, 404)


class Keeping(shop.Case):
    def test_who_may_keep_what(self):
        ann = store.person("ann")
        for path, expected in (("/asyncapi.json", "public, max-age=300"),
                               ("/.well-known/jwks.json", "public, max-age=300"),
                               ("/api/v1/products?limit=1", "public, max-age=5"),
                               (f"/api/v1/products/{skus[0]}", "public, max-age=5"),
                               (f"/api/v1/inventory/{skus[0]}", "no-cache"),
                               ("/api/v1/orders", "no-store"), ("/livez", "no-store"),
                               ("/metrics", "no-store")):
            answer = ann.ask("GET", path)
            self.assertEqual((answer.code, answer.headers["Cache-Control"]), (200, expected), path)


    def test_what_was_answered_a_moment_ago_is_the_same(self):
        """It is young, it is whole, and its tag and conditions are as ever."""
        path, ann = f"/api/v1/products/{skus[2]}", store.person("ann")
        first = ann.ask("GET", path)
        ann.buy((skus[2], 1))
        seen = [ann.ask("GET", path) for _ in range(20)]
        self.assertEqual({answer.headers["Content-Type"] for answer in seen}, {"application/json"})
        shop.wait_for(lambda: ann.get(path)["available"],
                      lambda left: left == first.json()["available"] - 1, seconds_max=5)
        last = ann.ask("GET", path)
        self.assertEqual(last.headers["ETag"], ann.ask("HEAD", path).headers["ETag"])
        self.assertNotEqual(last.headers["ETag"], first.headers["ETag"])
        self.assertEqual(ann.ask("GET", path, if_none_match=first.headers["ETag"]).code, 200)
        self.assert_problem(ann.ask("GET", path.replace(skus[2], "no-such")), 404)


class Packing(shop.Case):
    def test_what_anyone_may_see_is_packed_for_who_unpacks_it(self):
        for path in ("/asyncapi.json", "/api/v1/products?limit=50", "/"):
            plain = store.stranger().ask("GET", path)
            self.assertEqual(plain.headers["Vary"], "Accept-Encoding")
            self.assertIsNone(plain.headers["Content-Encoding"])
            for accepted in ("gzip", "br, gzip;q=0.1", "*", "GZIP ; Q=1"):
                packed = store.stranger().ask("GET", path, accept_encoding=accepted)
                self.assertEqual(packed.headers["Content-Encoding"], "gzip", accepted)
                self.assertEqual(packed.headers["Vary"], "Accept-Encoding")
                self.assertLess(len(packed.body), len(plain.body) / 2)
                self.assertEqual(gzip.decompress(packed.body), plain.body)
                self.assertEqual(packed.headers["ETag"], plain.headers["ETag"][:-1] + '-gzip"')
            for accepted in ("gzip;q=0", "br", "identity", "gzip;q=0.000, *", "gzi", ""):
                same = store.stranger().ask("GET", path, accept_encoding=accepted)
                self.assertEqual((same.headers["Content-Encoding"], same.body), (None, plain.body))
            again = store.stranger().ask("GET", path, accept_encoding="gzip",
                                         if_none_match=packed.headers["ETag"])
            self.assertEqual((again.code, again.headers["ETag"]), (304, packed.headers["ETag"]))

    def test_what_is_small_or_personal_is_not(self):
        ann = store.person("packs")
        for _ in range(12):
            ann.buy((skus[1], 1))
        orders = ann.ask("GET", "/api/v1/orders?limit=100", accept_encoding="gzip")
        self.assertGreater(len(orders.body), 2048)
        small = ann.ask("GET", f"/api/v1/products/{skus[0]}", accept_encoding="gzip")
        for answer in (orders, small):
            self.assertIsNone(answer.headers["Content-Encoding"])


class Links(shop.Case):
    def test_a_list_says_where_it_goes_on(self):
        path = f"/api/v1/products?category={urllib.parse.quote(category)}&limit=7"
        seen, pages = [], 0
        while path:
            answer = store.stranger().ask("GET", path)
            links = dict(reversed(link.split("; ")) for link in answer.headers["Link"].split(", "))
            self.assertEqual(links['rel="first"'],
                             f"</api/v1/products?category={urllib.parse.quote(category)}&limit=7>")
            seen += [item["sku"] for item in answer.json()["items"]]
            self.assertEqual('rel="next"' in links, answer.json()["next"] is not None)
            path = links.get('rel="next"', "<>")[1:-1]
            pages += 1
        self.assertGreater(pages, 2)
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual(set(seen), {sku for sku, item in store.products().items()
                                     if item["category"] == category})

    def test_every_list_has_them(self):
        boss = store.person("boss", "operator")
        for path in ("/api/v1/orders", "/api/v1/admin/sagas", "/api/v1/admin/jobs",
                     "/api/v1/admin/parked", "/api/v1/admin/intents", "/api/v1/admin/audit-log",
                     "/api/v1/webhooks/deliveries"):
            self.assertIn(f'<{path}>; rel="first"', boss.ask("GET", path).headers["Link"])


class Preferences(shop.Case):
    def test_an_order_is_waited_for(self):
        ann = store.person("ann")
        made = ann.ask("POST", "/api/v1/orders", shop.order_of((skus[0], 1)),
                       idempotency_key="waits-1", prefer="respond-async, wait=15")
        self.assertEqual((made.code, made.json()["status"]), (201, "CONFIRMED"))
        self.assertEqual(made.headers["Preference-Applied"], "wait=15")
        self.assertEqual(made.headers["Location"], f"/api/v1/orders/{made.json()['id']}")
        seen = ann.ask("GET", made.headers["Location"], prefer="wait=5")
        self.assertEqual((seen.code, seen.json()), (200, made.json()))  # final: at once
        plain = ann.ask("GET", made.headers["Location"])
        self.assertIsNone(plain.headers["Preference-Applied"])
        self.assert_problem(store.person("ben").ask("GET", made.headers["Location"],
                                                    prefer="wait=5"), 404)

    def test_a_body_is_left_out_where_nobody_wants_it(self):
        ann = store.person("ann")
        made = ann.ask("POST", "/api/v1/orders", shop.order_of((skus[0], 1)),
                       idempotency_key="minimal-1", prefer="return=minimal")
        self.assertEqual((made.code, made.body), (201, b""))
        self.assertEqual(made.headers["Preference-Applied"], "return=minimal")
        self.assertEqual(ann.ask("GET", made.headers["Location"]).code, 200)
        both = ann.ask("POST", "/api/v1/orders", shop.order_of((skus[0], 1)),
                       idempotency_key="minimal-2", prefer="return=minimal, wait=15")
        self.assertEqual((both.code, both.body), (201, b""))
        self.assertEqual(ann.get(both.headers["Location"])["status"], "CONFIRMED")

    def test_what_nobody_understands_is_passed_over(self):
        ann = store.person("ann")
        wishes = ("wait=x", "wait", "wait=0", "wait=-1", "colour=red", ";;,=,", "wait=9" + "9" * 20)
        for i, prefer in enumerate(wishes):
            made = ann.ask("POST", "/api/v1/orders", shop.order_of((skus[0], 1)),
                           idempotency_key=f"prefer-{i}", prefer=prefer)
            self.assertEqual(made.code, 201)
            self.assertIsNone(made.headers["Preference-Applied"])


class Options(shop.Case):
    def test_every_path_says_its_methods(self):
        for path, methods in (("/api/v1/orders", "OPTIONS, GET, HEAD, POST"), ("/livez",
                              "OPTIONS, GET, HEAD"), ("/api/v1/orders/x/cancel", "OPTIONS, POST")):
            answer = store.stranger().ask("OPTIONS", path)
            self.assertEqual((answer.code, answer.headers["Allow"], answer.body),
                             (204, methods, b""))
        self.assertEqual(store.stranger().ask("OPTIONS", "*").code, 204)
        self.assert_problem(store.stranger().ask("OPTIONS", "/api/v1/nothing"), 404)


class OtherOrigins(shop.Case):
    PREFLIGHT = {"origin": ORIGIN, "access_control_request_method": "POST",
                 "access_control_request_headers": "authorization, idempotency-key"}

    def cors_of(self, answer):
        return {name for name in answer.headers if name.lower().startswith("access-control-")}

    def test_nobody_may_call_as_it_comes(self):
        for answer in (store.stranger().ask("OPTIONS", "/api/v1/orders", **self.PREFLIGHT),
                       store.stranger().ask("GET", "/api/v1/products", origin=ORIGIN)):
            self.assertEqual(self.cors_of(answer), set())

    def test_pages_of_named_origins_may_call(self):
        answer = open_store.stranger().ask("OPTIONS", "/api/v1/orders", **self.PREFLIGHT)
        self.assertEqual(answer.code, 204)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], ORIGIN)
        self.assertEqual(answer.headers["Access-Control-Allow-Methods"],
                         "OPTIONS, GET, HEAD, POST")
        self.assertIn("Idempotency-Key", answer.headers["Access-Control-Allow-Headers"])
        self.assertIsNone(answer.headers["Access-Control-Allow-Credentials"])
        ann = open_store.person("ann")
        for answer in (ann.ask("GET", "/api/v1/products", origin=ORIGIN),
                       ann.ask("GET", "/api/v1/orders/x", origin=ORIGIN),   # 404
                       ann.ask("GET", "/nowhere", origin=ORIGIN)):          # no request at all
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], ORIGIN)
            self.assertIn("ETag", answer.headers["Access-Control-Expose-Headers"])
            self.assertIn("Origin", answer.headers.get_all("Vary"))

    def test_other_pages_may_not(self):
        for origin in ("https://shop.example.evil.example", "http://shop.example", "null",
                       "https://SHOP.example", "https://shop.example:8443"):
            for answer in (open_store.stranger().ask("GET", "/livez", origin=origin),
                           open_store.stranger().ask("OPTIONS", "/api/v1/orders",
                                                     **{**self.PREFLIGHT, "origin": origin})):
                self.assertEqual(self.cors_of(answer), set(), origin)
                self.assertIn("Origin", answer.headers.get_all("Vary"))


def setUpModule():
    global store, open_store, skus, category
    store = shop.Shop("--demo")
    open_store = shop.Shop("--cors-origins", f"{ORIGIN}, https://b.example:8443")
    products = store.products()
    skus = sorted(products)
    category = products[skus[0]]["category"]


def tearDownModule():
    store.close()
    open_store.close()


if __name__ == "__main__":
    shop.main()
