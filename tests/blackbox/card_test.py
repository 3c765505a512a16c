#!/usr/bin/env python3
"""card_test.py - an order by card against a provider in a process of its own.

Aim:     each ending that a card can have is shown to its customer; a webhook that is forged, old or
         sent twice changes nothing; what only operators may see, only they see; money on one side
         is found.
Method:  `panglot provider` beside a platform that knows its key and its webhooks' secret. What the
         provider does behind our back is done at its own door, with its key.
"""
import hashlib
import hmac
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

import harness
import shop

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "provider"))
import process  # noqa: E402

SECRET = "whsec_of_this_test"
HOOKS = "/api/v1/payments/provider-webhooks"
TABLES = {"catalog": shop.CATALOG + "PEN,Pen,a pen,office,,100,USD,1\n",
          "stock": shop.STOCK + "PEN,WH-EU-1,1000\n"}


def setUpModule():
    global folder, bank, store
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-card-"))
    (folder / "key").write_text(process.KEY + "\n")
    (folder / "secret").write_text(SECRET + "\n")
    bank = process.Provider(shop.options.binary, folder / "bank", "--key-is", process.KEY).start()
    store = shop.Shop("--provider", bank.url, "--provider-key", str(folder / "key"),
                      "--provider-webhook-secret", str(folder / "secret"), tables=TABLES)


def tearDownModule():
    store.close()
    bank.stop()
    shutil.rmtree(folder)


def sign(body, at=None, secret=SECRET):
    at = int(time.time()) if at is None else at
    made = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


def hint(event, order):
    return json.dumps({"id": event, "object": "event", "data": {"object": {
        "object": "payment_intent", "metadata": {"order_id": order}}}}).encode()


class Card(unittest.TestCase):
    def order(self, person, card):
        answer = person.order(("PEN", 3), payment={"method": "card", "cardToken": card})
        self.assertEqual(answer.code, 201, answer.body)
        return answer.json()["id"]

    def wait(self, person, path, member, *wanted):
        until = time.monotonic() + shop.SETTLED_SECONDS_MAX
        while time.monotonic() < until:
            answer = person.ask("GET", path).json()
            if answer.get(member) in wanted:
                return answer
            time.sleep(0.02)
        self.fail(f"{path} stays {answer}")

    def test_one_that_pays(self):
        ann, boss = store.person("ann"), store.person("boss", "operator")
        order = self.order(ann, "pm_card_visa")
        self.wait(ann, f"/api/v1/orders/{order}", "status", "CONFIRMED")
        paid = ann.ask("GET", f"/api/v1/payments/{order}").json()
        self.assertEqual((paid["state"], paid["capturedMinor"]), ("CAPTURED", 300))
        self.assertNotIn("handle", paid)
        handle = boss.ask("GET", f"/api/v1/payments/{order}").json()["handle"]
        there = bank.ask("GET", f"/v1/payment_intents/{handle}").json
        self.assertEqual((there["status"], there["amount_received"]), ("succeeded", 300))
        self.assertEqual(there["metadata"]["order_id"], order)

    def test_one_that_does_not(self):
        ann = store.person("ann")
        for card in ("pm_card_chargeDeclined", "pm_card_there_is_none"):
            order = self.order(ann, card)
            self.wait(ann, f"/api/v1/orders/{order}", "status", "FAILED")
            answer = ann.ask("GET", f"/api/v1/payments/{order}")
            self.assertEqual(answer.json()["state"], "DECLINED")

    def test_a_hint_is_followed_and_a_forged_one_is_not(self):
        ann, stranger = store.person("ann"), store.stranger()
        order = self.order(ann, "pm_card_authenticationRequired")
        payment = f"/api/v1/payments/{order}"
        where = self.wait(ann, payment, "state", "ACTION_REQUIRED")["nextAction"]
        self.assertTrue(where.startswith(bank.url), where)
        saga = store.person("olga", "operator").get(f"/api/v1/admin/sagas/{order}")
        self.assertEqual([(one["op"], one["lastSeen"]) for one in saga["intents"]],
                         [("AUTHORIZE", "outcome")])
        body = hint("evt_1", order)
        rows = [  # what is wrong, its signature, the answer
            ("none", {}, 400), ("no signature in it", {"stripe_signature": "t=1"}, 400),
            ("another secret", {"stripe_signature": sign(body, secret="guessed")}, 403),
            ("another body", {"stripe_signature": sign(body + b" ")}, 403),
            ("old", {"stripe_signature": sign(body, at=int(time.time()) - 400)}, 403),
            ("from the future", {"stripe_signature": sign(body, at=int(time.time()) + 400)}, 403)]
        for wrong, headers, code in rows:
            with self.subTest(wrong):
                self.assertEqual(stranger.ask("POST", HOOKS, body, **headers).code, code)
        for unreadable in (b"{", b"[]", b"{}"):
            answer = stranger.ask("POST", HOOKS, unreadable, stripe_signature=sign(unreadable))
            self.assertEqual(answer.code, 400)
        large = hint("evt_2", "x" * 70000)
        self.assertIn(stranger.ask("POST", HOOKS, large, stripe_signature=sign(large)).code, (413,))
        self.assertEqual(ann.ask("GET", payment).json()["state"], "ACTION_REQUIRED")
        for _ in range(2):
            answer = stranger.ask("POST", HOOKS, body, stripe_signature=sign(body))
            self.assertEqual((answer.code, answer.body), (204, b""))
        ann.ask("POST", f"/api/v1/orders/{order}/cancel")
        self.wait(ann, f"/api/v1/orders/{order}", "status", "CANCELLED")

    def test_money_on_one_side_is_found(self):
        boss, ann = store.person("boss", "operator"), store.person("ann")
        path = "/api/v1/admin/reconciliation"
        self.assertEqual(ann.ask("GET", path).code, 403)
        self.assertEqual(ann.ask("POST", path).code, 403)
        url = "http://%s:%d" % store.address
        code, said = store.run("reconcile", "--url", url)
        self.assertEqual(code, 0, said)
        stray = "019b0000-0000-7000-8000-000000000001"
        made = bank.ask("POST", "/v1/payment_intents", {
            "amount": 500, "currency": "usd", "capture_method": "manual",
            "payment_method": "pm_card_visa", "payment_method_types[]": "card",
            "metadata[order_id]": stray}, key="stray").json["id"]
        bank.ask("POST", f"/v1/payment_intents/{made}/confirm", {}, key="stray-confirm")
        bank.ask("POST", f"/v1/payment_intents/{made}/capture", {}, key="stray-capture")
        code, said = store.run("reconcile", "--url", url, "--json")
        report = json.loads(said)
        self.assertEqual((code, report["critical"]), (1, 1), said)
        row = report["rows"][0]
        self.assertEqual((row["orderId"], row["handle"], row["thereMinor"], row["hereMinor"]),
                         (stray, made, 500, 0))
        self.assertEqual(boss.ask("GET", path).json()["critical"], 1)

    def test_when_restored_cards_wait_until_both_sides_are_compared(self):
        """The last one: the bank then knows an order that the first platform does not."""
        backup, data = folder / "backup", folder / "restored"
        data.mkdir()
        self.assertEqual(store.run("backup", "--to", str(backup))[0], 0)
        again = harness.Server(shop.options.binary, data / "data", store.options)
        code, said = again.run("restore", "--from", str(backup))
        self.assertEqual(code, 0, said)
        self.assertIn("reconcile", said)  # whoever restores is told what is still to be done
        again.keys = store.keys
        again.start()
        self.addCleanup(again.kill)
        self.assertTrue(again.wait_ready())
        self.assertIn("warn payments provider-held", again.log.read_text())
        zoe = shop.Person(again, again.token("zoe"))
        order = self.order(zoe, "pm_card_visa")
        time.sleep(0.3)
        self.assertEqual(zoe.get(f"/api/v1/orders/{order}")["status"], "PENDING")
        again.run("reconcile", "--url", "http://%s:%d" % again.address)
        self.wait(zoe, f"/api/v1/orders/{order}", "status", "CONFIRMED")
        self.assertEqual(again.stop(), 0)


if __name__ == "__main__":
    shop.main()
