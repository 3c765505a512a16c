#!/usr/bin/env python3
"""interop.py PEER ADAPTER BUILD_DIR PROGRAM - our adapter against what others made of Stripe's API

Aim:     what we send is Stripe's API as others understand it, and what they answer is concluded
         from with care: one that tells less than Stripe does is UNKNOWN to us, never a success.
Method:  the adapter makes one call after another; a table says what each has to see, and why where
         that is not the outcome. PEER is one of
             own           `panglot provider`, which has to give the outcome of everything
             stripe-mock   Stripe's own: checks each request against the published specification,
                           remembers nothing, answers with examples
             localstripe   remembers, and knows an older and smaller API
         They come from where Go and Python have them, into BUILD_DIR.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SKIPPED = 77
START_SECONDS_MAX = 20
FETCH_SECONDS_MAX = 400
STRIPE_MOCK = "github.com/stripe/stripe-mock@v0.203.0"
LOCALSTRIPE = "localstripe==1.15.10"
KEY = "sk_test_panglot"
ORDER = "01932f6e-0000-7000-8000-0000000000%02x"

# call, what is seen, HTTP status, further members; H and R stand for the last handles told
FULL = [
    ("create {o1} 1999 EUR pm_card_visa c1", "OUTCOME", 200, {"amount": 1999}),
    ("create {o1} 1999 EUR pm_card_visa c1", "OUTCOME", 200, {"handle": "{H}"}),
    ("authorize {H} a1", "OUTCOME", 200, {"capturable": 1999}),
    ("get {H}", "OUTCOME", 200, {"capturable": 1999}),
    ("capture {H} 1500 x1", "OUTCOME", 200, {"captured": 1500, "capturable": 0}),
    ("capture {H} 1500 x2", "REFUSED", 400, {"captured": 1500}),
    ("void {H} v1", "REFUSED", 400, {"captured": 1500}),
    ("refund {H} 500 r1 {o1} 1", "OUTCOME", 200, {"refund_is_done": True}),
    ("get_refund {R}", "OUTCOME", 200, {"refund_is_done": True}),
    ("find_refund {H} {o1} 1", "OUTCOME", 200, {"refund": "{R}", "refund_is_done": True}),
    ("find_refund {H} {o1} 2", "NO_OBJECT", 200, {}),
    ("get {H}", "OUTCOME", 200, {"captured": 1500, "refunded": 500}),
    ("find {o1}", "OUTCOME", 200, {"handle": "{H}"}),
    ("find {o9}", "NO_OBJECT", 200, {}),
    ("list 1", "OUTCOME", 200, {"page": 1, "has_more": False}),
    ("create {o2} 5 EUR pm_card_chargeDeclinedInsufficientFunds c2", "OUTCOME", 200, {}),
    ("authorize {H} a2", "REFUSED", 402, {"code": "insufficient_funds"}),
    ("void {H} v2", "OUTCOME", 200, {}),
    ("create {o3} 5 EUR pm_card_authenticationRequired c3", "OUTCOME", 200, {}),
    ("authorize {H} a3", "OUTCOME", 200, {}),
    ("create {o4} 5 EUR pm_card_captureFails c4", "OUTCOME", 200, {}),
    ("authorize {H} a4", "OUTCOME", 200, {"capturable": 5}),
    ("capture {H} 5 x4", "REFUSED", 402, {"capturable": 5}),
    ("create {o5} 5 EUR pm_none c5", "OUR_BUG", 400, {}),
    ("get pi_none", "NO_OBJECT", 404, {}),
]
MOCKED = [  # every request is one that the specification allows: 200, never 400
    ("create {o1} 1999 EUR pm_card_visa c1", "UNKNOWN", 200, {}),  # its example is not our order
    ("authorize pi_1 a1", "OUTCOME", 200, {"handle": "pi_1"}),
    ("capture pi_1 1500 x1", "OUTCOME", 200, {"handle": "pi_1"}),
    ("void pi_1 v1", "OUTCOME", 200, {"handle": "pi_1"}),
    ("get pi_1", "OUTCOME", 200, {"handle": "pi_1"}),
    ("refund pi_1 500 r1 {o1} 1", "OUTCOME", 200, {"refund_is_done": True}),
    ("get_refund re_1", "OUTCOME", 200, {"refund": "re_1"}),
    ("find {o1}", "NO_OBJECT", 200, {}),  # what it finds is not our order
    ("list 1", "OUTCOME", 200, {"has_more": False}),
]
SMALLER = [
    ("create {o1} 1999 EUR pm_card_visa c1", "OUTCOME", 200, {"amount": 1999}),
    ("authorize {H} a1", "UNKNOWN", 200, {}),  # it does not tell what is held
    ("capture {H} 1999 x1", "UNKNOWN", 200, {}),  # nor what was captured
    ("refund {H} 500 r1 {o1} 1", "OUTCOME", 200, {"refund_is_done": True}),
    ("get_refund {R}", "OUTCOME", 200, {"refund_is_done": True}),
    ("create {o2} 5 EUR pm_card_visa c2", "OUTCOME", 200, {}),
    ("void {H} v2", "OUTCOME", 200, {}),
    # A 404 that does not say what is missing may be about our account: somebody has to look.
    ("create {o3} 5 EUR pm_card_chargeDeclined c3", "FORBIDDEN", 404, {}),
    ("get pi_none", "FORBIDDEN", 404, {}),
]
REMEMBERED = ["succeeded", "canceled"]  # o1 and o2 at localstripe


class CannotBeHad(Exception):
    pass


def fetch(command, what, **more):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              timeout=FETCH_SECONDS_MAX, **more)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBeHad(f"{what}: {error}") from error
    if done.returncode != 0:
        raise CannotBeHad(f"{what}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")


def get_stripe_mock(folder):
    program = folder / "bin/stripe-mock"
    if not program.exists():
        go = shutil.which("go") or "/usr/local/go/bin/go"
        fetch([go, "install", STRIPE_MOCK], "stripe-mock",
              env={**os.environ, "GOBIN": str(folder / "bin")})
    return program


def get_localstripe(folder):
    program = folder / "localstripe/bin/localstripe"
    if not program.exists():
        fetch([sys.executable, "-m", "venv", folder / "localstripe"], "a venv")
        fetch([folder / "localstripe/bin/pip", "install", "--quiet", LOCALSTRIPE], "localstripe")
    return program


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def start(peer, folder, scratch, program):
    port = free_port()
    if peer == "own":
        command = [program, "provider", "--http", f"127.0.0.1:{port}", "--data", scratch + "/data"]
    elif peer == "stripe-mock":
        command = [get_stripe_mock(folder), "-http-addr", f"127.0.0.1:{port}"]
    else:
        command = [get_localstripe(folder), "--port", str(port), "--from-scratch"]
    with open(scratch + "/log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   cwd=scratch)
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    process.kill()
    sys.exit(f"{peer} does not listen: {pathlib.Path(scratch + '/log').read_text()}")


def run_calls(adapter, table):
    """What is wrong, and the handles that were told, in order."""
    wrong, names = [], {f"o{number}": ORDER % number for number in range(1, 10)}
    handles = []
    for text, seen, code, members in table:
        adapter.stdin.write(text.format(**names) + "\n")
        adapter.stdin.flush()
        answer = json.loads(adapter.stdout.readline())
        expected = {"seen": seen, "http": code}
        expected |= {k: v.format(**names) if isinstance(v, str) else v for k, v in members.items()}
        wrong += [f"{text}: {name} is {answer[name]}, not {value}: {answer}"
                  for name, value in expected.items() if answer[name] != value]
        if text.startswith("create") and answer["handle"]:
            names["H"] = answer["handle"]
            handles.append(answer["handle"])
        names["R"] = answer["refund"] or names.get("R")
    return wrong, handles


def check_remembered(url, handles):
    """Where the adapter could not conclude anything, what was asked was done all the same."""
    wrong = [] if len(handles) == len(REMEMBERED) else [f"{handles} were made"]
    for handle, status in zip(handles, REMEMBERED):
        asked = urllib.request.Request(f"{url}/v1/payment_intents/{handle}",
                                       headers={"Authorization": "Bearer " + KEY})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            now = json.load(answer)["status"]
        if now != status:
            wrong.append(f"{handle} is {now}, not {status}")
    return wrong


def main():
    peer, (adapter, folder) = sys.argv[1], [pathlib.Path(path).resolve() for path in sys.argv[2:4]]
    folder.mkdir(parents=True, exist_ok=True)
    table = {"own": FULL, "stripe-mock": MOCKED, "localstripe": SMALLER}[peer]
    with tempfile.TemporaryDirectory(prefix="pgl-interop-") as scratch:
        try:
            process, url = start(peer, folder, scratch, pathlib.Path(sys.argv[4]).resolve())
        except CannotBeHad as error:
            print(f"cannot be had: {error}")
            return SKIPPED
        key_file = pathlib.Path(scratch) / "key"
        key_file.write_text(KEY)
        try:
            with subprocess.Popen([adapter, url, key_file], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) as client:
                wrong, handles = run_calls(client, table)
            if peer == "localstripe":
                wrong += check_remembered(url, handles)
        finally:
            process.terminate()
            process.wait(START_SECONDS_MAX)
    print(*wrong, f"{peer}: {len(table)} calls, {len(wrong)} wrong", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
