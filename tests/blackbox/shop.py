"""shop.py - a platform for one test file, and people who buy from it.

A test file calls `shop.main()`; it is given the program with --binary. The platform is ready when
`Shop` returns, listens on a port that the system picked, and goes with its folder.
"""
import argparse
import concurrent.futures
import itertools
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "openapi"))
try:
    import described
except ImportError:  # without jsonschema nothing is held against the document
    described = None

FINAL = ("CONFIRMED", "FAILED", "CANCELLED")
OPEN = ("PENDING", "AUTHORIZED", "RESERVED")
SETTLED_SECONDS_MAX = 20  # milliseconds as a rule; a busy machine may take its time
AT_ONCE = 32

CATALOG = "sku,name,description,category,image_url,price_minor,currency,active\n"
STOCK = "sku,warehouse,on_hand\n"
CREDIT = "tenant,customer,currency,credit_minor\n"

# What one address that plays all the customers needs; a flag is over what a file says.
LIFTED = ("--connect-burst", "100000", "--rates", "off", "--max-open-orders-per-customer", "0")

options = argparse.Namespace(binary=None, described=False)


def main():
    """Runs the tests of the file that was started."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--described", action="store_true",
                        help="hold every answer against /openapi.json")
    _, left = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *left])


class Shop(harness.Server):
    """A platform on a new folder; imported are the tables that `tables` has: {"stock": text}."""

    def __init__(self, *serve_options, tables=None, lifted=LIFTED):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgl-blackbox-"))
        super().__init__(options.binary, self.folder / "data", (*lifted, *serve_options))
        self.tokens, self.keys, self.document = {}, itertools.count(1), None
        try:
            for kind, text in (tables or {}).items():
                code, said = self.load(kind, text)
                if code != 0:
                    raise RuntimeError(f"panglot import {kind} ended with {code}: {said}")
            self.open()
        except RuntimeError:  # what there is to be said of it is in the text
            if self.process:
                self.kill()
            shutil.rmtree(self.folder)
            raise

    def open(self):
        self.start()
        if not self.wait_ready():
            raise RuntimeError("panglot serve is not ready:\n" + self.log.read_text()[-4000:])
        self.document = None
        if options.described and described is not None and self.address:
            self.document = described.Document(self.stranger().get("/openapi.json", as_text=True))

    def close(self):
        """Stops what has not ended, and takes the folder away. It must have ended well."""
        code = self.stop()
        log = self.log.read_text()
        shutil.rmtree(self.folder)
        if code != 0:
            raise AssertionError(f"panglot serve ended with {code}:\n{log[-4000:]}")

    def load(self, kind, text):
        """`panglot import` of a table: (exit code, what was said)."""
        path = self.folder / f"{kind}.csv"
        path.write_text(text)
        return self.run("import", kind, str(path))

    def person(self, name, role=None):
        """A client with a connection of its own; tokens are kept, since each costs a process."""
        if (name, role) not in self.tokens:
            self.tokens[name, role] = self.token(name, *(("--role", role) if role else ()))
        return Person(self, self.tokens[name, role])

    def stranger(self):
        return Person(self, None)

    def products(self):
        """By SKU, all of them."""
        stranger = self.stranger()
        return {item["sku"]: item for page in stranger.pages("/api/v1/products?limit=100")
                for item in page["items"]}

    def stock(self, sku):
        return self.stranger().get(f"/api/v1/inventory/{sku}")


class Person(harness.Client):
    def __init__(self, shop, token):
        super().__init__(shop.address, token)
        self.shop = shop

    def ask(self, method, path, body=None, **headers):
        answer = super().ask(method, path, body, **headers)
        if self.shop.document is not None and "Content-Encoding" not in answer.headers:
            complaint = self.shop.document.complaint(method, path, answer)
            if complaint:
                raise AssertionError(f"{method} {path}: not as described: {complaint}")
        return answer

    def get(self, path, as_text=False):
        """The JSON behind a path that has to be there."""
        answer = self.ask("GET", path)
        if answer.code != 200:
            raise AssertionError(f"GET {path}: {answer.code} {answer.body!r}")
        return answer.body if as_text else answer.json()

    def pages(self, path, pages_max=100):
        """Every page of a list, by its cursors."""
        next_path = path
        for _ in range(pages_max):
            page = self.get(next_path)
            yield page
            if page["next"] is None:
                return
            next_path = f"{path}&cursor={page['next']}"
        raise AssertionError(f"{path}: more than {pages_max} pages")

    def order(self, *lines, key=None, **changes):
        """POST of an order of (sku, quantity) pairs; members may be changed or added."""
        key = key or f"key-{next(self.shop.keys)}"
        return self.ask("POST", "/api/v1/orders", order_of(*lines, **changes), idempotency_key=key)

    def buy(self, *lines, **changes):
        """The same to its end: the order as it is then."""
        answer = self.order(*lines, **changes)
        if answer.code != 201:
            raise AssertionError(f"order of {lines}: {answer.code} {answer.body!r}")
        return self.wait_final(answer.json()["id"])

    def wait_final(self, name):
        return wait_for(lambda: self.get(f"/api/v1/orders/{name}"),
                        lambda order: order["status"] in FINAL)

    def payment(self, name):
        return self.get(f"/api/v1/payments/{name}")

    def story(self, name):
        return self.get(f"/api/v1/orders/{name}/saga")["items"]

    def cancel(self, name):
        return self.ask("POST", f"/api/v1/orders/{name}/cancel")


def order_of(*lines, **changes):
    return {"currency": "USD", "payment": {"method": "account"}, "shipTo": {"region": "EU"},
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines], **changes}


def wait_for(look, is_it, seconds_max=SETTLED_SECONDS_MAX):
    """What `look` gives once `is_it` holds for it."""
    until = time.monotonic() + seconds_max
    while not is_it(seen := look()):
        if time.monotonic() > until:
            raise AssertionError(f"still so after {seconds_max} s: {seen}")
        time.sleep(0.01)
    return seen


def at_once(work, items, threads=AT_ONCE):
    """`work` of each item, on threads; the results in the order of the items."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


class Case(unittest.TestCase):
    def assert_shape(self, value, shape, optional=()):
        """A JSON object of exactly these members and types; empty texts may be left out."""
        self.assertIsInstance(value, dict)
        self.assertEqual(set(shape) - set(value) - set(optional), set(), value)
        self.assertEqual(set(value) - set(shape), set(), value)
        for name in value:
            self.assertIs(type(value[name]), shape[name], f"{name} of {value}")

    def assert_sound(self, of):
        """All books of that shop agree, once nothing is under way any more."""
        said = wait_for(lambda: of.run("verify", "--json"),
                        lambda said: said[0] != 0 or json.loads(said[1])["idle"])
        self.assertEqual(said[0], 0, of.run("verify")[1])

    def assert_problem(self, answer, code, *words):
        """An error as RFC 9457 wants it, that says these words and nothing of our inside."""
        self.assertEqual(answer.code, code, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        problem = json.loads(answer.body)
        self.assert_shape(problem, {"type": str, "title": str, "status": int, "detail": str,
                                    "requestId": str})
        self.assertEqual(problem["status"], code)
        self.assertRegex(problem["requestId"], "^[0-9a-f]{32}$")
        for word in words:
            self.assertIn(word, problem["detail"])
        self.assertNotRegex(answer.body.decode(),
                            r"(?i)sqlite|select |\.c:|\.db|/tmp|0x[0-9a-f]{6}")
