#!/usr/bin/env python3
"""whole_program_test.py PANGLOT - the whole program with all its threads under load, built with
TSan: do two threads ever touch the same thing but through a mailbox? Any report fails the test."""
import concurrent.futures
import pathlib
import sys
import tempfile

for folder in ("blackbox", "kill"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
import bank  # noqa: E402
import harness  # noqa: E402

SECONDS, CONNECTIONS, CUSTOMERS = "4", "48", "50"
CARD_SECONDS, CARD_RATE = "3", "50"


def read_something(server, token):
    """The ways that the load generator does not take."""
    client = harness.Client(server.address, token)
    for path in ("/", "/metrics", "/.well-known/jwks.json", "/api/v1/products?limit=5",
                 "/api/v1/inventory/KIT-101", "/api/v1/orders?limit=5",
                 "/api/v1/orders?status=FAILED"):
        answer = client.ask("GET", path)
        assert answer.code == 200, (path, answer.code)
    client = harness.Client(server.address, server.token("boss", "--role", "operator"))
    orders = client.ask("GET", "/api/v1/orders?limit=1").json()["items"]
    name = orders[0]["id"]
    for path in (f"/api/v1/orders/{name}/saga", f"/api/v1/orders/{name}/shipments",
                 f"/api/v1/admin/sagas/{name}", "/api/v1/events?max=50", "/asyncapi.json",
                 "/api/v1/admin/sagas", "/api/v1/admin/intents", "/api/v1/admin/parked",
                 "/api/v1/admin/audit-log", "/api/v1/admin/reconciliation", "/api/v1/webhooks"):
        answer = client.ask("GET", path)
        assert answer.code == 200, (path, answer.code, answer.body)


def have_a_webhook(server):
    """Events are delivered meanwhile: whether anybody takes them does not matter here."""
    client = harness.Client(server.address, server.token("boss", "--role", "operator"))
    answer = client.ask("POST", "/api/v1/webhooks", {"url": "http://127.0.0.1:9/"})
    assert answer.code == 201, (answer.code, answer.body)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "bank.key"
        key.write_text("sk_test_threads\n")
        key.chmod(0o600)
        cards = bank.Bank(has_faults=False).start()
        server = harness.Server(binary, pathlib.Path(folder) / "data",
                                ("--demo", "--provider", cards.url, "--provider-key", str(key)))
        server.start()
        try:
            assert server.wait_ready(), "the server did not start"
            host, port = server.address
            with concurrent.futures.ThreadPoolExecutor() as pool:
                bench = pool.submit(server.run, "bench", "orders",
                                    "--url", f"http://{host}:{port}", "--seconds", SECONDS,
                                    "--connections", CONNECTIONS, "--customers", CUSTOMERS)
                while not bench.done():  # audits beside the load: the writers are held for each
                    code, said = server.run("verify")
                    assert code == 0, said
                code, said = bench.result()
                assert code == 0, said
            have_a_webhook(server)
            code, said = server.run("bench", "orders", "--url", f"http://{host}:{port}",
                                    "--seconds", CARD_SECONDS, "--rate", CARD_RATE,
                                    "--customers", CUSTOMERS, "--card", "pm_card_visa")
            assert code == 0, said
            read_something(server, server.token("alice"))
        finally:
            exit_code = server.stop()
            cards.stop()
        log = server.log.read_text(errors="replace")
        reports = log.count("WARNING: ThreadSanitizer")
        if reports or exit_code != 0:
            told = log.find("WARNING: ThreadSanitizer")
            print(log[told if told >= 0 else -20000:][:20000])
        assert reports == 0, f"{reports} data races"
        assert exit_code == 0, f"exit code {exit_code}"


if __name__ == "__main__":
    main()
