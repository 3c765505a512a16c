#!/usr/bin/env python3
"""Every method of gRPC against every identity: --binary PROGRAM

Aim:     a method lets in whom its rule names and nobody else, by token and by API key, and shows
         nobody what is another's: what blackbox/access_test.py asks of REST.
Method:  the rules come from the program's own table (docs_draw method_rules). What is let in may
         fail for other reasons; UNAUTHENTICATED, PERMISSION_DENIED and NOT_FOUND are counted
         exactly.
"""
import json
import subprocess
import sys

import protos

protos.need_python()
sys.path.insert(0, str(protos.HERE.parent / "blackbox"))
import grpc  # pylint: disable=wrong-import-position,wrong-import-order
import shop  # pylint: disable=wrong-import-position

PROTOS = protos.Protos(protos.CONTRACT)
ROLES = ("customer", "partner", "warehouse", "support", "operator")
SECONDS_MAX = 20
NOBODYS = "01890a5d-ac96-774b-bcce-b302099a8057"
UNKNOWN, DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
KEYS = "/api/v1/admin/api-keys"
LISTS_OF_A_THING = ("ListShipments", "ListDeliveries")
NAME_A_THING_ALONE = ("Get", "Cancel", "Watch", "Delete", *LISTS_OF_A_THING)
RULES_MIN = 45  # fewer, and the table was not read


def rules():
    said = subprocess.run([shop.options.binary.with_name("docs_draw"), "method_rules"], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX).stdout
    return [rule for rule in map(json.loads, said.splitlines()) if not rule["open"]]


class Access(shop.Case):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop("--demo", "--webhooks-to-loopback")
        cls.boss = cls.shop.person("boss", "operator")
        cls.channel = grpc.insecure_channel("%s:%d" % cls.shop.address)
        cls.rules = rules()
        assert len(cls.rules) >= RULES_MIN, len(cls.rules)
        cls.keys = {}

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.shop.close()

    def ask(self, rule, thing=NOBODYS, **metadata):
        """The code of its answer, or of a stream's first; the thing stands in each field that could
        name one."""
        service, method = rule["path"].lstrip("/").split("/")
        described = next(one for one in PROTOS.services[service].method if one.name == method)
        asked = PROTOS.type(described.input_type)()
        for field in ("id", "order_id", "endpoint_id"):
            if hasattr(asked, field) and isinstance(getattr(asked, field), str):
                setattr(asked, field, thing)
        if hasattr(asked, "idempotency_key"):
            asked.idempotency_key = "access"
        if hasattr(asked, "log"):
            asked.log = 2
        metadata.setdefault("panglot-service", "orders")
        try:
            answer = PROTOS.method(self.channel, rule["path"])(
                asked, metadata=tuple(metadata.items()), timeout=SECONDS_MAX)
            if described.server_streaming:
                next(answer, None)
                answer.cancel()
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            return error.code()

    def bearer(self, name, role, *options):
        return {"authorization": "Bearer " + self.shop.token(name, "--role", role, *options)}

    def key_for(self, role, scope):
        if (role, scope) not in self.keys:
            made = self.boss.ask("POST", KEYS, {"name": role, "role": role.upper(),
                                                "scopes": [scope], "subject": "ann"})
            self.assertEqual(made.code, 201, made.body)
            self.keys[role, scope] = made.json()["key"]
        return self.keys[role, scope]

    def assert_judged(self, rule, code, role):
        what = f"{rule['path']} as {role}: {code}"
        if role in rule["roles"]:
            self.assertNotIn(code, (UNKNOWN, DENIED), what)
        else:
            self.assertEqual(code, DENIED, what)

    def test_without_credentials_and_with_wrong_ones(self):
        right = self.bearer("ann", "operator")["authorization"]
        values = ["Bearer junk", "Basic YTpi", right[:-4] + "AAAA",
                  "Bearer pgk_live_0000000000_" + "0" * 49]
        wrong = [{}, {"x-api-key": "junk"}, *({"authorization": value} for value in values)]
        for rule in self.rules:
            for credential in wrong:
                self.assertEqual(self.ask(rule, **credential), UNKNOWN,
                                 f"{rule['path']} with {credential}")

    def test_each_role(self):
        tokens = {role: self.bearer("ann", role) for role in ROLES}
        for rule in self.rules:
            for role in ROLES:
                self.assert_judged(rule, self.ask(rule, **tokens[role]), role)

    def test_each_key(self):
        for rule in self.rules:
            scope = rule["scope"]
            other = "orders:read" if scope != "orders:read" else "catalog:read"
            for role in ROLES:
                code = self.ask(rule, **{"x-api-key": self.key_for(role, scope)})
                self.assert_judged(rule, code, role)
            bare = {"authorization": "Bearer " + self.key_for(rule["roles"][-1], other)}
            self.assertEqual(self.ask(rule, **bare), DENIED, f"{rule['path']} without the scope")

    def test_a_foreign_thing_is_not_there(self):
        order = self.shop.person("ann").buy((sorted(self.shop.products())[0], 1))["id"]
        endpoint = self.boss.ask("POST", "/api/v1/webhooks",
                                 {"url": "http://127.0.0.1:9/x"}).json()["id"]
        key = self.boss.ask("POST", KEYS, {"name": "k", "role": "PARTNER", "subject": "ann",
                                           "scopes": ["orders:read"]}).json()["id"]
        things = {"OrderService": order, "PaymentService/GetPayment": order,
                  "InventoryService/ListShipments": order, "WebhookService": endpoint,
                  "IdentityService": key}
        tenants = {role: self.bearer("ann", role, "--tenant", "other") for role in ROLES}
        bob, asked = self.bearer("bob", "customer"), 0
        for rule in self.rules:
            thing = next((one for part, one in things.items() if part in rule["path"]), None)
            method = rule["path"].rpartition("/")[2]
            if thing is None or method.startswith("Create"):
                continue
            if method.startswith("List") and method not in LISTS_OF_A_THING:
                continue
            expected = [grpc.StatusCode.NOT_FOUND]
            if not method.startswith(NAME_A_THING_ALONE):  # what is wrong may be found first
                expected.append(grpc.StatusCode.INVALID_ARGUMENT)
            foreigners = [tenants[role] for role in rule["roles"]]
            if "customer" in rule["roles"]:
                foreigners.append(bob)
            for foreigner in foreigners:
                asked += 1
                self.assertIn(self.ask(rule, thing, **foreigner), expected,
                              f"{rule['path']} as a foreigner")
        self.assertGreater(asked, 30)
        for name in ("GetOrder", "CancelOrder", "WatchOrder"):  # and it is there for its owner
            rule = {"path": "/panglot.orders.v1.OrderService/" + name}
            self.assertEqual(self.ask(rule, order, **self.bearer("ann", "customer")),
                             grpc.StatusCode.OK, name)


if __name__ == "__main__":
    shop.main()
