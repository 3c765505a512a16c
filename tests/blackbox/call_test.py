#!/usr/bin/env python3
"""call_test.py - `panglot call`: every kind of method over gRPC, and what goes wrong.

Aim:     what a method answers is printed as it comes; the exit code says how it ended.
Method:  the command as a process, against a platform in the clear and through TLS; what its
         transport does with other peers is for tests/grpc/our_client.py.
"""
import contextlib
import json
import re
import signal
import socket
import subprocess
import time
import unittest

import harness
import shop

SECONDS_MAX = 20
GZIP = b"\x1f\x8b\x08"
TABLES = {"catalog": shop.CATALOG + "C-1,Cup,,kitchen,,900,USD,1\n",
          "stock": shop.STOCK + "C-1,WH-EU-1,1000\n"}
ORDERS = "panglot.orders.v1.OrderService/"
REFLECTION = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


def heard(listener):
    """What somebody says who is never answered."""
    listener.settimeout(SECONDS_MAX)
    caller, _ = listener.accept()
    said = b""
    caller.settimeout(1)
    with caller, contextlib.suppress(socket.timeout):
        while piece := caller.recv(65536):
            said += piece
    return said


def run(*words):
    done = subprocess.run([shop.options.binary, "call", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=SECONDS_MAX, check=False)
    return done.returncode, done.stdout, done.stderr


class TlsShop(shop.Shop):
    """Where it listens for TLS is the second address that it says."""
    tls_port = None

    def wait_ready(self, seconds_max=harness.START_SECONDS_MAX):
        is_ready = super().wait_ready(seconds_max)
        self.tls_port = int(re.search(r"https://127\.0\.0\.1:(\d+)", "".join(self.said))[1])
        return is_ready


class Call(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = TlsShop("--reflection", "--tls-dev", "--https", "127.0.0.1:0", tables=TABLES)
        cls.token = cls.shop.person("ann").token

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def call(self, *words, code=0, token=None):
        """The answers, which have to be so many lines of JSON."""
        who = ("--token", token) if token else ()
        found, said, wrong = run("--url", "http://%s:%d" % self.shop.address, *who, *words)
        self.assertEqual(found, code, wrong)
        self.assertEqual(wrong == "", code == 0, wrong)
        return [json.loads(line) for line in said.splitlines()], wrong

    def order(self, *words, key):
        (answer,), _ = self.call(*words, ORDERS + "CreateOrder", json.dumps({
            "idempotencyKey": key, "order": {
                "currency": "USD", "shipTo": {"region": "EU"},
                "lines": [{"sku": "C-1", "quantity": "2"}],
                "payment": {"method": "account"}}}), token=self.token)
        return answer["order"]

    def test_one_message_and_one_answer(self):
        for name in ("panglot.catalog.v1.CatalogService/GetProduct", "CatalogService/GetProduct",
                     "GetProduct"):
            (answer,), _ = self.call(name, '{"sku":"C-1"}')
            self.assertEqual(answer["product"]["priceMinor"], "900")

    def test_packed_messages_are_understood(self):
        order = self.order("--gzip", key="packed")
        self.assertEqual(order["totalMinor"], "1800")
        self.assertEqual(order, self.order(key="packed"))  # the same message, and its first answer

    def test_what_leaves_is_packed_where_that_is_asked(self):
        for words, is_packed in ((), False), (("--gzip",), True):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                url = "http://127.0.0.1:%d" % listener.getsockname()[1]
                with subprocess.Popen([shop.options.binary, "call", "--url", url, *words,
                                       "GetProduct", '{"sku":"C-1"}'],
                                      stderr=subprocess.DEVNULL) as caller:
                    try:
                        self.assertEqual(GZIP in heard(listener), is_packed, words)
                    finally:
                        caller.kill()

    def test_a_stream_of_answers_comes_to_its_end(self):
        order = self.order(key="watched")
        answers, _ = self.call("WatchOrder", json.dumps({"id": order["id"]}), token=self.token)
        self.assertEqual([answer["change"]["version"] for answer in answers],
                         [str(n + 1) for n in range(len(answers))])
        self.assertEqual(answers[-1]["change"]["status"], "ORDER_STATUS_CONFIRMED")

    def test_a_stream_of_messages_is_answered_one_by_one(self):
        answers, _ = self.call(REFLECTION, '{"listServices":""}', '{"fileByFilename":"no.proto"}')
        self.assertIn({"name": "panglot.orders.v1.OrderService"},
                      answers[0]["listServicesResponse"]["service"])
        self.assertEqual(answers[1]["errorResponse"]["errorCode"], 5)
        self.assertEqual(self.call(REFLECTION)[0], [])  # no message is a stream as well

    def test_what_there_is_to_call_is_listed(self):
        code, said, _ = run()
        self.assertEqual(code, 0)
        methods = dict(line.partition("  ")[::2] for line in said.splitlines())
        self.assertEqual(methods[ORDERS + "GetOrder"], "")
        self.assertEqual(methods[ORDERS + "WatchOrder"], "answers with a stream")
        self.assertEqual(methods[REFLECTION], "takes a stream, answers with one")
        self.assertNotIn("panglot.identity.v1.IdentityService/VerifyKey", methods)

    def test_the_status_is_told(self):
        rows = [(("GetProduct", '{"sku":"none"}'), 1, "not-found: no product"),
                (("GetOrder", '{"id":"%s"}' % self.order(key="mine")["id"]), 1, "unauthenticated"),
                (("NoSuchMethod",), 2, "no such method"),
                (("Check", "{}", "{}"), 2, "takes one message"),
                (("GetProduct", "{"), 2, "malformed"),
                (("GetProduct", '{"scu":"C-1"}'), 2, 'unknown member "scu"'),
                (("GetProduct", "--url", "http://shop.example"), 2, "numeric host"),
                (("GetProduct", "--url", "shop"), 2, "panglot call: GetProduct: ")]
        for words, code, why in rows:
            with self.subTest(words):
                _, wrong = self.call(*words, code=code)
                self.assertRegex(wrong, why)

    def test_a_watch_ends_with_its_time(self):
        started = time.monotonic()
        answers, wrong = self.call("--within", "600ms", "Health/Watch", code=1)
        self.assertEqual([answer["status"] for answer in answers], ["SERVING"])
        self.assertRegex(wrong, "deadline|unavailable")
        self.assertGreater(time.monotonic() - started, 0.5)

    def test_a_watch_ends_by_its_user(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([shop.options.binary, "call", "Health/Watch", "--url",
                                   "http://%s:%d" % self.shop.address],
                                  stdout=subprocess.PIPE) as watch:
                self.assertIn(b"SERVING", watch.stdout.readline())
                watch.send_signal(number)
                try:
                    self.assertEqual(watch.wait(SECONDS_MAX), -number)
                finally:
                    watch.kill()

    def test_nobody_there_is_soon_told(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            code, said, wrong = run("--url", "http://127.0.0.1:%d" % free.getsockname()[1],
                                    "GetProduct")
        self.assertEqual((code, said), (1, ""))
        self.assertIn("nobody answers there", wrong)

    def test_through_tls_to_whom_it_trusts(self):
        made = str(self.shop.folder / "data" / "localhost.pem")
        for host in ("127.0.0.1", "localhost"):
            url = f"https://{host}:{self.shop.tls_port}"
            (answer,), _ = self.call("--url", url, "--ca", made, "GetProduct", '{"sku":"C-1"}')
            self.assertEqual(answer["product"]["sku"], "C-1")
            _, wrong = self.call("--url", url, "GetProduct", '{"sku":"C-1"}', code=1)
            self.assertIn("unauthenticated", wrong)
        _, wrong = self.call("--url", url, "--ca", made + ".none", "GetProduct", code=1)
        self.assertIn("not-found", wrong)


shop.main()
