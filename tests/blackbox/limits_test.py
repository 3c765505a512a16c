#!/usr/bin/env python3
"""limits_test.py - each caller is held to what holds for them, and told so.

Aim:     a burst, then a steady rate; waiting as long as was said is enough; what a header claims
         changes nothing unless a proxy is trusted.
Method:  one platform without demo, its rates as they are by default, or changed by option so that a
         second is enough. Every answer's fields are read by a strict parser.
"""
import concurrent.futures
import pathlib
import re
import shutil
import signal
import socket
import ssl
import tempfile
import time

import fields
import harness
import shop

TABLES = {
    "catalog": "sku,name,description,category,price_minor,currency,image_url,active\n"
               "LAMP,Lamp,,home,100,USD,,1\n",
    "stock": "sku,warehouse,on_hand\nLAMP,WH-EU-1,1000000\n",
}
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


def open_shop(*options):
    return shop.Shop("--rates", "default", *options, tables=TABLES)


def standing(answer, prefix=""):
    """{policy: {q, w, r, t, pk}} of both fields, which have to agree."""
    policies = fields.read_list(answer.headers[prefix + "RateLimit-Policy"])
    now = fields.read_list(answer.headers[prefix + "RateLimit"])
    if [name for name, _ in policies] != [name for name, _ in now]:
        raise AssertionError((policies, now))
    for (_, policy), (_, state) in zip(policies, now):
        if set(policy) != {"q", "w", "pk"} or set(state) != {"r", "t", "pk"}:
            raise AssertionError((policy, state))
        if policy["pk"] != state["pk"] or not 0 <= state["r"] <= policy["q"] or policy["w"] < 1:
            raise AssertionError((policy, state))
    return {name: {**policy, **state} for (name, policy), (_, state) in zip(policies, now)}


class Limits(shop.Case):
    def open(self, *options):
        store = open_shop(*options)
        self.addCleanup(store.close)
        return store

    def assert_limited(self, answer, policy):
        self.assertEqual(answer.code, 429, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        problem = answer.json()
        self.assertEqual(problem["type"], QUOTA_EXCEEDED)
        self.assertEqual(problem["status"], 429)
        self.assertEqual(problem["violated-policies"], [policy])
        self.assertEqual(standing(answer)[policy]["t"], int(answer.headers["Retry-After"]))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)

    def stream(self, store, token):
        connection = harness.Client(store.address, token).connection
        connection.request("GET", "/api/v1/orders/endings",
                           headers={"Authorization": "Bearer " + token})
        self.addCleanup(connection.close)
        answer = connection.getresponse()
        if answer.status == 200:
            self.assertIn("RateLimit", answer.headers)
        return answer.status, connection


class Strangers(Limits):
    def test_a_burst_then_a_rate(self):
        store = self.open("--rates", "anonymous=5/s:10")
        stranger = store.stranger()
        codes, began = [], time.monotonic()
        while time.monotonic() - began < 2:
            codes.append(stranger.ask("GET", "/api/v1/products").code)
        took = time.monotonic() - began
        self.assertEqual(set(codes), {200, 429})
        self.assertEqual(set(codes[:10]), {200})
        self.assertAlmostEqual(codes.count(200), 10 + 5 * took, delta=2)

    def test_the_wait_that_is_said_is_enough(self):
        store = self.open("--rates", "anonymous=30/min:3")
        stranger = store.stranger()
        for _ in range(3):
            while (answer := stranger.ask("GET", "/api/v1/products")).code == 200:
                self.assertEqual(standing(answer)["anonymous"]["q"], 3)
            self.assert_limited(answer, "anonymous")
            time.sleep(int(answer.headers["Retry-After"]))

    def test_what_is_answered_before_anybody_is_asked_costs_as_much(self):
        store = self.open("--rates", "anonymous=1/h:6")
        long = "/" + "x" * 5000
        asked = [("OPTIONS", "/api/v1/orders", 204), ("OPTIONS", "*", 204), ("GET", long, 414)]
        codes = [store.stranger().ask(*one[:2]).code for one in asked * 2]
        self.assertEqual(codes, [one[2] for one in asked] * 2)
        for one in asked:
            self.assert_limited(store.stranger().ask(*one[:2]), "anonymous")

    def test_what_is_not_there_costs_as_much(self):
        store = self.open("--rates", "anonymous=1/h:6")
        stranger = store.stranger()
        asked = [("GET", "/no/such/path", None), ("PUT", "/api/v1/products", None),
                 ("POST", "/no/such/path", {"a": 1})]
        answers = [stranger.ask(*one) for one in asked * 2]
        self.assertEqual([answer.code for answer in answers], [404, 405, 404] * 2)
        self.assertEqual([standing(answer)["anonymous"]["r"] for answer in answers],
                         [5, 4, 3, 2, 1, 0])
        for one in asked + [("GET", "/api/v1/products", None)]:
            self.assert_limited(stranger.ask(*one), "anonymous")
        self.assertEqual(stranger.ask("GET", "/livez").code, 200)

    def test_health_is_nobodys_rate(self):
        store = self.open("--rates", "anonymous=1/h:1")
        stranger = store.stranger()
        for _ in range(50):
            answer = stranger.ask("GET", "/livez")
            self.assertEqual(answer.code, 200)
            self.assertNotIn("RateLimit", answer.headers)

    def test_a_claimed_address_changes_nothing(self):
        store = self.open("--rates", "anonymous=1/h:5")
        answers = [store.stranger().ask("GET", "/api/v1/products",
                                        x_forwarded_for=f"203.0.113.{i}",
                                        forwarded=f"for=203.0.113.{i}",
                                        x_real_ip=f"203.0.113.{i}").code for i in range(10)]
        self.assertEqual(answers, [200] * 5 + [429] * 5)

    def test_a_trusted_proxy_tells_whom_it_has_seen(self):
        store = self.open("--rates", "anonymous=1/h:5", "--trusted-proxies", "127.0.0.0/8")
        proxy = store.stranger()

        def asked(said):
            return proxy.ask("GET", "/api/v1/products", x_forwarded_for=said).code
        self.assertEqual([asked("203.0.113.1") for _ in range(6)], [200] * 5 + [429])
        self.assertEqual(asked("203.0.113.2"), 200)
        # what the client has put before it is not believed
        self.assertEqual(asked("203.0.113.77, 203.0.113.1"), 429)
        self.assertEqual(asked("203.0.113.77, 203.0.113.1, 127.0.0.9"), 429)

    def test_every_face_is_the_same_door(self):
        store = self.open("--rates", "anonymous=1/min:5")
        stranger, list_them = store.stranger(), "/panglot.catalog.v1.CatalogService/ListProducts"
        for left in range(4, -1, -1):
            answer = stranger.ask("POST", list_them, {"limit": 1})
            self.assertEqual(answer.code, 200, answer.body)
            self.assertEqual(standing(answer, "Trailer-")["anonymous"]["r"], left)
        answer = stranger.ask("POST", list_them, {"limit": 1})
        self.assertEqual(answer.code, 429, answer.body)
        self.assertEqual(answer.json()["code"], "resource_exhausted")
        said = {detail["type"]: detail for detail in answer.json()["details"]}
        self.assertIn("google.rpc.RetryInfo", said)
        self.assertGreaterEqual(standing(answer, "Trailer-")["anonymous"]["t"], 50)
        self.assert_limited(stranger.ask("GET", "/api/v1/products"), "anonymous")

    def test_every_face_charges_what_it_refuses(self):
        store = self.open("--rates", "anonymous=1/h:10")
        service = "/panglot.catalog.v1.CatalogService/"
        plain = {"content_type": "text/plain"}
        asked = [("POST", service + "NoSuch", {}, {}, 501),  # the last is by protocol of Connect
                 ("POST", "/no.such.Service/Call", {}, {}, 501),
                 ("OPTIONS", service + "ListProducts", None, {}, 204),
                 ("DELETE", service + "ListProducts", None, {}, 405),
                 ("POST", service + "ListProducts", {}, plain, 415)]
        codes = [store.stranger().ask(*one[:3], **one[3]).code for one in asked * 2]
        self.assertEqual(codes, [one[4] for one in asked] * 2)
        for one in [*asked, ("GET", "/api/v1/products", None, {})]:
            self.assertEqual(store.stranger().ask(*one[:3], **one[3]).code, 429, one)

    def test_wrong_tokens_wait(self):
        store = self.open()
        liar, ann = harness.Client(store.address, "a.b.c"), store.person("ann")
        self.assertEqual(ann.ask("GET", "/api/v1/orders").code, 200)
        answers = [liar.ask("GET", "/api/v1/orders") for _ in range(8)]
        self.assertEqual([answer.code for answer in answers], [401] * 5 + [429] * 3)
        self.assert_limited(answers[-1], "bad-tokens")
        # whom we know is not to suffer from a neighbour; who is new has to wait
        self.assertEqual(ann.ask("GET", "/api/v1/orders").code, 200)
        self.assertEqual(store.person("bob").ask("GET", "/api/v1/orders").code, 429)
        self.assertEqual(store.stranger().ask("GET", "/api/v1/products").code, 200)


class Watchers(Limits):
    def test_metrics_are_for_this_machine(self):
        store = self.open("--trusted-proxies", "127.0.0.1")
        stranger = store.stranger()
        self.assertEqual(stranger.ask("GET", "/metrics").code, 200)
        far = stranger.ask("GET", "/metrics", x_forwarded_for="203.0.113.9")
        self.assert_problem(far, 403, "metrics-from")
        self.assertEqual(stranger.ask("GET", "/readyz", x_forwarded_for="203.0.113.9").code, 200)

    def test_others_may_be_named(self):
        store = self.open("--trusted-proxies", "127.0.0.1", "--metrics-from", "203.0.113.0/24")
        stranger = store.stranger()
        self.assertEqual(stranger.ask("GET", "/metrics", x_forwarded_for="203.0.113.9").code, 200)
        self.assertEqual(stranger.ask("GET", "/metrics").code, 403)


class Users(Limits):
    def test_what_they_may_not_do_costs_them_as_much(self):
        store = self.open("--rates", "user=1/h:5,anonymous=1/h:3")
        ann = store.person("ann")
        for left in range(4, -1, -1):
            answer = ann.ask("GET", "/api/v1/admin/sagas")
            self.assert_problem(answer, 403)
            self.assertEqual(standing(answer)["user"]["r"], left)
        self.assert_limited(ann.ask("GET", "/api/v1/admin/sagas"), "user")
        self.assert_limited(ann.ask("GET", "/api/v1/orders"), "user")
        self.assertEqual(store.person("bob").ask("GET", "/api/v1/orders").code, 200)

    def test_a_route_has_a_rate_of_its_own(self):
        store = self.open("--rates", "user=1/h:100", "--route-rates",
                          "GET /api/v1/orders=1/h:2,panglot.orders.v1.OrderService/GetOrder=1/h:1")
        ann, bob = store.person("ann"), store.person("bob")
        for who in (ann, bob):
            self.assertEqual([who.ask("GET", "/api/v1/orders").code for _ in range(2)], [200, 200])
            self.assert_limited(who.ask("GET", "/api/v1/orders"), "route")
        self.assertEqual(standing(ann.order(("LAMP", 1)))["user"]["r"], 97)
        for wrong in ("GET /api/v1/nothing=1/s:1", "GET /api/v1/orders=1/s"):
            code, said = store.run("config", "--route-rates", wrong)
            self.assertNotEqual(code, 0)
            self.assertIn("route-rates", said)

    def test_what_users_may(self):
        store = self.open()
        ann, bob = store.person("ann"), store.person("bob")
        answer = ann.ask("GET", "/api/v1/orders")
        self.assertEqual({name: (state["q"], state["w"])
                          for name, state in standing(answer).items()}, {"user": (40, 2)})
        answer = ann.order(("LAMP", 1))
        self.assertEqual(answer.code, 201, answer.body)
        self.assertEqual({name: (state["q"], state["w"])
                          for name, state in standing(answer).items()},
                         {"user": (40, 2), "orders": (10, 5)})
        partition = standing(answer)["user"]["pk"]
        self.assertEqual(standing(ann.ask("GET", "/api/v1/orders"))["user"]["pk"], partition)
        self.assertNotEqual(standing(bob.ask("GET", "/api/v1/orders"))["user"]["pk"], partition)
        while (answer := ann.order(("LAMP", 1))).code == 201:
            self.assertLess(standing(answer)["orders"]["r"], 10)
        self.assert_limited(answer, "orders")
        self.assertGreater(standing(answer)["user"]["r"], 0)  # not charged for what was refused
        self.assertEqual(bob.order(("LAMP", 1)).code, 201)
        time.sleep(int(answer.headers["Retry-After"]))
        self.assertEqual(ann.order(("LAMP", 1)).code, 201)

    def test_open_orders_are_counted(self):
        # a card that is never charged: its orders stay open
        store = self.open("--max-open-orders-per-customer", "3", "--rates", "orders=100/s:100",
                          "--provider", "http://127.0.0.1:9", "--provider-key", self.key())
        ann, bob = store.person("ann"), store.person("bob")
        card = {"method": "card", "cardToken": "pm_card_visa"}
        answers = [ann.order(("LAMP", 1), payment=card, key=f"k{i}") for i in range(4)]
        self.assertEqual([answer.code for answer in answers], [201] * 3 + [429])
        self.assertEqual(answers[3].json()["type"], "/problems/limited")
        self.assertIn("Retry-After", answers[3].headers)
        self.assertEqual(ann.order(("LAMP", 1), payment=card, key="k0").code, 201)  # no other
        self.assertEqual(bob.order(("LAMP", 1), payment=card).code, 201)

    def key(self):
        folder = tempfile.TemporaryDirectory(prefix="pgl-limits-")
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "key"
        path.write_text("sk_test_limits\n")
        path.chmod(0o600)
        return str(path)

    def test_it_is_shown(self):
        store = self.open()
        self.assertEqual(store.person("ann").get("/api/v1/limits")["items"], [
            {"policy": "user", "quota": 40, "windowS": 2, "left": 39, "resetS": 1},
            {"policy": "orders", "quota": 10, "windowS": 5, "left": 10, "resetS": 0}])
        shown = store.person("shop", "partner").get("/api/v1/limits")["items"]
        self.assertEqual([item["policy"] for item in shown], ["default"])

    def test_exact_over_connections(self):
        store = self.open("--rates", "user=1/h:100")
        ann = store.person("ann")

        def ask_some(_):
            client = harness.Client(store.address, ann.token)
            return [client.ask("GET", "/api/v1/orders").code for _ in range(10)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            codes = [code for some in pool.map(ask_some, range(16)) for code in some]
        self.assertEqual(codes.count(200), 100)
        self.assertEqual(codes.count(429), 60)

    def test_streams_are_counted(self):
        store = self.open("--max-streams-per-user", "2")
        ann = store.person("ann", "operator")
        open_streams = [self.stream(store, ann.token) for _ in range(3)]
        self.assertEqual([code for code, _ in open_streams], [200, 200, 429])
        for _, connection in open_streams:
            connection.close()
        shop.wait_for(lambda: self.stream(store, ann.token), lambda opened: opened[0] == 200)


class Partners(Limits):
    def test_a_plan_is_held(self):
        store = self.open("--plans", "default=10/s:20:50")
        partner = store.person("shop", "partner")
        codes, began = [], time.monotonic()
        while time.monotonic() - began < 1.5:
            answer = partner.ask("GET", "/api/v1/orders")
            codes.append(answer.code)
            self.assertEqual(set(standing(answer)), {"default", "day"})
        took = time.monotonic() - began
        self.assertAlmostEqual(codes.count(200), 20 + 10 * took, delta=2)
        while (answer := partner.ask("GET", "/api/v1/orders")).headers["RateLimit"].find(
                '"day";r=0') < 0:
            time.sleep(0.05)
        while (answer := partner.ask("GET", "/api/v1/orders")).json().get(
                "violated-policies") != ["day"]:
            time.sleep(0.05)
        self.assert_limited(answer, "day")
        self.assertLessEqual(int(answer.headers["Retry-After"]), 86400)


    def test_a_key_is_held_to_its_plan(self):
        store = self.open("--plans", "default=1/h:1,silver=1/h:7,gold=4/s:8")
        boss = store.person("boss", "operator")
        silver, gold, unnamed = (self.new_key(boss, plan) for plan in ("silver", "gold", ""))

        def ask(key, times):
            return [store.stranger().ask("GET", "/api/v1/orders", x_api_key=key)
                    for _ in range(times)]
        codes = [answer.code for answer in ask(silver, 10)]
        self.assertEqual(codes, [200] * 7 + [429] * 3)
        self.assertEqual([answer.code for answer in ask(unnamed, 2)], [200, 429])
        answers = ask(gold, 30)
        limited = next(answer for answer in answers if answer.code == 429)
        self.assert_limited(limited, "gold")
        self.assertEqual(standing(limited)["gold"]["q"], 8)
        self.assertEqual([answer.code for answer in answers[:8]], [200] * 8)
        time.sleep(int(limited.headers["Retry-After"]))
        self.assertEqual(ask(gold, 1)[0].code, 200)
        # two keys of one partner are two
        self.assertEqual(ask(self.new_key(boss, "silver"), 1)[0].code, 200)

    def new_key(self, boss, plan):
        ask = {"name": "a shop", "scopes": ["orders:read"], **({"plan": plan} if plan else {})}
        answer = boss.ask("POST", "/api/v1/admin/api-keys", ask)
        self.assertEqual(answer.code, 201, answer.body)
        return answer.json()["key"]


class Changes(Limits):
    """SIGHUP: what a file says from now on."""

    def open(self, **sections):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-limits-"))
        self.addCleanup(shutil.rmtree, folder)
        self.file = folder / "settings.yaml"
        self.write(**sections)
        self.store = shop.Shop("--config", str(self.file), tables=TABLES, lifted=())
        self.addCleanup(self.store.close)
        return self.store

    def write(self, **sections):
        self.file.write_text("".join(
            f"{section}:\n" + "".join(f"  {key}: {value}\n" for key, value in rows.items())
            for section, rows in sections.items()))

    def change(self, *said, times=1, **sections):
        """Tells it, and waits until each process has logged `said`, so often in all. The edge takes
        over a moment later: wait for the effect."""
        least = times * self.store.process_count
        self.write(**sections)
        self.store.send(signal.SIGHUP)
        for line in said:
            shop.wait_for(lambda line=line: len(re.findall(line, self.store.log.read_text())),
                          lambda count: count >= least)

    def codes(self, who, times, path="/api/v1/products", **headers):
        return [who.ask("GET", path, **headers).code for _ in range(times)]

    def test_rates_and_plans_are_others(self):
        store = self.open(limits={"rates": "anonymous=1/h:3", "plans": "default=1/h:2"})
        stranger, boss = store.stranger(), store.person("boss", "operator")
        key = boss.ask("POST", "/api/v1/admin/api-keys", {"scopes": ["orders:read"]}).json()["key"]
        self.assertEqual(self.codes(stranger, 4), [200] * 3 + [429])
        self.assertEqual(self.codes(stranger, 3, "/api/v1/orders", x_api_key=key),
                         [200, 200, 429])
        self.change("setting-changed setting=limits.rates value=anonymous=1/h:5",
                    "setting-changed setting=limits.plans value=default=1/h:4",
                    limits={"rates": "anonymous=1/h:5", "plans": "default=1/h:4"})
        shop.wait_for(lambda: stranger.ask("GET", "/api/v1/products"),
                      lambda answer: standing(answer)["anonymous"]["q"] == 5)
        self.assertIn(429, self.codes(stranger, 5))
        self.assertEqual(self.codes(stranger, 5, "/api/v1/orders", x_api_key=key),
                         [200] * 4 + [429])

    def test_room_is_another(self):
        store = self.open(limits={"max-streams-per-user": 1}, http={"max-body": 4096},
                          grpc={"max-message": 1024})
        ann, large = store.person("ann", "operator"), {"filler": "x" * 5000}

        def stream():
            return self.stream(store, ann.token)[0]

        def order():
            return ann.ask("POST", "/api/v1/orders", large, idempotency_key="a").code

        def call():
            return ann.ask("POST", "/panglot.catalog.v1.CatalogService/GetProduct",
                           {"sku": "x" * 2000}).json()["code"]
        self.assertEqual((order(), stream(), stream()), (413, 200, 429))
        self.assertEqual(call(), "resource_exhausted")
        self.change("setting=limits.max-streams-per-user value=2", "setting=http.max-body value=8",
                    limits={"max-streams-per-user": 2}, http={"max-body": 8192},
                    grpc={"max-message": 4096})
        shop.wait_for(order, lambda code: code != 413)
        self.assertNotEqual(call(), "resource_exhausted")
        self.assertEqual((stream(), stream()), (200, 429))

    def test_what_is_wrong_changes_nothing(self):
        rates = {"rates": "anonymous=1/h:3"}
        store = self.open(limits=rates)
        stranger = store.stranger()
        self.assertEqual(self.codes(stranger, 4), [200] * 3 + [429])
        wrong = ({"limits": {"rates": "anonymous=fast"}}, {"limits": {"plans": "a=b"}},
                 {"limits": {"max-streams": 0}}, {"limits": {"no-such": 1}},
                 {"http": {"cors-origins": "shop"}}, {"identity": {"issuer": "ftp://a"}},
                 {"identity": {"bad-credentials": 100000000000}},
                 {"process": {"demo": "true"}})
        for count, sections in enumerate(wrong, 1):
            self.change("error app not-reloaded what=settings code=invalid", times=count,
                        **{"process": {"log-level": "error"}, **sections})
        self.assertEqual(self.codes(stranger, 1), [429])
        self.assertNotIn("setting-changed", store.log.read_text())

    def test_what_needs_a_start_is_named(self):
        store = self.open(limits={"rates": "anonymous=1/h:3"})
        self.change("warn app setting-needs-restart setting=files.batch",
                    "info app setting-changed setting=limits.rates value=off",
                    limits={"rates": "off"}, files={"batch": 7})
        shop.wait_for(lambda: self.codes(store.stranger(), 9), lambda codes: set(codes) == {200})
        self.assertEqual(store.log.read_text().count("setting-needs-restart"),
                         store.process_count)


class Proxies(Limits):
    """One that passes bytes on, from 127.0.0.2, and says whose they are."""

    def ask(self, port, header, *fields, path="/api/v1/products?limit=1", is_tls=False):
        """The status of one request; None for a connection that was closed."""
        with socket.create_connection(("127.0.0.1", port), 10, ("127.0.0.2", 0)) as peer:
            peer.sendall(header)
            if is_tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                peer = context.wrap_socket(peer)
            lines = (f"GET {path} HTTP/1.1", "Host: a", "Connection: close", *fields, "", "")
            try:
                peer.sendall("\r\n".join(lines).encode())
                heard = b"".join(iter(lambda: peer.recv(65536), b""))
            except ConnectionError:
                heard = b""
            peer.close()
            return int(heard[9:12]) if heard else None

    @staticmethod
    def text(client):
        return f"PROXY TCP4 {client} 127.0.0.1 40000 80\r\n".encode()

    @staticmethod
    def binary(client):
        return (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(client) +
                socket.inet_aton("127.0.0.1") + b"\x9c\x40\0\x50")

    def test_a_connection_is_whose_the_proxy_says(self):
        store = self.open("--rates", "anonymous=1/h:3", "--proxy-protocol", "127.0.0.2",
                          "--tls-dev", "--https", "127.0.0.1:0")
        port = store.address[1]
        tls_port = int(re.search(r"https://127.0.0.1:(\d+)", "".join(store.said)).group(1))
        codes = [self.ask(port, self.text("198.51.100.1")) for _ in range(2)]
        codes += [self.ask(tls_port, self.binary("198.51.100.1"), is_tls=True) for _ in range(2)]
        self.assertEqual(codes, [200, 200, 200, 429])
        self.assertEqual(self.ask(port, self.binary("198.51.100.2")), 200)
        self.assertEqual(self.ask(port, b""), None)  # a proxy says so
        own = store.stranger()  # anybody else is who he is, whatever he says
        self.assertEqual(own.ask("GET", "/api/v1/products").code, 200)
        with socket.create_connection(store.address, 10) as peer:
            peer.sendall(self.text("198.51.100.3") + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(peer.recv(65536).startswith(b"HTTP/1.1 400 "))

    def test_a_key_is_bound_to_the_client(self):
        store = self.open("--proxy-protocol", "127.0.0.2/32")
        key = store.person("boss", "operator").ask("POST", "/api/v1/admin/api-keys", {
            "scopes": ["orders:read"], "cidrs": ["198.51.100.0/24"]}).json()["key"]
        for client, code in (("198.51.100.7", 200), ("203.0.113.7", 403)):
            self.assertEqual(self.ask(store.address[1], self.text(client), f"X-Api-Key: {key}",
                                      path="/api/v1/orders"), code)


class Options(shop.Case):
    def test_what_is_no_rate_stops_the_start(self):
        for option, value in (("--rates", "user=fast"), ("--plans", "a=b"),
                              ("--trusted-proxies", "10.0.0.1/8"),
                              ("--proxy-protocol", "all"), ("--concurrency", "guess")):
            with self.assertRaisesRegex(RuntimeError, option.lstrip("-")):
                shop.Shop(option, value)


if __name__ == "__main__":
    shop.main()
