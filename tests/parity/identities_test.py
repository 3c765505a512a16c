#!/usr/bin/env python3
"""identities_test.py --binary PANGLOT - between roles everybody shows a certificate, and may call
what the table of the mesh lets his role call, and nothing else.
"""
import argparse
import pathlib
import shutil
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


def check_order(platform):
    client = harness.Client(platform.address, platform.token("ann"))
    order = {"currency": "USD", "lines": [{"sku": "KIT-101", "quantity": 1}],
             "payment": {"method": "account"}, "shipTo": {"region": "EU"}}
    answer = client.ask("POST", "/api/v1/orders", order, idempotency_key="k")
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
    subprocess.run([ROOT / "deploy/certificates.sh", folder / "tls", *split.ROLES, "somebody"],
                   check=True, stderr=subprocess.DEVNULL)
    mesh = {role: ("--mesh-certificate", f"{folder}/tls/{role}.pem",
                   "--mesh-key", f"{folder}/tls/{role}.key", "--mesh-ca", f"{folder}/tls/ca.pem")
            for role in split.ROLES}
    platform = split.Split(options.binary, folder / "data", ("--demo",), mesh)
    platform.start()
    try:
        if not platform.wait_ready():
            sys.exit("it is not ready:\n" + platform.log.read_text()[-4000:])
        check_order(platform)
        check_calls(folder / "tls", platform)
        code, said = platform.run("verify")
        if code != 0:
            sys.exit(said)
    finally:
        platform.kill()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
