#!/usr/bin/env python3
"""What Go has: --binary PROGRAM INTEROP_CLIENT INTEROP_SERVER BUILD_DIR

grpc-go's interop client, every case that needs no Google account, on the test server; our client on
grpc-go's interop server; grpcurl on a platform, which it knows by reflection alone. All three are
Go modules, built into BUILD_DIR.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "blackbox"))
import servers  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
FETCH_SECONDS_MAX = 500
SECONDS_MAX = 30
MODULES = {"client": "google.golang.org/grpc/interop/client@v1.76.0",
           "server": "google.golang.org/grpc/interop/server@v1.76.0",
           "grpcurl": "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"}
CASES = """empty_unary large_unary client_streaming server_streaming ping_pong empty_stream
    timeout_on_sleeping_server cancel_after_begin cancel_after_first_response
    status_code_and_message special_status_message custom_metadata unimplemented_method
    unimplemented_service""".split()
TABLES = {"catalog": shop.CATALOG + "G-1,Gloves,,garden,,1200,USD,1\n",
          "stock": shop.STOCK + "G-1,WH-EU-1,1000\n"}
FOLDER = pathlib.Path(sys.argv.pop()).resolve()
INTEROP_SERVER = sys.argv.pop()
INTEROP_CLIENT = sys.argv.pop()


def fetch():
    """Why a client cannot be had; None when they are there."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    for name, module in MODULES.items():
        if (FOLDER / name).exists():
            continue
        try:
            done = subprocess.run([go, "install", module], capture_output=True, text=True,
                                  env={**os.environ, "GOBIN": str(FOLDER)}, check=False,
                                  timeout=FETCH_SECONDS_MAX)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{module}: {error}"
        if done.returncode != 0:
            return f"{module}: {done.stderr.strip().splitlines()[-1:]}"
    return None


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS_MAX, check=False)
    return done.returncode, done.stdout


class Interop(unittest.TestCase):
    def test_every_case(self):
        server = servers.InteropServer(INTEROP_SERVER)
        for case in CASES:
            with self.subTest(case):
                code, said = run(FOLDER / "client", "--server_host=127.0.0.1",
                                 f"--server_port={server.port}", f"--test_case={case}")
                self.assertEqual(code, 0, said[-2000:])
        server.close()


def is_listening(port):
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


class OurClient(unittest.TestCase):
    def test_every_case(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with subprocess.Popen([FOLDER / "server", f"--port={port}"],
                              stderr=subprocess.DEVNULL) as server:
            try:
                shop.wait_for(lambda: is_listening(port), bool)
                for case in CASES:
                    with self.subTest(case):
                        code, said = run(INTEROP_CLIENT, str(port), case)
                        self.assertEqual(code, 0, said[-2000:])
            finally:
                server.terminate()


class Grpcurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop("--reflection", tables=TABLES)

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def curl(self, *words, asked=None, token=None):
        header = ("-H", f"authorization: Bearer {token}") if token else ()
        data = ("-d", json.dumps(asked)) if asked is not None else ()
        return run(FOLDER / "grpcurl", "-plaintext", *header, *data,
                   "%s:%d" % self.shop.address, *words)

    def test_everything_is_described(self):
        code, said = self.curl("list")
        self.assertEqual(code, 0, said)
        services = said.split()
        self.assertIn("panglot.orders.v1.OrderService", services)
        for service in services:
            code, said = self.curl("describe", service)
            self.assertEqual(code, 0, said)

    def test_an_order_is_placed_and_watched(self):
        token = self.shop.person("ann").token
        code, said = self.curl("panglot.orders.v1.OrderService/CreateOrder", token=token, asked={
            "idempotencyKey": "go", "order": {"currency": "USD", "shipTo": {"region": "EU"},
                                              "lines": [{"sku": "G-1", "quantity": 2}],
                                              "payment": {"method": "account"}}})
        self.assertEqual(code, 0, said)
        code, said = self.curl("panglot.orders.v1.OrderService/WatchOrder", token=token,
                               asked={"id": json.loads(said)["order"]["id"]})
        self.assertEqual(code, 0, said)
        self.assertIn("ORDER_STATUS_CONFIRMED", said)


if (problem := fetch()) is not None:
    print(problem)
    sys.exit(SKIPPED)
shop.main()
