#!/usr/bin/env python3
"""identities_test.py --binary PANGLOT - between roles everybody shows a certificate, and may call
what is written here, method by method, and nothing else: each method of each service is called by
each role.
"""
import argparse
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import split
import harness

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EMPTY = b"\0\0\0\0\0"  # a message without a field
CALLS = [  # whose certificate, which service, what it is told (grpc-status)
    ("gateway", "orders", "panglot.orders.v1.OrderService/GetOrder", "5"),
    ("payments", "orders", "panglot.orders.v1.OrderService/GetOrder", "7"),
    ("webhooks", "orders", "panglot.admin.v1.AdminService.orders/ListParked", "7"),
    ("orders", "catalog", "panglot.catalog.v1.CatalogService/GetPrices", "0"),
    ("payments", "catalog", "panglot.catalog.v1.CatalogService/GetPrices", "7"),
    ("catalog", "payments", "panglot.events.v1.EventLogService.payments/Follow", "7"),
    ("somebody", "catalog", "panglot.catalog.v1.CatalogService/GetPrices", "7"),
    ("gateway", "orders", "panglot.orders.v1.OrderService/NoSuchMethod", "12"),
]
LOGS = {"orders", "payments", "inventory"}
ADMINS = LOGS | {"webhooks", "identity"}
# Who besides the gateway; and what the gateway may not.
OTHERS = {"panglot.catalog.v1.CatalogService/GetPrices": {"orders"},
          "panglot.events.v1.EventLogService.orders/Follow": {"payments", "webhooks"},
          "panglot.events.v1.EventLogService.payments/Follow": {"orders", "inventory", "webhooks"},
          "panglot.events.v1.EventLogService.inventory/Follow": {"orders", "payments", "webhooks"}}
NOT_THE_GATEWAYS = {method for method in OTHERS if method.endswith("/Follow")}
NOT_OFFERED = {"WatchOrder", "WatchLog"}  # the edge makes them
ONLY_AUDIT = {"webhooks", "identity"}  # of the admin services
# Read again: what callers of each role show, and its listener; the gateway calls from two loops.
CERTIFICATES = 2 * len(split.SERVICES) + 2
REFUSED = "grpc-message: this role may not call this\r\n"


def methods_of(contract):
    """Its service's name and what it has, as the contract says."""
    text = (ROOT / f"contract/panglot/{contract}/v1/{contract}.proto").read_text()
    service = re.search(r"^service (\w+)", text, re.M).group(1)
    return (f"panglot.{contract}.v1.{service}",
            [name for name in re.findall(r"^  rpc (\w+)\(", text, re.M)
             if name not in NOT_OFFERED])


def offered(role):
    service, methods = methods_of(role)
    for method in methods:
        yield f"{service}/{method}"
    if role in LOGS:
        service, methods = methods_of("events")
        for method in methods:
            yield f"{service}.{role}/{method}"
    if role in ADMINS:
        service, methods = methods_of("admin")
        for method in methods if role not in ONLY_AUDIT else ["ListAudit"]:
            yield f"{service}.{role}/{method}"


def may(who, method):
    return who in OTHERS.get(method, ()) or who == "gateway" and method not in NOT_THE_GATEWAYS


def call_all(folder, platform, who, whom, methods):
    """Whether each was refused, over one connection. What is let in is no good request."""
    lines = "".join(f'url = "https://{whom}:{platform.ports[whom]}/{method}"\n'
                    'output = "/dev/null"\n' for method in methods)
    done = subprocess.run(
        ["curl", "-s", "--http2", "-m", "10", "--cacert", f"{folder}/ca.pem",
         "--cert", f"{folder}/{who}.pem", "--key", f"{folder}/{who}.key",
         "--resolve", f"{whom}:{platform.ports[whom]}:127.0.0.1", "-D", "-",
         "-H", "Content-Type: application/grpc", "-H", "TE: trailers", "-H", "grpc-timeout: 300m",
         "--data-binary", f"@{folder}/empty", "-K", "-"],
        input=lines.encode(), stdout=subprocess.PIPE, check=False)
    heads = done.stdout.decode().split("HTTP/2 200")[1:]
    if len(heads) != len(methods):
        sys.exit(f"{who} calls all of {whom}: {len(heads)} answers to {len(methods)}")
    return [REFUSED in head for head in heads]


def check_every_method(folder, platform):
    (folder / "empty").write_bytes(EMPTY)
    count = 0
    for whom in split.SERVICES:
        methods = list(offered(whom))
        for who in (*split.ROLES, "somebody"):
            refused = call_all(folder, platform, who, whom, methods)
            for method, was_refused in zip(methods, refused):
                if was_refused == may(who, method):
                    sys.exit(f"{who} is {'refused' if was_refused else 'let in'}: {method}")
                count += 1
    print(f"{count} pairs of a role and a method were answered as written here")


def call(folder, platform, who, whom, method, body=EMPTY):
    """The head of the answer, and curl's exit code; `who` may be None: without a certificate."""
    own = ["--cert", f"{folder}/{who}.pem", "--key", f"{folder}/{who}.key"] if who else []
    done = subprocess.run(
        ["curl", "-s", "--http2", "-m", "10", "--cacert", f"{folder}/ca.pem", *own,
         "--resolve", f"{whom}:{platform.ports[whom]}:127.0.0.1", "-D", "-", "-o", "/dev/null",
         "-H", "Content-Type: application/grpc", "-H", "TE: trailers", "--data-binary", "@-",
         f"https://{whom}:{platform.ports[whom]}/{method}"],
        input=body, stdout=subprocess.PIPE, check=False)
    return done.stdout.decode(), done.returncode


def check_calls(folder, platform):
    for who, whom, method, status in CALLS:
        head, code = call(folder, platform, who, whom, method)
        if f"grpc-status: {status}\r\n" not in head:
            sys.exit(f"{who} calls {method} of {whom}: {status} was expected: {code}\n{head}")
    head, code = call(folder, platform, None, "catalog", CALLS[3][2])
    if code == 0 or head:
        sys.exit("whoever has no certificate is let in")
    print(f"{len(CALLS)} calls were answered as the table says; none without a certificate")


def check_reader(folder, platform):
    """Whoever follows a log is the reader that it says, whose position the log keeps."""
    for reader, status in (("payments", "0"), ("webhooks", "7")):
        message = b"\x0a" + bytes([len(reader)]) + reader.encode()
        head, code = call(folder, platform, "payments", "orders",
                          "panglot.events.v1.EventLogService.orders/Follow",
                          b"\0\0\0\0" + bytes([len(message)]) + message)
        if f"grpc-status: {status}\r\n" not in head:
            sys.exit(f"payments follows as {reader}: {status} was expected: {code}\n{head}")
    print("a reader is who its certificate says")


def check_change(folder, platform):
    """All certificates change, and the authority: whoever connects from then on shows the new
    ones, to a role that knows no others."""
    split.make_certificates(folder / "other", "somebody")
    for path in (folder / "other").iterdir():
        path.replace(folder / "tls" / path.name)
    platform.send(signal.SIGHUP)
    until = time.monotonic() + 20
    while platform.log.read_text().count("what=certificates") < CERTIFICATES:
        if time.monotonic() > until:
            sys.exit("not all have read again: " + platform.log.read_text()[-4000:])
        time.sleep(0.05)
    for role in ("orders", "payments"):  # who calls is known by the new authority alone
        if platform.stop_role(role) != 0:
            sys.exit(f"{role} did not end")
        platform.start_role(role)
        if not platform.wait_role(role):
            sys.exit(f"{role} did not start again")
    check_order(platform, "behind-the-change")


def check_order(platform, key):
    client = harness.Client(platform.address, platform.token("ann"))
    order = {"currency": "USD", "lines": [{"sku": "KIT-101", "quantity": 1}],
             "payment": {"method": "account"}, "shipTo": {"region": "EU"}}
    answer = client.ask("POST", "/api/v1/orders", order, idempotency_key=key)
    if answer.code != 201:
        sys.exit(f"{answer.code}: {answer.body}")
    until = time.monotonic() + 20
    while time.monotonic() < until:
        shown = client.ask("GET", "/api/v1/orders/" + answer.json()["id"]).json()
        if shown["status"] == "CONFIRMED":
            print("an order was placed and confirmed")
            return
        time.sleep(0.05)
    sys.exit(f"not confirmed: {shown}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-mesh-"))
    split.make_certificates(folder / "tls", "somebody")
    mesh = split.mutual_tls(folder / "tls")
    with split.running(options.binary, folder, mesh=mesh) as platform:
        check_order(platform, "first")
        check_calls(folder / "tls", platform)
        check_reader(folder / "tls", platform)
        check_every_method(folder / "tls", platform)
        check_change(folder, platform)
        code, said = platform.run("verify")
        if code != 0:
            sys.exit(said)


if __name__ == "__main__":
    main()
