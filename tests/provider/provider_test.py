#!/usr/bin/env python3
"""provider_test.py --binary PROGRAM - `panglot provider` from outside: its API, each fault, kills.

Aim:     a platform that is tried against it meets what it would meet at Stripe, and the ledger that
         judges it can be trusted.
Method:  each test has a process and a folder of its own; what has to hold is asked over HTTP.
"""
import argparse
import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import resource
import subprocess
import tempfile
import threading
import time
import unittest

import process

BROKEN = (OSError, http.client.HTTPException)
BINARY = None


class ProviderTest(unittest.TestCase):
    OPTIONS = ()

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="pgl-provider-")
        self.folder = pathlib.Path(self.scratch.name) / "data"
        self.provider = process.Provider(BINARY, self.folder, *self.OPTIONS).start()

    def tearDown(self):
        if self.provider.process.poll() is None:
            ledger = self.provider.ledger()
            self.assertTrue(ledger["balanced"], ledger["why"])
            self.assertEqual(self.provider.stop(), 0)
        self.scratch.cleanup()

    def assert_breaks(self, *arguments, **named):
        with self.assertRaises(BROKEN):
            self.provider.ask(*arguments, **named)


class Api(ProviderTest):
    def test_a_payment_from_creation_to_refund(self):
        created = self.provider.create(key="c")
        self.assertEqual(created.code, 200)
        self.assertEqual(created.headers["Content-Type"], "application/json")
        self.assertTrue(created.headers["Request-Id"].startswith("req_"))
        handle = created.json["id"]
        self.assertEqual(created.json["status"], "requires_confirmation")
        held = self.provider.act(handle, "confirm", "a").json
        self.assertEqual((held["status"], held["amount_capturable"]), ("requires_capture", 1999))
        paid = self.provider.act(handle, "capture", "x", amount_to_capture=1500).json
        self.assertEqual((paid["status"], paid["amount_received"]), ("succeeded", 1500))
        back = self.provider.refund(handle, "r", amount=500, **{"metadata[refund_no]": "1"}).json
        self.assertEqual((back["object"], back["status"], back["amount"]),
                         ("refund", "succeeded", 500))
        self.assertEqual(self.provider.ask("GET", f"/v1/refunds/{back['id']}").json, back)
        self.assertEqual(self.provider.order(), {"intents": 1, "open": 0, "captures": 1, "held": 0,
                                                 "captured": 1500, "refunded": 500})
        self.assertEqual(self.provider.ledger()["totals"],
                         {"eur": {"card": -1000, "hold": 0, "merchant": 1000}})

    def test_refusals_have_the_shape_of_stripes(self):
        handle = self.provider.create("pm_card_chargeDeclinedInsufficientFunds").json["id"]
        refused = self.provider.act(handle, "confirm")
        self.assertEqual(refused.code, 402)
        self.assertEqual(refused.error["type"], "card_error")
        self.assertEqual(refused.error["code"], "card_declined")
        self.assertEqual(refused.error["decline_code"], "insufficient_funds")
        intent = refused.error["payment_intent"]
        self.assertEqual(intent["status"], "requires_payment_method")
        self.assertEqual(intent["last_payment_error"]["decline_code"], "insufficient_funds")
        self.assertEqual(self.provider.get(handle), intent)

    def test_an_action_is_done_at_its_url(self):
        handle = self.provider.create("pm_card_authenticationRequired").json["id"]
        asked = self.provider.act(handle, "confirm").json
        self.assertEqual(asked["status"], "requires_action")
        url = asked["next_action"]["redirect_to_url"]["url"]
        self.assertTrue(url.startswith(self.provider.url))
        done = self.provider.ask("GET", url[len(self.provider.url):], bearer=None)
        self.assertIn("text/html", done.headers["Content-Type"])
        self.assertEqual(self.provider.get(handle)["status"], "requires_capture")

    def test_who_asks_bears_the_key(self):
        for bearer in (None, "sk_test_other"):
            answer = self.provider.ask("GET", "/v1/payment_intents", bearer=bearer)
            self.assertEqual((answer.code, answer.error["type"]), (401, "invalid_request_error"))
        self.assertEqual((self.folder / "provider.key").read_text(), process.KEY + "\n")
        self.assertEqual((self.folder / "provider.key").stat().st_mode & 0o777, 0o600)

    def test_card_numbers_are_never_taken(self):
        for form in ({"payment_method": "4242424242424242"},
                     {"payment_method_data[card][number]": "4242424242424242"}):
            answer = self.provider.ask("POST", "/v1/payment_intents",
                                       {"amount": 1, "currency": "eur", **form})
            self.assertEqual(answer.code, 400)
            self.assertNotIn(b"4242", answer.text)
        for path in self.folder.iterdir():
            self.assertNotIn(b"42424242", path.read_bytes(), path)

    def test_bad_http_gets_a_clear_answer(self):
        for method, path, form, code in (
                ("POST", "/v1/payment_intents", "a" * 9000, 413),
                ("POST", "/v1/payment_intents", "amount=%", 400),
                ("POST", "/v1/payment_intents", b"\xff=\xfe", 400),
                ("DELETE", "/v1/payment_intents", None, 404),
                ("GET", "/v1/payment_intents/%2e%2e/x", None, 404),
                ("GET", "/_objects?from=-1", None, 400),
                ("POST", "/_faults", "slow=maybe", 400)):
            self.assertEqual(self.provider.ask(method, path, form).code, code, path)

    def test_lists_and_search(self):
        for number in range(7):
            self.provider.create(order=f"o-{number % 2}")
        page = self.provider.ask("GET", "/v1/payment_intents?limit=5").json
        self.assertEqual((len(page["data"]), page["has_more"]), (5, True))
        rest = self.provider.ask("GET", "/v1/payment_intents?limit=5&starting_after="
                                 + page["data"][-1]["id"]).json
        self.assertEqual((len(rest["data"]), rest["has_more"]), (2, False))
        since = int(time.time()) + 100
        self.assertEqual(self.provider.ask(
            "GET", f"/v1/payment_intents?created[gte]={since}").json["data"], [])
        found = self.provider.ask(
            "GET", "/v1/payment_intents/search?query=metadata['order_id']:'o-1'").json
        self.assertEqual([i["metadata"]["order_id"] for i in found["data"]], ["o-1"] * 3)
        objects = self.provider.ask("GET", "/_objects?from=5", bearer=None).json
        self.assertEqual((len(objects["objects"]), objects["next"]), (2, None))

    def test_twins_at_once_execute_once(self):
        handle = self.provider.hold()
        codes, threads = [], []
        for _ in range(16):
            threads.append(threading.Thread(
                target=lambda: codes.append(self.provider.act(handle, "capture", "same").code)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, [200] * 16)
        self.assertEqual(self.provider.order()["captures"], 1)


class Time(ProviderTest):
    OPTIONS = ("--short-hold-time", "300ms", "--slow-time", "300ms", "--search-lag", "2s")

    def test_a_short_hold_expires(self):
        handle = self.provider.hold("pm_card_holdExpires")
        process.until(lambda: self.provider.order()["held"] == 0)
        gone = self.provider.get(handle)
        self.assertEqual((gone["status"], gone["cancellation_reason"]), ("canceled", "automatic"))
        self.assertEqual(self.provider.act(handle, "capture").code, 400)

    def test_a_slow_card_is_processing_first(self):
        handle = self.provider.create("pm_card_slow").json["id"]
        self.assertEqual(self.provider.act(handle, "confirm").json["status"], "processing")
        process.until(lambda: self.provider.get(handle)["status"] == "requires_capture")

    def test_a_refund_may_fail_later(self):
        handle = self.provider.hold("pm_card_refundFails")
        self.provider.act(handle, "capture")
        path = "/v1/refunds/" + self.provider.refund(handle).json["id"]
        self.assertEqual(self.provider.ask("GET", path).json["status"], "pending")
        process.until(lambda: self.provider.ask("GET", path).json["status"] == "failed")

    def test_search_lags(self):
        path = "/v1/payment_intents/search?query=metadata['order_id']:'o-1'"
        self.provider.create()
        self.assertEqual(self.provider.ask("GET", path).json["data"], [])
        process.until(lambda: len(self.provider.ask("GET", path).json["data"]) == 1)


class Faults(ProviderTest):
    def test_slow_is_executed_and_answered_later(self):
        handle = self.provider.hold()
        self.provider.faults("slow=on,slow-ms=400,only=capture")
        began = time.monotonic()
        with self.assertRaises(BROKEN):
            self.provider.ask("POST", f"/v1/payment_intents/{handle}/capture", seconds=0.1)
        process.until(lambda: self.provider.order()["captured"] == 1999)
        self.assertEqual(self.provider.act(handle, "capture").code, 400)
        self.assertGreater(time.monotonic() - began, 0.4)

    def test_a_500_before_leaves_nothing(self):
        handle = self.provider.hold()
        self.provider.faults("fail-before=on,times=1")
        failed = self.provider.act(handle, "capture", "k")
        self.assertEqual((failed.code, failed.error["type"]), (500, "api_error"))
        self.assertEqual(self.provider.order()["captured"], 0)
        again = self.provider.act(handle, "capture", "k")
        self.assertEqual((again.code, again.is_replayed), (200, False))

    def test_a_500_behind_is_stored_and_replayed(self):
        handle = self.provider.hold()
        self.provider.faults("fail-after=on,times=1")
        for is_replayed in (False, True, True):
            failed = self.provider.act(handle, "capture", "k")
            self.assertEqual((failed.code, failed.is_replayed), (500, is_replayed))
        self.assertEqual(self.provider.get(handle)["status"], "succeeded")

    def test_a_reset_before_leaves_nothing(self):
        handle = self.provider.hold()
        self.provider.faults("reset-before=on,times=1")
        self.assert_breaks("POST", f"/v1/payment_intents/{handle}/capture", key="k")
        self.assertEqual(self.provider.order()["captured"], 0)

    def test_a_reset_behind_has_done_it(self):
        handle = self.provider.hold()
        self.provider.faults("reset-after=on,times=1")
        self.assert_breaks("POST", f"/v1/payment_intents/{handle}/capture", key="k")
        self.assertEqual(self.provider.order()["captured"], 1999)
        self.assertTrue(self.provider.act(handle, "capture", "k").is_replayed)

    def test_late_is_executed_later(self):
        handle = self.provider.hold()
        self.provider.faults("late=on,late-ms=2000,times=1")
        self.assertEqual(self.provider.act(handle, "capture", "k").code, 500)
        busy = self.provider.act(handle, "capture", "k")
        self.assertEqual((busy.code, busy.error["code"]), (409, "idempotency_key_in_use"))
        self.assertEqual(self.provider.order()["captured"], 0)
        process.until(lambda: self.provider.order()["captured"] == 1999)
        self.assertTrue(self.provider.act(handle, "capture", "k").is_replayed)

    def test_limited_says_when_to_come_back(self):
        self.provider.faults("limited=on,times=1")
        limited = self.provider.create(key="k")
        self.assertEqual((limited.code, limited.headers["Retry-After"]), (429, "1"))
        self.assertFalse(self.provider.create(key="k").is_replayed)

    def test_down_answers_nobody_but_its_judge(self):
        self.provider.faults("down=on")
        self.assert_breaks("GET", "/v1/payment_intents")
        self.assertEqual(self.provider.ledger()["intents"], 0)
        self.provider.faults("none")
        self.assertEqual(self.provider.create().code, 200)

    def test_a_chance_hits_some(self):
        self.provider.faults("fail-before=30%")
        codes = [self.provider.create().code for _ in range(100)]
        self.assertTrue(10 <= codes.count(500) <= 60, codes)

    def test_faults_are_shown_and_bad_ones_change_nothing(self):
        self.provider.faults("slow=2.5%,only=capture+refund")
        self.assertEqual(self.provider.ask("POST", "/_faults", "late=on,fast=on").code, 400)
        shown = self.provider.ask("GET", "/_faults").json
        self.assertEqual((shown["slow"], shown["late"], shown["only"]),
                         ("2.5000%", "0.0000%", "capture+refund"))


class Restarts(ProviderTest):
    def test_kills_take_back_nothing_that_was_answered(self):
        handles, stopping = [], threading.Event()

        def shop(name):
            number = 0
            while not stopping.is_set():
                number += 1
                try:
                    handle = self.provider.hold(order=f"{name}-{number}")
                    if self.provider.act(handle, "capture", f"{name}-{number}").code == 200:
                        handles.append(handle)
                except (*BROKEN, AssertionError, KeyError, TypeError):
                    time.sleep(0.01)

        threads = [threading.Thread(target=shop, args=[name]) for name in "abcd"]
        for thread in threads:
            thread.start()
        for _ in range(5):
            time.sleep(0.3)
            self.provider.kill()
            self.provider.start()
        stopping.set()
        for thread in threads:
            thread.join()
        self.assertGreater(len(handles), 5)
        for handle in handles:
            self.assertEqual(self.provider.get(handle)["status"], "succeeded")

    def test_a_full_disk_ends_it_and_takes_nothing_back(self):
        """Files may not grow over 400 KiB: a write fails, as on a full disk."""
        self.assertEqual(self.provider.stop(), 0)
        limit = (400 << 10, resource.RLIM_INFINITY)
        self.provider.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
                            restore_signals=False)  # SIGXFSZ stays ignored, as Python has it
        handles = []
        with self.assertRaises((*BROKEN, KeyError)):
            for number in range(5000):
                handles.append(self.provider.create(order=f"o-{number}").json["id"])
        self.assertNotEqual(self.provider.process.wait(10), 0)
        self.provider.process.stdout.close()
        self.provider.start()
        self.assertGreater(len(handles), 10)
        self.assertEqual([self.provider.get(handle)["id"] for handle in handles], handles)

    def test_keys_are_kept(self):
        first = self.provider.create(key="k")
        self.provider.kill()
        self.provider.start()
        again = self.provider.create(key="k")
        self.assertTrue(again.is_replayed)
        self.assertEqual(first.text, again.text)

    def test_a_folder_has_one_process(self):
        with self.assertRaises(RuntimeError):
            process.Provider(BINARY, self.folder).start()


class Hooks(ProviderTest):
    """With somebody who listens; it answers 200 unless `codes` has another to give first."""

    def setUp(self):
        self.heard, self.codes = [], []
        outer = self

        class Listener(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append((self.path, self.headers["Stripe-Signature"], body))
                self.send_response(outer.codes.pop() if outer.codes else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.listener.daemon_threads = True
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        self.OPTIONS = ("--webhook", "http://localhost:%d/hooks" % self.listener.server_port)
        super().setUp()

    def tearDown(self):
        super().tearDown()
        self.listener.shutdown()
        self.listener.server_close()

    def types(self):
        return [json.loads(body)["type"] for _, _, body in self.heard]

    def test_changes_are_told_and_signed(self):
        handle = self.provider.hold()
        self.provider.act(handle, "capture")
        self.provider.refund(handle)
        process.until(lambda: len(self.heard) >= 4)
        self.assertEqual(self.types(), [
            "payment_intent.created", "payment_intent.amount_capturable_updated",
            "payment_intent.succeeded", "refund.created"])
        secret = (self.folder / "webhook.secret").read_text().strip()
        for path, signature, body in self.heard:
            self.assertEqual(path, "/hooks")
            parts = dict(part.split("=") for part in signature.split(","))
            signed = parts["t"].encode() + b"." + body
            self.assertEqual(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(),
                             parts["v1"])
            self.assertLess(abs(time.time() - int(parts["t"])), 60)
            self.assertEqual(json.loads(body)["object"], "event")
        self.assertEqual(json.loads(self.heard[2][2])["data"]["object"]["id"], handle)
        self.assertEqual(len({json.loads(body)["id"] for _, _, body in self.heard}), 4)

    def test_what_is_not_taken_is_sent_again(self):
        self.codes = [500, 503]
        self.provider.create()
        process.until(lambda: len(self.heard) == 3)
        self.assertEqual(len({body for _, _, body in self.heard}), 1)

    def test_lost_twice_and_late(self):
        self.provider.faults("webhook-lost=on")
        self.provider.create()
        self.provider.faults("none,webhook-twice=on")
        self.provider.create()
        process.until(lambda: len(self.heard) == 2)
        self.assertEqual(self.heard[0][2], self.heard[1][2])
        self.provider.faults("none,webhook-late=50%")
        del self.heard[:]
        for number in range(60):
            self.provider.create(order=f"n-{number:02}")
        process.until(lambda: len(self.heard) == 60)
        orders = [json.loads(body)["data"]["object"]["metadata"]["order_id"]
                  for _, _, body in self.heard]
        self.assertNotEqual(orders, sorted(orders))
        self.assertEqual(len(set(orders)), 60)


class Usage(unittest.TestCase):
    def test_wrong_options_are_refused(self):
        for options in (["--webhook", "ftp://x"], ["--faults", "slow=maybe"], ["--http", "x"],
                        ["--no"], ["--max-objects", "0"]):
            with tempfile.TemporaryDirectory() as folder:
                done = subprocess.run([BINARY, "provider", "--data", folder + "/d", *options],
                                      capture_output=True, timeout=20, check=False)
                self.assertEqual(done.returncode, 2, options)
                self.assertIn(b"panglot provider", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    options, rest = parser.parse_known_args()
    BINARY = options.binary.resolve()
    unittest.main(argv=[__file__, *rest])
