"""honest.py - a client of HTTP/2 that keeps the rules, as hyper-h2 knows them: its events become
answers. What breaks the rules raises here, since hyper-h2 does."""
import json
import time

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
import h2.events

import platform_h2

FRAME_HEAD_BYTES = 9


class Answer:
    """What came on one stream."""

    def __init__(self):
        self.code, self.headers, self.body, self.pieces = None, {}, b"", []
        self.interim, self.trailers, self.reset, self.is_ended = [], {}, None, False

    def json(self):
        return json.loads(self.body)


class Peer:
    """One connection. `takes` is whether what comes is acknowledged, so that more may come."""

    def __init__(self, plain, settings=None, takes=True):
        self.plain, self.takes, self.heard = plain, takes, b""
        self.answers, self.pongs, self.goodbyes, self.acknowledged = {}, [], [], 0
        self.is_over = False
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        if settings:
            self.h2.local_settings.update(settings)
            self.h2.local_settings.acknowledge()  # they are the first that are said
        self.h2.initiate_connection()
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.plain.close()

    def flush(self):
        self.plain.sendall(self.h2.data_to_send())

    # ---- what is asked ----

    def begin(self, method, path, fields=(), is_whole=True, **priority):
        """The head of a request; the number of its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        head = [(":method", method), (":scheme", "http"), (":authority", "shop.example"),
                (":path", path), *fields]
        self.h2.send_headers(stream, head, end_stream=is_whole, **priority)
        return stream

    def go_on(self, stream, body, is_whole=True, pad_length=None):
        """A body, as fast as the windows let it through."""
        pad_bytes = 0 if pad_length is None else pad_length + 1
        while body:
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size <= pad_bytes:
                self.flush()
                self.listen()
                continue
            piece, body = body[:size - pad_bytes], body[size - pad_bytes:]
            self.h2.send_data(stream, piece, pad_length=pad_length)
        if is_whole:
            self.h2.end_stream(stream)
        self.flush()

    def ask(self, method, path, body=None, fields=()):
        """The whole answer of one request."""
        stream = self.begin(method, path, fields, is_whole=body is None)
        if body is not None:
            self.go_on(stream, body)
        return self.wait(stream)

    # ---- what comes ----

    def wait(self, stream):
        answer = self.answers[stream]
        self.wait_until(lambda: answer.is_ended or answer.reset is not None)
        return answer

    def wait_until(self, is_it):
        self.flush()
        until = time.monotonic() + platform_h2.SECONDS_MAX
        while not is_it():
            if self.is_over or time.monotonic() > until:
                raise AssertionError(f"it did not come; over: {self.is_over}, {self.goodbyes}")
            self.listen()

    def wait_until_over(self):
        """The platform has said all that it says, and closed."""
        self.flush()
        while not self.is_over:
            self.listen()

    def round_trip(self):
        """Behind it the server has heard all that was said."""
        before = len(self.pongs)
        self.h2.ping(b"roundtri")
        self.wait_until(lambda: len(self.pongs) > before)

    def listen(self):
        """What one read brings."""
        said = self.plain.recv(65536)
        self.is_over = not said
        self.heard += said
        while len(self.heard) >= FRAME_HEAD_BYTES:
            size = FRAME_HEAD_BYTES + int.from_bytes(self.heard[:3], "big")
            if len(self.heard) < size:
                break
            frame, self.heard = self.heard[:size], self.heard[size:]
            for event in self.h2.receive_data(frame):
                self.hear(event)
        self.flush()

    def hear(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interim.append(int(dict(event.headers)[":status"]))
        elif isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
            answer.code = int(answer.headers[":status"])
        elif isinstance(event, h2.events.DataReceived):
            answer.body += event.data
            answer.pieces.append(event.flow_controlled_length)
            if self.takes:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            answer.is_ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = ErrorCodes(event.error_code)
        elif isinstance(event, h2.events.PingAckReceived):
            self.pongs.append(event.ping_data)
        elif isinstance(event, h2.events.SettingsAcknowledged):
            self.acknowledged += 1
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goodbyes.append((event.last_stream_id, ErrorCodes(event.error_code)))
            if event.error_code == ErrorCodes.NO_ERROR:  # hyper-h2 takes that for the end, but
                self.h2.state_machine.state = ConnectionState.CLIENT_OPEN  # RFC 9113, 6.8
