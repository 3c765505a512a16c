"""liar.py - a client of HTTP/2 that says what it should not: heads that hyper-h2 sends when its
checks are off, frames of hyperframe, and frames byte by byte; on one connection, with one table of
HPACK. What comes back is read frame by frame.

A case is a row: what is said and what must come of it. All of it leaves in one write, with a
harmless request behind it (the probe): where a stream or nothing at all is at fault, that one has
to be answered on the same connection.
"""
import time
import typing

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from hpack import Decoder
from hyperframe.frame import (DataFrame, ExtensionFrame, Frame, GoAwayFrame, HeadersFrame,
                              PushPromiseFrame, RstStreamFrame)

import platform_h2

(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 0x20
PROBE = 1999  # a stream above those of all cases


class Case(typing.NamedTuple):
    name: str
    section: str  # of RFC 9113, where no other is named
    say: typing.Callable
    expected: dict
    why: str = ""  # where it is not what the section says at first sight


def frame(kind, flags=0, stream=0, body=b"", size=None):
    """Any bytes as a frame; `size` is what it says of its length."""
    made = ExtensionFrame(kind, stream, flags, body)
    made.body_len = len(body) if size is None else size
    return made


def number(value, size=4):
    return value.to_bytes(size, "big")


# ---- what must come of it ----

def answered(status, stream=1):
    """With that status, and nothing else happens."""
    return {"answers": {stream: status}}


def reset(code, stream=1):
    """The stream ends with that code, and the connection goes on."""
    return {"resets": {stream: ErrorCodes[code]}}


def ended(code):
    """The connection ends, and its last GOAWAY says that code."""
    return {"goodbye": ErrorCodes[code]}


IGNORED = {}


# ---- the client ----

class Liar:
    def __init__(self, plain):
        self.plain, self.out, self.heard, self.probe = plain, b"", b"", PROBE
        self.answers, self.resets, self.goodbye, self.is_over = {}, {}, None, False
        self.ended, self.block, self.decoder = set(), b"", Decoder()
        self.h2 = H2Connection(H2Configuration(validate_outbound_headers=False,
                                               normalize_outbound_headers=False))
        self.h2.initiate_connection()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.plain.close()

    # ---- what is said ----

    def head(self, *fields, stream=1, is_whole=True):
        """By hyper-h2, which checks nothing."""
        self.h2.send_headers(stream, fields, end_stream=is_whole)
        self.out += self.h2.data_to_send()

    def say(self, *frames):
        self.out += self.h2.data_to_send()
        self.out += b"".join(one if isinstance(one, bytes) else one.serialize() for one in frames)

    def pack(self, *fields):
        """A block for a frame that is said next."""
        return self.h2.encoder.encode(fields)

    def ask(self, stream=1, more=(), is_whole=True):
        """A request without any fault, or one that has its fault in `more`."""
        flags = END_HEADERS | (END_STREAM if is_whole else 0)
        self.say(frame(HEADERS, flags, stream, self.pack(*request(), *more)))

    def upload(self, stream=1, path="/api/v1/orders"):
        """A request whose body is still to come."""
        self.say(frame(HEADERS, END_HEADERS, stream, self.pack(*request("POST", path))))

    # ---- what comes ----

    def listen(self, expected):
        """Sends it all, and hears until what is expected has come."""
        if "goodbye" not in expected and self.probe:
            self.ask(self.probe)
        try:
            self.plain.sendall(self.out)
        except OSError:  # cut off within it
            pass
        until = time.monotonic() + platform_h2.SECONDS_MAX
        while not self.is_over and not self.has_heard(expected):
            self.plain.settimeout(max(0.001, until - time.monotonic()))
            try:
                said = self.plain.recv(65536)
            except TimeoutError:
                return
            except OSError:
                said = b""
            self.is_over = not said
            self.heard += said
            self.take_frames()

    def has_heard(self, expected):
        if "goodbye" in expected:
            return False  # it is to the end
        wanted = {self.probe, *expected.get("answers", {})} - {0}
        return wanted <= self.ended and expected.get("resets", {}).keys() <= self.resets.keys()

    def take_frames(self):
        while len(self.heard) >= 9:
            made, size = Frame.parse_frame_header(memoryview(self.heard[:9]))
            if len(self.heard) < 9 + size:
                return
            made.parse_body(memoryview(self.heard[9:9 + size]))
            self.heard = self.heard[9 + size:]
            self.take(made)

    def take(self, made):
        if isinstance(made, HeadersFrame):
            if "END_HEADERS" not in made.flags:
                raise AssertionError("heads as small as these come in one frame")
            fields = dict(self.decoder.decode(made.data))
            if ":status" in fields:  # and not trailers
                self.answers[made.stream_id] = int(fields[":status"])
        elif isinstance(made, RstStreamFrame):
            self.resets[made.stream_id] = ErrorCodes(made.error_code)
        elif isinstance(made, GoAwayFrame):
            self.goodbye = ErrorCodes(made.error_code)
        elif isinstance(made, PushPromiseFrame):
            raise AssertionError("a server that pushes")
        if isinstance(made, (HeadersFrame, DataFrame)) and "END_STREAM" in made.flags:
            self.ended.add(made.stream_id)

    def judge(self, expected):
        """What is wrong with what was heard, or None."""
        seen = {"answers": dict(self.answers), "resets": self.resets, "goodbye": self.goodbye}
        wanted = {"answers": {}, "resets": {}, "goodbye": None, **expected}
        if "goodbye" in expected:  # what was there before it may or may not be answered
            seen["answers"] = seen["resets"] = {}
        elif self.probe:
            wanted["answers"] = {**wanted["answers"], self.probe: 200}
        if seen != wanted:
            return f"{seen}, and not {wanted}"
        if "goodbye" in expected and not self.is_over:
            return "the connection is still open"
        if "goodbye" not in expected and self.is_over:
            return "the connection is closed"
        return None


def request(method="GET", path="/livez"):
    return ((":method", method), (":scheme", "http"), (":authority", "shop.example"),
            (":path", path))
