#!/usr/bin/env python3
"""cards.py --binary PROGRAM [--races N] [--outage-seconds S] - money and status always agree.

Aim:     whatever a bank does and however a cancel races a capture: an order that is CONFIRMED was
         captured once and in full, any other was not; and a bank that is away loses no order and
         costs no memory.
Method:  a real platform pays at bank.py, whose ledger is the judge. Races: orders are cancelled at
         a random moment after they were placed, while the bank fails in all its ways. Outage: the
         bank is away for a while, under orders; they end at their deadline; when it is back, what
         is left over comes at the rate that was allowed.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "blackbox"))
import bank  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

PEOPLE = 50
RACE_SECONDS_MAX = 0.5  # from the answer to an order until it is cancelled; a saga takes as long
CANCELLED_SHARE = 0.9
DEADLINE_SECONDS, GRACE_SECONDS = 30, 5
BACK_SECONDS_MAX = 60  # a capture in flight is resolved so soon after the bank is back
ORDERS_A_SECOND = 20  # while the bank is away
DRAIN_A_SECOND = 20  # what the platform may send of what was left over
CALLS_AN_ORDER = 4  # create, authorize, capture; and one that begins a second early
RECOVER_A_SECOND = 200  # in races: more than the faults ask for, or what is lost queues up
WARM_ORDERS = 200
GROWTH_BYTES_MAX = 32 << 20  # of the platform, over the outage

RULES = {
    "placed": "an order is answered 201, also while the bank is away",
    "paid": "a confirmed order was captured once, and in full",
    "unpaid": "of an order that is not confirmed nothing was captured, and nothing is held",
    "told": "a cancel that came too late is told so, and only then",
    "final": "every order is final soon after its deadline, or after the bank is back",
    "flat": "memory does not follow an outage",
    "gently": "what an outage left over comes no faster than was allowed",
    "owed": "money was taken for no other orders",
    "verified": "panglot verify finds nothing wrong",
}


class Judge:
    def __init__(self):
        self.checked, self.wrong = collections.Counter(), []

    def check(self, rule, holds, text):
        self.checked[rule] += 1
        if not holds:
            self.wrong.append((rule, text))

    def report(self):
        failed = {rule for rule, _ in self.wrong}
        for rule, text in RULES.items():
            if self.checked[rule]:
                mark = "FAILED" if rule in failed else "ok"
                print(f"{mark:7} {rule:9} {text} ({self.checked[rule]} times)")
            for _, wrong in [w for w in self.wrong if w[0] == rule][:5]:
                print(f"        {wrong}")
        print(f"{len(+self.checked) - len(failed)} passed, {len(failed)} failed, 0 skipped")
        return not failed


class Scene:
    """A platform, the bank that it pays at, and the goods that are ordered."""

    def __init__(self, judge, seed, has_faults, slow_a_second):
        self.judge, self.random = judge, random.Random(seed)
        self.bank = bank.Bank(seed=seed, has_faults=has_faults).start()
        self.folder = tempfile.TemporaryDirectory(prefix="panglot-cards-")
        key = pathlib.Path(self.folder.name) / "bank.key"
        key.write_text("sk_test_cards\n")
        key.chmod(0o600)
        self.shop = shop.Shop("--demo", "--provider", self.bank.url, "--provider-key", str(key),
                              "--provider-settle", "2s", "--provider-rate", str(slow_a_second))
        self.skus = [sku for sku, product in self.shop.products().items()
                     if product["currency"] == "USD"]
        self.orders = {}  # id: (person, total, when it was placed)
        self.people = [self.shop.person(f"person-{number}") for number in range(PEOPLE)]

    def place(self, number, card="pm_card_visa", client=None):
        """The id of a new order, or None."""
        person = self.people[number % PEOPLE]  # each with one connection, however many orders
        answer = (client or person).order(
            (self.random.choice(self.skus), 1), deadlineSeconds=DEADLINE_SECONDS,
            payment={"method": "card", "cardToken": card})
        self.judge.check("placed", answer.code == 201, f"{answer.code} {answer.body[:200]!r}")
        if answer.code != 201:
            return None
        order = answer.json()
        self.orders[order["id"]] = (person, order["totalMinor"], time.monotonic())
        return order["id"]

    def wait_final(self, until):
        """{id: order} of all orders, each read until it is final or `until(placed)` has passed."""
        seen, left = {}, dict(self.orders)
        while left:
            for name, (person, _, placed) in list(left.items()):
                seen[name] = person.get(f"/api/v1/orders/{name}")
                is_final = seen[name]["status"] in shop.FINAL
                if is_final or time.monotonic() > until(placed):
                    self.judge.check("final", is_final, f"{name} is {seen[name]['status']}")
                    del left[name]
            time.sleep(0.05)
        return seen

    def judge_money(self, seen):
        ledger, until = self.bank.ledger, time.monotonic() + BACK_SECONDS_MAX
        while any(map(ledger.held, seen)) and time.monotonic() < until:
            time.sleep(0.2)
        for name, order in seen.items():
            taken, held = ledger.taken(name), ledger.held(name)
            text = f"{name} {order['status']}: captured {taken}, held {held}"
            if order["status"] == "CONFIRMED":
                self.judge.check("paid", taken == [self.orders[name][1]] and not held, text)
            else:
                self.judge.check("unpaid", not taken and not held, text)
        strangers = ledger.orders_with_money() - set(self.orders)
        self.judge.check("owed", not strangers, f"of {sorted(strangers)[:5]}")

    def close(self):
        code, said = self.shop.run("verify")
        self.judge.check("verified", code == 0, said[-2000:])
        self.shop.close()
        self.bank.stop()
        self.folder.cleanup()


def race(judge, count, seed, recover_a_second):
    scene = Scene(judge, seed, True, recover_a_second)
    cancels = {}

    def one(number):
        person = scene.shop.person(f"person-{number % PEOPLE}")  # several race at once
        luck = random.Random(f"{seed}/{number}")
        card = bank.CAPTURE_FAILS if luck.random() < 0.05 else "pm_card_visa"
        name = scene.place(number, card, person)
        if name and luck.random() < CANCELLED_SHARE:
            time.sleep(luck.uniform(0, RACE_SECONDS_MAX))
            cancels[name] = person.cancel(name).code
        person.close()

    with concurrent.futures.ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(one, range(count)))
    seen = scene.wait_final(lambda placed: placed + DEADLINE_SECONDS + BACK_SECONDS_MAX)
    scene.judge_money(seen)
    for name, code in cancels.items():
        status, how = seen[name]["status"], seen[name].get("cancellation")
        text = f"{name}: cancel answered {code}, then {status}, cancellation {how}"
        if code == 409:
            judge.check("told", status == "CONFIRMED", text)
        elif status == "CONFIRMED":
            judge.check("told", how == "REJECTED", text)
        else:
            judge.check("told", how in ("ACCEPTED", "MOOT") or code == 200, text)
    statuses = collections.Counter(order["status"] for order in seen.values())
    print(f"{count} orders, {len(cancels)} cancelled in a race: {dict(sorted(statuses.items()))}; "
          f"the bank: {dict(sorted(scene.bank.ledger.counts.items()))}")
    scene.close()


def memory_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))


def outage(judge, seconds, seed):
    scene = Scene(judge, seed, False, DRAIN_A_SECOND)
    ledger = scene.bank.ledger
    for number in range(WARM_ORDERS):
        scene.place(number)
    scene.wait_final(lambda placed: placed + DEADLINE_SECONDS)
    memory_before = memory_bytes(scene.shop.process.pid)

    ledger.is_away = True
    began, placed = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        scene.place(placed)
        placed += 1
        time.sleep(max(0.0, began + placed / ORDERS_A_SECOND - time.monotonic()))
    growth = memory_bytes(scene.shop.process.pid) - memory_before
    judge.check("flat", growth <= GROWTH_BYTES_MAX, f"{growth >> 20} MiB more")

    ledger.is_away, back = False, time.monotonic()
    ledger.seconds.clear()
    seen = scene.wait_final(lambda placed: max(placed + DEADLINE_SECONDS + GRACE_SECONDS,
                                               back + BACK_SECONDS_MAX))
    scene.judge_money(seen)
    fastest = max(ledger.seconds.values(), default=0)
    judge.check("gently", fastest <= CALLS_AN_ORDER * DRAIN_A_SECOND,
                f"{fastest} requests in one second")
    statuses = collections.Counter(order["status"] for order in seen.values())
    print(f"away for {seconds} s, {placed} orders meanwhile; all: "
          f"{dict(sorted(statuses.items()))}; {growth / (1 << 20):.1f} MiB more; then at most "
          f"{fastest} requests a second")
    scene.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--races", type=int, default=0)
    parser.add_argument("--outage-seconds", type=int, default=0)
    parser.add_argument("--provider-rate", type=int, default=RECOVER_A_SECOND,
                        help="recoveries a second, in races")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(namespace=shop.options)
    judge = Judge()
    if options.races:
        race(judge, options.races, options.seed, options.provider_rate)
    if options.outage_seconds:
        outage(judge, options.outage_seconds, options.seed)
    sys.exit(0 if judge.report() else 1)


if __name__ == "__main__":
    main()
