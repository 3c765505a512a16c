#!/usr/bin/env python3
"""whole_program_test.py PANGLOT - the whole program with all its threads under load, built with
TSan: do two threads ever touch the same thing but through a mailbox? Any report fails the test."""
import concurrent.futures
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))
import harness  # noqa: E402

SECONDS, CONNECTIONS, CUSTOMERS = "4", "48", "50"


def read_something(server, token):
    """The ways that the load generator does not take."""
    client = harness.Client(server.address, token)
    for path in ("/", "/metrics", "/.well-known/jwks.json", "/api/v1/products?limit=5",
                 "/api/v1/inventory/KIT-101", "/api/v1/orders?limit=5",
                 "/api/v1/orders?status=FAILED"):
        answer = client.ask("GET", path)
        assert answer.code == 200, (path, answer.code)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        server = harness.Server(binary, pathlib.Path(folder) / "data")
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
            read_something(server, server.token("alice"))
        finally:
            exit_code = server.stop()
        log = server.log.read_text(errors="replace")
        reports = log.count("WARNING: ThreadSanitizer")
        if reports or exit_code != 0:
            print(log[:20000])
        assert reports == 0, f"{reports} data races"
        assert exit_code == 0, f"exit code {exit_code}"


if __name__ == "__main__":
    main()
