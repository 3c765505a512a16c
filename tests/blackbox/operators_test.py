#!/usr/bin/env python3
"""operators_test.py - what is parked is seen, taken up again or given up, and remembered.

Aim:     an event that nobody can handle holds up its own order and no other; an operator finds it,
         mends the cause, replays it; whatever an operator did is in the audit log, whose chain
         shows whether somebody has changed it.
Method:  a poison event is put into the log of a stopped platform with sqlite3, as damage would; the
         rest goes through the command line and through REST.
"""
import json
import pathlib
import shutil

import sqlite3
import subprocess
import uuid

import shop

TABLES = {
    "catalog": shop.CATALOG + "PEN,Pen,a pen,office,,100,USD,1\n",
    "stock": shop.STOCK + "PEN,WH-EU-1,1000000\n",
}
ACTION_REQUIRED = 16  # which an order that has ended takes no notice of
MANY = 10000
PENDING_TWIN = """
CREATE TEMP TABLE twin AS SELECT * FROM orders ORDER BY order_id DESC LIMIT 1;
UPDATE twin SET order_id = CAST(substr(order_id, 1, 8) || x'bfffffffffffffff' AS BLOB),
    idempotency_key = 'twin', state = 0, -- the youngest: those before may be known to be final
    deadline_at_ns = 4000000000000000000, reason = '', changes = substr(changes, 1, 9),
    last_event_seq = 0;
INSERT INTO orders SELECT * FROM twin;
"""


def field(number, kind, value):
    return varint(number << 3 | kind) + value


def varint(number):
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def text(number, value):
    return field(number, 2, varint(len(value)) + value)


def event(kind, payload_field, key, payload=b"", tenant=b"default"):
    """An Event of the contract, by hand."""
    return (field(1, 0, varint(kind)) + text(2, key) + field(3, 0, varint(1)) + text(4, tenant) +
            field(9, 0, varint(1)) + text(payload_field, payload))


def poison_of(key, tenant=b"default"):
    return event(ACTION_REQUIRED, 32, key, text(1, b"wait"), tenant)


class Stopped:
    """A file of a stopped platform."""

    def __init__(self, store, name):
        self.db = sqlite3.connect(pathlib.Path(store.data) / f"{name}.db")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.commit()
        self.db.close()

    def say(self, *events):
        """Appended to the file's log."""
        first, = self.db.execute("SELECT next_seq FROM log_head").fetchone()
        self.db.executemany("INSERT INTO event (seq, bytes) VALUES (?, ?)",
                            enumerate(events, first))
        self.db.execute("UPDATE log_head SET next_seq = ?", [first + len(events)])


class Operators(shop.Case):
    def setUp(self):
        self.store = shop.Shop("--credit", "100000000", tables=TABLES)
        self.addCleanup(self.store.close)
        self.boss = self.store.person("boss", "operator")
        self.ann = self.store.person("ann")

    def reopen(self):
        self.store.open()
        self.boss = self.store.person("boss", "operator")
        self.ann = self.store.person("ann")

    def stop(self):
        self.assertEqual(self.store.stop(), 0)

    def ctl(self, *words, code=0):
        host, port = self.store.address
        done = subprocess.run(
            [self.store.binary, "ctl", *words, "--url", f"http://{host}:{port}", "--data",
             self.store.data, "--sub", "boss", "--json"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def parked(self):
        return self.boss.get("/api/v1/admin/parked")["items"]

    def hide(self, name):
        """Orders does not know this order any more."""
        with Stopped(self.store, "orders") as orders:
            orders.db.execute("UPDATE orders SET order_id = zeroblob(16) WHERE order_id = ?",
                              [uuid.UUID(name).bytes])

    def bring_back(self, name):
        with Stopped(self.store, "orders") as orders:
            orders.db.execute("UPDATE orders SET order_id = ? WHERE order_id = zeroblob(16)",
                              [uuid.UUID(name).bytes])

    def poison(self):
        """An order whose row is hidden, and two events about it: its name."""
        name = self.ann.buy(("PEN", 1))["id"]
        self.stop()
        self.hide(name)
        with Stopped(self.store, "payments") as payments:
            payments.say(poison_of(uuid.UUID(name).bytes), poison_of(uuid.UUID(name).bytes))
        self.reopen()
        shop.wait_for(self.parked, len)
        return name

    def test_parked_and_replayed(self):
        name = self.poison()
        self.assertEqual(self.ann.buy(("PEN", 1))["status"], "CONFIRMED")  # others flow
        key, = self.parked()
        self.assertEqual((key["service"], key["log"], key["key"], key["events"]),
                         ("orders", "PAYMENTS", name, 2))
        self.assertIn("order", key["why"])
        shown = self.boss.get(f"/api/v1/admin/parked/{key['id']}")
        self.assertEqual([one["type"] for one in shown["events"]], ["PAYMENT_ACTION_REQUIRED"] * 2)

        job, = self.ctl("parked", "replay", name, "--reason", "too early", "--service", "orders",
                        code=1)
        self.assertEqual((job["done"], job["failed"]), (0, 1))
        self.assertIn(key["id"], job["lastError"])
        key, = self.parked()
        self.assertEqual((key["events"], key["tries"]), (2, 1))

        self.stop()
        self.bring_back(name)
        self.reopen()
        job, = self.ctl("parked", "replay", key["id"], "--reason", "the row is back")
        self.assertEqual((job["state"], job["done"], job["failed"]), ("DONE", 1, 0))
        self.assertEqual(self.parked(), [])
        code, said = self.store.run("verify")
        self.assertNotIn("parked by", said)
        deeds = [(one["action"], one["outcome"])
                 for one in self.boss.get("/api/v1/admin/audit-log?limit=3")["items"]]
        self.assertEqual(deeds[1], ("parked.replay", "handled"))
        self.assertIn("boss", [one["actor"] for one in
                               self.boss.get("/api/v1/admin/audit-log")["items"]])

    def test_given_up(self):
        name = self.poison()
        job, = self.ctl("parked", "drop", name, "--reason", "an event of another shop",
                        "--service", "orders")
        self.assertEqual((job["state"], job["done"]), ("DONE", 1))
        self.assertEqual(self.parked(), [])
        self.stop()
        self.bring_back(name)
        self.reopen()

    def test_many_and_a_kill(self):
        """Ten thousand keys, one wish, and the process dies in the middle of it."""
        keys = [uuid.uuid4().bytes for _ in range(MANY)]
        self.stop()
        with Stopped(self.store, "payments") as payments:
            payments.say(*map(poison_of, keys))
        self.reopen()
        listed = shop.wait_for(lambda: self.ctl("parked", "list", "--limit", str(MANY)),
                               lambda items: len(items) == MANY)
        self.assertEqual(len({one["id"] for one in listed}), MANY)
        job, = self.ctl("parked", "replay", "--all", "--service", "orders", "--reason", "a try",
                        "--no-wait")
        self.store.kill()
        self.reopen()
        look = shop.wait_for(lambda: self.boss.get(f"/api/v1/admin/jobs/{job['id']}"),
                             lambda one: one["state"] == "DONE")
        self.assertEqual((look["looked"], look["failed"]), (MANY, MANY))
        job, = self.ctl("parked", "drop", "--why", "order", "--service", "orders", "--reason",
                        "nobody's")
        self.assertEqual((job["looked"], job["done"], job["failed"]), (MANY, MANY, 0))
        self.assertEqual(self.parked(), [])
        self.assertEqual(self.ann.buy(("PEN", 1))["status"], "CONFIRMED")
        pages = list(self.boss.pages("/api/v1/admin/audit-log?limit=100", pages_max=300))
        self.assertEqual(sum(len(page["items"]) for page in pages), 2 * MANY + 4)

    def test_tenants_see_their_own(self):
        self.stop()
        with Stopped(self.store, "payments") as payments:
            payments.say(poison_of(uuid.uuid4().bytes, b"another"))
        self.reopen()
        shop.wait_for(self.store.metrics,
                      lambda page: 'panglot_events_parked{consumer="orders",log="payments"} 1'
                      in page)
        self.assertEqual(self.parked(), [])
        job, = self.ctl("parked", "drop", "--all", "--service", "orders", "--reason", "mine?")
        self.assertEqual(job["done"], 0)

    def test_refusals(self):
        jobs, parked = "/api/v1/admin/jobs", "/api/v1/admin/parked"
        for path in (jobs, parked, "/api/v1/admin/sagas", "/api/v1/admin/audit-log"):
            self.assert_problem(self.ann.ask("GET", path), 403)
            self.assert_problem(self.store.stranger().ask("GET", path), 401)
            self.assert_problem(self.boss.ask("GET", path + "?limit=0"), 422, "limit")
            self.assert_problem(self.boss.ask("GET", path + "?nonsense=1"), 422, "nonsense")
        self.assert_problem(self.boss.ask("GET", jobs + "/orders-7"), 404)
        self.assert_problem(self.boss.ask("GET", jobs + "/nonsense"), 404)
        self.assert_problem(self.boss.ask("GET", jobs + "?cursor=1.2"), 422, "cursor")
        self.assert_problem(self.boss.ask("GET", parked + "/orders.payments.00"), 404)
        self.assert_problem(self.boss.ask("GET", parked + "?service=bank"), 422, "service")

        def replay(body, **headers):
            return self.boss.ask("POST", parked + "/replay", body, **headers)
        self.assert_problem(replay({"all": True, "reason": "x"}), 400, "Idempotency-Key")
        self.assert_problem(replay({"all": True}, idempotency_key="a"), 422, "reason")
        self.assert_problem(replay({"reason": "x"}, idempotency_key="b"), 422, "ids")
        self.assert_problem(replay({"reason": "x", "ids": ["?"]}, idempotency_key="c"), 422, "id")
        self.assert_problem(replay({"reason": "x", "ids": ["?"] * 1001}, idempotency_key="d"), 422)
        first = replay({"all": True, "reason": "x"}, idempotency_key="e")
        again = replay({"all": True, "reason": "x"}, idempotency_key="e")
        self.assertEqual((first.code, again.code), (202, 202))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        self.assertEqual([one["id"] for one in first.json()["items"]],
                         [one["id"] for one in again.json()["items"]])
        self.assert_problem(replay({"all": True, "reason": "y"}, idempotency_key="e"), 422)
        self.ctl("parked", "replay", "--all", code=2)
        self.ctl("parked", "replay", "--reason", "x", code=2)
        self.ctl("parked", "dance", code=2)
        self.ctl("dances", "list", code=2)
        self.ctl("sagas", "settle", "orders-99", "--reason", "x", "--outcome", "LOST", code=2)
        self.ctl("jobs", "show", "orders-99", code=1)

    def test_for_people(self):
        """Tables, and the fields of one; what there is nothing of."""
        host, port = self.store.address
        where = ["--url", f"http://{host}:{port}", "--data", self.store.data]

        def told(*words):
            return subprocess.run([self.store.binary, "ctl", *words, *where], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                                  timeout=60)
        name = self.ann.buy(("PEN", 1))["id"]
        self.assertIn("there is nothing", told("parked", "list").stderr)
        self.assertIn("CONFIRMED", told("sagas", "show", name).stdout)
        said = told("parked", "replay", "--all", "--reason", "a look").stdout.splitlines()
        self.assertRegex(said[0], "^ID +KIND +STATE +OVER +LOOKED +DONE +FAILED +LAST ERROR$")
        self.assertEqual(len(said), 5)  # the head, and four services
        self.assertRegex(said[1], "^orders-1 +REPLAY_PARKED +DONE +all +0 +0 +0")
        self.assertEqual(self.ctl("webhooks", "list"), [])
        self.assertEqual(self.ctl("webhooks", "deliveries", "--status", "DEAD"), [])
        self.ctl("webhooks", "redeliver", str(uuid.uuid4()), code=1)
        self.assertEqual(self.ctl("intents", "list"), [])
        job, = self.ctl("intents", "retry", "--all", "--reason", "the bank is back")
        self.assertEqual((job["service"], job["state"], job["looked"]), ("payments", "DONE", 0))
        job, = self.ctl("intents", "retry", name, "--reason", "this one", code=1)
        self.assertEqual((job["looked"], job["failed"]), (1, 1))
        self.ctl("sagas", "retry", name, "--reason", "this one", code=1)

    def test_open_orders(self):
        """With Payments out of the way an order stays open, and is seen to be."""
        name = self.ann.buy(("PEN", 1))["id"]
        self.assertEqual(self.ctl("sagas", "list"), [])
        shown, = self.ctl("sagas", "show", name)
        self.assertEqual(shown["line"]["payment"], "CAPTURED")
        self.assertEqual(shown["line"]["reservation"], "COMMITTED")
        self.stop()
        with Stopped(self.store, "orders") as orders:
            orders.db.executescript(PENDING_TWIN)
        self.reopen()
        line, = self.ctl("sagas", "list", "--status", "PENDING")
        self.assertEqual((line["status"], line["isLate"]), ("PENDING", False))
        self.assertNotIn("payment", line)
        self.assertEqual(self.ctl("sagas", "list", "--late"), [])
        self.assertEqual(self.ctl("sagas", "list", "--status", "RESERVED"), [])
        self.assertEqual(self.ctl("sagas", "list", "--older-than", "24h"), [])
        self.stop()
        with Stopped(self.store, "orders") as orders:
            orders.db.execute("DELETE FROM orders WHERE state = 0")
        self.reopen()


class AuditLog(Operators):
    """Not the tests again: the log that they would leave behind."""
    test_parked_and_replayed = test_given_up = test_many_and_a_kill = None
    test_tenants_see_their_own = test_refusals = test_open_orders = test_for_people = None

    def audit(self, *words, code=0):
        got, said = self.store.run("audit-log", *words)
        self.assertEqual(got, code, said)
        return said

    def test_who_did_what(self):
        name = self.ann.buy(("PEN", 1))["id"]
        self.boss.cancel(name)  # too late: nothing was done
        answer = self.boss.ask("POST", "/api/v1/inventory/PEN/receipts",
                               {"warehouse": "WH-EU-1", "quantity": 5}, idempotency_key="r-1")
        self.assertEqual(answer.code, 201)
        joe = self.store.person("joe", "warehouse")
        joe.ask("POST", "/api/v1/inventory/PEN/receipts",
                {"warehouse": "WH-EU-1", "quantity": 5}, idempotency_key="r-2")
        self.ctl("parked", "replay", "--all", "--reason", "just in case")
        entries = [json.loads(line) for line in self.audit("list", "--json").splitlines()]
        self.assertEqual([(one["actor"], one["action"]) for one in entries[:1]],
                         [("boss", "stock.receive")])
        self.assertEqual({one["action"] for one in entries[1:]}, {"job.start", "job.end"})
        self.assertIn("just in case", self.audit("list"))
        running = self.audit("verify")
        self.assertEqual(running.count("whole"), 5)
        self.stop()
        self.assertEqual(self.audit("verify"), running)  # asked or opened
        with Stopped(self.store, "inventory") as inventory:
            inventory.db.executescript("DROP TRIGGER audit_log_is_not_changed; "
                                       "UPDATE audit_log SET actor = 'joe' WHERE seq = 1")
        self.assertIn("BROKEN at entry 1", self.audit("verify", code=1))
        self.reopen()
        self.assertIn("BROKEN at entry 1", self.audit("verify", code=1))
        lines = [json.loads(line) for line in self.audit("verify", "--json", code=1).splitlines()]
        self.assertEqual([(one["service"], one["ok"]) for one in lines],
                         [("orders", True), ("payments", True), ("inventory", False),
                          ("webhooks", True), ("identity", True)])


class Copies(Operators):
    test_parked_and_replayed = test_given_up = test_many_and_a_kill = None
    test_tenants_see_their_own = test_refusals = test_open_orders = test_for_people = None

    def run_on(self, command, *words, code=0):
        done = subprocess.run([self.store.binary, command, *map(str, words)], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def epochs(self, folder):
        """Of each log, and of each position in one."""
        found = {}
        for name in ("orders", "payments", "inventory"):
            db = sqlite3.connect(pathlib.Path(folder) / f"{name}.db")
            found[name] = db.execute("SELECT epoch FROM log_head").fetchone()[0]
            for log, epoch in db.execute("SELECT log, epoch FROM consumer"):
                found[name, log] = epoch
            db.close()
        return found

    def load(self, seconds):
        host, port = self.store.address
        return subprocess.Popen(
            [self.store.binary, "bench", "orders", "--url", f"http://{host}:{port}", "--data",
             self.store.data, "--seconds", str(seconds), "--connections", "32", "--lines", "1",
             "--warm-up", "100ms", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)

    def restored(self, folder):
        """The platform, in another folder."""
        self.stop()
        self.store.data = str(folder)
        self.reopen()

    def test_backup_under_load(self):
        before = self.ann.buy(("PEN", 1))["id"]
        load = self.load(4)
        orders = self.boss.get("/api/v1/orders?limit=1")
        shop.wait_for(lambda: self.boss.get("/api/v1/orders?limit=1")["items"][0]["id"],
                      lambda name: name != orders["items"][0]["id"])
        backup, folder = self.store.folder / "backup", self.store.folder / "again"
        self.assertIn("done", self.store.run("backup", "--to", str(backup))[1])
        said, _ = load.communicate()
        self.assertEqual(load.returncode, 0, said)
        manifest = json.loads((backup / "manifest.json").read_text())
        self.assertLessEqual({"catalog.db", "orders.db", "payments.db", "inventory.db",
                              "signing-key.pem"}, {one["name"] for one in manifest["files"]})
        was = self.epochs(backup)
        self.assertEqual(set(was.values()), {1})
        self.run_on("restore", "--from", backup, "--data", folder)
        self.assertFalse(folder.with_suffix(".part").exists())
        self.assertEqual(set(self.epochs(folder).values()), {2})
        hold = sqlite3.connect(folder / "payments.db").execute("SELECT * FROM payment_hold")
        self.assertIn("restored from a backup of 20", hold.fetchone()[0])
        self.run_on("verify", "--data", folder)
        self.restored(folder)
        self.assertEqual(self.ann.get(f"/api/v1/orders/{before}")["status"], "CONFIRMED")
        self.assertEqual(self.ann.buy(("PEN", 1))["status"], "CONFIRMED")
        page = self.store.metrics()
        self.assertNotRegex(page, r"panglot_consumer_halted\{[^}]*\} 1")
        shop.wait_for(lambda: json.loads(self.store.run("verify", "--json")[1]),
                      lambda look: look["idle"] and look["ok"])

    def test_backup_of_a_stopped_folder(self):
        name = self.ann.buy(("PEN", 1))["id"]
        self.stop()
        backup, folder = self.store.folder / "backup", self.store.folder / "again"
        self.assertIn("done", self.store.run("backup", "--to", str(backup))[1])
        self.run_on("restore", "--from", backup, "--data", folder)
        self.store.data = str(folder)
        self.reopen()
        self.assertEqual(self.ann.get(f"/api/v1/orders/{name}")["status"], "CONFIRMED")

    def test_what_is_no_backup(self):
        self.ann.buy(("PEN", 1))
        backup, folder = self.store.folder / "backup", self.store.folder / "again"
        self.assertEqual(self.store.run("backup", "--to", str(backup))[0], 0)
        self.assertEqual(self.store.run("backup", "--to", str(backup))[0], 1)  # not empty
        self.assertIn("not empty", self.run_on("restore", "--from", backup, "--data",
                                               self.store.data, code=1))

        def refused(*words):
            said = self.run_on("restore", "--from", copy, "--data", folder, code=1)
            for word in words:
                self.assertIn(word, said)
            self.assertFalse(folder.exists())
            shutil.rmtree(folder.with_suffix(".part"), ignore_errors=True)
            shutil.rmtree(copy)
            shutil.copytree(backup, copy)
        copy = self.store.folder / "copy"
        shutil.copytree(backup, copy)
        (copy / "manifest.json").unlink()
        refused("manifest.json")
        with (copy / "payments.db").open("r+b") as file:
            file.seek(5000)
            file.write(b"?")
        refused("payments.db")
        (copy / "inventory.db").unlink()
        refused("inventory.db", "missing")
        manifest = (copy / "manifest.json").read_text()
        (copy / "manifest.json").write_text(manifest.replace("orders.db", "../orders.db"))
        refused("orders.db")
        self.run_on("restore", "--from", copy, "--data", folder)
        self.run_on("restore", "--from", copy, "--data", folder, code=1)
        self.run_on("restore", "--data", folder, code=2)
        self.run_on("backup", "--data", folder, code=2)

    def test_an_old_file_put_back_is_found_out(self):
        """Not through restore: one file of a backup in the place of the newer one."""
        self.ann.buy(("PEN", 1))
        backup = self.store.folder / "backup"
        self.assertEqual(self.store.run("backup", "--to", str(backup))[0], 0)
        for _ in range(3):
            self.ann.buy(("PEN", 1))
        self.stop()
        for ending in ("", "-wal", "-shm"):
            (pathlib.Path(self.store.data) / f"payments.db{ending}").unlink(missing_ok=True)
        shutil.copy(backup / "payments.db", self.store.data)
        self.reopen()
        shop.wait_for(self.store.metrics,
                      lambda page: 'panglot_consumer_halted{consumer="orders",log="payments"} 1'
                      in page)


class Roles(shop.Case):
    """Support looks and takes orders back; a partner is for its tenant's orders."""

    def setUp(self):
        self.store = shop.Shop(tables={"catalog": TABLES["catalog"], "stock": TABLES["stock"]})

    def tearDown(self):
        self.store.close()

    def test_who_sees_and_who_changes(self):
        store = self.store
        ann, order = store.person("ann"), store.person("ann").buy(("PEN", 1))
        path = f"/api/v1/orders/{order['id']}"
        for role in ("support", "partner"):
            sam = store.person("sam", role)
            for where in (path, path + "/saga", path + "/shipments",
                          f"/api/v1/payments/{order['id']}"):
                self.assertEqual(sam.ask("GET", where).code, 200, (role, where))
            self.assertIn(order["id"], [one["id"] for one in sam.get("/api/v1/orders")["items"]])
            self.assert_problem(sam.ask("POST", path + "/refunds", {"reason": "r"},
                                        idempotency_key="r"), 403)
            self.assert_problem(sam.ask("POST", "/api/v1/inventory/PEN/receipts",
                                        {"warehouse": "WH-EU-1", "quantity": 1},
                                        idempotency_key="g"), 403)
        support, partner = store.person("sam", "support"), store.person("sam", "partner")
        for where in ("/api/v1/admin/sagas", "/api/v1/admin/parked", "/api/v1/admin/jobs",
                      "/api/v1/admin/audit-log", "/api/v1/admin/intents",
                      f"/api/v1/admin/sagas/{order['id']}"):
            self.assertEqual(support.ask("GET", where).code, 200, where)
            self.assert_problem(partner.ask("GET", where), 403)
        self.assert_problem(support.order(("PEN", 1)), 403)
        self.assertEqual(partner.order(("PEN", 1)).code, 201)
        self.assert_problem(support.ask("POST", "/api/v1/admin/parked/replay",
                                        {"all": True, "reason": "r"}, idempotency_key="j"), 403)
        cancelled = support.cancel(ann.order(("PEN", 1)).json()["id"])
        self.assertIn(cancelled.code, (200, 202, 409))
        self.assert_problem(store.person("ben").ask("GET", path), 404)


if __name__ == "__main__":
    shop.main()
