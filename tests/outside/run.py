#!/usr/bin/env python3
"""What others make of our events: PROGRAM BUILD_DIR

Aim:     /asyncapi.json is AsyncAPI 3.0 to AsyncAPI's own parser; every event is a CloudEvent to
         the library of CloudEvents, and fits the schema that the document has for it.
         Webhooks, also while a secret is being replaced, are genuine to the library of Standard
         Webhooks.
Method:  the libraries come from npm into the build tree. A platform takes orders that end well and
         badly; all that it says of them is fetched and shown to them.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "blackbox"), str(HERE.parent)]
import npm  # pylint: disable=wrong-import-position
import receiver  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
CHECKS = ("check_events.mjs", "check_webhooks.mjs")


def make_events(store):
    """Orders that are confirmed, cancelled and too dear; goods that arrive."""
    ann, wanda = store.person("ann"), store.person("wanda", "warehouse")
    sku = sorted(store.products())[0]
    ann.buy((sku, 2))
    ann.buy((sku, 9000))
    ann.cancel(ann.order((sku, 1)).json()["id"])
    goods = wanda.ask("POST", f"/api/v1/inventory/{sku}/receipts",
                      {"warehouse": "WH-EU-1", "quantity": 5}, idempotency_key="goods")
    assert goods.code == 201, goods.body


def take_webhooks(store):
    """What a receiver got, with each of the secrets that it was signed with."""
    olga, one = store.person("olga", "operator"), receiver.Receiver()
    old = olga.ask("POST", "/api/v1/webhooks", {"url": one.url()}).json()
    new = olga.ask("POST", f"/api/v1/webhooks/{old['id']}/secret").json()
    sku = sorted(store.products())[0]
    store.person("ann").buy((sku, 2))
    shop.wait_for(one.count, lambda count: count >= 6)
    one.stop()
    return [{"secret": secret, "headers": dict(came["headers"]), "body": came["body"].decode()}
            for came in one.came for secret in (old["secret"], new["secret"])]


def check(folder, *command):
    checked = subprocess.run(["node", *command], cwd=folder, stdout=subprocess.PIPE, text=True,
                             check=False)
    print(checked.stdout.strip())
    return checked.returncode


def main():
    shop.options.binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2])
    if not npm.fetch(HERE, CHECKS, folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    store = shop.Shop("--demo")
    try:
        make_events(store)
        (folder / "webhooks.json").write_text(json.dumps(take_webhooks(store)))
        batch = store.person("olga", "operator").ask("GET", "/api/v1/events?max=500&wait=1").body
        (folder / "asyncapi.json").write_bytes(store.stranger().ask("GET", "/asyncapi.json").body)
        (folder / "batch.json").write_bytes(batch)
    finally:
        store.close()
    return max(check(folder, "check_events.mjs", "asyncapi.json", "batch.json"),
               check(folder, "check_webhooks.mjs", "webhooks.json"))


if __name__ == "__main__":
    sys.exit(main())
