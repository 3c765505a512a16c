#!/usr/bin/env python3
"""Tokens of others, and ours to others: PROGRAM BUILD_DIR

Aim:     we take the tokens that a library signs and refuse what is wrong with others; it takes
         ours; an issuer that rotates its keys is followed while load runs, and nobody sees it.
Method:  the libraries come from npm into the build tree. Some hundred tokens of which it is known
         whether they are right are shown to a running platform; `jose` reads ours by the keys that
         we publish; `oidc-provider` gives tokens to clients that never stop asking, and changes key
         and algorithm meanwhile.
"""
import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "blackbox"), str(HERE.parent)]
import npm  # pylint: disable=wrong-import-position
import shop  # pylint: disable=wrong-import-position

SKIPPED = 77
FILES = ("vectors.mjs", "check_ours.mjs", "issuer.mjs")
ORDERS = "/api/v1/orders"
CLIENTS, ROTATIONS, SECONDS_BETWEEN = 4, 8, 1.0
CASES_MIN = 300


def node(folder, *command):
    return subprocess.run(["node", *command], cwd=folder, stdout=subprocess.PIPE, text=True,
                          check=True, timeout=60).stdout


class Face(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        body = json.dumps(self.server.jwks).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def check_vectors(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Face)
    issuer = f"http://127.0.0.1:{server.server_port}"
    made = json.loads(node(folder, "vectors.mjs", issuer))
    server.jwks = made["jwks"]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    store = shop.Shop("--issuer", issuer, "--jwks", issuer + "/keys", "--audience", "panglot",
                      "--issuer-on-loopback", "--bad-credentials", "0")
    try:
        wrong = [case["name"] for case in made["cases"]
                 if shop.Person(store, case["token"]).ask("GET", ORDERS).code
                 != (200 if case["valid"] else 401)]
    finally:
        store.close()
        server.shutdown()
    good = sum(case["valid"] for case in made["cases"])
    print(f"{len(made['cases'])} tokens, {good} of them right; judged wrongly: {wrong}")
    return not wrong and len(made["cases"]) >= CASES_MIN


def check_ours(folder):
    store = shop.Shop()
    try:
        before = store.token("ann")
        store.run("token", "rotate")
        url = "http://{}:{}".format(*store.address)
        print(node(folder, "check_ours.mjs", url, before, store.token("bob")).strip())
    finally:
        store.close()
    return True


class Client(threading.Thread):
    """A token, a question, and again."""

    def __init__(self, store, issuer):
        super().__init__()
        self.store, self.issuer, self.codes, self.is_over = store, issuer, {}, False

    def token(self):
        said = "grant_type=client_credentials&client_id=till&client_secret=a-secret-of-a-test"
        with urllib.request.urlopen(self.issuer + "/token", said.encode(), timeout=20) as answer:
            return json.loads(answer.read())["access_token"]

    def run(self):
        person = shop.Person(self.store, None)
        while not self.is_over:
            person.token = self.token()
            for _ in range(5):
                answer = person.ask("GET", ORDERS)
                self.codes[answer.code] = self.codes.get(answer.code, 0) + 1


def check_rotation(folder):
    process = subprocess.Popen(["node", "issuer.mjs"], cwd=folder, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    issuer = process.stdout.readline().strip()
    store = shop.Shop("--issuer", issuer, "--audience", "panglot", "--issuer-on-loopback")
    clients = [Client(store, issuer) for _ in range(CLIENTS)]
    try:
        for client in clients:
            client.start()
        for _ in range(ROTATIONS):
            time.sleep(SECONDS_BETWEEN)
            urllib.request.urlopen(issuer + "/rotate", b"", timeout=20).close()
        time.sleep(SECONDS_BETWEEN)
    finally:
        for client in clients:
            client.is_over = True
            client.join()
        store.close()
        process.stdin.close()
        process.wait(timeout=20)
    codes = {}
    for client in clients:
        for code, count in client.codes.items():
            codes[code] = codes.get(code, 0) + count
    print(f"{ROTATIONS} rotations of oidc-provider; answers by status: {codes}")
    return set(codes) == {200} and codes[200] > 100


def main():
    shop.options.binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2])
    if not npm.fetch(HERE, FILES, folder):
        print("no npm, or no registry: skipped")
        return SKIPPED
    checks = [check(folder) for check in (check_vectors, check_ours, check_rotation)]
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
