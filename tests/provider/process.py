"""process.py - `panglot provider` as a process, and requests to it as its clients write them.

Knows the program by its command line and by HTTP only.
"""
import http.client
import json
import pathlib
import re
import signal
import subprocess
import time
import urllib.parse

LISTENING = re.compile(r"^listening on http://([^:/\s]+):(\d+)")
KEY = "sk_test_panglot"  # of a folder that nobody has said another for
REQUEST_SECONDS_MAX = 10
STOP_SECONDS_MAX = 20


class Answer:
    def __init__(self, response):
        self.code, self.headers, self.text = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return self.json["error"]

    @property
    def is_replayed(self):
        return self.headers.get("Idempotent-Replayed") == "true"


class Provider:
    """On a data folder; start it again after it ended, with what it left there."""

    def __init__(self, binary, folder, *options):
        self.command = [str(binary), "provider", "--data", str(folder), "--http", "127.0.0.1:0",
                        *options]
        self.log = pathlib.Path(folder).parent / "provider.log"
        self.process = self.address = None

    def start(self, **more):
        """`more` goes to Popen."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log,
                                            stdin=subprocess.DEVNULL, text=True, **more)
        line = self.process.stdout.readline()
        found = LISTENING.match(line)
        if not found:
            self.process.wait(STOP_SECONDS_MAX)
            self.process.stdout.close()
            raise RuntimeError(f"it does not listen: {line}{self.log.read_text()}")
        self.address = (found.group(1), int(found.group(2)))
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """The exit code of a SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS_MAX)
        self.process.stdout.close()
        return code

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def ask(self, method, path, form=None, key=None, bearer=KEY, seconds=REQUEST_SECONDS_MAX):
        """An answer; OSError or HTTPException where none came."""
        connection = http.client.HTTPConnection(*self.address, timeout=seconds)
        headers = {"Authorization": "Bearer " + bearer} if bearer else {}
        if key:
            headers["Idempotency-Key"] = key
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = form if isinstance(form, (str, bytes)) else urllib.parse.urlencode(form or {})
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    # ---- what a shop does ----

    def create(self, card="pm_card_visa", order="o-1", amount=1999, key=None, **more):
        form = {"amount": amount, "currency": "eur", "capture_method": "manual",
                "payment_method": card, "payment_method_types[]": "card",
                "metadata[order_id]": order, **more}
        return self.ask("POST", "/v1/payment_intents", form, key)

    def act(self, handle, verb, key=None, **form):
        return self.ask("POST", f"/v1/payment_intents/{handle}/{verb}", form, key)

    def get(self, handle):
        return self.ask("GET", f"/v1/payment_intents/{handle}").json

    def hold(self, card="pm_card_visa", order="o-1", amount=1999):
        """The id of an intent that is held."""
        handle = self.create(card, order, amount).json["id"]
        assert self.act(handle, "confirm").json["status"] == "requires_capture"
        return handle

    def refund(self, handle, key=None, **form):
        return self.ask("POST", "/v1/refunds", {"payment_intent": handle, **form}, key)

    # ---- what a judge does ----

    def faults(self, text):
        answer = self.ask("POST", "/_faults", text, bearer=None)
        assert answer.code == 200, answer.text
        return answer.json

    def ledger(self):
        return self.ask("GET", "/_ledger", bearer=None).json

    def order(self, order="o-1"):
        return self.ask("GET", f"/_ledger?order_id={order}", bearer=None).json


def until(condition, seconds_max=10):
    """Waits for it to become true."""
    end = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)
