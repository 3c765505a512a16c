#!/usr/bin/env python3
"""fake_server.py - a Panglot of one screen, with faults to order, to test the kill loop itself.

Speaks the same commands and the same HTTP as far as the kill loop uses them. Orders are lines in
one file. What an order is now follows from the age of it, so nothing runs in between. The
environment variable FAKE_FAULT names one fault of FAULTS; without it the server is sound.
"""
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import urllib.request
import uuid

FAULT = os.environ.get("FAKE_FAULT", "")
FAULTS = {  # what it does wrong: the rule of history.py that must see it
    "loses": "kept",
    "forgets-keys": "once",
    "repeats-quietly": "replayed",
    "takes-any-body": "refused",
    "adds-up-wrong": "total",
    "changes-lines": "same",
    "goes-back": "forward",
    "changes-final": "final",
    "skips-a-message": "streamed",
    "lists-another-state": "agree",
    "breaks-the-contract": "expected",
    "refuses-all": "works",
    "sticks": "settled",
    "tells-nobody": "told",
    "tells-another-end": "told",
    "ends-by-itself": "alive",
    "fails-to-start-again": "ready",
    "ends-badly": "drained",
    "verifies-badly": "verified",
}

WAY = ("PENDING", "AUTHORIZED", "RESERVED")
STEP_SECONDS = 0.5 if FAULT == "goes-back" else 0.05  # in each status of the way
ENDS = ("FAILED",) if FAULT == "refuses-all" else ("CONFIRMED", "CONFIRMED", "FAILED")
PRODUCTS = [{"sku": f"SKU-{n}", "priceMinor": 100 + n, "currency": "USD", "available": 1000}
            for n in range(5)]


class Orders:
    """What was ordered, and what became of it: read from the file at start, appended since."""

    def __init__(self, path):
        self.by_id, self.by_key, self.lock = {}, {}, threading.Lock()
        self.count = 0
        if path.exists():
            for line in path.read_text().splitlines():
                self.apply(json.loads(line))
        if FAULT == "fails-to-start-again" and self.by_id:
            sys.exit("fake_server: cannot read what it wrote")
        if FAULT == "forgets-keys":
            self.by_key.clear()
        self.file = path.open("a")

    def apply(self, change):
        if "cancelled" in change:
            self.by_id.get(change["cancelled"], {})["cancelled"] = True  # it may be lost by order
        else:
            self.by_id[change["body"]["id"]] = change
            self.by_key[change["key"]] = change

    def write(self, change):
        """In one piece, or not at all, before the answer: the promise that is tested."""
        self.apply(change)
        self.file.write(json.dumps(change) + "\n")
        self.file.flush()

    def create(self, customer, key, asked):
        """(HTTP code, body, is a replay)"""
        key = f"{customer}/{key}"
        with self.lock:
            known = self.by_key.get(key)
            if known:
                if known["asked"] != asked and FAULT != "takes-any-body":
                    return 422, {"title": "the key was used for something else"}, False
                return 201, known["body"], FAULT != "repeats-quietly"
            prices = {product["sku"]: product["priceMinor"] for product in PRODUCTS}
            total = sum(prices[line["sku"]] * line["quantity"] for line in asked["lines"])
            self.count += 1
            body = {"id": str(uuid.uuid4()), "status": "PENDING", "currency": asked["currency"],
                    "totalMinor": total + (FAULT == "adds-up-wrong"), "lines": asked["lines"],
                    "createdAt": time.time()}
            change = {"key": key, "asked": asked, "body": body, "number": self.count}
            if FAULT == "loses" and self.count % 5 == 0:
                self.apply(change)
            else:
                self.write(change)
            return 201, body, False

    def now(self, order):
        steps = int((time.time() - order["body"]["createdAt"]) / STEP_SECONDS)
        odd = order["number"] % 5 == 0
        status = ENDS[order["number"] % len(ENDS)]
        if steps < len(WAY):
            order["reads"] = order.get("reads", 0) + 1
            status = WAY[0 if FAULT == "goes-back" and order["reads"] % 2 else steps]
        elif order.get("cancelled"):
            status = "CANCELLED"
        elif FAULT == "sticks" and odd:
            steps, status = len(WAY) - 1, WAY[-1]
        elif FAULT == "changes-final" and odd and steps > 10:
            status = "FAILED" if status == "CONFIRMED" else "CONFIRMED"
        body = dict(order["body"], status=status, version=1 + min(steps, len(WAY)))
        if FAULT == "changes-lines" and odd and steps > 5:
            body["lines"] = body["lines"][:1]
        return body

    def cancel(self, name):
        with self.lock:
            order = self.by_id.get(name)
            if order is None:
                return 404
            if self.now(order)["status"] not in WAY:
                return 410 if FAULT == "breaks-the-contract" else 409
            if not order.get("cancelled"):
                self.write({"cancelled": name})
            return 202


class Teller(threading.Thread):
    """Tells one URL how orders ended; after a start all of it again."""

    def __init__(self, path, orders):
        super().__init__(daemon=True)
        self.path, self.orders, self.told = path, orders, set()

    def run(self):
        while FAULT != "tells-nobody":
            time.sleep(0.02)
            if self.path.exists():
                for name, order in list(self.orders.by_id.items()):
                    status = self.orders.now(order)["status"]
                    if name not in self.told and status not in WAY:
                        self.tell(name, status)

    def tell(self, name, status):
        if FAULT == "tells-another-end":
            status = "CANCELLED" if status == "CONFIRMED" else "CONFIRMED"
        kind = "confirmed" if status == "CONFIRMED" else "cancelled"
        event = {"id": f"end-of-{name}", "subject": name, "type": f"panglot.order.{kind}.v1",
                 "data": {"finalStatus": status}}
        request = urllib.request.Request(self.path.read_text(), json.dumps(event).encode())
        try:
            urllib.request.urlopen(request, timeout=5).close()
            self.told.add(name)
        except OSError:
            pass  # it comes again


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    orders = hook = None

    def answer(self, code, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if self.path == "/readyz":
            self.answer(200, {})
        elif self.path.startswith("/api/v1/orders?"):
            self.list()
        elif self.path.endswith("/events"):
            self.tell(self.orders.by_id.get(self.path.split("/")[-2]))
        elif self.path.startswith("/api/v1/products"):
            self.answer(200, {"items": PRODUCTS, "next": None})
        elif name in self.orders.by_id:
            self.answer(200, self.orders.now(self.orders.by_id[name]))
        else:
            self.answer(404, {})

    def list(self):
        """All of a customer's on one page."""
        mine = [self.orders.now(order) for order in self.orders.by_id.values()
                if order["key"].startswith(self.headers["Authorization"] + "/")]
        if FAULT == "lists-another-state" and mine:
            mine[0]["status"] = "FAILED" if mine[0]["status"] == "CONFIRMED" else "CONFIRMED"
        self.answer(200, {"items": mine, "next": None})

    def tell(self, order):
        """What has happened so far, as messages, and then the end."""
        if order is None:
            self.answer(404, {})
            return
        now, after = self.orders.now(order), int(self.headers.get("Last-Event-ID") or 0)
        states = [*WAY[:now["version"]], *([now["status"]] if now["version"] > len(WAY) else [])]
        if now["status"] not in WAY:
            states = [*WAY[:now["version"] - 1], now["status"]]
        told = [f"id: {number}\ndata: {json.dumps({'status': status})}\n\n"
                for number, status in enumerate(states, 1) if number > after]
        if FAULT == "skips-a-message":
            told = told[1:] if len(told) > 1 else told
        data = "".join(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/cancel"):
            self.answer(self.orders.cancel(self.path.split("/")[-2]), {})
            return
        if self.path == "/api/v1/webhooks":
            self.hook.write_text(json.loads(body)["url"])
            self.answer(201, {})
            return
        customer = self.headers["Authorization"]
        code, made, replayed = self.orders.create(customer, self.headers["Idempotency-Key"],
                                                  json.loads(body))
        self.answer(code, made, **({"Idempotent_Replayed": "true"} if replayed else {}))
        if FAULT == "ends-by-itself" and self.orders.count >= 20:
            os._exit(3)

    def log_message(self, *_):
        pass


def serve(data):
    data.mkdir(parents=True, exist_ok=True)
    Handler.orders, Handler.hook = Orders(data / "orders.jsonl"), data / "hook"
    Teller(Handler.hook, Handler.orders).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def main():
    command, data = sys.argv[1], pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
    if command == "serve":
        import signal
        signal.signal(signal.SIGTERM, lambda *_: os._exit(1 if FAULT == "ends-badly" else 0))
        serve(data)
    elif command == "token":
        print("token-of-" + sys.argv[sys.argv.index("--sub") + 1])
    elif command == "verify":
        print("{}")
        sys.exit(1 if FAULT == "verifies-badly" else 0)


if __name__ == "__main__":
    main()
