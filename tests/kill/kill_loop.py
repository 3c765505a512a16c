#!/usr/bin/env python3
"""kill_loop.py --binary PROGRAM - kills Panglot at any moment, and believes nothing.

Aim:     kill -9 at any instruction loses no order that was answered, makes none twice, and leaves
         none between two states.
Method:  customers order, read and cancel over HTTP while the process is killed after a random time
         (sometimes stopped first, sometimes while it starts) and started again on the same folder.
         A customer who got no answer asks again with the same key. All that was asked and answered
         is in a journal, judged by history.py. At the end every order must become final, SIGTERM
         must end the server cleanly, and `panglot verify` must agree.
         A receiver of webhooks, which now and then refuses one, has to hear how each order ended.
         With --cards a share of the orders is paid at bank.py, which fails as banks do; its ledger
         is the judge of what became of the money.
"""
import argparse
import http.client
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import bank  # pylint: disable=wrong-import-position
import elle  # pylint: disable=wrong-import-position
import harness  # pylint: disable=wrong-import-position
import history  # pylint: disable=wrong-import-position
import receiver  # pylint: disable=wrong-import-position
import stream  # pylint: disable=wrong-import-position

UP_MS_MIN = 50
STOPPED_FIRST_SHARE, STOPPED_SECONDS_MAX = 0.3, 0.3
KILLED_STARTING_SHARE, STARTING_SECONDS_MAX = 0.2, 0.2
READY_SECONDS_MAX = 5.0  # the promise is 1 s; a test on a busy machine asks whether, not how fast
ORDERS_A_CYCLE_MAX = 10  # of one customer, so that a faster server is not a longer test
THINKING_SECONDS_MAX = 0.05  # of a customer between two requests
PATIENCE_SECONDS = 60  # of a customer who asks again and again, kills and restarts included
GREEDY_SHARE, GREEDY_QUANTITY = 0.1, 999  # all of one product, which is soon sold out
REGRETTED_SHARE = 0.2  # of new orders, cancelled at once
CARDS = ["pm_card_visa"] * 8 + [bank.DECLINED, bank.CAPTURE_FAILS]
CARD_DEADLINE_SECONDS = 30  # of an order that is paid by card
FOLLOWING_SECONDS_MAX = 0.3  # of a customer who follows an order, and then does something else
LISTED_AT_ONCE = 100
ENDINGS = ["panglot.order.confirmed.v1", "panglot.order.cancelled.v1"]
REFUSED_SHARE = 0.05  # of webhooks, the first time
UNTOLD_MAX = 8_000  # then nobody orders: at 100,000 that wait the endpoint would be disabled
BUSY = (429, 502, 503, 504)  # nothing is known about the outcome, or it was shed: ask again
SLOW_SECONDS = 5.0  # of ours between a head and its body: then 408 is right as well


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    folder = pathlib.Path(tempfile.mkdtemp(prefix="panglot-kill-"))
    loop = KillLoop(options, folder)
    try:
        loop.run()
    finally:
        loop.end()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    sys.exit(0 if loop.is_good else 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cards", type=float, default=0, help="the share of orders paid by card")
    parser.add_argument("--up-ms-max", type=int, default=2000, help="the longest life of a server")
    parser.add_argument("--settle-seconds", type=float, default=120, help="for orders to be final")
    parser.add_argument("--keep", action="store_true", help="leave journal, log and data behind")
    return parser.parse_args()


class KillLoop:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.bank = bank.Bank(seed=options.seed).start() if options.cards else None
        self.receiver = receiver.Receiver(self.take_webhook)
        # Webhooks come on threads of their own, and must not change when we kill.
        self.whims = random.Random(f"{options.seed}/webhooks")
        self.refused = {}  # id of an event: whether it was, the first time
        self.server = harness.Server(options.binary.resolve(), folder / "data",
                                     ("--demo", *self.bank_options()))
        self.journal = history.Journal(folder / "journal.jsonl")
        self.address = None  # where the server is; None while it is down
        self.up = threading.Condition()
        self.is_over = False  # no more kills: settle
        self.is_lost = False  # it does not come back: nothing more can be asked
        self.cycle = 0
        self.ready_seconds_max = 0.0
        self.kills = {"while running": 0, "while stopped": 0, "while starting": 0}
        self.is_good = False

    def bank_options(self):
        if not self.bank:
            return ()
        key = self.folder / "bank.key"
        key.write_text("sk_test_kill_loop\n")
        key.chmod(0o600)
        return ("--provider", self.bank.url, "--provider-key", str(key), "--provider-settle", "2s")

    def listen(self):
        """An operator has the ends of orders told to us."""
        client = harness.Client(self.server.address,
                                self.server.token("operator-0", "--role", "operator"))
        answer = client.ask("POST", "/api/v1/webhooks",
                            {"url": self.receiver.url(), "types": ENDINGS})
        client.close()
        if answer.code != 201:
            raise RuntimeError(f"POST /api/v1/webhooks: {answer.code} {answer.body!r}")

    def take_webhook(self, count, event):
        """The status to answer with. What we have taken is in the journal before they hear so."""
        del count
        is_first = event["id"] not in self.refused
        if is_first:
            self.refused[event["id"]] = self.whims.random() < REFUSED_SHARE
        if is_first and self.refused[event["id"]]:
            return 503
        is_confirmed = event["type"] == ENDINGS[0]
        self.journal.write(did="tell", id=event["subject"],
                           status="CONFIRMED" if is_confirmed else event["data"]["finalStatus"])
        return 204

    def is_far_behind(self):
        """Two webhooks are on their way at a time, and all of this program shares one lock."""
        return len(self.journal.history.first) - self.receiver.count() > UNTOLD_MAX

    def run(self):
        if self.start():
            self.listen()
            customers = self.customers()
            for customer in customers:
                customer.start()
            while self.cycle < self.options.cycles and self.kill_and_start():
                self.cycle += 1
            self.settle(customers)
        self.is_good = self.report()

    def customers(self):
        first = harness.Client(self.server.address, self.server.token("customer-0"))
        answer = first.ask("GET", "/api/v1/products?limit=50")
        first.close()
        if answer.code != 200:
            raise RuntimeError(f"GET /api/v1/products: {answer.code} {answer.body!r}")
        products = answer.json()["items"]
        currency = products[0]["currency"]
        products = [product for product in products if product["currency"] == currency]
        return [Customer(self, f"customer-{n}", products) for n in range(self.options.clients)]

    def start(self):
        """Starts the server; now and then it is killed before it is ready, and started again."""
        while self.cycle > 0 and self.random.random() < KILLED_STARTING_SHARE:
            self.server.start()
            time.sleep(self.random.uniform(0, STARTING_SECONDS_MAX))
            if not self.kill("while starting"):
                return False
        started = time.monotonic()
        self.server.start()
        is_ready = self.server.wait_ready()
        seconds = time.monotonic() - started
        self.ready_seconds_max = max(self.ready_seconds_max, seconds)
        self.journal.judge("ready", is_ready and seconds <= READY_SECONDS_MAX,
                           f"start {self.cycle}", f"after {seconds:.3f} s: {is_ready}")
        if is_ready:
            with self.up:
                self.address = self.server.address
                self.up.notify_all()
        return is_ready

    def kill_and_start(self):
        time.sleep(self.random.uniform(UP_MS_MIN, self.options.up_ms_max) / 1000)
        stop_first = self.random.random() < STOPPED_FIRST_SHARE
        if stop_first:
            self.server.send(signal.SIGSTOP)
            time.sleep(self.random.uniform(0, STOPPED_SECONDS_MAX))
        with self.up:
            self.address = None  # so that customers wait for the next one
        return self.kill("while stopped" if stop_first else "while running") and self.start()

    def kill(self, when):
        """False if there was nothing left to kill: then the server ended by itself."""
        ended = self.server.process.poll()
        self.journal.judge("alive", ended is None, f"cycle {self.cycle}", f"exit code {ended}")
        self.server.kill()
        self.kills[when] += ended is None
        return ended is None

    def settle(self, customers):
        """No more kills: every order becomes final, and is read once more by its customer."""
        self.is_over = True
        with self.up:
            self.is_lost = self.address is None
            self.up.notify_all()
        for customer in customers:
            customer.join()
        if not self.is_lost:
            self.journal.history.settle()
            if self.bank:
                self.judge_money(customers)
            self.judge_told()
            code = self.server.stop()
            self.journal.judge("drained", code == 0, "SIGTERM", f"exit code {code}")
            code, said = self.server.run("verify", "--json")
            self.journal.judge("verified", code == 0, "verify", f"exit code {code}: {said[-2000:]}")

    def judge_money(self, customers):
        """By the bank's ledger, when all orders are final: holds of those that failed may take a
        little longer to be given back."""
        cards = {name for customer in customers for name in customer.cards}
        until = time.monotonic() + self.options.settle_seconds
        told, ledger = self.journal.history, self.bank.ledger
        while any(ledger.held(name) for name in cards) and time.monotonic() < until:
            time.sleep(0.1)
        for name in sorted(cards):
            told.paid(name, ledger.taken(name), ledger.held(name))
        strangers = ledger.orders_with_money() - cards
        told.check("owed", not strangers, "the bank", f"took money for {sorted(strangers)}")

    def judge_told(self):
        """Webhooks that were refused come again some seconds later."""
        told, until = self.journal.history, time.monotonic() + self.options.settle_seconds
        while told.untold() and time.monotonic() < until:
            time.sleep(0.1)
        told.settle_told()

    def where(self):
        """The server's address, waiting while it is down; None if it does not come back."""
        with self.up:
            self.up.wait_for(lambda: self.address or self.is_lost, harness.START_SECONDS_MAX)
            return self.address

    def judge_growth(self):
        """The whole journal once more, as transactions on lists."""
        lines = elle.history(map(json.loads, (self.folder / "journal.jsonl").open()))
        found = elle.anomalies(lines)
        self.journal.judge("grows", not found, "history", str(found[:3]))
        if self.options.keep:
            with (self.folder / "history.edn").open("w") as out:
                elle.write(lines, out)
        print(f"{len(lines) // 2} transactions")

    def report(self):
        told = self.journal.history
        self.judge_growth()
        print(f"seed {self.options.seed}, {self.options.clients} customers; kills: " +
              ", ".join(f"{count} {when}" for when, count in self.kills.items()))
        print(f"{len(told.first)} orders: " +
              ", ".join(f"{count} {status}" for status, count in sorted(told.statuses().items())))
        print(f"{self.receiver.count()} webhooks came, {sum(self.refused.values())} refused once")
        if self.bank:
            captured = sum(map(bool, self.bank.ledger.captures.values()))
            print(f"{captured} captured by the bank, whose faults were: " +
                  ", ".join(f"{n} {what}" for what, n in sorted(self.bank.ledger.counts.items())))
        print(f"ready again after at most {self.ready_seconds_max:.3f} s")
        is_good = history.report(told) and len(told.first) > 0
        if not is_good and self.server.log.exists():
            lines = self.server.log.read_text(errors="replace").splitlines()
            told_there = [line for line in lines if " warn runtime slow-turn " not in line]
            print("the end of the server's log, slow turns left out:", *told_there[-20:], sep="\n")
        return is_good

    def end(self):
        if self.server.process and self.server.process.poll() is None:
            self.server.kill()
        self.receiver.stop()
        if self.bank:
            self.bank.stop()
        self.journal.close()


class Customer(threading.Thread):
    """One customer with one connection, who does one thing at a time and keeps no secrets."""

    def __init__(self, loop, name, products):
        super().__init__(name=name, daemon=True)
        self.loop, self.products, self.journal = loop, products, loop.journal
        self.random = random.Random(f"{loop.options.seed}/{name}")
        self.token = loop.server.token(name)
        self.client, self.at = None, None
        self.asked = {}  # key: the body it was asked with
        self.ids = {}  # key: the order it made
        self.cards = set()  # ids of orders that are paid by card
        self.open = {}  # ids not yet known to be final, in order
        # of their making, as the seed wants the same choices
        self.followed = {}  # ids: the last message of their streams
        self.left = (0, ORDERS_A_CYCLE_MAX)  # (cycle, orders still to be made in it)

    def run(self):
        acts = [self.create] * 5 + [self.read_open] * 4 + [self.read_any, self.cancel_open,
                                                            self.repeat, self.reuse,
                                                            self.follow_open]
        try:
            while not self.loop.is_over:
                self.random.choice(acts)()
                time.sleep(self.random.uniform(0, THINKING_SECONDS_MAX))
            self.settle()
        except Exception:  # a bug here must not look like a server without faults
            self.journal.judge("expected", False, self.name, traceback.format_exc())

    def settle(self):
        until = time.monotonic() + self.loop.options.settle_seconds
        while self.open and time.monotonic() < until and self.loop.where():
            for name in list(self.open):
                self.read(name)
            time.sleep(0.05)
        for name in self.ids.values():
            while not self.read(name) and time.monotonic() < until and self.loop.where():
                pass
        if not self.loop.is_lost and not self.open:
            self.list_all()
            for name in self.random.sample(list(self.ids.values()), min(len(self.ids), 10)):
                self.follow(name, 0, self.loop.options.settle_seconds)

    def list_all(self):
        """Page by page, until the one without a next."""
        items, path = [], f"/api/v1/orders?limit={LISTED_AT_ONCE}"
        while path and not self.loop.is_lost:
            answer = self.ask("GET", path)
            if answer is None:
                continue
            page = answer.json()
            items += [(order["id"], order["status"]) for order in page["items"]]
            path = page["next"] and f"/api/v1/orders?limit={LISTED_AT_ONCE}&cursor={page['next']}"
        self.journal.write(did="list", client=self.name, items=items, ids=list(self.ids.values()))

    def follow_open(self):
        if self.open:
            name = self.random.choice(list(self.open))
            self.follow(name, self.followed.get(name, 0), FOLLOWING_SECONDS_MAX,
                        messages_max=self.random.choice((1, 2, None)))

    def follow(self, name, after, seconds_max, messages_max=None):
        address = self.loop.where()
        if address is None:
            return
        code, heard = stream.follow(address, self.token, name, after, seconds_max, messages_max)
        if code is not None:
            is_whole = after == 0 and self.loop.is_over and name not in self.open
            self.journal.write(did="stream", client=self.name, id=name, code=code, after=after,
                               heard=heard, is_whole=is_whole)
            self.followed[name] = heard[-1][0] if heard else after

    def create(self):
        cycle, left = self.left
        left = left if cycle == self.loop.cycle else ORDERS_A_CYCLE_MAX
        if left == 0 or self.loop.is_far_behind():
            return
        self.left = (self.loop.cycle, left - 1)
        lines = [{"sku": product["sku"], "quantity": self.random.randint(1, 3)}
                 for product in self.random.sample(self.products, 2)]
        if self.random.random() < GREEDY_SHARE:
            lines = [{"sku": self.products[0]["sku"], "quantity": GREEDY_QUANTITY}]
        key = f"{self.name}-{len(self.asked)}"
        self.asked[key] = {"currency": self.products[0]["currency"], "lines": lines,
                           "payment": {"method": "account"}, "shipTo": {"region": "EU"}}
        if self.random.random() < self.loop.options.cards:
            card = self.random.choice(CARDS)
            self.asked[key].update(payment={"method": "card", "cardToken": card},
                                   deadlineSeconds=CARD_DEADLINE_SECONDS)
        self.ask_for(key)
        if key in self.ids and self.random.random() < REGRETTED_SHARE:
            self.cancel(self.ids[key])

    def ask_for(self, key):
        """Until there is an answer: the key makes it safe."""
        body = self.asked[key]
        prices = {product["sku"]: product["priceMinor"] for product in self.products}
        total = sum(prices[line["sku"]] * line["quantity"] for line in body["lines"])
        self.journal.write(do="create", client=self.name, key=key, body=body)
        answer, until = None, time.monotonic() + PATIENCE_SECONDS
        while answer is None and time.monotonic() < until and not self.loop.is_lost:
            answer = self.ask("POST", "/api/v1/orders", body, idempotency_key=key)
        if not self.loop.is_lost:
            self.journal.judge("answered", answer is not None, key, f"not in {PATIENCE_SECONDS} s")
        if answer is None:
            return
        made = answer.json() if answer.code == 201 else answer.body.decode(errors="replace")
        self.journal.write(did="create", client=self.name, key=key, code=answer.code, body=made,
                           totalMinor=total,
                           replayed=answer.headers.get("Idempotent-Replayed") == "true")
        if answer.code == 201 and key not in self.ids:
            self.ids[key] = made["id"]
            self.open[made["id"]] = key
            if body["payment"]["method"] == "card":
                self.cards.add(made["id"])

    def repeat(self):
        if self.ids:
            self.ask_for(self.random.choice(list(self.ids)))

    def reuse(self):
        """The same key for something else, which must not be done, nor harm what was."""
        if self.ids:
            key = self.random.choice(list(self.ids))
            line = dict(self.asked[key]["lines"][0], quantity=7)
            self.journal.write(do="reuse", client=self.name, key=key)
            answer = self.ask("POST", "/api/v1/orders", dict(self.asked[key], lines=[line]),
                              idempotency_key=key)
            if answer is not None:
                self.journal.write(did="reuse", client=self.name, key=key, code=answer.code)

    def read_open(self):
        if self.open:
            self.read(self.random.choice(list(self.open)))

    def read_any(self):
        if self.ids:
            self.read(self.random.choice(list(self.ids.values())))

    def read(self, name):
        """True if there was an answer. A read changes nothing, so it is journaled only after."""
        answer = self.ask("GET", f"/api/v1/orders/{name}")
        if answer is None:
            return False
        body = answer.json() if answer.code == 200 else None
        self.journal.write(did="read", client=self.name, id=name, code=answer.code, body=body)
        if body is None or history.RANKS.get(body["status"]) == history.FINAL:
            self.open.pop(name, None)
        return True

    def cancel_open(self):
        if self.open:
            self.cancel(self.random.choice(list(self.open)))

    def cancel(self, name):
        self.journal.write(do="cancel", client=self.name, id=name)
        answer = self.ask("POST", f"/api/v1/orders/{name}/cancel")
        if answer is not None:
            self.journal.write(did="cancel", client=self.name, id=name, code=answer.code)

    def ask(self, method, path, body=None, **headers):
        """The answer; None if there was none, or the server was busy: the outcome is not known."""
        address = self.loop.where()
        if address is None:
            return None
        if address != self.at:
            self.client, self.at = harness.Client(address, self.token), address
        asked = time.monotonic()
        try:
            answer = self.client.ask(method, path, body, **headers)
            if answer.code == 401:  # the token may have grown old; a new one must do
                self.client.token = self.token = self.loop.server.token(self.name)
                answer = self.client.ask(method, path, body, **headers)
        except (OSError, http.client.HTTPException):
            time.sleep(self.random.uniform(0, 0.02))
            return None
        was_slow = answer.code == 408 and time.monotonic() - asked >= SLOW_SECONDS
        if answer.code in BUSY or was_slow:
            time.sleep(min(float(answer.headers.get("Retry-After") or 0.1), 1.0))
            return None
        return answer


if __name__ == "__main__":
    main()
