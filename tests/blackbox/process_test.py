#!/usr/bin/env python3
"""process_test.py - panglot as a process: its commands, its folder, its beginning and its end.

Aim:     a person who starts, stops, feeds and checks it is told clearly what happened, by words and
         by the exit code; what was answered once is there after every restart.
Method:  each test has a folder of its own. What a command has done is asked over HTTP, what
         `verify` has to find is done to the databases of a stopped platform behind its back.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
import uuid

import forge
import harness
import shop

COMMANDS = ("serve", "token", "import", "verify", "sim", "bench")
READY_SECONDS_MAX = 5.0  # the promise is 1 s; a test on a busy machine asks whether, not how fast
STOP_SECONDS_MAX = 5.0  # half of what a drain gives those whose request is on its way

CATALOG = shop.CATALOG + "LAMP,Lamp,Gives light.,home,/lamp.png,600,USD,1\n" \
                         "VASE,Vase,Holds flowers.,home,,500,USD,1\n"
STOCK = shop.STOCK + "LAMP,WH-EU-1,1000\nVASE,WH-US-1,10\n"
TABLES = {"catalog": CATALOG, "stock": STOCK}


def panglot(*arguments, **environment):
    """(exit code, what it said on both outputs)"""
    done = subprocess.run([shop.options.binary, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=30,
                          env={**os.environ, **environment}, check=False)
    return done.returncode, done.stdout


@contextlib.contextmanager
def a_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-blackbox-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def a_shop(*serve_options, tables=None):
    store = shop.Shop(*serve_options, tables=TABLES if tables is None else tables)
    try:
        yield store
    finally:
        store.close()


class Commands(shop.Case):
    def test_help(self):
        code, said = panglot("--help")
        self.assertEqual(code, 0)
        listed = re.findall(r"^  (\w+) ", said, re.M)
        for command in COMMANDS:
            self.assertIn(command, listed)
        for command in listed:
            with self.subTest(command):
                code, said = panglot(command, "--help")
                self.assertEqual(code, 0, said)
                self.assertTrue(said.startswith(f"usage: panglot {command} "), said)

    def test_help_of_import_lists_the_columns(self):
        _, said = panglot("import", "--help")
        for table in (shop.CATALOG, shop.STOCK, shop.CREDIT):
            for column in table.strip().split(","):
                self.assertIn(column, said)

    def test_what_is_wrong_is_named(self):
        for named, *arguments in (
                ("COMMAND",), ("fly", "fly"), ("--colour", "serve", "--colour", "red"),
                ("--colour", "serve", "--colour=red"), ("-d", "serve", "-d", "x"),
                ("--data", "serve", "--data"), ("--data", "serve", "--data="),
                ("--http", "serve", "--http", "8080"), ("--http", "serve", "--http", "127.0.0.1:x"),
                ("--http", "serve", "--http", "127.0.0.1:65536"), ("here", "serve", "here"),
                ("--http", "serve", "--http", "127.0.0.1:-1"),
                ("--connections", "serve", "--connections", "0"),
                ("--connections", "serve", "--connections", "many"),
                ("--connections", "serve", "--connections", "99999999999999999999"),
                ("--head-time", "serve", "--head-time", "10"),
                ("--idle-time", "serve", "--idle-time", "-1s"),
                ("--body-rate", "serve", "--body-rate", "0"),
                ("--credit", "serve", "--credit", "-1"),
                ("--sub", "token"), ("--role", "token", "--sub", "a", "--role", "king"),
                ("--ttl", "token", "--sub", "a", "--ttl", "soon"),
                ("--ttl", "token", "--sub", "a", "--ttl", "0s"), ("king", "token", "king"),
                ("import", "import"), ("import", "import", "catalog"),
                ("people", "import", "people", "x.csv"), ("more", "import", "stock", "x", "more"),
                ("--fast", "verify", "--fast"), ("--seed", "sim", "--seed", "x"),
                ("--runs", "sim", "--runs", "-1"), ("--rate", "bench", "orders", "--rate", "x"),
                ("bench", "bench"), ("orders", "bench", "chairs")):
            with self.subTest(arguments):
                code, said = panglot(*arguments)
                self.assertEqual(code, 2, said)
                self.assertIn(named, said)
                self.assertIn("help", said)

    def test_options_come_from_the_environment_too(self):
        with a_shop() as store:
            def role(*options, **environment):
                code, said = panglot("token", "--sub", "a", *options, **environment)
                self.assertEqual(code, 0, said)
                return str(forge.decode(said.split(".")[1]))

            self.assertIn("operator", role(PANGLOT_DATA=store.data, PANGLOT_ROLE="operator"))
            self.assertNotIn("operator", role("--role", "warehouse", PANGLOT_DATA=store.data,
                                              PANGLOT_ROLE="operator"))
        code, said = panglot("token", "--sub", "a", PANGLOT_TTL="soon")
        self.assertEqual(code, 2)
        self.assertIn("PANGLOT_TTL", said)


class Version(shop.Case):
    def test_is_said_with_that_of_each_library(self):
        for arguments in (["version"], ["--version"]):
            code, said = panglot(*arguments)
            self.assertEqual(code, 0, said)
            self.assertRegex(said, r"\Apanglot \d+\.\d+\.\d+\n(  [\w-]+ +\d[\w.]+\n)+\Z")
        self.assertIn(f"  sqlite     {sqlite3.sqlite_version}\n", said)  # the machine's, here too

    def test_as_a_bill_of_materials(self):
        code, said = panglot("version", "--sbom")
        self.assertEqual(code, 0, said)
        bill = json.loads(said)
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        self.assertEqual(bill["metadata"]["component"]["name"], "panglot")
        _, lines = panglot("version")
        parts = bill["components"]
        self.assertEqual([[part["name"], part["version"]] for part in parts],
                         [line.split() for line in lines.splitlines()[1:]])
        for part in parts:
            self.assertRegex(part["version"], r"^\d+(\.\d+)+")
            self.assertEqual(part["purl"], "pkg:deb/debian/" + part["bom-ref"])
            self.assertTrue(part["licenses"][0]["license"]["id"])
        self.assertEqual(bill["dependencies"], [{"ref": "panglot", "dependsOn": [
            part["bom-ref"] for part in parts]}])

    def test_of_each_library_that_is_linked(self):
        """What the loader is asked for, and nothing else; the loader itself apart."""
        shown = subprocess.run(["readelf", "--wide", "--dynamic", shop.options.binary],
                               stdout=subprocess.PIPE, text=True, check=True).stdout
        linked = {name for name in re.findall(r"\(NEEDED\) .*\[(.+)\]", shown)
                  if not name.startswith("ld-")}
        self.assertGreater(len(linked), 5)
        _, said = panglot("version", "--sbom")
        self.assertEqual({entry["value"] for part in json.loads(said)["components"]
                          for entry in part["properties"] if entry["name"] == "panglot:file"},
                         linked)


class Serve(shop.Case):
    def test_begins_in_an_empty_folder(self):
        with a_folder() as folder:
            server = harness.Server(shop.options.binary, folder / "data", ())
            started = time.monotonic()
            server.start()
            try:
                self.assertTrue(server.wait_ready(READY_SECONDS_MAX), server.log.read_text())
                self.assertLess(time.monotonic() - started, READY_SECONDS_MAX)
                self.assertEqual(harness.Client(server.address).ask("GET", "/api/v1/products")
                                 .json(), {"items": [], "next": None})
                for path in (folder / "data").iterdir():
                    if path.suffix == ".pem":
                        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            finally:
                self.assertEqual(server.stop(), 0)

    def test_says_where_it_listens_and_nothing_else(self):
        with a_folder() as folder:
            with subprocess.Popen([shop.options.binary, "serve", "--data", folder / "data",
                                   "--http", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.DEVNULL) as process:
                line = process.stdout.readline()
                process.send_signal(signal.SIGINT)  # Ctrl-C ends it as well
                rest = process.stdout.read()
            self.assertRegex(line, r"^listening on http://127\.0\.0\.1:[1-9]\d*\n$")
            self.assertEqual((rest, process.returncode), ("", 0))

    def test_has_its_folder_for_itself(self):
        with a_shop() as store:
            for arguments in (("serve", "--http", "127.0.0.1:0"),
                              ("import", "catalog", store.folder / "catalog.csv")):
                code, said = panglot(*arguments, "--data", store.data)
                self.assertEqual(code, 1, said)
                self.assertIn(store.data, said)
                self.assertRegex(said, "(?i)another|running|use")
            self.assertEqual(store.person("a").buy(("LAMP", 1))["status"], "CONFIRMED")

    def test_cannot_begin(self):
        with a_shop() as store, a_folder() as folder:
            taken = "%s:%d" % store.address
            (folder / "file").write_text("x")
            (folder / "key").mkdir()
            (folder / "key" / "signing-key.pem").write_text("no key")
            for word, *arguments in ((taken, "--data", folder / "a", "--http", taken),
                                     ("256.1.1.1", "--data", folder / "b", "--http", "256.1.1.1:0"),
                                     ("file", "--data", folder / "file", "--http", "127.0.0.1:0"),
                                     ("none", "--data", folder / "none" / "deep", "--http",
                                      "127.0.0.1:0"),
                                     ("key", "--data", folder / "key", "--http", "127.0.0.1:0")):
                code, said = panglot("serve", *arguments)
                self.assertEqual(code, 1, said)
                self.assertIn(word, said)

    def test_a_damaged_database_is_not_served(self):
        with a_shop() as store:
            self.assertEqual(store.stop(), 0)
            for path in pathlib.Path(store.data).glob("*.db*"):
                path.write_bytes(b"no database" * 1000)
            code, said = panglot("serve", "--data", store.data, "--http", "127.0.0.1:0")
            self.assertEqual(code, 1, said)
            self.assertIn(store.data, said)


class Drain(shop.Case):
    @harness.of_one_process("all drain at once here; tests/parity/rolling_test.py does in turns")
    def test_answers_what_is_in_flight(self):
        with a_shop() as store:
            buyer = store.person("slow")
            body = json.dumps(shop.order_of(("LAMP", 1))).encode()
            head = (f"POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\n"
                    f"Authorization: Bearer {buyer.token}\r\nContent-Length: {len(body)}\r\n\r\n")
            with socket.create_connection(store.address) as half:
                half.sendall(head.encode() + body[:9])
                buyer.ask("GET", "/livez")  # behind it, so that the half has been read
                store.send(signal.SIGTERM)
                shop.wait_for(self.refuses(store), bool)
                self.assertIsNone(store.process.poll())
                half.sendall(body[9:])
                answer, = harness.answers_in(harness.hear(half, time.monotonic() + 5)[0])
                self.assertEqual(answer.code, 201)
                self.assertEqual(answer.headers["Connection"], "close")
            self.assertEqual(store.process.wait(harness.STOP_SECONDS_MAX), 0)
            store.open()
            self.assertEqual(store.person("slow").wait_final(answer.json()["id"])["status"],
                             "CONFIRMED")

    def refuses(self, store):
        def look():
            try:
                socket.create_connection(store.address, 1).close()
            except ConnectionRefusedError:
                return True
            except ConnectionResetError:
                pass  # it was in the queue of the listener when that was closed
            return False
        return look

    def test_waits_for_nobody_who_only_listens(self):
        with a_shop() as store:
            operator = store.token("op", "--role", "operator")
            mute, stream = (socket.create_connection(store.address) for _ in range(2))
            stream.sendall(f"GET /api/v1/orders/endings HTTP/1.1\r\nHost: a\r\n"
                           f"Authorization: Bearer {operator}\r\n\r\n".encode())
            self.assertIn(b"text/event-stream", stream.recv(4096))
            kept = store.stranger()
            kept.ask("GET", "/livez")
            started = time.monotonic()
            store.send(signal.SIGTERM)
            store.send(signal.SIGTERM)  # who is impatient changes nothing
            self.assertEqual(store.process.wait(harness.STOP_SECONDS_MAX), 0)
            self.assertLess(time.monotonic() - started, STOP_SECONDS_MAX)
            mute.close()
            stream.close()

    def test_does_not_wait_for_ever(self):
        with a_shop("--head-time", "1h") as store, socket.create_connection(store.address) as half:
            half.sendall(b"GET /livez HTTP/1.1\r\nHo")
            store.stranger().ask("GET", "/livez")  # behind it, so that the half has been read
            self.assertEqual(store.stop(), 0)

    def test_under_load_loses_nothing(self):
        with a_shop("--credit", "100000000") as store:
            for n in range(8):
                store.person(f"busy-{n}")
            answered, stop = {}, threading.Event()

            def work(n):
                buyer, number = store.person(f"busy-{n}"), 0
                while not stop.is_set():
                    number += 1
                    try:
                        answer = buyer.order(("LAMP", 1), key=f"busy-{number}")
                    except (OSError, harness.http.client.HTTPException):
                        return  # asked again below, by its key
                    if answer.code == 201:
                        answered[n, number] = answer.json()
                    else:
                        self.assertEqual(answer.code, 503)

            threads = [threading.Thread(target=work, args=[n]) for n in range(8)]
            for thread in threads:
                thread.start()
            shop.wait_for(lambda: len(answered), lambda count: count > 200)
            self.assertEqual(store.stop(), 0)
            stop.set()
            for thread in threads:
                thread.join()

            store.open()
            for (n, number), order in answered.items():
                buyer = store.person(f"busy-{n}")
                again = buyer.order(("LAMP", 1), key=f"busy-{number}")
                self.assertEqual((again.code, again.json()), (201, order))
                self.assertEqual(again.headers["Idempotent-Replayed"], "true")
                self.assertIn(buyer.wait_final(order["id"])["status"], ("CONFIRMED", "FAILED"))


class Restart(shop.Case):
    def test_changes_nothing(self):
        with a_shop("--demo", tables={}) as store:
            skus = sorted(store.products())[:3]
            ids = [store.person("a").buy((sku, n + 1))["id"] for n, sku in enumerate(skus)]
            ids.append(store.person("a").buy(*((skus[0], 10_000) for _ in range(9)))["id"])
            views = ["/api/v1/products?limit=100", "/api/v1/orders", "/.well-known/jwks.json",
                     *(f"/api/v1/inventory/{sku}" for sku in skus),
                     *(path.format(name) for name in ids for path in (
                         "/api/v1/orders/{}", "/api/v1/orders/{}/saga", "/api/v1/payments/{}"))]

            def look():
                person = store.person("a")
                streams = [person.ask("GET", f"/api/v1/orders/{name}/events").body for name in ids]
                return [person.get(view) for view in views] + streams

            shop.wait_for(lambda: len(store.person("a").story(ids[0])), lambda count: count >= 6)
            before = look()
            for end in (store.stop, store.kill):
                end()
                store.open()
                self.assertEqual(look(), before)

    def test_the_first_answer_outlives_its_prices(self):
        with a_shop() as store:
            first = store.person("a").order(("LAMP", 1), ("VASE", 1), key="k")
            store.person("a").wait_final(first.json()["id"])
            self.assertEqual(store.stop(), 0)
            self.assertEqual(store.load("catalog", CATALOG.replace(",600,USD,1", ",700,USD,1")
                                        .replace(",500,USD,1", ",500,USD,0"))[0], 0)
            store.open()
            again = store.person("a").order(("LAMP", 1), ("VASE", 1), key="k")
            self.assertEqual((again.code, again.body), (201, first.body))
            self.assertEqual(store.person("a").buy(("LAMP", 1))["totalMinor"], 700)
            self.assert_problem(store.person("a").order(("VASE", 1)), 422, "lines[0]", "VASE")


class Token(shop.Case):
    def test_works_beside_a_running_platform_and_behind_it(self):
        with a_shop() as store:
            for role, path, code in (("customer", "/api/v1/orders", 200),
                                     ("operator", "/api/v1/orders", 200),
                                     ("warehouse", "/api/v1/orders", 403)):
                token = store.token("a", "--role", role)
                self.assertEqual(harness.Client(store.address, token).ask("GET", path).code, code)
            claims = forge.decode(store.token("a", "--ttl", "90m").split(".")[1])
            self.assertEqual(claims["exp"] - claims["iat"], 5400)
            self.assertEqual(store.stop(), 0)
            token = store.token("a")
            store.open()
            self.assertEqual(harness.Client(store.address, token).ask("GET", "/api/v1/orders").code,
                             200)

    def test_is_refused(self):
        with a_shop() as store:
            for options in (["--ttl", "25h"], ["--tenant", "a b"], ["--tenant", "x" * 65]):
                code, said = store.run("token", "--sub", "a", *options)
                self.assertNotEqual(code, 0, said)
            for name in ("", "x" * 129, "a\nb", "caf\u00e9"):
                code, said = store.run("token", "--sub", name)
                self.assertNotEqual(code, 0, said)
        with a_folder() as folder:
            for data in (folder, folder / "none"):
                code, said = panglot("token", "--sub", "a", "--data", data)
                self.assertEqual(code, 1)
                self.assertIn(str(data), said)
            self.assertEqual(list(folder.iterdir()), [])


class Import(shop.Case):
    def test_reads_tables_as_others_write_them(self):
        catalog = ("\ufeffactive,price_minor,currency,name,sku,category,description,image_url,x\r\n"
                   '1,600,USD,"Lamp, ""big""",LAMP,home,"two\r\nlines",/l.png,ignored\r\n'
                   "1,9223,JPY,\u706f,LAMPE-2.b_c,\u00e9t\u00e9,,,\r\n"
                   "0,1,USD,Gone,GONE,home,,,")
        with a_shop(tables={"catalog": catalog,
                            "stock": "warehouse,on_hand,sku\nWH-EU-1,5,LAMP\nWH-US-1,7,LAMP\n"
                                     "WH-EU-1,0,LAMPE-2.b_c\n"}) as store:
            products = store.products()
            self.assertEqual(set(products), {"LAMP", "LAMPE-2.b_c"})
            self.assertEqual(products["LAMP"]["name"], 'Lamp, "big"')
            self.assertEqual(products["LAMP"]["description"], "two\r\nlines")
            self.assertEqual(products["LAMP"]["available"], 12)
            self.assertEqual((products["LAMPE-2.b_c"]["name"], products["LAMPE-2.b_c"]["currency"]),
                             ("\u706f", "JPY"))
            self.assertEqual(store.stock("LAMPE-2.b_c")["available"], 0)

    def test_again_corrects(self):
        with a_shop() as store:
            self.assertEqual(store.person("a").buy(("LAMP", 3))["status"], "CONFIRMED")
            self.assertEqual(store.stop(), 0)
            renamed = CATALOG.replace("Lamp", "Light")
            for kind, text in (("catalog", renamed), ("catalog", renamed),
                               ("stock", shop.STOCK + "LAMP,WH-EU-1,50"),
                               ("credit", shop.CREDIT + "default,a,USD,1800\n"
                                                        "default,b,USD,0\n")):
                code, said = store.load(kind, text)
                self.assertEqual(code, 0, said)
            store.open()
            self.assertEqual(store.products()["LAMP"]["name"], "Light")
            self.assertEqual(store.stock("LAMP")["warehouses"], [
                {"warehouse": "WH-EU-1", "onHand": 50, "reserved": 3, "available": 47,
                 "shortfall": 0}])
            for name in "ab":  # what a has is taken already, and b may take nothing
                self.assertEqual(store.person(name).buy(("LAMP", 1))["status"], "FAILED")

    def test_of_a_bad_row_applies_nothing(self):
        good = {"catalog": shop.CATALOG + "NEW,New,,home,,100,USD,1\n",
                "stock": shop.STOCK + "NEW,WH-EU-1,5\n",
                "credit": shop.CREDIT + "default,new,USD,0\n"}
        cases = [("catalog", row) for row in (
            "A,A,,c,,-1,USD,1", "A,A,,c,,1.5,USD,1", "A,A,,c,,1e3,USD,1", "A,A,,c,,,USD,1",
            "A,A,,c,,99999999999999999999,USD,1", "A,A,,c,,1,usd,1", "A,A,,c,,1,XXQ,1",
            ",A,,c,,1,USD,1", "A B,A,,c,,1,USD,1", "A/B,A,,c,,1,USD,1", f"{'x' * 65},A,,c,,1,USD,1",
            "A,,,c,,1,USD,1", "A,A,,c,,1,USD", "A,A,,c,,1,USD,1,1", "A,A,,c,,1,USD,yes",
            'A,"A,,c,,1,USD,1', 'A,A"A,,c,,1,USD,1', "A,\0,,c,,1,USD,1", "", " ")]
        cases += [("stock", row) for row in (
            "LAMP,WH-NONE,1", "LAMP,,1", "LAMP,WH-EU-1,-1", "LAMP,WH-EU-1,x", ",WH-EU-1,1",
            "LAMP,WH-EU-1,9007199254740992", "LAMP,WH-EU-1", "A B,WH-EU-1,1")]
        cases += [("credit", row) for row in (
            "default,a,USD,-1", "default,a,usd,1", "default,,USD,1", ",a,USD,1", "default,a,USD,x",
            "default,a,USD,9223372036854775808", "default,a,USD")]
        with a_shop() as store:
            before = store.products(), store.stock("LAMP")
            self.assertEqual(store.stop(), 0)
            for kind, row in cases:
                with self.subTest(kind=kind, row=row):
                    again = good[kind].splitlines()[1]
                    code, said = store.load(kind, f"{good[kind]}{row}\n{again}\n")
                    self.assertEqual(code, 1, said)
                    self.assertIn("line 3", said)
            for kind, header in (("catalog", shop.CATALOG.replace("sku,", "")),
                                 ("stock", "a,b,c\n"), ("credit", ""),
                                 ("stock", shop.STOCK.replace("\n", ",sku\n"))):
                code, said = store.load(kind, header)
                self.assertEqual(code, 1, said)
                self.assertIn("line 1", said)
            latin, none = store.folder / "latin.csv", store.folder / "none.csv"
            latin.write_bytes(good["catalog"].encode() + b"A,\xe9,,c,,1,USD,1")
            for path, word in ((latin, "line 3"), (none, "none.csv"),
                               (store.folder, "pgl-blackbox")):
                code, said = store.run("import", "catalog", str(path))
                self.assertEqual(code, 1, said)
                self.assertIn(word, said)
            store.open()
            self.assertEqual((store.products(), store.stock("LAMP")), before)
            self.assertEqual(store.person("new").buy(("LAMP", 1))["status"], "CONFIRMED")


class Bench(shop.Case):
    """Whether it counts right; how fast a platform is, is for `make bench`."""

    def test_follows_each_order_to_its_end(self):
        with a_shop("--demo", tables={}) as store:
            url = "http://%s:%d" % store.address
            code, said = store.run("bench", "orders", "--url", url, "--seconds", "1", "--warm-up",
                                   "100ms", "--connections", "8", "--customers", "20", "--json")
            self.assertEqual(code, 0, said)
            told = json.loads(said)
            self.assertTrue(told["good"])
            self.assertGreater(told["confirmed"], 10)
            self.assertEqual(told["statuses"], {"201": told["accepted"]})
            metrics = store.stranger().ask("GET", "/metrics").body.decode()
            made = re.search(r'^panglot_http_requests_total\{method="POST",'
                             r'route="/api/v1/orders",status="2xx"\} (\d+)$', metrics, re.M)
            self.assertEqual(int(made.group(1)), told["accepted"])

    def test_says_when_there_is_nobody(self):
        with a_shop() as store:
            self.assertEqual(store.stop(), 0)
            url = "http://%s:%d" % store.address
            code, said = store.run("bench", "orders", "--url", url, "--seconds", "1")
            self.assertEqual(code, 1, said)
            self.assertIn(url, said)


class Verify(shop.Case):
    """Databases are damaged in copies of one folder, so that each damage is alone."""

    @classmethod
    def setUpClass(cls):
        cls.store = shop.Shop("--credit", "100000000", tables=TABLES)
        cls.ids = [cls.store.person("a").buy(("LAMP", 1 + n))["id"] for n in range(20)]
        cls.ids += [cls.store.person("b").buy(("VASE", 11))["id"]]  # out of stock
        cls.running = cls.store.run("verify", "--json")
        cls.stop_code = cls.store.stop()

    @classmethod
    def tearDownClass(cls):
        cls.store.close()

    def test_of_a_running_platform_and_of_a_stopped_one(self):
        self.assertEqual(self.stop_code, 0)
        stopped = self.store.run("verify", "--json")
        for code, said in (self.running, stopped):
            self.assertEqual(code, 0, said)
            self.assertIsInstance(json.loads(said), dict)
        code, said = self.store.run("verify")
        self.assertEqual(code, 0, said)
        self.assertIn("21", said)  # orders

    def test_while_orders_come(self):
        with a_shop("--credit", "100000000") as store:
            store.person("busy")
            stop = threading.Event()

            def work():
                buyer = store.person("busy")
                while not stop.is_set():
                    buyer.order(("LAMP", 1))

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            try:
                for _ in range(5):
                    code, said = store.run("verify", "--json")
                    self.assertEqual(code, 0, said)
            finally:
                stop.set()
                for thread in threads:
                    thread.join()

    def test_finds_what_is_wrong(self):
        name = self.ids[7]
        order = f"x'{uuid.UUID(name).hex}'"
        for file, says, damage in (
                ("orders", name, f"UPDATE orders SET state = 4 WHERE order_id = {order}"),
                ("orders", name, f"UPDATE orders SET total_minor = 1 WHERE order_id = {order}"),
                ("orders", name, f"DELETE FROM orders WHERE order_id = {order}"),
                ("orders", "", "DELETE FROM event WHERE seq = 9"),
                ("payments", name, f"DELETE FROM payment WHERE order_id = {order}"),
                ("payments", name, f"UPDATE payment SET state = 8, decision = 2 "
                                   f"WHERE order_id = {order}"),
                ("payments", name, f"UPDATE payment SET captured_minor = captured_minor - 1 "
                                   f"WHERE order_id = {order}"),
                ("payments", "", f"DELETE FROM transfer WHERE order_id = {order}"),
                ("payments", "", "UPDATE account SET held_minor = held_minor + 1"),
                ("payments", "", "UPDATE account SET posted_minor = posted_minor - 1"),
                ("inventory", name, f"DELETE FROM reservation WHERE order_id = {order}"),
                ("inventory", "", "UPDATE stock SET reserved = reserved - 1 WHERE reserved > 0"),
                ("inventory", "", "UPDATE stock SET on_hand = on_hand + 1")):
            with self.subTest(damage), a_folder() as folder:
                data = folder / "data"
                shutil.copytree(self.store.data, data)
                self.damage(data / f"{file}.db", damage)
                for options in ([], ["--json"]):
                    code, said = panglot("verify", "--data", data, *options)
                    self.assertEqual(code, 1, said)
                    self.assertIn(says, said)

    def damage(self, path, how):
        """What the database itself would refuse is done all the same."""
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA ignore_check_constraints = ON")
            for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                          ).fetchall():
                database.execute(f"DROP TRIGGER {name}")
            self.assertGreater(database.execute(how).rowcount, 0)
            database.commit()

    def test_of_nothing(self):
        with a_folder() as folder:
            code, said = panglot("verify", "--data", folder / "none")
            self.assertEqual(code, 1, said)
            self.assertIn("none", said)
            self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    shop.main()
