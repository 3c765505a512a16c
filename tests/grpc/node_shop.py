#!/usr/bin/env python3
"""grpc-js (from npm) on a platform: --binary PROGRAM BUILD_DIR; see check_grpc_js_shop.mjs."""
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
CONTRACT = HERE.parent.parent / "contract"
FOLDER = pathlib.Path(sys.argv.pop()).resolve()
CHECK = "check_grpc_js_shop.mjs"
TABLES = {"catalog": shop.CATALOG + "G-1,Gloves,,garden,,1200,USD,1\n",
          "stock": shop.STOCK + "G-1,WH-EU-1,10\n",
          "credit": shop.CREDIT + "default,ann,USD,100000\n"}


class Platform(unittest.TestCase):
    def test_a_stock_client(self):
        place = shop.Shop("--reflection", tables=TABLES)
        try:
            done = subprocess.run(
                ["node", CHECK, CONTRACT, "%s:%d" % place.address, place.person("ann").token,
                 "G-1"], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=SECONDS_MAX, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            print(done.stdout, end="")
        finally:
            place.close()


if __name__ == "__main__":
    if not npm.fetch(HERE, (CHECK,), FOLDER):
        print("npm could not fetch the clients")
        sys.exit(SKIPPED)
    shop.main()
