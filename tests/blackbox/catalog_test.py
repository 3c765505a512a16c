#!/usr/bin/env python3
"""catalog_test.py - the catalogue is kept by operators while it is sold from.

Aim:     a change is made by whoever has seen what it changes; orders follow it within a second;
         searches and pages are right whatever changes meanwhile.
Method:  one platform whose stock is imported; its products are made by the API.
"""
import json
import threading
import time

import shop

LAMP = {"name": "lamp", "priceMinor": 1000, "currency": "USD", "category": "light"}
PRODUCT = {"sku": str, "name": str, "description": str, "category": str, "imageUrl": str,
           "priceMinor": int, "currency": str, "active": bool, "version": int, "retiredAt": str}
MAYBE = ("description", "category", "imageUrl", "retiredAt")
STOCK = "".join(f"{sku},WH-EU-1,1000000\n" for sku in ("PRICED", "RETIRED"))


class Changes(shop.Case):
    def test_a_product_from_beginning_to_end(self):
        made = boss.ask("POST", "/api/v1/products", {"sku": "LIFE", **LAMP})
        self.assertEqual((made.code, made.headers["Location"]), (201, "/api/v1/products/LIFE"))
        self.assert_shape(made.json(), PRODUCT, MAYBE)
        self.assertRegex(made.headers["ETag"], r'^"1\.[0-9a-f]{16}"$')
        self.assert_problem(boss.ask("POST", "/api/v1/products", {"sku": "LIFE", **LAMP}), 409)
        seen = boss.ask("GET", "/api/v1/products/LIFE")
        changed = boss.ask("PATCH", "/api/v1/products/LIFE", {"priceMinor": 900},
                           content_type="application/merge-patch+json",
                           if_match=seen.headers["ETag"])
        self.assertEqual((changed.code, changed.json()["priceMinor"]), (200, 900))
        self.assertEqual(changed.json()["name"], "lamp")
        self.assert_problem(boss.ask("PATCH", "/api/v1/products/LIFE", {"priceMinor": 800},
                                     if_match=seen.headers["ETag"]), 412)
        whole = boss.ask("PUT", "/api/v1/products/LIFE", {**LAMP, "name": "a lamp"},
                         if_match=changed.headers["ETag"])
        self.assertEqual((whole.code, whole.json()["name"]), (200, "a lamp"))
        away = boss.ask("PATCH", "/api/v1/products/LIFE", {"category": None}, if_match="*")
        self.assertEqual((away.code, away.json().get("category")), (200, None))
        gone = boss.ask("DELETE", "/api/v1/products/LIFE", if_match=away.headers["ETag"])
        self.assertEqual((gone.code, gone.json()["active"]), (200, False))
        self.assert_shape(gone.json(), PRODUCT, MAYBE)
        self.assertFalse(store.stranger().get("/api/v1/products/LIFE")["active"])
        self.assertNotIn("LIFE", store.products())
        retired = store.stranger().get("/api/v1/products?active=false&limit=100")["items"]
        self.assertIn("LIFE", [item["sku"] for item in retired])

    def test_a_change_needs_a_condition(self):
        boss.ask("POST", "/api/v1/products", {"sku": "COND", **LAMP})
        path = "/api/v1/products/COND"
        for method, body in (("PUT", LAMP), ("PATCH", {"name": "x"}), ("DELETE", None)):
            self.assert_problem(boss.ask(method, path, body), 428, "If-Match")
            for tag in ('"99"', '"abc"', 'W/"1"', '"0"', '""'):
                self.assert_problem(boss.ask(method, path, body, if_match=tag), 412)
            self.assert_problem(boss.ask(method, path, body, if_match="1"), 400)
        self.assert_problem(boss.ask("PATCH", path, {"name": "x"}, if_none_match="*"), 428)
        self.assert_problem(boss.ask("PUT", path, LAMP, if_none_match="*"), 412)
        self.assert_problem(boss.ask("PUT", "/api/v1/products/NONE", LAMP, if_match="*"), 412)
        self.assert_problem(boss.ask("PATCH", "/api/v1/products/NONE", {}, if_match="*"), 404)
        new = boss.ask("PUT", "/api/v1/products/NEW", LAMP, if_none_match="*")
        self.assertEqual((new.code, new.headers["Location"]), (201, "/api/v1/products/NEW"))

    def test_who_may_not(self):
        body = {"sku": "MAY", **LAMP}
        self.assert_problem(store.stranger().ask("POST", "/api/v1/products", body), 401)
        for role in (None, "warehouse", "support", "partner"):
            self.assert_problem(store.person("m", role).ask("POST", "/api/v1/products", body), 403)
        self.assert_problem(store.stranger().ask("GET", "/api/v1/products/MAY"), 404)

    def test_what_is_wrong_is_refused(self):
        for wrong in ({"sku": "a b"}, {"name": ""}, {"name": "x" * 257}, {"priceMinor": -1},
                      {"priceMinor": None}, {"priceMinor": 1.5}, {"currency": "XYZ"},
                      {"colour": "red"}, {"version": 7}):
            self.assert_problem(boss.ask("POST", "/api/v1/products",
                                         {"sku": "WRONG", **LAMP, **wrong}), 422)
        self.assert_problem(boss.ask("PUT", "/api/v1/products/WRONG", {"sku": "OTHER", **LAMP},
                                     if_none_match="*"), 422)
        boss.ask("POST", "/api/v1/products", {"sku": "NULLS", **LAMP})
        for name in ("name", "priceMinor", "currency", "active"):
            self.assert_problem(boss.ask("PATCH", "/api/v1/products/NULLS", {name: None},
                                         if_match="*"), 422)
        # a number like a card's is a number like any other on a box
        coded = boss.ask("POST", "/api/v1/products", {"sku": "4242424242424242", **LAMP})
        self.assertEqual(coded.code, 201)

    def test_a_draft_is_the_staff_s(self):
        boss.ask("POST", "/api/v1/products", {"sku": "DRAFT", **LAMP, "active": False})
        self.assert_problem(store.stranger().ask("GET", "/api/v1/products/DRAFT"), 404)
        for role in ("operator", "support"):
            seen = store.person("d", role).ask("GET", "/api/v1/admin/products/DRAFT")
            self.assertEqual((seen.code, seen.json()["active"]), (200, False))
        self.assert_problem(store.person("d").ask("GET", "/api/v1/admin/products/DRAFT"), 403)

    def test_orders_follow_within_a_second(self):
        ann = store.person("ann")
        for sku in ("PRICED", "RETIRED"):
            boss.ask("POST", "/api/v1/products", {"sku": sku, **LAMP})
            self.assertEqual(ann.order((sku, 1)).json()["totalMinor"], 1000)
        boss.ask("PATCH", "/api/v1/products/PRICED", {"priceMinor": 5}, if_match="*")
        boss.ask("DELETE", "/api/v1/products/RETIRED", if_match="*")
        time.sleep(1.1)
        self.assertEqual(ann.order(("PRICED", 1)).json()["totalMinor"], 5)
        self.assert_problem(ann.order(("RETIRED", 1)), 422, "not for sale")

    def test_of_two_who_change_at_once_one_sees_it(self):
        boss.ask("POST", "/api/v1/products", {"sku": "RACE", **LAMP})
        def raise_price(_):
            olga = store.person("olga", "operator")
            for tries in range(200):
                seen = olga.ask("GET", "/api/v1/admin/products/RACE")
                answer = olga.ask("PATCH", "/api/v1/products/RACE",
                                  {"priceMinor": seen.json()["priceMinor"] + 1},
                                  if_match=seen.headers["ETag"])
                if answer.code == 200:
                    return tries
                self.assert_problem(answer, 412)
            return None
        store.person("olga", "operator")
        tries = shop.at_once(raise_price, range(16), threads=16)
        self.assertNotIn(None, tries)
        self.assertEqual(boss.get("/api/v1/admin/products/RACE")["priceMinor"], 1016)


class Imports(shop.Case):
    def import_as(self, body, media, path="/api/v1/products/imports"):
        return boss.ask("POST", path, body.encode(), content_type=media)

    def test_a_table_is_taken_whole(self):
        lines = [json.dumps({"sku": f"IMP-{i}", **LAMP}) for i in range(3000)]
        report = self.import_as("\n".join(lines), "application/x-ndjson")
        self.assertEqual((report.code, report.json()),
                         (200, {"lines": 3000, "created": 3000, "changed": 0, "unchanged": 0,
                                "errors": []}))
        csv = "sku,price_minor,name,currency\nIMP-1,7,lamp,USD\nIMP-X,8,\"a, b\",USD\n"
        trial = self.import_as(csv, "text/csv; charset=utf-8",
                               "/api/v1/products/imports?trial=true")
        self.assertEqual((trial.json()["created"], trial.json()["changed"]), (1, 1))
        self.assert_problem(boss.ask("GET", "/api/v1/products/IMP-X"), 404)
        self.assertEqual(self.import_as(csv, "text/csv").json()["created"], 1)
        self.assertEqual(boss.get("/api/v1/products/IMP-X")["name"], "a, b")

    def test_one_wrong_line_and_nothing_is_taken(self):
        lines = [json.dumps({"sku": f"BAD-{i}", **LAMP}) for i in range(10)]
        lines[3] = '{"sku":"BAD-3"}'
        lines[7] = "{"
        report = self.import_as("\n".join(lines), "application/x-ndjson")
        self.assertEqual(report.code, 422)
        self.assertEqual([error["line"] for error in report.json()["errors"]], [4, 8])
        self.assertIn("priceMinor", report.json()["errors"][0]["detail"])
        self.assert_problem(boss.ask("GET", "/api/v1/products/BAD-0"), 404)

    def test_what_is_no_table(self):
        for media in ("application/json", ""):
            self.assert_problem(self.import_as("{}", media), 415, "x-ndjson", "text/csv")
        self.assert_problem(self.import_as("sku\nA\n", "text/csv"), 422, "columns")
        self.assert_problem(self.import_as("x" * (1 << 20) + "x", "text/csv"), 413)

    def test_a_file_is_brought_in_part_by_part(self):
        url = f"http://{store.address[0]}:{store.address[1]}"
        rows = [f'CTL-{i},"lamp,\nsmall",{i},USD' for i in range(5000)]
        path = store.folder / "products.csv"
        path.write_text("sku,name,price_minor,currency\n" + "\n".join(rows) + "\n")
        for trial, created in ((["--trial"], 5000), ([], 5000), ([], 0)):
            code, said = store.run("ctl", "products", "import", str(path), "--json", "--url", url,
                                   *trial)
            self.assertEqual(code, 0, said)
            self.assertEqual(json.loads(said)["created"], created)
        self.assertEqual(store.stranger().get("/api/v1/products/CTL-7")["name"], "lamp,\nsmall")
        rows[4000] = "CTL-X,lamp,cheap,USD"  # nothing of any part is taken then
        path.write_text("sku,name,price_minor,currency\n" + "\n".join(["CTL-Y,l,1,USD"] + rows))
        code, said = store.run("ctl", "products", "import", str(path), "--json", "--url", url)
        self.assertEqual((code, json.loads(said)["errors"][0]["line"]), (1, 8003))
        self.assert_problem(store.stranger().ask("GET", "/api/v1/products/CTL-Y"), 404)

    def test_it_goes_on_selling_meanwhile(self):
        boss.ask("POST", "/api/v1/products", {"sku": "PRICED", **LAMP})
        table = "\n".join(json.dumps({"sku": f"BUSY-{i}", **LAMP}) for i in range(8000))
        importer = threading.Thread(target=self.import_as, args=(table, "application/x-ndjson"))
        ann = store.person("ann")
        importer.start()
        while importer.is_alive():
            self.assertEqual(ann.order(("PRICED", 1)).code, 201)
        importer.join()


class Lists(shop.Case):
    def skus(self, query):
        return [item["sku"] for page in store.stranger().pages(f"/api/v1/products?{query}")
                for item in page["items"]]

    @classmethod
    def setUpClass(cls):
        rows = [("LST-1", "Oak table", 300), ("LST-2", "oak chair", 100),
                ("LST-3", "Übertisch", 200), ("LST-4", "oak bench", 100)]
        for sku, name, price in rows:
            boss.ask("POST", "/api/v1/products", {"sku": sku, "name": name, "priceMinor": price,
                                                  "currency": "USD", "category": "list"})

    def test_by_words_price_and_order(self):
        for query, expected in (("category=list&limit=1", ["LST-1", "LST-2", "LST-3", "LST-4"]),
                                ("q=oak&category=list&limit=2", ["LST-1", "LST-2", "LST-4"]),
                                ("q=OAK+ta&limit=1", ["LST-1"]),
                                ("q=ubertisch&limit=1", ["LST-3"]),
                                ("q=tisch&limit=1", []),
                                ("category=list&sort=price&limit=1",
                                 ["LST-2", "LST-4", "LST-3", "LST-1"]),
                                ("category=list&sort=-price,name&limit=1",
                                 ["LST-1", "LST-3", "LST-4", "LST-2"]),
                                ("category=list&minPriceMinor=150&maxPriceMinor=250&limit=9",
                                 ["LST-3"])):
            self.assertEqual(self.skus(query), expected, query)
        for query in ("sort=colour", "q=%22", "minPriceMinor=x", "active=maybe", "q=" + "x" * 201,
                      "cursor=x", "sort=price&sort=name"):
            self.assert_problem(store.stranger().ask("GET", f"/api/v1/products?{query}"), 422)

    def test_a_cursor_stands_while_rows_change(self):
        first = store.stranger().get("/api/v1/products?category=list&sort=price&limit=2")
        boss.ask("PATCH", "/api/v1/products/LST-4", {"description": "wide"}, if_match="*")
        boss.ask("POST", "/api/v1/products", {"sku": "LST-0", "name": "stool", "priceMinor": 1,
                                              "currency": "USD", "category": "list"})
        rest = store.stranger().get("/api/v1/products?category=list&sort=price&limit=2&cursor="
                                    + first["next"])
        self.assertEqual([item["sku"] for item in rest["items"]], ["LST-3", "LST-1"])
        boss.ask("DELETE", "/api/v1/products/LST-0", if_match="*")


def setUpModule():
    global store, boss
    store = shop.Shop(tables={"stock": shop.STOCK + STOCK})
    boss = store.person("boss", "operator")


def tearDownModule():
    store.close()


if __name__ == "__main__":
    shop.main()
