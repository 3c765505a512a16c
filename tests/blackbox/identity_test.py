#!/usr/bin/env python3
"""API keys and keys of tokens, as those who use them see it.

Aim:     a key lets in as its row says and stops at once; keys of tokens are replaced without a 401;
         an issuer that rotates is followed; who guesses waits.
Method:  a running platform; an issuer of our own in Python, which publishes and withdraws keys,
         also through TLS; a client that never stops asking while keys are replaced.
"""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import ssl
import tempfile
import threading
import time
import zlib

import forge
import shop
from authority import Authority

KEYS = "/api/v1/admin/api-keys"
ORDERS = "/api/v1/orders"
ROTATIONS = 8
ASKED_BETWEEN = 6
STOPS_WITHIN_SECONDS = 1
STREAM_POLL_SECONDS = 1
SKEW_SECONDS = 60


@contextlib.contextmanager
def a_shop(*options):
    store = shop.Shop(*options)
    try:
        yield store
    finally:
        store.close()


def endings(store, **headers):
    """A stream that has no end of its own, opened: to be read."""
    connection = http.client.HTTPConnection(*store.address, timeout=20)
    connection.request("GET", ORDERS + "/endings", headers=headers)
    stream = connection.getresponse()
    return connection, stream


def with_key(store, key, **headers):
    return shop.Person(store, None).ask("GET", ORDERS, x_api_key=key, **headers)


class Keys(shop.Case):
    def make(self, boss, **wish):
        made = boss.ask("POST", KEYS, {"scopes": ["orders:read"], **wish})
        self.assertEqual(made.code, 201, made.body)
        return made.json()

    def test_the_life_of_a_key(self):
        with a_shop() as store:
            boss = store.person("boss", "operator")
            key = self.make(boss, name="till 4", plan="gold")
            self.assertRegex(key["key"], r"\Apgk_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}\Z")
            self.assertEqual((key["role"], key["state"], key["plan"]),
                             ("PARTNER", "ACTIVE", "gold"))
            self.assertEqual(with_key(store, key["key"]).code, 200)
            self.assertNotIn("key", boss.get(f"{KEYS}/{key['id']}"))
            self.assertEqual([one["id"] for one in boss.get(KEYS)["items"]], [key["id"]])

            second = boss.ask("POST", f"{KEYS}/{key['id']}/rotate", {}).json()["key"]
            for secret in (key["key"], second):
                self.assertEqual(with_key(store, secret).code, 200)
            third = boss.ask("POST", f"{KEYS}/{key['id']}/rotate", {"atOnce": True}).json()["key"]
            self.assertEqual([with_key(store, secret).code
                              for secret in (key["key"], second, third)], [401, 401, 200])

            for end in (store.stop, store.kill):
                end()
                store.open()
                self.assertEqual(with_key(store, third).code, 200)
            boss = store.person("boss", "operator")
            self.assert_problem(boss.ask("POST", f"{KEYS}/{key['id']}/revoke", {}), 422, "reason")
            self.assertEqual(boss.ask("POST", f"{KEYS}/{key['id']}/revoke",
                                      {"reason": "lost"}).json()["state"], "REVOKED")
            self.assertEqual(with_key(store, third).code, 401)
            deeds = [one["action"] for one in boss.get("/api/v1/admin/audit-log")["items"]]
            self.assertEqual(deeds, ["key.revoke", "key.rotate", "key.rotate", "key.create"])
            for file in (store.folder / "data").iterdir():
                if file.is_file():
                    self.assertNotIn(third[-49:-6].encode(), file.read_bytes(), file.name)

    def test_two_who_change_it_see_each_other(self):
        with a_shop() as store:
            boss = store.person("boss", "operator")
            key, other = self.make(boss), self.make(boss)
            path = f"{KEYS}/{key['id']}"
            self.assert_problem(boss.ask("PATCH", path, {"name": "a"}), 428, "If-Match")
            seen = boss.ask("GET", path).headers["ETag"]
            boss.ask("PATCH", f"{KEYS}/{other['id']}", {"name": "o"}, if_match="*")
            first = boss.ask("PATCH", path, {"name": "a"}, if_match=seen)
            self.assertEqual((first.code, first.json()["name"]), (200, "a"))
            self.assert_problem(boss.ask("PATCH", path, {"name": "b"}, if_match=seen), 412)
            now = first.headers["ETag"]
            self.assertEqual(boss.ask("GET", path).headers["ETag"], now)
            with_key(store, key["key"])  # use is no change
            again = boss.ask("PATCH", path, {"name": "b"}, if_match=now)
            self.assertEqual((again.code, again.json()["name"]), (200, "b"))
            rotated = boss.ask("POST", path + "/rotate", {})
            self.assertGreater(rotated.json()["version"], again.json()["version"])

    def test_a_key_that_is_in_use_stops_at_once(self):
        with a_shop() as store:
            boss = store.person("boss", "operator")
            key, codes = self.make(boss), []
            user = shop.Person(store, None)
            for _ in range(200):
                codes.append(user.ask("GET", ORDERS, x_api_key=key["key"]).code)
            boss.ask("POST", f"{KEYS}/{key['id']}/revoke", {"reason": "lost"})
            began = time.monotonic()
            while user.ask("GET", ORDERS, x_api_key=key["key"]).code == 200:
                self.assertLess(time.monotonic() - began, STOPS_WITHIN_SECONDS)
            self.assertEqual(set(codes), {200})

    def test_its_streams_end_with_it(self):
        with a_shop() as store:
            boss = store.person("boss", "operator")
            lost, kept = (self.make(boss, role="OPERATOR", scopes=["events:read"])
                          for _ in range(2))
            streams = [endings(store, **{"X-Api-Key": key["key"]}) for key in (lost, kept)]
            self.assertEqual([stream.status for _, stream in streams], [200, 200])
            boss.ask("POST", f"{KEYS}/{lost['id']}/revoke", {"reason": "lost"})
            self.assertEqual(streams[0][1].read(), b"")
            streams[1][0].sock.settimeout(2 * STREAM_POLL_SECONDS)
            with self.assertRaises(TimeoutError):
                streams[1][1].read()
            for connection, stream in streams:
                stream.close()
                connection.close()

    def test_scope_address_and_end(self):
        with a_shop() as store:
            boss = store.person("boss", "operator")
            far = self.make(boss, cidrs=["10.0.0.0/8"])
            near = self.make(boss, cidrs=["10.0.0.0/8", "127.0.0.0/8"], expiresInS=2)
            self.assert_problem(with_key(store, far["key"]), 403, "address")
            self.assertEqual(with_key(store, near["key"]).code, 200)
            store.person("x")
            answer = shop.Person(store, None).ask("GET", "/api/v1/admin/sagas",
                                                  x_api_key=near["key"])
            self.assert_problem(answer, 403, "scope", "admin")
            changed = boss.ask("PATCH", f"{KEYS}/{far['id']}", {"anyAddress": True},
                               if_match="*")
            self.assertEqual(changed.code, 200, changed.body)
            self.assertEqual(with_key(store, far["key"]).code, 200)
            shop.wait_for(lambda: with_key(store, near["key"]).code, lambda code: code == 401)
            for wrong in ({"scopes": ["all"]}, {"scopes": []}, {"cidrs": ["10.0.0.1/8"]},
                          {"role": "KING"}, {"name": "x" * 200}):
                self.assertIn(boss.ask("POST", KEYS, {"scopes": ["orders:read"], **wrong}).code,
                              (400, 422), wrong)

    def test_who_guesses_a_secret_waits_and_its_owner_does_not(self):
        with a_shop("--bad-credentials", "5") as store:
            boss = store.person("boss", "operator")
            key = self.make(boss)["key"]
            self.assertEqual(with_key(store, key).code, 200)
            other = self.make(boss)["key"]
            parts = key[:20] # another secret under this name, with a right checksum
            codes = [with_key(store, self.resigned(parts, other, i)).code for i in range(8)]
            self.assertEqual((codes[:5], codes[-1]), ([401] * 5, 429))
            waits = with_key(store, self.resigned(parts, other, 9))
            self.assertGreaterEqual(int(waits.headers["Retry-After"]), 10)
            self.assertEqual(with_key(store, key).code, 200)

    @staticmethod
    def resigned(name, other, i):
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        said = name + other[20:20 + 42] + digits[i]
        crc, checksum = zlib.crc32(said.encode()), ""
        for _ in range(6):
            crc, rest = divmod(crc, 62)
            checksum = digits[rest] + checksum
        return said + checksum

    def test_the_command(self):
        with a_shop() as store:
            def ctl(*words, code=0):
                url = "http://{}:{}".format(*store.address)
                ended, said = store.run("ctl", "keys", *words, "--url", url, "--json")
                self.assertEqual(ended, code, said)
                return said
            key = json.loads(ctl("create", "--name", "till", "--scopes", "orders:read,admin",
                                 "--role", "support", "--expires", "1h"))
            self.assertEqual((key["role"], key["scopes"]), ("SUPPORT", ["orders:read", "admin"]))
            self.assertEqual(with_key(store, key["key"]).code, 200)
            self.assertEqual(json.loads(ctl("list"))["id"], key["id"])
            again = json.loads(ctl("rotate", key["id"], "--at-once"))["key"]
            self.assertEqual(with_key(store, key["key"]).code, 401)
            self.assertEqual(with_key(store, again).code, 200)
            ctl("revoke", key["id"], code=2)
            ctl("revoke", key["id"], "--reason", "lost")
            self.assertEqual(json.loads(ctl("show", key["id"]))["state"], "REVOKED")
            ctl("create", code=2)


class Asker:
    """Asks all the time with the newest token, and keeps what the answers were."""

    def __init__(self, store, token):
        self.store, self.token, self.codes, self.is_over = store, token, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        person = shop.Person(self.store, None)
        while not self.is_over:
            person.token = self.token()
            self.codes.append(person.ask("GET", ORDERS).code)

    def wait(self):
        """Until it was answered some times more."""
        wanted = len(self.codes) + ASKED_BETWEEN
        shop.wait_for(lambda: len(self.codes), lambda count: count >= wanted)

    def stop(self):
        self.is_over = True
        self.thread.join()
        return self.codes


class OwnKey(shop.Case):
    def test_it_is_replaced_without_a_401(self):
        """One right behind the other; PANGLOT_ROTATE_SECONDS for so long, every ten seconds."""
        seconds = float(os.environ.get("PANGLOT_ROTATE_SECONDS", "0"))
        rotations = round(seconds / 10) or ROTATIONS
        with a_shop() as store:
            first = store.token("ann")
            newest = {"token": first}
            askers = [Asker(store, lambda: newest["token"]) for _ in range(3)]
            askers.append(Asker(store, lambda: first))
            try:
                for _ in range(rotations):
                    time.sleep(seconds / rotations)
                    askers[0].wait()
                    code, said = store.run("token", "rotate")
                    self.assertEqual(code, 0, said)
                    newest["token"] = store.token("ann")
                askers[0].wait()
            finally:
                codes = [code for asker in askers for code in asker.stop()]
            self.assertEqual(set(codes), {200})
            print(f"{rotations} keys, {len(codes)} requests, 0 errors")
            published = store.stranger().get("/.well-known/jwks.json")["keys"]
            self.assertEqual(len(published), rotations + 1)
            store.stop()
            store.open() # the old ones are still known
            self.assertEqual(shop.Person(store, first).ask("GET", ORDERS).code, 200)
            self.assertEqual(store.run("token", "rotate", "--at-once")[0], 0)
            self.assertEqual(shop.Person(store, first).ask("GET", ORDERS).code, 401)
            self.assertEqual(shop.Person(store, store.token("ann")).ask("GET", ORDERS).code, 200)


class Issuer(http.server.ThreadingHTTPServer):
    """Publishes the public halves of `secrets`, by kid; signs with the newest. `certificate`, where
    it is given, is the file of its own."""

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), IssuerFace)
        self.url = f"http://127.0.0.1:{self.server_port}"
        if certificate is not None:
            self.url = f"https://localhost:{self.server_port}"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)
        self.secrets, self.signed = {}, {}
        self.fetches, self.is_down, self.made, self.fetched = 0, False, 0, set()
        self.rotate()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):  # pylint: disable=arguments-differ
        """Whoever does not believe its certificate hangs up."""

    def rotate(self):
        """The old one goes at once."""
        self.made += 1
        self.secrets = {f"k{self.made}": 1000 + self.made}

    def token(self, sub="ann", **claims):
        kid, secret = list(self.secrets.items())[-1]
        is_usual = sub == "ann" and not claims
        if is_usual and kid in self.signed: # signing takes us long
            return self.signed[kid]
        now = int(time.time())
        said = {"iss": self.url, "aud": "shop", "sub": sub, "iat": now, "exp": now + 300,
                "realm_access": {"roles": ["customer"]}, **claims}
        token = forge.token({"alg": "ES256", "kid": kid}, said, secret)
        if is_usual:
            self.signed[kid] = token
        return token

    def document(self, path):
        if path.endswith("/openid-configuration"):
            return {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        self.fetches += 1
        self.fetched.add(path)
        return {"keys": [{**forge.jwk(secret), "kid": kid, "alg": "ES256", "use": "sig"}
                         for kid, secret in self.secrets.items()]}


class IssuerFace(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        body = json.dumps(self.server.document(self.path)).encode()
        self.send_response(503 if self.server.is_down else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class OtherIssuers(shop.Case):
    def setUp(self):
        self.issuer = Issuer()
        self.options = ("--issuer", self.issuer.url, "--audience", "shop", "--issuer-on-loopback",
                        "--roles-claim", "realm_access.roles")

    def tearDown(self):
        self.issuer.shutdown()
        self.issuer.server_close()

    @staticmethod
    def ask(store, token):
        return shop.Person(store, token).ask("GET", ORDERS)

    def test_a_rotation_is_seen_by_nobody(self):
        with a_shop(*self.options) as store:
            first = self.issuer.token()
            asker = Asker(store, self.issuer.token)
            try:
                for _ in range(ROTATIONS):
                    asker.wait()
                    self.issuer.rotate()
                asker.wait()
            finally:
                codes = asker.stop()
            self.assertEqual(set(codes), {200})
            self.assertEqual(self.ask(store, first).code, 200)

    def test_what_a_token_has_to_say(self):
        with a_shop(*self.options) as store:
            now = int(time.time())
            self.assertEqual(self.ask(store, self.issuer.token()).code, 200)
            for wrong in ({"iss": "panglot"}, {"aud": "panglot"}, {"exp": now + 7200},
                          {"exp": now - 100, "iat": now - 200}, {"sub": ""}):
                self.assertEqual(self.ask(store, self.issuer.token(**wrong)).code, 401, wrong)
            for roles, code in ((["operator"], 200), (["partner"], 200), (["king"], 403),
                                ([], 403)):
                token = self.issuer.token(realm_access={"roles": roles})
                self.assertEqual(self.ask(store, token).code, code, roles)

    def test_a_stream_ends_with_its_token(self):
        with a_shop(*self.options) as store:
            now = int(time.time())
            token = self.issuer.token(realm_access={"roles": ["operator"]}, iat=now - 100,
                                      exp=now - SKEW_SECONDS + 4)
            began = time.monotonic()
            connection, stream = endings(store, Authorization="Bearer " + token)
            self.assertEqual((stream.status, stream.read()), (200, b""))
            self.assertGreater(time.monotonic() - began, 2)
            connection.close()
            self.assertEqual(self.ask(store, token).code, 401)

    def test_unknown_keys_are_looked_for_once(self):
        with a_shop(*self.options) as store:
            self.assertEqual(self.ask(store, self.issuer.token()).code, 200)
            known = dict(self.issuer.secrets)
            self.issuer.rotate()
            stranger, self.issuer.secrets = self.issuer.token(), known
            before = self.issuer.fetches
            for _ in range(20):
                self.assertEqual(self.ask(store, stranger).code, 401)
            self.assertLessEqual(self.issuer.fetches - before, 1)

    def test_the_address_of_keys_changes_while_it_runs(self):
        with tempfile.TemporaryDirectory(prefix="pgl-identity-") as folder:
            file = pathlib.Path(folder) / "settings.yaml"
            file.write_text(f"identity:\n  jwks: {self.issuer.url}/first\n")
            with a_shop(*self.options, "--config", str(file)) as store:
                token = self.issuer.token()
                self.assertEqual(self.ask(store, token).code, 200)
                file.write_text(f"identity:\n  jwks: {self.issuer.url}/second\n")
                store.send(signal.SIGHUP)
                shop.wait_for(lambda: self.issuer.fetched,
                              lambda fetched: fetched == {"/first", "/second"})
                self.assertEqual(self.ask(store, token).code, 200)
                self.issuer.rotate()  # the new address is asked from now on
                self.issuer.fetched.clear()
                self.assertEqual(self.ask(store, self.issuer.token()).code, 200)
                self.assertEqual(self.issuer.fetched, {"/second"})
                file.write_text("identity:\n  jwks: ftp://nowhere\n")
                store.send(signal.SIGHUP)
                shop.wait_for(store.log.read_text, lambda log: "not-reloaded what=settings" in log)
                self.assertEqual(self.ask(store, self.issuer.token()).code, 200)

    def test_an_issuer_that_is_not_there(self):
        self.issuer.is_down = True
        with a_shop(*self.options) as store:
            self.assertEqual(self.ask(store, self.issuer.token()).code, 503)
            self.assertEqual(store.person("ann").ask("GET", ORDERS).code, 200)
            self.assertTrue(re.search("issuer-unreachable", store.log.read_text()))


class IssuersThroughTls(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.place = pathlib.Path(cls.folder.name)
        cls.authority = Authority(cls.place, "ours")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @contextlib.contextmanager
    def an_issuer(self, names="DNS:localhost", authority=None, **how):
        """It, and a shop that trusts our authority."""
        issued = (authority or self.authority).issue(self.place / "issuer.pem", names, **how)
        issuer = Issuer(issued)
        try:
            with a_shop("--issuer", issuer.url, "--audience", "shop", "--roles-claim",
                        "realm_access.roles", "--issuer-ca", self.authority.pem) as store:
                yield issuer, store
        finally:
            issuer.shutdown()
            issuer.server_close()

    def ask(self, store, issuer):
        return shop.Person(store, issuer.token()).ask("GET", ORDERS).code

    def test_its_keys_are_fetched_and_followed(self):
        with self.an_issuer() as (issuer, store):
            self.assertEqual(self.ask(store, issuer), 200)
            issuer.rotate()
            self.assertEqual(self.ask(store, issuer), 200)
            self.assertGreaterEqual(issuer.fetches, 2)

    def test_whoever_else_answers_is_not_believed(self):
        for names, how in (("DNS:elsewhere.example", {}), ("DNS:localhost", {"days": -1}),
                           ("DNS:localhost", {"authority": Authority(self.place, "theirs")})):
            with self.an_issuer(names, **how) as (issuer, store):
                self.assertEqual(self.ask(store, issuer), 503, names)
                self.assertEqual(issuer.fetches, 0)


if __name__ == "__main__":
    shop.main()
