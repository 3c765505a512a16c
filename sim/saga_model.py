#!/usr/bin/env python3
"""saga_model.py - a second opinion on the saga: one order, written from the specification alone, in
another language than the machines. explore_agrees.py compares its states with those that
sim/explore.c finds with the machines that are shipped.

Adversary: any interleaving of three services, any order of delivery inside every log, some
duplicates, a client's cancel and the deadline at any moment, out of stock, decline, capture
refused, authorization expired, lost replies, lost requests, requests applied late, a crash of
Payments.

Usage: [BIG=1] saga_model.py [MUTANT | ALL | STATES]      exit code 0: all properties hold
  MUTANT  breaks one rule, and has to be found wrong
  ALL     the specification, then every mutant
  STATES  prints every state, a line each, as one_order_check.c does
"""
import os
import sys
from typing import NamedTuple

MUTANTS = ("inv_ttl", "orders_decides", "final_not_sticky", "no_tombstone_pay", "no_tombstone_inv",
           "cancel_during_capture", "no_latch", "no_release", "no_cancel_on_decline",
           "fail_on_refusal", "assume_failed")
BIG = bool(os.environ.get("BIG"))
DUPLICATES, REQUESTS, CRASHES = (2, 3, 2) if BIG else (1, 2, 1)
STATES_MAX = 3_000_000

# Events. Orders: OC created, OXc and OXd cancel asked by client and deadline, OCF confirmed, OCA
# cancelled, OXR cancel rejected. Payments: PA authorized, PD declined, PVs and PVx voided (out of
# stock, asked), PCF capture failed, PC captured. Inventory: IR reserved, IF failed.
VERDICTS = {"PD", "PVs", "PVx", "PCF", "PC"}
FINALS = {"OCF", "OCA"}


class State(NamedTuple):
    order: str = "OPEN"
    asked: int = 0  # to cancel
    orders_log: tuple = ("OC",)
    payment: str = "NONE"
    payments_log: tuple = ()
    op: str = "-"  # A authorize, C capture, V void
    op_state: str = "-"  # P planned, F in flight, U unknown
    capture_sent: int = 0
    reservation: str = "NONE"
    inventory_log: tuple = ()
    provider: str = "CREATED"
    network: tuple = ()  # requests under way
    orders_saw: int = 0  # of the payments log, a bit an event
    payments_saw: int = 0  # of the orders log
    payments_saw_stock: int = 0  # of the inventory log
    inventory_saw: int = 0  # of the payments log
    duplicates: int = DUPLICATES
    crashes: int = CRASHES


class Saga:
    """The moves out of a state, with at most one rule broken."""

    def __init__(self, mutant=""):
        self.mutant = mutant

    def moves(self, s):
        yield from self.environment(s)
        yield from self.orders_reads(s)
        yield from self.payments_reads_orders(s)
        yield from self.payments_reads_inventory(s)
        yield from self.inventory_reads(s)
        yield from self.worker(s)
        yield from self.network(s)
        yield from self.recovery(s)
        if s.provider == "HELD":
            yield "authorization expires", s._replace(provider="CANCELLED")

    def environment(self, s):
        if s.order == "OPEN" and not s.asked:
            for event in ("OXc", "OXd"):
                yield event, s._replace(asked=1, orders_log=s.orders_log + (event,))
        if self.mutant == "inv_ttl" and s.reservation == "HELD":
            yield "reservation expires", s._replace(reservation="RELEASED")
        if self.mutant == "orders_decides" and s.order == "OPEN":
            yield "orders decides", end_order(s, "FAILED")

    def orders_reads(self, s):
        for event, t in deliveries(s, "payments_log", "orders_saw"):
            if t.order == "OPEN" or self.mutant == "final_not_sticky":
                asked_by_client = "OXc" in t.orders_log
                if event == "PC":
                    t = end_order(t, "CONFIRMED", ("OXR",) if asked_by_client else ())
                elif event == "PVx" and asked_by_client:
                    t = end_order(t, "CANCELLED")
                elif event in VERDICTS:
                    t = end_order(t, "FAILED")
            yield "orders reads " + event, t

    def payments_reads_orders(self, s):
        for event, t in deliveries(s, "orders_log", "payments_saw", ("OC", "OXc", "OXd")):
            if event == "OC":
                if t.payment == "NONE":
                    t = t._replace(payment="AUTHORIZING", op="A", op_state="P")
            elif t.payment == "NONE":
                if self.mutant != "no_tombstone_pay":
                    t = void(t, "PVx")
            elif t.payment in ("AUTHORIZING", "AUTHORIZED"):
                t = void(t, "PVx")
            elif t.payment == "CAPTURING" and self.mutant == "cancel_during_capture":
                t = void(t, "PVx")
            yield "payments reads " + event, t

    def payments_reads_inventory(self, s):
        for event, t in deliveries(s, "inventory_log", "payments_saw_stock"):
            if event == "IR":
                is_late = self.mutant == "no_latch" and t.payment == "VOIDED" and t.op == "-"
                if t.payment == "AUTHORIZED" or is_late:
                    t = t._replace(payment="CAPTURING", op="C", op_state="P")
            elif t.payment == "AUTHORIZED":
                t = void(t, "PVs")
            yield "payments reads " + event, t

    def inventory_reads(self, s):
        for event, t in deliveries(s, "payments_log", "inventory_saw"):
            if event == "PA":
                if t.reservation == "NONE":
                    yield "out of stock", t._replace(reservation="REJECTED",
                                                     inventory_log=t.inventory_log + ("IF",))
                    t = t._replace(reservation="HELD", inventory_log=t.inventory_log + ("IR",))
            elif event == "PC":
                if t.reservation == "HELD":
                    t = t._replace(reservation="COMMITTED")
            elif (t.reservation == "HELD" and self.mutant != "no_release" or
                  t.reservation == "NONE" and self.mutant != "no_tombstone_inv"):
                t = t._replace(reservation="RELEASED")
            yield "inventory reads " + event, t

    def worker(self, s):
        if s.op_state == "P" and len(s.network) < REQUESTS:
            yield "send " + s.op, s._replace(op_state="F", network=s.network + (s.op,),
                                             capture_sent=1 if s.op == "C" else s.capture_sent)
        if s.op_state == "F" and s.crashes:
            yield "crash", s._replace(op_state="U", crashes=s.crashes - 1)

    def network(self, s):
        """The provider applies some request, which may be an old one; or it never arrives."""
        for i, request in enumerate(s.network):
            gone = s._replace(network=s.network[:i] + s.network[i + 1:])
            is_awaited = s.op_state == "F" and s.op == request
            for provider, result in effects(request, s.provider):
                t = gone._replace(provider=provider)
                if is_awaited:
                    yield f"{request} answered {result}", self.resolved(t, result)
                    yield f"{request} applied, reply lost", t._replace(op_state="U")
                else:
                    yield f"{request} applied late", t
            if is_awaited:
                yield f"{request} lost", gone._replace(op_state="U")
                yield f"{request} timed out, still under way", s._replace(op_state="U")
            else:
                yield f"{request} lost", gone

    def recovery(self, s):
        """Nothing is inferred from silence: GET on the handle."""
        if s.op_state != "U":
            return
        again = s._replace(op_state="P")
        if s.op == "A":
            if s.provider == "CREATED":
                yield "GET: created", again if s.payment == "AUTHORIZING" else void_next(s)
            else:
                is_held = s.provider in ("HELD", "CAPTURED")
                yield "GET: " + s.provider, self.resolved(s, "ok" if is_held else "refused")
        elif s.op == "C":
            if self.mutant == "assume_failed":
                yield "assume failed", void_next(say(s, "PCF", payment="CAPTURE_FAILED"))
            result = {"CAPTURED": "ok", "CANCELLED": "cancelled"}.get(s.provider)
            yield "GET: " + s.provider, self.resolved(s, result) if result else again
        else:
            result = {"CAPTURED": "captured", "CANCELLED": "ok"}.get(s.provider)
            yield "GET: " + s.provider, self.resolved(s, result) if result else again

    def resolved(self, s, result):
        """The open operation ended: ok, refused, cancelled, or (a void) captured."""
        done = s._replace(op="-", op_state="-")
        if s.op == "A":
            if s.payment != "AUTHORIZING":  # voided meanwhile
                return void_next(s)
            if result == "ok":
                return say(done, "PA", payment="AUTHORIZED")
            declined = say(done, "PD", payment="DECLINED")
            return declined if self.mutant == "no_cancel_on_decline" else void_next(declined)
        if s.op == "C":
            if s.payment != "CAPTURING":
                return done
            if result == "ok":
                return say(done, "PC", payment="CAPTURED")
            if result == "cancelled":
                return say(done, "PCF", payment="CAPTURE_FAILED")
            if self.mutant == "fail_on_refusal":
                return void_next(say(done, "PCF", payment="CAPTURE_FAILED"))
            return void_next(done._replace(payment="ABORTING"))
        if s.payment != "ABORTING":
            return done
        if result == "ok":
            return say(done, "PCF", payment="CAPTURE_FAILED")
        return say(done, "PC", payment="CAPTURED")


def deliveries(s, log, saw, wanted=None):
    """Any event that was not seen yet, and, while there are duplicates, any that was."""
    for i, event in enumerate(getattr(s, log)):
        bit, seen = 1 << i, getattr(s, saw)
        if wanted is not None and event not in wanted:
            continue
        if not seen & bit:
            yield event, s._replace(**{saw: seen | bit})
        elif s.duplicates:
            yield event, s._replace(duplicates=s.duplicates - 1)


def end_order(s, order, more=()):
    final = "OCF" if order == "CONFIRMED" else "OCA"
    return s._replace(order=order, orders_log=s.orders_log + (final,) + more)


def say(s, event, payment):
    return s._replace(payment=payment, payments_log=s.payments_log + (event,))


def void(s, event):
    """The latch closes on VOID. What is in flight is resolved first."""
    s = say(s, event, payment="VOIDED")
    return void_next(s) if s.op == "-" or s.op_state == "P" else s


def void_next(s):
    return s._replace(op="V", op_state="P")


def effects(request, provider):
    """What a request makes of the provider's object, and what the reply would mean."""
    if request == "A":
        if provider in ("CREATED", "DECLINED"):  # a late second attempt may be approved
            return [("HELD", "ok"), ("DECLINED", "refused")]
        return [(provider, "refused" if provider == "CANCELLED" else "ok")]
    if request == "C":
        if provider == "HELD":
            return [("CAPTURED", "ok"), ("HELD", "refused")]
        return [(provider, {"CAPTURED": "ok", "CANCELLED": "cancelled"}.get(provider, "refused"))]
    return [("CAPTURED", "captured") if provider == "CAPTURED" else ("CANCELLED", "ok")]


def wrong(s):
    captured = s.provider == "CAPTURED"
    if s.payment in ("AUTHORIZING", "AUTHORIZED") and any(
            event in ("OXc", "OXd") and s.payments_saw >> i & 1
            for i, event in enumerate(s.orders_log)):
        return "cancel lost"
    if sum(event in VERDICTS for event in s.payments_log) > 1:
        return "two verdicts"
    if sum(event in FINALS for event in s.orders_log) > 1:
        return "two final events"
    if captured and s.payment in ("VOIDED", "DECLINED", "CAPTURE_FAILED"):
        return "captured with negative verdict"
    if captured and s.reservation in ("RELEASED", "REJECTED"):
        return "captured without stock"
    if s.payment == "CAPTURED" and s.reservation not in ("HELD", "COMMITTED"):
        return "captured, stock not held"
    if s.order == "CONFIRMED" and not captured:
        return "confirmed, not captured"
    if s.order in ("FAILED", "CANCELLED") and captured:
        return "failed order with captured money"
    if s.payment == "CAPTURING" and s.reservation != "HELD":
        return "capturing without a held reservation"
    return None


def settled(s):
    if s.op_state != "-":
        return False
    if s.order == "CONFIRMED":
        return (s.payment, s.reservation, s.provider) == ("CAPTURED", "COMMITTED", "CAPTURED")
    return (s.order in ("FAILED", "CANCELLED") and s.provider == "CANCELLED" and
            s.payment in ("DECLINED", "VOIDED", "CAPTURE_FAILED") and
            s.reservation in ("RELEASED", "REJECTED"))


def explore(saga):
    """All states, each with its parent and the move from it; and what is wrong, or None."""
    parents, leads_from = {State(): (None, None)}, {}
    waiting = [State()]
    for s in waiting:  # grows as we go: breadth first
        for label, t in saga.moves(s):
            if t == s:
                continue
            leads_from.setdefault(t, []).append(s)
            if settled(s) and not settled(t):
                return parents, f"a settled state is left by {label}: {way_to(parents, s)}"
            if t in parents:
                continue
            parents[t] = (s, label)
            if wrong(t):
                return parents, f"{wrong(t)}: {way_to(parents, t)}"
            waiting.append(t)
        if len(parents) > STATES_MAX:
            return parents, "more states than allowed"
    home = {s for s in parents if settled(s)}
    waiting = list(home)
    while waiting:
        for s in leads_from.get(waiting.pop(), ()):
            if s not in home:
                home.add(s)
                waiting.append(s)
    stuck = next((s for s in parents if s not in home), None)
    return parents, stuck and f"no settled state can be reached: {way_to(parents, stuck)}"


def way_to(parents, s):
    labels = []
    while parents[s][0] is not None:
        labels.append(parents[s][1])
        s = parents[s][0]
    return "; ".join(reversed(labels))


def line(s):
    def log(events):
        return "".join(event + "," for event in events)
    return (f"{s.order} {s.asked} {log(s.orders_log)} {s.payment} {log(s.payments_log)} "
            f"{s.op}{s.op_state} {s.capture_sent} {s.reservation} {log(s.inventory_log)} "
            f"{s.provider} {''.join(s.network)} {s.orders_saw} {s.payments_saw} "
            f"{s.payments_saw_stock} {s.inventory_saw} {s.duplicates} {s.crashes}")


def check(mutant=""):
    states, mistake = explore(Saga(mutant))
    if mistake:
        print(f"WRONG [{mutant or 'specification'}] {mistake}")
    else:
        print(f"OK [{mutant or 'specification'}] {len(states)} states")
    return mistake is None


def main():
    task = sys.argv[1] if len(sys.argv) > 1 else ""
    if task == "STATES":
        for s in explore(Saga())[0]:
            print(line(s))
        return 0
    if task == "ALL":
        holds = check()
        caught = sum(not check(mutant) for mutant in MUTANTS)
        print(f"mutants caught: {caught} of {len(MUTANTS)}")
        return 0 if holds and caught == len(MUTANTS) else 1
    if task not in ("", *MUTANTS):
        sys.exit(__doc__)
    return 0 if check(task) else 1


if __name__ == "__main__":
    sys.exit(main())
