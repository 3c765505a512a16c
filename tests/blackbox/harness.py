"""harness.py - a whole panglot process for black-box tests: start it, ask it, stop it.

Knows the program by its command line and by HTTP only. Each server lives on a folder that the
caller owns, on a port that the system picks, and is ended by its process id.
"""
import http.client
import io
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

LISTENING = re.compile(r"^listening on http://([^:/\s]+):(\d+)")
REQUEST_SECONDS_MAX = 10
IDLE_SECONDS_MAX = 45  # of a kept connection; the server closes it after 60
START_SECONDS_MAX = 30
SAID_LINES_MAX = 100
STOP_SECONDS_MAX = 30


class Server:
    """`panglot serve` on a data folder; start it again after it ended, with what it left there."""

    document = None  # /openapi.json, where answers are held against it
    process_count = 1

    def __init__(self, binary, data, options=("--demo",)):
        self.binary, self.data, self.options = str(binary), str(data), options
        self.log = pathlib.Path(data).parent / "server.log"  # all starts, one after another
        self.address = None  # (host, port) once it listens
        self.said = []  # on standard output, line by line, since it was started
        self.process = None

    def start(self):
        self.address, self.said = None, []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data, "--http", "127.0.0.1:0", *self.options],
                stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True)
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()

    def _read(self, process):
        with process.stdout:
            for line in process.stdout:  # to its end, or a full pipe would stop the server
                if process is self.process and len(self.said) < SAID_LINES_MAX:
                    self.said.append(line)
                found = LISTENING.match(line)
                if found and process is self.process:
                    self.address = (found.group(1), int(found.group(2)))

    def wait_ready(self, seconds_max=START_SECONDS_MAX):
        """True with the first 200 of /readyz; False if the process ended or the time is up."""
        until = time.monotonic() + seconds_max
        while time.monotonic() < until and self.process.poll() is None:
            if self.address:
                try:
                    if Client(self.address).ask("GET", "/readyz").code == 200:
                        return True
                except (OSError, http.client.HTTPException):
                    pass
            time.sleep(0.005)
        return False

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL; nothing of the process is left when it returns."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; the exit code, or None if it had to be killed."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def run(self, command, *options):
        """Another command on the same folder: (exit code, what it wrote to standard output)."""
        done = subprocess.run([self.binary, command, "--data", self.data, *options],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=START_SECONDS_MAX * 4, check=False)
        return done.returncode, done.stdout

    def metrics(self):
        """What /metrics of the platform says, as text."""
        return Client(self.address).ask("GET", "/metrics").body.decode()

    def token(self, name, *options):
        """A bearer token for the customer of that name."""
        code, said = self.run("token", "--sub", name, *options)
        if code != 0:
            raise RuntimeError(f"panglot token ended with {code}: {said}")
        return said.strip()


class Answer:
    def __init__(self, code, headers, body):
        self.code, self.headers, self.body = code, headers, body

    def json(self):
        return json.loads(self.body) if self.body else None


def of_one_process(why):
    """A case, or a class of them, that says nothing of roles in processes of their own: why."""
    return unittest.skipUnless(Server.process_count == 1, why)


class Client:
    """One connection, kept open. Raises OSError or HTTPException where no whole answer came."""

    def __init__(self, address, token=None):
        self.connection = http.client.HTTPConnection(*address, timeout=REQUEST_SECONDS_MAX)
        self.token = token
        self.last_used = time.monotonic()

    def ask(self, method, path, body=None, **headers):
        """Headers as keywords: idempotency_key="k" is sent as Idempotency-Key: k."""
        sent = {name.replace("_", "-").title(): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body)
        if time.monotonic() - self.last_used > IDLE_SECONDS_MAX:
            self.connection.close()  # the server is about to do the same; opens again by itself
        self.last_used = time.monotonic()
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def close(self):
        self.connection.close()

    __del__ = close


def say(address, said, seconds_max=REQUEST_SECONDS_MAX):
    """Sends bytes as they are: (the answers, whether the server closed the connection behind them).

    It does not mind being cut off while it sends: what was answered before that is what counts."""
    with socket.create_connection(address, seconds_max) as peer:
        try:
            peer.sendall(said)
        except OSError:
            pass
        heard, is_closed = hear(peer, time.monotonic() + seconds_max)
    return answers_in(heard), is_closed


def hear(peer, until, quiet_seconds=1.0):
    """(bytes until the peer closes or says nothing more, whether it closed)."""
    heard = b""
    while time.monotonic() < until:
        peer.settimeout(quiet_seconds if heard else until - time.monotonic())
        try:
            piece = peer.recv(65536)
        except TimeoutError:
            return heard, False
        except OSError:
            return heard, True
        if not piece:
            return heard, True
        heard += piece
    return heard, False


def answers_in(heard):
    """What one connection answered, in its order; bodies have a length, or are those of a HEAD."""
    answers = []
    while heard:
        head, _, heard = heard.partition(b"\r\n\r\n")
        line, _, fields = head.decode("latin-1").partition("\r\n")
        headers = http.client.parse_headers(io.BytesIO(fields.encode("latin-1") + b"\r\n\r\n"))
        size = int(headers.get("Content-Length") or 0)
        answers.append(Answer(int(line.split()[1]), headers, heard[:size]))
        heard = heard[size:]
    return answers
