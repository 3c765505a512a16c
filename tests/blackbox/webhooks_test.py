#!/usr/bin/env python3
"""webhooks_test.py - endpoints outside are told of everything they want to know, whatever happens.

Aim:     each event reaches each endpoint that wants it, signed, with one id for all attempts, also
         when the endpoint is down, slow or answers with errors, and when the platform is killed;
         nothing is sent where it may not be.
Method:  receivers on this machine, which keep what came and check signatures by code of their own.
"""
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import receiver
import shop

ENDPOINT = {"id": str, "url": str, "types": list, "description": str, "state": str, "because": str,
            "createdAt": str, "failingAt": str, "waiting": int, "delivered": int, "dead": int,
            "version": int, "secret": str, "oldSecretUntilAt": str}
OFTEN_LEFT_OUT = ("description", "because", "failingAt", "secret", "oldSecretUntilAt")
RETRIES_SECONDS_MAX = 60  # two attempts later


def setUpModule():
    global store, sku
    store = shop.Shop("--demo")
    sku = sorted(store.products())[0]


def tearDownModule():
    store.close()


class Case(shop.Case):
    def setUp(self):
        self.olga, self.ann = store.person("olga", "operator"), store.person("ann")
        self.receivers = []

    def tearDown(self):
        for endpoint in self.olga.get("/api/v1/webhooks")["items"]:
            answer = self.olga.ask("DELETE", "/api/v1/webhooks/" + endpoint["id"], if_match="*")
            self.assertEqual((answer.code, answer.body), (204, b""))
        for one in self.receivers:
            one.stop()

    def receiver(self, answer=200):
        self.receivers.append(receiver.Receiver(answer))
        return self.receivers[-1]

    def endpoint(self, url, **members):
        answer = self.olga.ask("POST", "/api/v1/webhooks", {"url": url, **members})
        self.assertEqual(answer.code, 201, answer.body)
        return answer.json()

    def look(self, endpoint):
        return self.olga.get("/api/v1/webhooks/" + endpoint["id"])

    def events(self, types="*"):
        """All that was ever said."""
        path, found = f"/api/v1/events?max=500&types={types}", []
        for _ in range(100):
            answer = self.olga.ask("GET", path)
            found += answer.json()
            path = answer.headers["Link"].split(">")[0][1:]
            if not answer.json():
                return found
        raise AssertionError("no end")

    def wait_taken(self, one, wanted, seconds_max=shop.SETTLED_SECONDS_MAX):
        shop.wait_for(lambda: wanted - set(one.taken()), lambda missing: not missing, seconds_max)


class Audit(Case):
    def test_what_operators_do_to_endpoints_is_written_down(self):
        """Who did what and when; never the secret, nor a URL, which may hold one."""
        made = self.endpoint("https://example.com/hook?key=hidden")
        path = "/api/v1/webhooks/" + made["id"]
        new = self.olga.ask("POST", path + "/secret").json()["secret"]
        self.assertEqual(self.olga.ask("POST", path + "/redeliver", {"from": 1, "to": 9}).code, 202)
        for method, body in (("PATCH", {"state": "DISABLED"}), ("DELETE", None)):
            self.assert_problem(self.olga.ask(method, path, body), 428, "If-Match")
            self.assert_problem(self.olga.ask(method, path, body, if_match='"1"'), 412)
        seen = self.olga.ask("GET", path).headers["ETag"]  # the new secret is a change as well
        self.assertTrue(seen.startswith('"2.'))
        changed = self.olga.ask("PATCH", path, {"state": "DISABLED"}, if_match=seen)
        self.assertEqual((changed.code, changed.json()["version"]), (200, 3))
        self.assertEqual(self.olga.ask("DELETE", path, if_match=changed.headers["ETag"]).code, 204)
        answer = self.olga.ask("GET", "/api/v1/admin/audit-log?limit=100")
        entries = [one for one in answer.json()["items"] if one["target"] == made["id"]]
        self.assertEqual([(one["service"], one["actor"], one["action"], one["outcome"])
                          for one in reversed(entries)],
                         [("webhooks", "olga", "webhook.create", "enabled"),
                          ("webhooks", "olga", "webhook.secret", "replaced"),
                          ("webhooks", "olga", "webhook.redeliver", "0 are to be delivered again"),
                          ("webhooks", "olga", "webhook.change", "disabled"),
                          ("webhooks", "olga", "webhook.delete", "deleted")])
        for hidden in ("hidden", made["secret"], new):
            self.assertNotIn(hidden, answer.body.decode())
        code, said = store.run("audit-log", "verify")
        self.assertEqual(code, 0, said)
        self.assertRegex(said, "webhooks +[0-9]+ entries .* whole")


class Delivering(Case):
    def test_each_event_comes_once_and_is_signed(self):
        self.ann.buy((sku, 1))  # before anybody wanted to know
        one = self.receiver()
        endpoint = self.endpoint(one.url("/hook?a=1"), description="all")
        self.assert_shape(endpoint, ENDPOINT, OFTEN_LEFT_OUT)
        self.assertRegex(endpoint["secret"], "^whsec_[A-Za-z0-9+/]{43}=$")
        subjects = {self.ann.buy((sku, 1))["id"], self.ann.buy((sku, 9000))["id"]}
        shop.wait_for(lambda: len({e["id"] for e in self.events() if e["subject"] in subjects}),
                      lambda count: count == 12)
        wanted = {e["id"]: e for e in self.events() if e["subject"] in subjects}
        self.wait_taken(one, set(wanted))
        self.assertEqual(sorted(one.taken()), sorted(wanted))  # and nothing else, and nothing twice
        for came in one.came:
            headers = came["headers"]
            self.assertEqual(came["path"], "/hook?a=1")
            self.assertEqual(headers["Content-Type"], "application/cloudevents+json")
            self.assertEqual(headers["webhook-id"], came["event"]["id"])
            self.assertLess(abs(int(headers["webhook-timestamp"]) - came["at"]), 5)
            self.assertEqual(headers["webhook-signature"], receiver.signature(
                endpoint["secret"], headers["webhook-id"], headers["webhook-timestamp"],
                came["body"]))
            self.assertEqual(came["event"], wanted[came["event"]["id"]])
        shop.wait_for(lambda: self.look(endpoint), lambda e: e["waiting"] == 0)
        self.assertEqual(self.look(endpoint)["delivered"], 12)
        self.assertNotIn("secret", self.look(endpoint))

    def test_only_the_types_that_are_wanted(self):
        one, two = self.receiver(), self.receiver()
        self.endpoint(one.url(), types=["panglot.order.confirmed.v1"])
        self.endpoint(two.url(), types=["inventory.*", "panglot.order.created.v1"])
        name = self.ann.buy((sku, 1))["id"]
        shop.wait_for(lambda: (one.count(), two.count()), lambda counts: counts == (1, 2))
        self.assertEqual([c["event"]["subject"] for c in one.came], [name])
        self.assertEqual({c["event"]["type"] for c in two.came},
                         {"inventory.item.reserved", "panglot.order.created.v1"})

    def test_an_error_is_tried_again_with_the_same_id(self):
        one = self.receiver(lambda before, event: 500 if before < 2 else 204)
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 3, RETRIES_SECONDS_MAX)
        self.assertEqual(len({came["headers"]["webhook-id"] for came in one.came}), 1)
        shop.wait_for(lambda: self.look(endpoint), lambda e: e["delivered"] == 1)
        self.assertNotIn("failingAt", self.look(endpoint))
        delivery = self.olga.get(f"/api/v1/webhooks/{endpoint['id']}/deliveries")["items"][0]
        self.assertEqual((delivery["state"], delivery["attempts"], delivery["status"]),
                         ("DELIVERED", 3, 204))

    def test_connections_are_kept(self):
        one = self.receiver()
        self.endpoint(one.url(), types=["panglot.order.*"])
        for _ in range(5):
            self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 10)
        self.assertLessEqual(len(one.connections), 2)  # as many as may be on their way to it

    def test_one_that_closes_what_is_kept_is_told_all_the_same(self):
        one = self.receiver()
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 1)
        one.stop()
        one.start()
        self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 2)
        path = f"/api/v1/webhooks/{endpoint['id']}/deliveries"
        shop.wait_for(lambda: [one["attempts"] for one in self.olga.get(path)["items"]],
                      lambda attempts: attempts == [1, 1])

    def test_one_that_asks_to_be_left_alone_is(self):
        one = self.receiver(lambda before, event: 429 if before < 1 else 204)
        one.fields = {"Retry-After": "3"}
        self.endpoint(one.url(), types=["panglot.order.created.v1"])
        self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 1)
        self.ann.buy((sku, 1))  # this one as well
        shop.wait_for(one.count, lambda count: count == 3, RETRIES_SECONDS_MAX)
        self.assertGreaterEqual(one.came[1]["at"] - one.came[0]["at"], 2.9)

    def test_one_that_is_down_misses_nothing(self):
        one = self.receiver()
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        one.stop()
        names = {self.ann.buy((sku, 1))["id"] for _ in range(3)}
        shop.wait_for(lambda: self.look(endpoint), lambda e: "failingAt" in e and e["waiting"] == 3)
        problem = self.olga.get(f"/api/v1/webhooks/{endpoint['id']}/deliveries")["items"][0]
        self.assertEqual(problem["state"], "WAITING")
        one.start()
        shop.wait_for(lambda: {came["event"]["subject"] for came in one.came},
                      lambda came: came == names, RETRIES_SECONDS_MAX)

    def test_gone_is_the_end(self):
        one = self.receiver(410)
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        self.ann.buy((sku, 1))
        shop.wait_for(lambda: self.look(endpoint), lambda e: e["state"] == "DISABLED")
        self.assertEqual(self.look(endpoint)["because"], "GONE")
        self.ann.buy((sku, 1))
        time.sleep(0.3)
        self.assertEqual(one.count(), 1)
        dead = self.olga.get("/api/v1/webhooks/deliveries?state=DEAD")["items"]
        self.assertEqual([(d["endpointId"], d["status"]) for d in dead], [(endpoint["id"], 410)])

        again = f"/api/v1/webhooks/{endpoint['id']}/deliveries/{dead[0]['number']}/redeliver"
        self.assert_problem(self.olga.ask("POST", again), 409, "disabled")
        one.answer = 200
        changed = self.olga.ask("PATCH", "/api/v1/webhooks/" + endpoint["id"],
                                {"state": "ENABLED"}, if_match="*")
        self.assertEqual((changed.code, changed.json()["state"]), (200, "ENABLED"))
        self.assertEqual(self.olga.ask("POST", again).json(), {"count": 1, "nextFrom": 0})
        shop.wait_for(lambda: self.look(endpoint), lambda e: (e["dead"], e["delivered"]) == (0, 1))
        name = self.ann.buy((sku, 1))["id"]
        shop.wait_for(one.count, lambda count: count == 3)
        self.assertEqual(one.came[-1]["event"]["subject"], name)  # what was said meanwhile is not

    def test_a_redirect_is_not_followed(self):
        one = self.receiver(307)
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        self.ann.buy((sku, 1))
        shop.wait_for(lambda: self.look(endpoint), lambda e: "failingAt" in e)
        self.assertEqual({came["path"] for came in one.came}, {"/hook"})

    def test_a_slow_one_holds_up_nobody(self):
        slow, quick = self.receiver(), self.receiver()
        slow.slow_seconds = 3
        self.endpoint(slow.url())
        self.endpoint(quick.url())
        started = time.monotonic()
        for _ in range(3):
            self.ann.buy((sku, 1))
        shop.wait_for(quick.count, lambda count: count == 18)
        self.assertLess(time.monotonic() - started, 3)
        self.assertLessEqual(slow.count(), 2)  # at a time


class Secrets(Case):
    def test_two_secrets_sign_while_one_is_replaced(self):
        one = self.receiver()
        endpoint = self.endpoint(one.url(), types=["panglot.order.created.v1"])
        answer = self.olga.ask("POST", f"/api/v1/webhooks/{endpoint['id']}/secret", {})
        self.assertEqual(answer.code, 201)
        fresh = answer.json()
        self.assertNotEqual(fresh["secret"], endpoint["secret"])
        self.assertIn("oldSecretUntilAt", fresh)
        self.ann.buy((sku, 1))
        shop.wait_for(one.count, lambda count: count == 1)
        came, headers = one.came[0], one.came[0]["headers"]
        self.assertEqual(headers["webhook-signature"].split(" "), [
            receiver.signature(secret, headers["webhook-id"], headers["webhook-timestamp"],
                               came["body"]) for secret in (fresh["secret"], endpoint["secret"])])


class Refused(Case):
    def test_urls(self):
        for url in ("", "http://example.com/", "https://example.com:8443/", "https://10.0.0.1/",
                    "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/",
                    "https://user@example.com/", "ftp://127.0.0.1/", "https://0x7f000001/",
                    "https://intranet/", "x" * 3000):
            self.assert_problem(self.olga.ask("POST", "/api/v1/webhooks", {"url": url}), 422, "url")

    def test_bodies(self):
        for body in ({"url": "https://example.com/", "types": ["panglot.nothing"]},
                     {"url": "https://example.com/", "types": ["*"] * 33},
                     {"url": "https://example.com/", "secret": "mine"},
                     {"url": "https://example.com/", "description": "x" * 257}, {"url": 1}):
            self.assert_problem(self.olga.ask("POST", "/api/v1/webhooks", body), 422)
        self.assertEqual(self.olga.get("/api/v1/webhooks"), {"items": [], "next": None})

    def test_an_eleventh_and_a_second_for_one_url(self):
        for i in range(10):
            self.endpoint(f"https://example.com/{i}", types=["inventory.threshold.critical"])
        full = self.olga.ask("POST", "/api/v1/webhooks", {"url": "https://example.com/x"})
        self.assert_problem(full, 409, "ten")
        twin = self.olga.ask("POST", "/api/v1/webhooks", {"url": "https://example.com/1"})
        self.assert_problem(twin, 409)

    def test_who_may(self):
        mine = self.endpoint("https://example.com/", types=["inventory.threshold.critical"])
        path = "/api/v1/webhooks/" + mine["id"]
        for person in (self.ann, store.person("wanda", "warehouse")):
            for method, where in (("GET", "/api/v1/webhooks"), ("GET", path), ("DELETE", path)):
                self.assert_problem(person.ask(method, where), 403)
        other = store.person("oscar", "operator")
        other.token = store.token("oscar", "--role", "operator", "--tenant", "other")
        self.assertEqual(other.get("/api/v1/webhooks")["items"], [])
        for method, where, body in (("GET", path, None), ("DELETE", path, None),
                                    ("PATCH", path, {"state": "DISABLED"}),
                                    ("POST", path + "/secret", {}),
                                    ("GET", path + "/deliveries", None),
                                    ("POST", path + "/deliveries/1/redeliver", None)):
            self.assert_problem(other.ask(method, where, body, if_match="*"), 404)

    def test_what_is_not_there(self):
        mine = self.endpoint("https://example.com/", types=["inventory.threshold.critical"])
        path = "/api/v1/webhooks/" + mine["id"]
        self.assert_problem(self.olga.ask("GET", "/api/v1/webhooks/x"), 404)
        for number in ("999999", "0", "x", "-1"):
            self.assert_problem(self.olga.ask("POST", f"{path}/deliveries/{number}/redeliver"), 404)
        for query in ("state=OPEN", "limit=0", "cursor=x", "types=x"):
            self.assert_problem(self.olga.ask("GET", f"{path}/deliveries?{query}"), 422)
        for body in ({}, {"from": 5, "to": 4}, {"from": 0, "to": 4}):
            self.assert_problem(self.olga.ask("POST", path + "/redeliver", body), 422)
        self.assert_problem(self.olga.ask("PUT", path), 405)


@unittest.skipIf(shutil.which("openssl") is None, "no openssl to make certificates with")
class Tls(Case):
    """A platform of its own, which trusts one certificate in place of the machine's store."""

    def setUp(self):
        global store
        self.folder, self.before = tempfile.TemporaryDirectory(), store
        self.contexts = {name: self.context(name) for name in ("trusted", "other")}
        os.environ["SSL_CERT_FILE"] = f"{self.folder.name}/trusted.pem"
        store = shop.Shop("--demo")
        del os.environ["SSL_CERT_FILE"]
        super().setUp()

    def tearDown(self):
        global store
        super().tearDown()
        store.close()
        store = self.before
        self.folder.cleanup()

    def context(self, name):
        path = f"{self.folder.name}/{name}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path + ".key", "-out",
                        path + ".pem", "-subj", "/CN=" + name, "-days", "2", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path + ".pem", path + ".key")
        return context

    def test_only_who_can_show_a_certificate_is_told(self):
        good = receiver.Receiver(tls=self.contexts["trusted"])
        bad = receiver.Receiver(tls=self.contexts["other"])
        self.receivers += [good, bad]
        types = ["panglot.order.created.v1"]
        told, refused = (self.endpoint(one.url(), types=types) for one in (good, bad))
        name = self.ann.buy((sku, 1))["id"]
        shop.wait_for(good.count, lambda count: count == 1)
        self.assertEqual(good.came[0]["event"]["subject"], name)
        shop.wait_for(lambda: self.look(told), lambda e: e["delivered"] == 1)
        shop.wait_for(lambda: self.look(refused), lambda e: "failingAt" in e)
        self.assertEqual(bad.count(), 0)
        tried = self.olga.get(f"/api/v1/webhooks/{refused['id']}/deliveries")["items"][0]
        self.assertIn("certificate", tried["problem"])


class Killed(Case):
    def test_a_kill_loses_nothing(self):
        # Answers nothing to be glad of until the last kill is over, so that all of it is retried.
        one = self.receiver(lambda before, event: 503 if before % 3 else 200)
        self.endpoint(one.url(), types=["panglot.order.created.v1", "panglot.order.confirmed.v1"])
        names = set()
        for _ in range(3):
            for _ in range(5):
                names.add(self.ann.buy((sku, 1))["id"])
            store.kill()
            store.open()
            self.olga, self.ann = store.person("olga", "operator"), store.person("ann")
        one.answer = 200
        for name in names:
            self.ann.wait_final(name)
        types = "panglot.order.created.v1,panglot.order.confirmed.v1"
        wanted = {e["id"] for e in self.events(urllib.parse.quote(types))
                  if e["subject"] in names}
        self.assertEqual(len(wanted), 30)
        self.wait_taken(one, wanted, RETRIES_SECONDS_MAX)


if __name__ == "__main__":
    shop.main()
