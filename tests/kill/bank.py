#!/usr/bin/env python3
"""bank.py [--port N] [--seed N] - a payment provider of one screen, whose ledger is the judge.

Speaks the PaymentIntents API as far as Panglot uses it, over HTTP/1.1, and shares no code with
anything that it judges. It fails as real ones do: it answers 5xx before or behind executing, drops
connections before or behind it, executes late, replays a stored 500, asks for patience (429) and
may be away altogether. Whatever it answers or does not answer, what it did is in its ledger.

Its cards: pm_card_visa pays; pm_card_chargeDeclined is declined; pm_card_captureFails is
authorized, and then cannot be captured.
"""
import argparse
import collections
import http.server
import json
import random
import socketserver
import threading
import time
import urllib.parse
import uuid

SHARES = {  # of requests that change something
    "500 before": 0.01, "500 behind": 0.02, "429": 0.01, "reset before": 0.01,
    "reset behind": 0.02, "late": 0.01, "slow": 0.02}
LATE_SECONDS, SLOW_SECONDS = 0.5, 0.3
DECLINED, CAPTURE_FAILS = "pm_card_chargeDeclined", "pm_card_captureFails"


class Refusal(Exception):
    def __init__(self, status, kind, **error):
        super().__init__(kind)
        self.status, self.error = status, dict(error, type=kind)


class Ledger:
    """Every object, every key, and each time that money was taken or given back."""

    def __init__(self, seed=0, has_faults=True):
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.has_faults = has_faults
        self.is_away = False
        self.intents, self.refunds, self.keys = {}, {}, {}
        self.of_order = collections.defaultdict(list)  # order id: its intents
        self.captures = collections.defaultdict(list)  # order id: the amounts
        self.given_back = collections.Counter()  # order id: the sum of its refunds
        self.counts = collections.Counter()
        self.seconds = collections.Counter()  # requests in each second

    def draw(self):
        """What befalls the next request; None: nothing."""
        with self.lock:
            self.seconds[int(time.monotonic())] += 1
            if not self.has_faults:
                return None
            at = self.random.random()
        for fault, share in SHARES.items():
            if at < share:
                self.counts[fault] += 1
                return fault
            at -= share
        return None

    # ---- what can be asked ----

    def post(self, path, form, key):
        """(status, body, is a replay): once for each key, a stored 500 included."""
        with self.lock:
            known = self.keys.get(key)
            if known:
                if known[0] != (path, form):
                    raise Refusal(400, "idempotency_error", message="another request's key")
                return known[1], known[2], True
            try:
                status, body = 200, self.execute(path, form)
            except Refusal as refusal:
                status, body = refusal.status, {"error": refusal.error}
            if key:
                self.keys[key] = ((path, form), status, body)
            return status, body, False

    def burn(self, path, form, key):
        """The key answers 500 from now on; it was executed, or it was not."""
        with self.lock:
            if key and key not in self.keys:
                self.keys[key] = ((path, form), 500, {"error": {"type": "api_error"}})

    def execute(self, path, form):
        parts = path.strip("/").split("/")[1:]  # without v1
        if parts == ["payment_intents"]:
            return self.create(form)
        if parts == ["refunds"]:
            return self.refund(form)
        if len(parts) == 3 and parts[0] == "payment_intents":
            intent = self.find(parts[1])
            act = {"confirm": self.confirm, "capture": self.capture, "cancel": self.cancel}
            if parts[2] in act:
                return act[parts[2]](intent, form)
        raise Refusal(404, "invalid_request_error", message="no such path")

    def find(self, name):
        if name not in self.intents:
            raise Refusal(404, "invalid_request_error", code="resource_missing")
        return self.intents[name]

    def create(self, form):
        amount = int(form["amount"])
        intent = {"id": f"pi_{uuid.uuid4().hex}", "object": "payment_intent", "amount": amount,
                  "amount_capturable": 0, "amount_received": 0, "currency": form["currency"],
                  "capture_method": "manual", "status": "requires_confirmation",
                  "payment_method": form["payment_method"], "created": int(time.time()),
                  "metadata": {"order_id": form["metadata[order_id]"]}, "next_action": None,
                  "last_payment_error": None, "latest_charge": None}
        if form.get("capture_method") != "manual" or form.get("confirm") == "true":
            raise Refusal(400, "invalid_request_error", message="this shop captures by hand")
        self.intents[intent["id"]] = intent
        self.of_order[form["metadata[order_id]"]].append(intent)
        return dict(intent)

    def confirm(self, intent, _):
        self.must_be(intent, "requires_confirmation", "requires_payment_method")
        if intent["payment_method"] == DECLINED:
            intent["status"] = "requires_payment_method"
            intent["last_payment_error"] = {"code": "card_declined", "type": "card_error",
                                            "decline_code": "generic_decline"}
            raise Refusal(402, "card_error", code="card_declined",
                          decline_code="generic_decline", payment_intent=dict(intent))
        intent.update(status="requires_capture", amount_capturable=intent["amount"],
                      latest_charge=f"ch_{intent['id'][3:]}")
        return dict(intent)

    def capture(self, intent, form):
        self.must_be(intent, "requires_capture")
        if intent["payment_method"] == CAPTURE_FAILS:
            raise Refusal(402, "card_error", code="processing_error", payment_intent=dict(intent))
        amount = int(form.get("amount_to_capture", intent["amount"]))
        if not 0 < amount <= intent["amount_capturable"]:
            raise Refusal(400, "invalid_request_error", code="amount_too_large")
        intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
        self.captures[intent["metadata"]["order_id"]].append(amount)
        return dict(intent)

    def cancel(self, intent, _):
        self.must_be(intent, "requires_payment_method", "requires_confirmation",
                     "requires_action", "requires_capture")
        intent.update(status="canceled", amount_capturable=0)
        return dict(intent)

    def refund(self, form):
        intent = self.find(form["payment_intent"])
        order, amount = intent["metadata"]["order_id"], int(form["amount"])
        if amount <= 0 or self.given_back[order] + amount > sum(self.captures[order]):
            raise Refusal(400, "invalid_request_error", code="charge_already_refunded")
        self.given_back[order] += amount
        refund = {"id": f"re_{uuid.uuid4().hex}", "object": "refund", "amount": amount,
                  "payment_intent": intent["id"], "status": "succeeded",
                  "currency": intent["currency"], "created": int(time.time()),
                  "metadata": {name[9:-1]: value for name, value in form.items()
                               if name.startswith("metadata[")}}
        self.refunds[refund["id"]] = refund
        return dict(refund)

    @staticmethod
    def must_be(intent, *statuses):
        if intent["status"] not in statuses:
            raise Refusal(400, "invalid_request_error", code="payment_intent_unexpected_state",
                          payment_intent=dict(intent))

    def get(self, path, query):
        with self.lock:
            parts = path.strip("/").split("/")[1:]
            if parts == ["payment_intents", "search"]:
                wanted = query.get("query", "").rpartition("'order_id']:")[2].strip("'\"")
                return self.page(self.of_order.get(wanted, []), query)
            if parts == ["payment_intents"]:
                since = int(query.get("created[gte]", 0))
                return self.page([i for i in reversed(self.intents.values())
                                  if i["created"] >= since], query)
            if parts[:1] == ["payment_intents"] and len(parts) == 2:
                return dict(self.find(parts[1]))
            if parts == ["refunds"]:
                return self.page([r for r in reversed(self.refunds.values())
                                  if r["payment_intent"] == query.get("payment_intent")], query)
            if parts[:1] == ["refunds"] and len(parts) == 2 and parts[1] in self.refunds:
                return dict(self.refunds[parts[1]])
            raise Refusal(404, "invalid_request_error", code="resource_missing")

    @staticmethod
    def page(objects, query):
        ids = [found["id"] for found in objects]
        start = ids.index(query["starting_after"]) + 1 if query.get("starting_after") in ids else 0
        end = start + min(int(query.get("limit", 10)), 100)
        return {"object": "list", "data": [dict(found) for found in objects[start:end]],
                "has_more": end < len(objects)}

    # ---- what is judged ----

    def taken(self, order):
        """The amounts captured for an order: a list, since twice is once too often."""
        with self.lock:
            return list(self.captures.get(order, []))

    def held(self, order):
        with self.lock:
            return sum(intent["amount_capturable"] for intent in self.of_order.get(order, []))

    def orders_with_money(self):
        with self.lock:
            return set(self.captures)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        ledger, url = self.server.ledger, urllib.parse.urlsplit(self.path)
        if ledger.is_away:
            self.close_connection = True
            return
        try:
            self.answer(200, ledger.get(url.path, dict(urllib.parse.parse_qsl(url.query))))
        except Refusal as refusal:
            self.answer(refusal.status, {"error": refusal.error})

    def do_POST(self):
        ledger = self.server.ledger
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form, key = dict(urllib.parse.parse_qsl(body)), self.headers.get("Idempotency-Key")
        fault = "away" if ledger.is_away else ledger.draw()
        if fault in ("away", "reset before"):
            self.close_connection = True
        elif fault == "429":
            self.answer(429, {"error": {"type": "rate_limit_error"}}, Retry_After="0")
        elif fault == "500 before":
            ledger.burn(self.path, form, key)
            self.answer(500, {"error": {"type": "api_error"}})
        elif fault == "late":
            threading.Timer(LATE_SECONDS, self.execute_late, (form, key)).start()
            self.close_connection = True
        else:
            self.execute(fault, form, key)

    def execute_late(self, form, key):
        """Nobody waits for this answer, but its effect is real."""
        self.server.ledger.post(self.path, form, key)

    def execute(self, fault, form, key):
        try:
            status, body, is_replay = self.server.ledger.post(self.path, form, key)
        except Refusal as refusal:
            status, body, is_replay = refusal.status, {"error": refusal.error}, False
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        if fault == "reset behind":
            self.close_connection = True
        elif fault == "500 behind":
            self.answer(500, {"error": {"type": "api_error"}})
        else:
            self.answer(status, body, **({"Idempotent_Replayed": "true"} if is_replay else {}))

    def log_message(self, *_):
        pass


class Bank(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A ledger that listens; `url` is where."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port=0, seed=0, has_faults=True):
        super().__init__(("127.0.0.1", port), Handler)
        self.ledger = Ledger(seed, has_faults)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that was killed while it was answered is what this bank is for."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bank = Bank(options.port, options.seed)
    print(f"listening on {bank.url}", flush=True)
    bank.serve_forever()
