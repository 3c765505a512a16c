"""receiver.py - somebody who is told what happens: a small HTTP server that takes webhooks.

Checks nothing by itself: it keeps what came, and answers as it is told to.
"""
import base64
import hashlib
import hmac
import http.server
import json
import socket
import threading
import time


class Receiver:
    """Listens on a port that the system picks; `stop` and `start` again on the same one."""

    def __init__(self, answer=200, tls=None):
        self.tls = tls  # an ssl.SSLContext; None: plain
        self.answer = answer  # a status, or a function of (how many came before, event) to one
        self.slow_seconds = 0
        self.fields = {}  # of every answer, beside those that it needs
        self.connections = []
        self.came, self.lock = [], threading.Lock()
        self.port, self.server = 0, None
        self.start()

    def start(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer is one piece, or the second waits for the first to be heard
            receiver = self

            def setup(self):
                super().setup()
                self.receiver.connections.append(self.connection)

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = self.receiver.take(self.path, self.headers, body)
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", "/elsewhere")
                for name, value in self.receiver.fields.items():
                    self.send_header(name, value)
                body = b"" if status == 204 else b"ok"
                if body:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, allow_reuse_address = True, True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:  # also those that are kept
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def url(self, path="/hook"):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{path}"

    def take(self, path, headers, body):
        event = json.loads(body)
        with self.lock:
            before = len(self.came)
            status = self.answer(before, event) if callable(self.answer) else self.answer
            self.came.append({"path": path, "headers": headers, "body": body, "event": event,
                              "status": status, "at": time.time()})
        time.sleep(self.slow_seconds)
        return status

    def taken(self):
        """The ids of the events that were answered with success."""
        with self.lock:
            return [one["event"]["id"] for one in self.came if 200 <= one["status"] < 300]

    def count(self):
        with self.lock:
            return len(self.came)


def signature(secret, message_id, timestamp, body):
    """As Standard Webhooks has it, written from its text."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
