#!/usr/bin/env python3
"""grpcio (Debian's python3-grpcio) on a whole platform: --binary PROGRAM

Aim:     every service of the contract is there; who may call what is decided by the token alone;
         an order goes its way and can be watched; health and reflection tell the truth.
Method:  the contract's files, as protoc describes them; one platform with goods and people.
"""
import random
import signal
import sys
import threading
import time
import unittest

import protos

protos.need_python()
sys.path.insert(0, str(protos.HERE.parent / "blackbox"))
import grpc  # pylint: disable=wrong-import-position,wrong-import-order
import shop  # pylint: disable=wrong-import-position
from google.protobuf import json_format  # pylint: disable=wrong-import-position,wrong-import-order

PROTOS = protos.Protos(protos.CONTRACT)
ORDERS = "/panglot.orders.v1.OrderService/"
LOGS = "/panglot.events.v1.EventLogService/"
KEYS = "/panglot.identity.v1.IdentityService/"
OPERATOR = 5  # of panglot.common.v1.Role
ADMIN = "/panglot.admin.v1.AdminService/"
HEALTH = "/grpc.health.v1.Health/"
REFLECTION = "grpc.reflection.{}.ServerReflection"
OPEN = {"panglot.catalog.v1.CatalogService": ("ListProducts", "GetProduct", "GetPrices"),
        "panglot.inventory.v1.InventoryService": ("GetStock", "GetAvailable"),
        "grpc.health.v1.Health": ("Check", "Watch")}
INTERNAL = {"panglot.payments.v1.PaymentService": ("TakeHint",),
            "panglot.identity.v1.IdentityService": ("VerifyKey", "WatchKeys", "NoteKeyUse"),
            "panglot.events.v1.EventLogService": ("Follow",)}
TABLES = {"catalog": shop.CATALOG + "G-1,Gloves,,garden,,1200,USD,1\n",
          "stock": shop.STOCK + "G-1,WH-EU-1,1000\n"}
MISUSED = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.OK,
           grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION,
           grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.ALREADY_EXISTS,
           grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED)


def message(name, **fields):
    return PROTOS.type(name)(**fields)


def order(key, quantity=2):
    return message("panglot.orders.v1.CreateOrderRequest", idempotency_key=key, order={
        "currency": "USD", "lines": [{"sku": "G-1", "quantity": quantity}],
        "payment": {"method": "account"}, "ship_to": {"region": "EU"}})


def code_of(call, asked, metadata=(), timeout=5):
    try:
        answer = call(asked, metadata=metadata, timeout=timeout)
        if hasattr(answer, "__next__"):
            next(answer, None)
            answer.cancel()
        return grpc.StatusCode.OK
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            raise
        return error.code()


class Platform(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop("--reflection", tables=TABLES)
        cls.channel = grpc.insecure_channel("%s:%d" % cls.shop.address)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.shop.close()

    def ask(self, path, asked, name="ann", role=None, **options):
        metadata = list(options.pop("metadata", ()))
        if name is not None:
            token = self.shop.person(name, role).token
            metadata.append(("authorization", "Bearer " + token))
        return PROTOS.method(self.channel, path)(asked, metadata=metadata, timeout=10, **options)

    def fails(self, code, path, asked, **options):
        with self.assertRaises(grpc.RpcError) as raised:
            answer = self.ask(path, asked, **options)
            if hasattr(answer, "__next__"):
                list(answer)
        self.assertEqual(raised.exception.code(), code, raised.exception.details())
        return raised.exception

    # ---- orders

    def test_an_order_is_placed_and_watched_to_its_end(self):
        placed = self.ask(ORDERS + "CreateOrder", order("watched"))
        changes = [one.change for one in self.ask(
            ORDERS + "WatchOrder", message("panglot.orders.v1.WatchOrderRequest",
                                           id=placed.order.id))]
        self.assertEqual(changes[-1].status, 4)  # CONFIRMED
        versions = [change.version for change in changes]
        self.assertEqual(versions, sorted(set(versions)))
        again = list(self.ask(ORDERS + "WatchOrder", message(
            "panglot.orders.v1.WatchOrderRequest", id=placed.order.id,
            after_version=versions[-1])))
        self.assertEqual(again, [])
        shown = self.shop.person("ann").get("/api/v1/orders/" + placed.order.id)
        self.assertEqual(shown["totalMinor"], placed.order.total_minor)

    def test_the_same_key_is_the_same_order(self):
        first, second = (self.ask(ORDERS + "CreateOrder", order("twice")) for _ in range(2))
        self.assertEqual((first.order.id, second.replayed), (second.order.id, True))
        wrong = self.fails(grpc.StatusCode.INVALID_ARGUMENT, ORDERS + "CreateOrder",
                           order("twice", 3))
        self.assertIn("Key", wrong.details())

    def test_connect_speaks_the_json_of_generated_clients(self):
        boss = self.shop.person("olga", "operator")
        placed = self.by_connect("CreateOrder", order("json"), "Create", self.shop.person("ann"))
        asked = message("panglot.orders.v1.GetOrderRequest", id=placed.order.id)
        while self.ask(ORDERS + "GetOrder", asked).order.status != 4:  # CONFIRMED
            time.sleep(0.05)
        self.assertEqual(self.by_connect("GetOrder", asked, "Get", boss).order,
                         self.ask(ORDERS + "GetOrder", asked, "olga", "operator").order)

    def by_connect(self, method, asked, name, person):
        answer = person.ask("POST", ORDERS + method, json_format.MessageToDict(asked))
        self.assertEqual(answer.code, 200, answer.body)
        return json_format.Parse(answer.body, message(f"panglot.orders.v1.{name}OrderResponse"))

    def test_a_key_is_required(self):
        wrong = self.fails(grpc.StatusCode.INVALID_ARGUMENT, ORDERS + "CreateOrder", order(""))
        self.assertIn("idempotency_key", wrong.details())

    def test_nobody_says_who_they_are_but_by_the_token(self):
        asked = order("mine")
        asked.caller.subject, asked.caller.tenant, asked.caller.role = "bob", "other", 3
        placed = self.ask(ORDERS + "CreateOrder", asked)
        self.shop.person("ann").get("/api/v1/orders/" + placed.order.id)
        theirs = message("panglot.orders.v1.GetOrderRequest", id=placed.order.id)
        theirs.caller.subject, theirs.caller.tenant = "ann", "default"
        self.fails(grpc.StatusCode.NOT_FOUND, ORDERS + "GetOrder", theirs, name="bob")
        self.fails(grpc.StatusCode.NOT_FOUND, ORDERS + "WatchOrder", message(
            "panglot.orders.v1.WatchOrderRequest", id=placed.order.id), name="bob")

    def test_a_list_has_its_usual_length(self):
        self.ask(ORDERS + "CreateOrder", order("listed"))
        listed = self.ask(ORDERS + "ListOrders", message("panglot.orders.v1.ListOrdersRequest"))
        self.assertIn(len(listed.items), range(1, 21))
        self.fails(grpc.StatusCode.INVALID_ARGUMENT, ORDERS + "ListOrders",
                   message("panglot.orders.v1.ListOrdersRequest", limit=101))

    def test_a_card_number_is_refused(self):
        asked = order("card")
        asked.order.payment.method, asked.order.payment.card_token = "card", "4242424242424242"
        wrong = self.fails(grpc.StatusCode.INVALID_ARGUMENT, ORDERS + "CreateOrder", asked)
        self.assertNotIn("4242", wrong.details())

    def test_an_error_tells_its_reason(self):
        wrong = self.fails(grpc.StatusCode.NOT_FOUND, ORDERS + "GetOrder", message(
            "panglot.orders.v1.GetOrderRequest", id="01932f6e-0000-7000-8000-000000000000"))
        trailers = dict(wrong.trailing_metadata())
        self.assertIn(b"google.rpc.ErrorInfo", trailers["grpc-status-details-bin"])
        self.assertIn(b"NOT_FOUND", trailers["grpc-status-details-bin"])
        self.assertEqual(len(trailers["x-request-id"]), 32)

    # ---- who may

    def test_without_a_token_only_the_shop_window_is_open(self):
        for service, described in PROTOS.services.items():
            for method in described.method:
                if service.startswith("grpc.reflection"):
                    continue
                asked = PROTOS.type(method.input_type)()
                call = PROTOS.method(self.channel, f"/{service}/{method.name}")
                code = code_of(call, asked)
                name = f"{service}/{method.name}: {code}"
                if method.name in INTERNAL.get(service, ()):
                    self.assertEqual(code, grpc.StatusCode.UNIMPLEMENTED, name)
                elif method.name in OPEN.get(service, ()):
                    self.assertNotIn(code, (grpc.StatusCode.UNAUTHENTICATED,
                                            grpc.StatusCode.PERMISSION_DENIED), name)
                else:
                    self.assertEqual(code, grpc.StatusCode.UNAUTHENTICATED, name)

    def test_a_customer_is_no_operator(self):
        self.fails(grpc.StatusCode.PERMISSION_DENIED, LOGS + "Read",
                   message("panglot.events.v1.ReadRequest", log=2))
        self.fails(grpc.StatusCode.PERMISSION_DENIED, ADMIN + "ListJobs",
                   message("panglot.admin.v1.ListJobsRequest"))
        self.fails(grpc.StatusCode.UNAUTHENTICATED, ORDERS + "ListOrders",
                   message("panglot.orders.v1.ListOrdersRequest"), name=None,
                   metadata=[("authorization", "Bearer x.y.z")])

    def test_an_operator_reads_logs_and_administers(self):
        self.ask(ORDERS + "CreateOrder", order("logged"))
        boss = {"name": "olga", "role": "operator"}
        read = self.ask(LOGS + "Read", message("panglot.events.v1.ReadRequest", log=2, max=1),
                        **boss)
        self.assertEqual(len(read.events), 1)
        followed = self.ask(LOGS + "WatchLog", message("panglot.events.v1.WatchLogRequest",
                                                       log=2), **boss)
        self.assertEqual(next(followed).events[0], read.events[0])
        followed.cancel()
        self.ask(ADMIN + "ListJobs", message("panglot.admin.v1.ListJobsRequest"),
                 metadata=[("panglot-service", "orders")], **boss)
        wrong = self.fails(grpc.StatusCode.INVALID_ARGUMENT, ADMIN + "ListJobs",
                           message("panglot.admin.v1.ListJobsRequest"), **boss)
        self.assertIn("panglot-service", wrong.details())

    def test_a_log_is_followed_as_it_grows(self):
        followed = self.ask(LOGS + "WatchLog", message("panglot.events.v1.WatchLogRequest", log=2,
                                                       after=-1), name="olga", role="operator")
        later = threading.Timer(0.5, lambda: self.ask(ORDERS + "CreateOrder", order("grown")))
        later.start()
        self.assertTrue(any(event.event.type == 1  # ORDER_CREATED
                            for one in followed for event in one.events))
        followed.cancel()
        later.join()

    def test_a_stream_ends_with_its_key(self):
        boss = {"name": "olga", "role": "operator"}
        made = self.ask(KEYS + "CreateKey", message(
            "panglot.identity.v1.CreateKeyRequest", key={
                "role": OPERATOR, "scopes": ["events:read"]}), **boss)
        followed = self.ask(LOGS + "WatchLog", message("panglot.events.v1.WatchLogRequest", log=2),
                            name=None, metadata=[("x-api-key", made.key.key)])
        revoke = threading.Timer(0.5, lambda: self.ask(KEYS + "RevokeKey", message(
            "panglot.identity.v1.RevokeKeyRequest", id=made.key.id, reason="lost"), **boss))
        revoke.start()
        with self.assertRaises(grpc.RpcError) as raised:
            list(followed)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
        revoke.join()

    # ---- health and reflection

    def test_health_knows_every_service(self):
        serving = PROTOS.type("grpc.health.v1.HealthCheckResponse").SERVING
        for name in ("", "panglot.orders.v1.OrderService", "grpc.health.v1.Health"):
            asked = message("grpc.health.v1.HealthCheckRequest", service=name)
            self.assertEqual(self.ask(HEALTH + "Check", asked, name=None).status, serving)
            watched = self.ask(HEALTH + "Watch", asked, name=None)
            self.assertEqual(next(watched).status, serving)
            watched.cancel()
        asked = message("grpc.health.v1.HealthCheckRequest", service="nothing")
        self.fails(grpc.StatusCode.NOT_FOUND, HEALTH + "Check", asked, name=None)
        watched = self.ask(HEALTH + "Watch", asked, name=None)
        self.assertEqual(next(watched).status, 3)  # SERVICE_UNKNOWN
        watched.cancel()

    def test_reflection_shows_the_contract(self):
        for version in ("v1", "v1alpha"):
            call = self.channel.stream_stream(
                f"/{REFLECTION.format(version)}/ServerReflectionInfo",
                PROTOS.type("grpc.reflection.v1.ServerReflectionRequest").SerializeToString,
                PROTOS.type("grpc.reflection.v1.ServerReflectionResponse").FromString)
            asked = [{"list_services": ""}, {"file_by_filename": "panglot/orders/v1/orders.proto"},
                     {"file_containing_symbol": REFLECTION.format("v1alpha")},
                     {"file_containing_symbol": "nothing.at.all"},
                     {"all_extension_numbers_of_type": "panglot.orders.v1.Order"}]
            answers = list(call(message("grpc.reflection.v1.ServerReflectionRequest", **one)
                                for one in asked))
            names = {one.name for one in answers[0].list_services_response.service}
            self.assertLessEqual(set(PROTOS.services), names)
            files = answers[1].file_descriptor_response.file_descriptor_proto
            self.assertEqual(len(files), 2)  # and common.proto, which it imports
            self.assertIn(b"panglot/orders/v1/orders.proto", files[0])
            self.assertEqual(len(answers[2].file_descriptor_response.file_descriptor_proto), 1)
            self.assertEqual([answers[3].error_response.error_code,
                              answers[4].error_response.error_code], [5, 5])


class Strangers(unittest.TestCase):
    """A platform of their own: some of what they send is done, as they have an operator's token."""

    def test_no_message_brings_a_service_down(self):
        place, dice = shop.Shop(tables=TABLES), random.Random(1)
        boss = place.person("olga", "operator").token
        metadata = [("authorization", "Bearer " + boss), ("panglot-service", "orders")]
        with grpc.insecure_channel("%s:%d" % place.address) as channel:
            for service, described in PROTOS.services.items():
                for method in described.method:
                    if not service.startswith("grpc.") and not method.server_streaming:
                        self.send(channel, f"/{service}/{method.name}", method, dice, metadata)
        self.assertIsNone(place.process.poll(), place.log.read_text()[-2000:])
        self.assertEqual(place.stranger().ask("GET", "/readyz").code, 200)
        place.close()

    def send(self, channel, path, method, dice, metadata):
        call = PROTOS.method(channel, path)
        for _ in range(40):
            asked = PROTOS.type(method.input_type)()
            fill(asked, dice)
            code = code_of(call, asked, metadata)
            self.assertIn(code, (*MISUSED, grpc.StatusCode.DEADLINE_EXCEEDED),
                          f"{path}: {code}\n{asked}")


class Stopping(unittest.TestCase):
    def test_health_says_that_the_end_is_near(self):
        place = shop.Shop()
        with grpc.insecure_channel("%s:%d" % place.address) as channel:
            watched = PROTOS.method(channel, HEALTH + "Watch")(
                message("grpc.health.v1.HealthCheckRequest"), timeout=20)
            self.assertEqual(next(watched).status, 1)
            place.send(signal.SIGTERM)
            said = []
            try:
                for one in watched:
                    said.append(one.status)
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(said, [2])  # NOT_SERVING
        self.assertEqual(place.process.wait(30), 0)
        place.close()

    def test_reflection_is_off(self):
        place = shop.Shop()
        with grpc.insecure_channel("%s:%d" % place.address) as channel:
            call = PROTOS.method(channel, f"/{REFLECTION.format('v1')}/ServerReflectionInfo")
            with self.assertRaises(grpc.RpcError) as raised:
                list(call(iter(())))
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        place.close()


def fill(asked, dice, depth=0):
    """Some of the fields, with what somebody might send who means no good."""
    for field in asked.DESCRIPTOR.fields:
        if dice.random() < 0.4 or depth > 4:
            continue
        repeated = field.label == field.LABEL_REPEATED
        if field.message_type is not None:
            for _ in range(dice.randint(1, 3) if repeated else 1):
                one = getattr(asked, field.name).add() if repeated else getattr(asked, field.name)
                one.SetInParent()
                fill(one, dice, depth + 1)
            continue
        values = [value_of(field, dice) for _ in range(dice.randint(0, 3))]
        if repeated:
            getattr(asked, field.name).extend(values)
        else:
            setattr(asked, field.name, value_of(field, dice))


def value_of(field, dice):
    if field.enum_type is not None:
        return dice.choice([0, 1, 2, 77])
    if field.type == field.TYPE_STRING:
        return dice.choice(["", "x", "G-1", "WH-EU-1", "USD", "account", "é" * 300, "%s%n", "'; --",
                            "01932f6e-0000-7000-8000-000000000000", "a" * 5000, "\x01"])
    if field.type == field.TYPE_BYTES:
        return bytes(dice.choice([0, 1, 15, 16, 17, 25, 300]))
    if field.type == field.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type in (field.TYPE_INT32, field.TYPE_SINT32):
        return dice.choice([0, 1, -1, 100, 2**31 - 1, -2**31])
    return dice.choice([0, 1, -1, 30, 2**63 - 1, -2**63])


shop.main()
