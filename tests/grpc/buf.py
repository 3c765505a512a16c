#!/usr/bin/env python3
"""buf (from npm) on the contract and on a platform: --binary PROGRAM BUILD_DIR

Aim:     `buf lint` has nothing to say of contract/, nor `buf breaking` against the last tag;
         `buf curl` gets the same answers over gRPC (by reflection), gRPC-Web and Connect (by the
         contract's files).
"""
import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "blackbox")]
import npm  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
SECONDS_MAX = 60
ROOT = HERE.parent.parent
CONTRACT = ROOT / "contract"
FOLDER = pathlib.Path(sys.argv.pop()).resolve()
BY_FILES = ("--schema", str(CONTRACT))
WAYS = [("grpc", ("--http2-prior-knowledge",)),
        ("grpc", ("--http2-prior-knowledge", *BY_FILES)),
        ("grpcweb", BY_FILES), ("connect", BY_FILES)]
TABLES = {"catalog": shop.CATALOG + "G-1,Gloves,,garden,,1200,USD,1\n"}


def buf(*command):
    done = subprocess.run([FOLDER / "node_modules/.bin/buf", *command], cwd=FOLDER, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_MAX,
                          check=False)
    return done.returncode, done.stdout


class Contract(unittest.TestCase):
    def test_lint_has_nothing_to_say(self):
        self.assertEqual(buf("lint", str(CONTRACT)), (0, ""))

    def test_nothing_breaks_since_the_last_tag(self):
        tag = subprocess.run(["git", "describe", "--tags", "--abbrev=0"], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if tag.returncode != 0:
            self.skipTest("there is no tag yet")
        self.assertEqual(buf("breaking", str(CONTRACT), "--against",
                             f"{ROOT}/.git#tag={tag.stdout.strip()},subdir=contract"), (0, ""))


class Curl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shop = shop.Shop("--reflection", tables=TABLES)

    @classmethod
    def tearDownClass(cls):
        cls.shop.close()

    def curl(self, protocol, options, path, asked, token=None):
        header = ("-H", f"Authorization: Bearer {token}") if token else ()
        return buf("curl", "--protocol", protocol, *options, *header, "-d", json.dumps(asked),
                   "http://%s:%d%s" % (*self.shop.address, path))

    def test_a_product_by_every_way(self):
        for protocol, options in WAYS:
            code, said = self.curl(protocol, options,
                                   "/panglot.catalog.v1.CatalogService/GetProduct", {"sku": "G-1"})
            self.assertEqual(code, 0, f"{protocol}: {said}")
            product = json.loads(said)["product"]
            self.assertEqual((product["name"], int(product["priceMinor"])), ("Gloves", 1200))

    def test_an_error_by_every_way(self):
        token = self.shop.person("ann").token
        for protocol, options in WAYS:
            code, said = self.curl(protocol, options,
                                   "/panglot.orders.v1.OrderService/ListOrders", {"limit": 101},
                                   token)
            self.assertNotEqual(code, 0)
            error = json.loads(said)
            self.assertEqual((error["code"], error["message"]),
                             ("invalid_argument", "limit: 1 to 100 is expected"), protocol)
            self.assertEqual([detail["type"].split("/")[-1] for detail in error["details"]],
                             ["google.rpc.ErrorInfo", "google.rpc.BadRequest"])

    def test_nobody_without_a_token(self):
        for protocol, options in WAYS:
            _, said = self.curl(protocol, options, "/panglot.orders.v1.OrderService/ListOrders", {})
            self.assertEqual(json.loads(said)["code"], "unauthenticated", protocol)


if not npm.fetch(HERE, (), FOLDER):
    print("npm could not fetch buf")
    sys.exit(SKIPPED)
shop.main()
