#!/usr/bin/env python3
"""Every route against every identity.

Aim:     a route lets in whom its rule names and nobody else, by token and by API key, and shows
         nobody what is another's.
Method:  the rules come from the program's own table (docs_draw rules). A platform has an order, an
         endpoint and a key; each route is asked by each identity, about these things where it names
         one. What is let in may fail for other reasons; 401, 403 and 404 are counted exactly.
"""
import http.client
import json
import subprocess
import time

import forge
import shop

ROLES = ("customer", "partner", "warehouse", "support", "operator")
SECONDS_MAX = 20
NOBODYS = "01890a5d-ac96-774b-bcce-b302099a8057"


def rules():
    said = subprocess.run([shop.options.binary.with_name("docs_draw"), "rules"], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX).stdout
    return [json.loads(line) for line in said.splitlines()]


def name_of(rule):
    return f"{rule['method']} {rule['path']}"


class Access(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop("--demo", "--webhooks-to-loopback")
        cls.boss = cls.shop.person("boss", "operator")
        sku = sorted(cls.shop.products())[0]
        order = cls.shop.person("ann").buy((sku, 1))["id"]
        endpoint = cls.boss.ask("POST", "/api/v1/webhooks", {"url": "http://127.0.0.1:9/x"}).json()
        victim = cls.key("partner", ["orders:read"])
        cls.things = {"/api/v1/orders/": order, "/api/v1/payments/": order,
                      "/api/v1/webhooks/": endpoint["id"], "/api/v1/admin/api-keys/": victim["id"],
                      "/api/v1/inventory/": sku, "/api/v1/products/": sku,
                      "/api/v1/admin/sagas/": order}
        cls.rules = [rule for rule in rules() if not rule["open"]]
        cls.keys = {}

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    @classmethod
    def key(cls, role, scopes):
        made = cls.boss.ask("POST", "/api/v1/admin/api-keys",
                            {"name": role, "role": role.upper(), "scopes": scopes,
                             "subject": "ann"})
        assert made.code == 201, made.body
        return made.json()

    def key_for(self, role, scope):
        if (role, scope) not in self.keys:
            self.keys[role, scope] = self.key(role, [scope])["key"]
        return self.keys[role, scope]

    def path(self, rule):
        path = rule["path"]
        for prefix, thing in self.things.items():
            if path.startswith(prefix) and path[len(prefix):].startswith("{"):
                path = prefix + thing + path[path.index("}") + 1:]
        while "{" in path:
            path = path[:path.index("{")] + ("1" if "{number}" in path else NOBODYS) + \
                path[path.index("}") + 1:]
        return path

    def ask(self, rule, credential, field="Authorization"):
        """The status alone: a stream would not end."""
        host, port = self.shop.address
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS_MAX)
        headers = {field: credential} if credential else {}
        if rule["method"] in ("PATCH", "PUT", "DELETE"):
            headers["If-Match"] = "*"
        body = None
        if rule["method"] in ("POST", "PATCH", "PUT"):
            headers["Idempotency-Key"] = "access"
            body = b"{}"
        try:
            connection.request(rule["method"], self.path(rule), body=body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def bearer(self, name, role, *options):
        return "Bearer " + self.shop.token(name, "--role", role, *options)

    def assert_code(self, rule, code, expected, what):
        self.assertIn(code, expected, f"{name_of(rule)} as {what}")

    def assert_judged(self, rule, code, role):
        """As the rule has it for a role."""
        if role in rule["roles"]:
            self.assertNotIn(code, (401, 403), f"{name_of(rule)} as {role}")
        else:
            self.assert_code(rule, code, (403,), role)

    def test_without_credentials_and_with_wrong_ones(self):
        secret = forge.secret_of((self.shop.folder / "data" / "signing-key.pem").read_text())
        kid = forge.decode(self.shop.token("ann").split(".")[0])["kid"]
        now = int(time.time())
        claims = {"iss": "panglot", "aud": "panglot", "sub": "ann", "roles": list(ROLES),
                  "iat": now - 7200, "exp": now - 3600}
        expired = "Bearer " + forge.token({"alg": "ES256", "kid": kid}, claims, secret)
        right = self.bearer("ann", "operator")
        wrong = [None, "Bearer junk", "Basic YTpi", expired, right[:-4] + "AAAA",
                 "Bearer pgk_live_0000000000_" + "0" * 49]
        for rule in self.rules:
            for credential in wrong:
                self.assert_code(rule, self.ask(rule, credential), (401,), credential)
            self.assert_code(rule, self.ask(rule, "junk", "X-Api-Key"), (401,), "junk")

    def test_each_role(self):
        tokens = {role: self.bearer("ann", role) for role in ROLES}
        for rule in self.rules:
            for role in ROLES:
                self.assert_judged(rule, self.ask(rule, tokens[role]), role)

    def test_each_key(self):
        for rule in self.rules:
            scope = rule["scope"]
            other = "orders:read" if scope != "orders:read" else "catalog:read"
            for role in ROLES:
                code = self.ask(rule, self.key_for(role, scope), "X-Api-Key")
                self.assert_judged(rule, code, role)
            code = self.ask(rule, "Bearer " + self.key_for(rule["roles"][-1], other))
            self.assert_code(rule, code, (403,), "a key without the scope")

    def test_a_foreign_thing_is_not_there(self):
        tenants = {role: self.bearer("ann", role, "--tenant", "other") for role in ROLES}
        bob = self.bearer("bob", "customer")
        for rule in self.rules:
            owned = any(rule["path"].startswith(prefix + "{") for prefix in
                        ("/api/v1/orders/", "/api/v1/payments/", "/api/v1/webhooks/",
                         "/api/v1/admin/api-keys/", "/api/v1/admin/sagas/"))
            if not owned:
                continue
            foreigners = [tenants[role] for role in rule["roles"]]
            if "customer" in rule["roles"]:
                foreigners.append(bob)
            for foreigner in foreigners:
                code = self.ask(rule, foreigner)
                is_bare = rule["method"] in ("GET", "DELETE") or rule["path"].endswith("/cancel")
                # What is wrong with a body, or missing beside it, may be found first.
                expected = (404,) if is_bare else (400, 404, 422, 428)
                self.assert_code(rule, code, expected, "a foreigner")


if __name__ == "__main__":
    shop.main()
